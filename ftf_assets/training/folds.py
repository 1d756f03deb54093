"""Walk-forward folds, purging and embargo: the one module that knows time.

Every row carries the closed interval [``start``, ``end``] in which its label comes about. A model may learn
from a row only where that interval touches nothing held out (Lopez de Prado 2018, *Advances in Financial
Machine Learning*, chapter 7). Times are int64 nanoseconds since the epoch, UTC; rows are int64 positions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ftf_assets.contracts.errors import CellError, InputError, input_error
from ftf_assets.contracts.typed import Array, Int8, Int64, typed

SECOND = 1_000_000_000


@typed
@dataclass(frozen=True)
class HeldOutSpan:
    """Closed span [``first``, ``last``] in nanoseconds that no training row may touch."""

    first: int
    last: int


@typed
@dataclass(frozen=True, eq=False)
class Fold:
    """One walk-forward fold of one crypto, as row positions in time order.

    Attributes
    ----------
    index
        Position of the fold, from 0.
    fit, validation, test
        Rows to fit on, rows that choose rounds and threshold, rows that choose nothing.
    train_start, train_end
        First timestamp and latest label end of the training window (``fit`` and ``validation``);
        None where the window is empty.
    test_start, test_end
        First timestamp and latest label end of the test rows, so every trade exits inside them;
        the calendar span of the fold where it has no test row.
    """

    index: int
    fit: Int64[Array, " fit"]
    validation: Int64[Array, " validation"]
    test: Int64[Array, " test"]
    train_start: int | None
    train_end: int | None
    test_start: int
    test_end: int


@typed
@dataclass(frozen=True, eq=False)
class Block:
    """One out-of-fold block: a model trained on ``train`` predicts ``held_out``."""

    train: Int64[Array, " train"]
    held_out: Int64[Array, " held_out"]


@typed
def bar_length(start: Int64[Array, " rows"]) -> int:
    """Median step between timestamps in nanoseconds: gaps do not stretch it.

    Raises
    ------
    InputError
        With fewer than two rows.
    """
    if len(start) < 2:
        raise input_error("a bar length needs at least two rows", found=f"{len(start)} rows")
    return int(np.median(np.diff(start)))


@typed
def calendar_edges(spans: Sequence[tuple[int, int]], n_folds: int) -> Int64[Array, " edges"]:
    """Instants that separate the test spans, common to a whole crypto group.

    The last half of the period that all cryptos share, cut into equal spans: "fold 3" is the same weeks
    for each of them. Edges are floored to whole seconds, so a printed edge is the exact edge.

    Parameters
    ----------
    spans
        First and last timestamp of each crypto.
    n_folds
        Number of test spans, at least 1.

    Returns
    -------
    array of shape (n_folds + 1,)
        Strictly increasing; fold k tests the rows with ``edges[k] <= start < edges[k + 1]``.

    Raises
    ------
    InputError
        Where the group shares no period long enough for the folds.
    """
    if n_folds < 1 or not spans:
        raise input_error(
            "folds need at least one fold and one crypto", found=f"{n_folds} folds, {len(spans)} spans"
        )
    first = max(span[0] for span in spans)
    last = min(span[1] for span in spans)
    half = first + (last - first) // 2
    edges = np.array(
        [(half + (last - half) * k // n_folds) // SECOND * SECOND for k in range(n_folds + 1)], dtype=np.int64
    )
    if last <= first or (np.diff(edges) <= 0).any():
        raise input_error(
            f"the cryptos of a group must share a period to cut into {n_folds} folds",
            found="spans " + ", ".join(f"{_iso(one[0])} to {_iso(one[1])}" for one in spans),
            fix="Remove the crypto whose history does not overlap the others",
        )
    return edges


@typed
def held_out_span(
    start: Int64[Array, " rows"], end: Int64[Array, " rows"], rows: Int64[Array, " held_out"]
) -> HeldOutSpan:
    """Span the held-out rows: the closed [first timestamp, latest label end].

    Raises
    ------
    InputError
        Where ``rows`` is empty: nothing held out has no span.
    """
    if not len(rows):
        raise input_error("a held-out span needs at least one row")
    return HeldOutSpan(int(start[rows].min()), int(end[rows].max()))


@typed
def purge(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    rows: Int64[Array, " train"],
    span: HeldOutSpan,
    embargo: int = 0,
) -> Int64[Array, " kept"]:
    """Training rows that know nothing of a held-out span.

    Dropped are rows whose closed interval [start, end] touches the closed span, and rows that start in
    (``span.last``, ``span.last + embargo``]: serial correlation carries the held-out labels into them.

    Parameters
    ----------
    start, end
        Label intervals of all rows, nanoseconds.
    rows
        Candidate training rows.
    span
        What is held out.
    embargo
        Nanoseconds, not negative.

    Returns
    -------
    array of shape (n_kept,)
        The rows that stay, in the order in which they came.
    """
    if embargo < 0:
        raise input_error("an embargo must not be negative", found=f"{embargo} ns")
    kept: Array = rows[(end[rows] < span.first) | (start[rows] > span.last + embargo)]
    return kept


@typed
def walk_forward_folds(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    edges: Int64[Array, " edges"],
    *,
    validation_fraction: float = 0.15,
    embargo: int,
) -> tuple[Fold, ...]:
    """Split rows into expanding walk-forward folds, purged by each row's own label interval.

    Fold k tests the rows with ``edges[k] <= start < edges[k + 1]``; the last fold takes
    ``start == edges[-1]`` too. Its training window is all earlier rows, purged against the test span. The
    last ``validation_fraction`` of the window's rows are the validation slice, the rest, purged against the
    validation span, is the fit part. So in time: fit < validation < test, and no interval crosses over.

    Parameters
    ----------
    start, end
        Label intervals, nanoseconds; ``start`` strictly increasing.
    edges
        From :func:`calendar_edges`.
    validation_fraction
        Share of the training window's rows, rounded to the nearest row.
    embargo
        Nanoseconds after a held-out span in which no training row may start. Walking forward nothing that
        is trained on follows what is held out, so here it can drop no row; it is the same rule as in
        :func:`out_of_fold_blocks`, where it does.

    Returns
    -------
    tuple of Fold
        One a calendar span. A span without rows gives a fold with empty ``test``, purged against the
        calendar span itself; :func:`short_history` then says why the cell is skipped.

    Raises
    ------
    InputError
        Where rows are not in time order, a label ends before its row, or edges do not increase.

    Warnings
    --------
    Features must be known at ``start``. A feature that looks ahead (a centred window, a scaling over the
    whole sample) leaks through every purge, because purging sees label intervals only.
    """
    _require_time_order(start, end)
    if len(edges) < 2 or (np.diff(edges) <= 0).any():
        raise input_error("fold edges must be at least two, strictly increasing", found=edges.tolist())
    if not 0 < validation_fraction < 1:
        raise input_error("the validation fraction must lie between 0 and 1", found=validation_fraction)
    position = np.searchsorted(start, edges, side="left")
    position[-1] = np.searchsorted(start, edges[-1], side="right")
    folds = []
    for index, (first, stop) in enumerate(pairwise(position)):
        test = np.arange(first, stop, dtype=np.int64)
        span = (
            held_out_span(start, end, test)
            if len(test)
            else HeldOutSpan(int(edges[index]), int(edges[index + 1]))
        )
        window = purge(start, end, np.arange(first, dtype=np.int64), span, embargo)
        n_validation = round(validation_fraction * len(window))
        fit, validation = np.split(window, [len(window) - n_validation])
        if n_validation:
            fit = purge(start, end, fit, held_out_span(start, end, validation), embargo)
        window_span = held_out_span(start, end, np.concatenate([fit, validation])) if len(window) else None
        folds.append(
            Fold(
                index=index,
                fit=fit,
                validation=validation,
                test=test,
                train_start=window_span.first if window_span else None,
                train_end=window_span.last if window_span else None,
                test_start=span.first,
                test_end=span.last,
            )
        )
    return tuple(folds)


@typed
def short_history(
    fold: Fold, y: Int8[Array, " rows"], min_rows: int = 1000, min_buys: int = 50
) -> str | None:
    """Why the cells of a fold are ``skipped_short_history``, or None where there is enough history.

    Parameters
    ----------
    fold
        From :func:`walk_forward_folds`.
    y
        Hard labels of all rows, 1 = BUY.
    min_rows, min_buys
        What the fit part must hold.

    Returns
    -------
    str or None
        One line that names what is missing and both numbers.
    """
    n_buys = int(y[fold.fit].sum(dtype=np.int64))
    reasons = []
    if not len(fold.test):
        reasons.append(f"no test rows between {_iso(fold.test_start)} and {_iso(fold.test_end)}")
    if not len(fold.validation):
        reasons.append("no validation rows")
    if len(fold.fit) < min_rows:
        reasons.append(f"{len(fold.fit)} fit rows, {min_rows} needed")
    if n_buys < min_buys:
        reasons.append(f"{n_buys} BUY rows in the fit part, {min_buys} needed")
    return "; ".join(reasons) or None


@typed
def out_of_fold_blocks(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    fit_rows: Int64[Array, " fit"],
    *,
    n_blocks: int = 5,
    embargo: int,
) -> tuple[Block, ...]:
    """Contiguous time blocks of a fit part, each predicted by a model that never saw it.

    Blocks have equal counts (they differ by one row at most), and every fit row is held out exactly once.
    A block's training rows lie on both sides of it, purged and embargoed: "the future" of a training row is
    what lies after its training window, so out-of-fold models may learn from both sides inside it.

    Parameters
    ----------
    start, end
        Label intervals of all rows, nanoseconds.
    fit_rows
        The fit part of a fold, in time order.
    n_blocks
        At least 2.
    embargo
        Nanoseconds after each block in which no training row may start.

    Raises
    ------
    InputError
        With fewer than two blocks, or rows that are not in time order.
    CellError
        Stage ``out_of_fold``: fewer rows than blocks, or a block to which purging leaves no training row.
    """
    if n_blocks < 2:
        raise input_error("out-of-fold prediction needs at least 2 blocks", found=n_blocks)
    _require_time_order(start[fit_rows], end[fit_rows])
    if len(fit_rows) < n_blocks:
        raise CellError("out_of_fold", f"{len(fit_rows)} fit rows cannot make {n_blocks} out-of-fold blocks")
    blocks = []
    for held_out in np.array_split(fit_rows, n_blocks):
        span = held_out_span(start, end, held_out)
        others = fit_rows[(fit_rows < held_out[0]) | (fit_rows > held_out[-1])]
        train = purge(start, end, others, span, embargo)
        if not len(train):
            raise CellError(
                "out_of_fold",
                f"purging and embargo leave no training row for the out-of-fold block from "
                f"{_iso(span.first)} to {_iso(span.last)}",
            )
        blocks.append(Block(train=train, held_out=held_out))
    return tuple(blocks)


@typed
def inner_folds(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    y: Int8[Array, " rows"],
    fit_rows: Int64[Array, " fit"],
    *,
    n_folds: int,
    validation_fraction: float,
    embargo: int,
) -> tuple[Fold, ...]:
    """Cut a fit part into the folds that tuning is scored on: the outer protocol once more, inside.

    The last half of the fit part's own period is cut into equal calendar spans, the blocks that are scored
    (``test`` of each :class:`Fold`, the only rows here that choose parameters). A block's training window is
    all earlier rows of the fit part, expanding; its last ``validation_fraction`` stops the boosting and is
    never scored, the rest is fitted on. Purged in both places by each row's own label interval, so in time
    inner fit < inner validation < scored block, as a model is used: no trial learns from what lies after.

    Parameters
    ----------
    start, end
        Label intervals of all rows, nanoseconds.
    y
        Hard labels of all rows, 1 = BUY.
    fit_rows
        The fit part of an outer fold, in time order. No other row appears in the result, so neither the
        validation slice that picks the threshold nor a test row does.
    n_folds
        Number of scored blocks, at least 1.
    validation_fraction, embargo
        As :func:`walk_forward_folds` takes them.

    Returns
    -------
    tuple of Fold
        ``n_folds`` of them, their rows positions in ``start``.

    Raises
    ------
    CellError
        Stage ``tuning``: an inner fold lacks rows, or a part of it holds only one class.
    """
    try:
        edges = calendar_edges([(int(start[fit_rows[0]]), int(start[fit_rows[-1]]))], n_folds)
    except (IndexError, InputError) as error:
        raise CellError(
            "tuning", f"too little history to tune on: {len(fit_rows)} fit rows make no {n_folds} inner folds"
        ) from error
    folds = []
    for fold in walk_forward_folds(
        start[fit_rows],
        end[fit_rows],
        edges,
        validation_fraction=validation_fraction,
        embargo=embargo,
    ):
        parts = {name: fit_rows[getattr(fold, name)] for name in ("fit", "validation", "test")}
        for name, rows in parts.items():
            n_buys = int(y[rows].sum(dtype=np.int64))
            if not 0 < n_buys < len(rows):
                raise CellError(
                    "tuning",
                    f"too little history to tune on: inner fold {fold.index} has {n_buys} BUYs in "
                    f"{len(rows)} {'scored' if name == 'test' else name} rows, both classes are needed. "
                    "Lower tune_folds or tune nothing",
                )
        folds.append(dataclasses.replace(fold, **parts))
    return tuple(folds)


def _require_time_order(start: Array, end: Array) -> None:
    backward = np.flatnonzero(np.diff(start) <= 0)
    if len(backward):
        raise input_error("timestamps must increase strictly", row=int(backward[0]) + 1)
    early = np.flatnonzero(end < start)
    if len(early):
        raise input_error("label_end must not precede its row", column="label_end", row=int(early[0]))


def _iso(time: int) -> str:
    return str(np.datetime64(time, "ns").astype("datetime64[s]")) + "Z"
