"""Missing features: a head that is left out, a tail and holes that are faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features.times import Instants

_ALLOW = "or allow missing features with --set data.missing=allow"
#: Names of features that one fault lists.
_NAMED = 5


def refuse_missing(features: pd.DataFrame, *, faults: Faults) -> tuple[int, str]:
    """Find the warm-up head of the features, and add what is missing below it as faults.

    Features that miss the same rows are one fault.

    Parameters
    ----------
    features
        float64, indexed by time in increasing order; at least one row.
    faults
        Gets a fault for every feature without any value, for every tail and for every hole.

    Returns
    -------
    rows : int
        Length of the head: the longest run of missing values at the beginning of a feature.
    feature : str
        The feature that warms up last; "" without a head.
    """
    missing = features.isna().to_numpy(np.bool_)
    names, n_rows = list(features.columns), len(features)
    times = Instants(features.index.to_numpy("datetime64[ns]").view(np.int64))
    empty = np.asarray(missing.all(axis=0))
    if empty.any():
        lacking = [name for name, one in zip(names, empty, strict=True) if one]
        faults.add(
            "every row lacks a feature",
            column=lacking[0],
            found=f"{_listed(lacking)}: 100% missing",
            fix=f"Drop {_them(lacking)}, {_ALLOW}.",
        )
    heads = np.where(empty, 0, (~missing).argmax(axis=0))
    tails = np.where(empty, 0, (~missing[::-1]).argmax(axis=0))
    head = int(heads.max(initial=0))
    _refuse_tails(names, tails, times, faults)
    inner = missing & ~empty
    inner[:head] = False
    for place, tail in enumerate(tails):
        if tail:
            inner[n_rows - tail :, place] = False
    _refuse_holes(names, inner, times, faults)
    return head, names[int(heads.argmax())] if head else ""


def _refuse_tails(names: Sequence[str], tails: Array, times: Sequence[Any], faults: Faults) -> None:
    by_length: defaultdict[int, list[str]] = defaultdict(list)
    for name, tail in zip(names, tails.tolist(), strict=True):
        if tail:
            by_length[tail].append(name)
    for tail, lacking in sorted(by_length.items()):
        since = times[len(times) - tail]
        faults.add(
            f"{_features(lacking)} missing in the last {counted_rows(tail)}, from {since} on: a tail",
            column=lacking[0],
            found=_listed(lacking),
            fix=f"Cut the tail, frame[frame.index < '{since}'], {_ALLOW}.",
        )


def _refuse_holes(names: Sequence[str], inner: Array, times: Sequence[Any], faults: Faults) -> None:
    by_rows: defaultdict[bytes, list[str]] = defaultdict(list)
    for name, hole in zip(names, inner.T, strict=True):
        if hole.any():
            by_rows[np.packbits(hole).tobytes()].append(name)
    for lacking in by_rows.values():
        hole = inner[:, names.index(lacking[0])]
        stretches = int(np.count_nonzero(np.diff(hole.astype(np.int8), prepend=0) == 1))
        faults.add_rows(
            hole,
            f"{_features(lacking)} missing in the middle, in {_counted(stretches, 'stretch', 'stretches')}"
            + (f": {_listed(lacking)}" if lacking[1:] else ""),
            column=lacking[0],
            cells=np.full(len(hole), np.nan),
            rows=times,
            fix=f"Fill them from earlier rows, drop the rows, {_ALLOW}.",
        )


def counted_rows(count: int) -> str:
    """Write a number of rows that follows ``the last``."""
    return "row" if count == 1 else f"{count} rows"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _features(names: Sequence[str]) -> str:
    return "a feature is" if len(names) == 1 else f"{len(names)} features are"


def _them(names: Sequence[str]) -> str:
    return "the column" if len(names) == 1 else "the columns"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
