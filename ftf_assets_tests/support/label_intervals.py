"""Label intervals for tests of the time rules: written out by the hour, or drawn at random."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st

HOUR = 3_600 * 10**9


def instants(*hours: float) -> np.ndarray:
    return np.array([int(h * HOUR) for h in hours], dtype=np.int64)


def ns(text: str) -> int:
    return pd.Timestamp(text, tz="UTC").value


def rows(*parts: range | int) -> list[int]:
    return [row for part in parts for row in ([part] if isinstance(part, int) else part)]


@st.composite
def label_intervals(draw: st.DrawFn, min_rows: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Gappy timestamps and label ends of any length: short ones, long ones, ends that run backwards."""
    n = draw(st.integers(min_rows, 80))
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 40]), min_size=n, max_size=n))
    lengths = draw(st.lists(st.sampled_from([0, 1, 3, 4, 4, 25]), min_size=n, max_size=n))
    start = np.cumsum(np.array(steps, dtype=np.int64)) * HOUR
    return start, start + np.array(lengths, dtype=np.int64) * HOUR


@st.composite
def split_problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    start, end = draw(label_intervals())
    cuts = draw(st.lists(st.integers(0, int(start[-1] // HOUR) + 3), min_size=2, max_size=6, unique=True))
    return start, end, np.array(sorted(cuts), dtype=np.int64) * HOUR, draw(st.sampled_from([0, 1, 6])) * HOUR


def touches(start: np.ndarray, end: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> bool:
    """The plain reading of the purging rule, row by row."""
    if not len(held_out):
        return False
    first, last = start[held_out].min(), end[held_out].max()
    return any(start[row] <= last and end[row] >= first for row in train)
