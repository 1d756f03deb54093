"""Look-ahead, recomputed from label intervals: cases small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.invariants.leaks import overlapping_rows, walk_forward_leaks
from ftf_assets.training.folds.purge_and_embargo import held_out_span, purge

#: Ten rows, one an hour; each label ends two hours later.
START = np.arange(10, dtype=np.int64)
END = START + 2


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


CASES = [
    ("a label that ends with the first held-out start overlaps it", (2, 3), (4,), 0, [2, 3]),
    ("a label that ends before it does not", (0, 1), (4,), 0, []),
    ("a row that starts with the last held-out end overlaps it", (6, 7), (4,), 0, [6]),
    ("the embargo keeps rows after it away", (7, 8, 9), (4,), 2, [7, 8]),
    ("rows between two held-out rows lie in their span", (5,), (2, 8), 0, [5]),
    ("without held-out rows nothing overlaps", (0, 1, 2), (), 0, []),
]


@pytest.mark.parametrize(
    ("train", "held_out", "embargo", "overlapping"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_rows_that_overlap_a_held_out_span(train, held_out, embargo, overlapping):
    assert overlapping_rows(START, END, rows(*train), rows(*held_out), embargo).tolist() == overlapping


def test_rows_that_purging_keeps_overlap_nothing_and_those_that_it_drops_do():
    random = np.random.default_rng(5)
    start = np.cumsum(random.integers(1, 5, 400)).astype(np.int64)
    end = start + random.integers(0, 30, 400)
    for _ in range(50):
        first, stop = sorted(random.integers(0, 400, 2))
        held_out = np.arange(first, stop + 1, dtype=np.int64)
        train = np.setdiff1d(np.arange(400, dtype=np.int64), held_out)
        kept = purge(start, end, train, held_out_span(start, end, held_out), 12)
        overlapping = overlapping_rows(start, end, train, held_out, 12)
        assert sorted([*kept, *overlapping]) == train.tolist()


def test_a_fold_whose_parts_are_apart_and_in_time_order_has_no_leak():
    parts = {"fit": rows(0, 1), "validation": rows(4, 5), "test": rows(8, 9)}
    assert walk_forward_leaks(START, END, **parts, embargo=0) == []


def test_training_on_the_future_is_a_leak_although_no_interval_overlaps():
    parts = {"fit": rows(8, 9), "validation": rows(4, 5), "test": rows(0, 1)}
    found = walk_forward_leaks(START, END, **parts, embargo=0)
    assert found == [
        "2 fit rows are later than held-out rows, first row 8",
        "2 fit rows are later than held-out rows, first row 8",
        "2 validation rows are later than held-out rows, first row 4",
    ]
