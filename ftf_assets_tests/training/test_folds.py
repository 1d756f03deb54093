"""The time rules: what may be learned from which row, and what may not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.training.folds import (
    Fold,
    HeldOutSpan,
    bar_length,
    calendar_edges,
    held_out_span,
    inner_folds,
    out_of_fold_blocks,
    purge,
    short_history,
    walk_forward_folds,
)

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


# --- edges ---------------------------------------------------------------------------------------------


def test_edges_cut_the_last_half_of_the_common_period_into_equal_spans():
    spans = [
        (ns("2021-01-01"), ns("2023-12-31")),  # an old listing does not stretch the period
        (ns("2022-01-01"), ns("2024-02-01")),
        (ns("2021-06-01"), ns("2023-12-22")),  # 720 days in common
    ]
    edges = calendar_edges(spans, 5)
    assert [str(pd.Timestamp(edge, unit="ns").date()) for edge in edges] == [
        "2022-12-27", "2023-03-09", "2023-05-20", "2023-07-31", "2023-10-11", "2023-12-22",
    ]  # fmt: skip


def test_edges_are_whole_seconds_so_that_a_printed_edge_is_the_edge():
    edges = calendar_edges([(ns("2022-01-01 00:00:01.5"), ns("2022-07-01 13:07:00.123456789"))], 7)
    assert (edges % 10**9 == 0).all()
    assert [pd.Timestamp(str(pd.Timestamp(edge, unit="ns"))).value for edge in edges] == edges.tolist()


@given(st.lists(st.tuples(st.integers(0, 10**18), st.integers(10**16, 10**18)), min_size=1, max_size=6))
def test_edges_lie_inside_every_span_whatever_their_order(drawn):
    spans = [(first, first + length) for first, length in drawn]
    common = (max(s[0] for s in spans), min(s[1] for s in spans))
    assume(common[1] - common[0] > 20 * 10**9)
    edges = calendar_edges(spans, 5)
    np.testing.assert_array_equal(edges, calendar_edges(spans[::-1], 5))
    assert common[0] <= edges[0]
    assert edges[-1] <= common[1]
    assert (np.diff(edges) > 0).all()
    assert np.ptp(np.diff(edges)) <= 10**9


@pytest.mark.parametrize(
    "spans",
    [
        [(ns("2021-01-01"), ns("2021-12-31")), (ns("2022-03-01"), ns("2023-12-31"))],
        [(ns("2021-01-01"), ns("2022-03-01")), (ns("2022-03-01"), ns("2023-12-31"))],
        [(ns("2022-01-01 00:00:00"), ns("2022-01-01 00:00:03"))],
    ],
    ids=["apart", "one instant", "shorter than the folds"],
)
def test_cryptos_without_a_common_period_are_refused_by_their_spans(spans):
    with pytest.raises(InputError, match="share a period") as refused:
        calendar_edges(spans, 5)
    for first, last in spans:
        for instant in (first, last):
            assert pd.Timestamp(instant).strftime("%Y-%m-%dT%H:%M:%SZ") in str(refused.value)


@pytest.mark.parametrize(("spans", "n_folds"), [([], 5), ([(0, 10**15)], 0)])
def test_edges_need_a_crypto_and_a_fold(spans, n_folds):
    with pytest.raises(InputError, match="at least one"):
        calendar_edges(spans, n_folds)


# --- spans, purging, bar length ------------------------------------------------------------------------


def test_a_held_out_span_reaches_to_the_latest_label_end_not_to_the_last_row():
    start, end = instants(0, 1, 2, 3), instants(1, 9, 3, 4)
    assert held_out_span(start, end, np.array([1, 2])) == HeldOutSpan(1 * HOUR, 9 * HOUR)


def test_nothing_held_out_has_no_span():
    with pytest.raises(InputError, match="at least one row"):
        held_out_span(instants(0), instants(1), np.array([], dtype=np.int64))


PURGE_CASES = [
    # interval of the row, embargo, kept; the held-out span is [10, 20]
    ((5, 9), 0, True),
    ((5, 10), 0, False),  # closed on the left
    ((5, 30), 0, False),  # spans it all
    ((12, 13), 0, False),
    ((20, 21), 0, False),  # closed on the right
    ((21, 22), 0, True),
    ((21, 22), 4, False),
    ((24, 25), 4, False),  # the embargo is closed on the right
    ((25, 26), 4, True),
    ((5, 9), 4, True),  # an embargo looks forward only
]


@pytest.mark.parametrize(("interval", "embargo", "kept"), PURGE_CASES)
def test_purging_drops_what_touches_the_span_or_starts_in_its_embargo(interval, embargo, kept):
    start, end = instants(interval[0]), instants(interval[1])
    stays = purge(start, end, np.array([0]), HeldOutSpan(10 * HOUR, 20 * HOUR), embargo * HOUR)
    assert bool(len(stays)) is kept


def test_purging_looks_only_at_the_rows_it_is_given():
    start, end = instants(*range(10)), instants(*range(1, 11))
    kept = purge(start, end, np.array([0, 1, 2, 9]), HeldOutSpan(2 * HOUR, 3 * HOUR))
    assert kept.tolist() == [0, 9]


def test_a_negative_embargo_is_refused():
    with pytest.raises(InputError, match="embargo"):
        purge(instants(0), instants(1), np.array([0]), HeldOutSpan(0, 1), -1)


def test_bar_length_is_the_usual_step_whatever_the_gaps():
    assert bar_length(instants(0, 1, 2, 3, 400, 401, 402)) == HOUR
    with pytest.raises(InputError, match="two rows"):
        bar_length(instants(0))


# --- walk-forward folds --------------------------------------------------------------------------------

EXPECTED_FOLDS = [
    # hours of the rows, label length, edges, [(fit, validation, test) a fold]
    pytest.param(
        range(20), 2, (10, 15, 20),
        [
            (rows(range(5)), [7], rows(range(10, 15))),  # 8, 9 reach the test; 5, 6 reach row 7
            (rows(range(9)), [11, 12], rows(range(15, 20))),
        ],
        id="labels of two hours",
    ),
    pytest.param(
        range(20), 0, (10, 15, 19),
        [
            (rows(range(8)), [8, 9], rows(range(10, 15))),
            (rows(range(13)), [13, 14], rows(range(15, 20))),  # hour 19 is the last edge and is tested
        ],
        id="instant labels, closed last edge",
    ),
    pytest.param(
        [*range(8), *range(30, 42)], 2, (28, 35, 41),
        [
            (rows(range(5)), [7], rows(range(8, 13))),  # across the gap nothing needs purging from the test
            (rows(range(8)), [9, 10], rows(range(13, 20))),  # 11, 12 reach hour 35, 8 reaches 9's hour 31
        ],
        id="a gap before the first test",
    ),
    pytest.param(
        range(20), 2, (10, 15, 40),
        [
            (rows(range(5)), [7], rows(range(10, 15))),
            (rows(range(9)), [11, 12], rows(range(15, 20))),
        ],
        id="last span longer than the rows",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("hours", "length", "edges", "expected"), EXPECTED_FOLDS)
def test_walk_forward_folds_as_written_out(hours, length, edges, expected):
    start = instants(*hours)
    folds = walk_forward_folds(start, start + length * HOUR, instants(*edges), embargo=24 * HOUR)
    assert [fold.index for fold in folds] == list(range(len(expected)))
    found = [(fold.fit.tolist(), fold.validation.tolist(), fold.test.tolist()) for fold in folds]
    assert found == [tuple(parts) for parts in expected]


def test_a_fold_knows_its_times():
    start = instants(*range(20))
    first, second = walk_forward_folds(start, start + 2 * HOUR, instants(10, 15, 20), embargo=0)
    assert (first.train_start, first.train_end) == (0, 9 * HOUR)  # row 7's label is known at hour 9
    assert (first.test_start, first.test_end) == (10 * HOUR, 16 * HOUR)
    assert (second.test_start, second.test_end) == (15 * HOUR, 21 * HOUR)


def test_a_span_without_rows_gives_an_empty_test_on_its_calendar_span():
    start = instants(*range(10), *range(30, 40))
    empty, full = walk_forward_folds(start, start + 2 * HOUR, instants(10, 20, 40), embargo=0)
    assert empty.test.tolist() == []
    assert (empty.test_start, empty.test_end) == (10 * HOUR, 20 * HOUR)
    assert (empty.fit.tolist(), empty.validation.tolist()) == (rows(range(5)), [7])
    assert full.test.tolist() == rows(range(10, 20))


def test_a_fold_before_all_history_has_no_training_window():
    start = instants(*range(20))
    (fold,) = walk_forward_folds(start, start, instants(0, 20), embargo=0)
    assert (len(fold.fit), len(fold.validation), fold.train_start, fold.train_end) == (0, 0, None, None)


@settings(max_examples=150, deadline=None)
@given(split_problems(), st.sampled_from([0.05, 0.15, 0.5]))
def test_no_training_interval_ever_touches_what_is_held_out(problem, fraction):
    start, end, edges, embargo = problem
    folds = walk_forward_folds(start, end, edges, validation_fraction=fraction, embargo=embargo)
    assert len(folds) == len(edges) - 1
    for fold in folds:
        window = np.concatenate([fold.fit, fold.validation])
        assert not touches(start, end, window, fold.test)
        assert not touches(start, end, fold.fit, fold.validation)


@settings(max_examples=150, deadline=None)
@given(split_problems())
def test_fit_comes_before_validation_comes_before_test(problem):
    start, end, edges, embargo = problem
    for fold in walk_forward_folds(start, end, edges, embargo=embargo):
        assert (np.diff(np.concatenate([fold.fit, fold.validation, fold.test])) > 0).all()
        if len(fold.fit) and len(fold.validation):
            assert end[fold.fit].max() < start[fold.validation].min()
        if len(fold.validation) and len(fold.test):
            assert end[fold.validation].max() < start[fold.test].min()
            assert fold.train_end < fold.test_start


@settings(max_examples=150, deadline=None)
@given(split_problems())
def test_every_row_between_the_edges_is_tested_exactly_once(problem):
    start, end, edges, embargo = problem
    folds = walk_forward_folds(start, end, edges, embargo=embargo)
    tested = np.concatenate([fold.test for fold in folds])
    assert tested.tolist() == np.flatnonzero((start >= edges[0]) & (start <= edges[-1])).tolist()


@settings(max_examples=100, deadline=None)
@given(split_problems())
def test_walk_forward_drops_only_rows_that_purging_must_drop(problem):
    start, end, edges, _ = problem
    for fold in walk_forward_folds(start, end, edges, embargo=0):
        window = {
            row for row in range(len(start)) if start[row] < edges[fold.index] and end[row] < fold.test_start
        }
        dropped = window - set(fold.fit.tolist()) - set(fold.validation.tolist())
        assert all(end[row] >= start[fold.validation].min() for row in dropped)


def test_the_same_calendar_edges_serve_cryptos_with_different_rows():
    long, short = instants(*range(400)), instants(*range(150, 380, 3))
    edges = calendar_edges([(int(t[0]), int(t[-1])) for t in (long, short)], 3)
    for fold_long, fold_short in zip(
        walk_forward_folds(long, long, edges, embargo=0),
        walk_forward_folds(short, short, edges, embargo=0),
        strict=True,
    ):
        for times, fold in ((long, fold_long), (short, fold_short)):
            assert edges[fold.index] <= times[fold.test].min()
            assert times[fold.test].max() <= edges[fold.index + 1]


@pytest.mark.parametrize(
    ("start", "end", "edges", "fraction", "rule"),
    [
        (instants(0, 2, 1), instants(3, 3, 3), instants(1, 2), 0.15, "increase strictly"),
        (instants(0, 1, 1), instants(3, 3, 3), instants(1, 2), 0.15, "increase strictly"),
        (instants(0, 1, 2), instants(3, 0, 3), instants(1, 2), 0.15, "label_end must not precede"),
        (instants(0, 1, 2), instants(3, 3, 3), instants(2, 1), 0.15, "edges"),
        (instants(0, 1, 2), instants(3, 3, 3), instants(2), 0.15, "edges"),
        (instants(0, 1, 2), instants(3, 3, 3), instants(1, 2), 1.0, "fraction"),
    ],
)
def test_rows_out_of_time_order_and_bad_settings_are_refused(start, end, edges, fraction, rule):
    with pytest.raises(InputError, match=rule):
        walk_forward_folds(start, end, edges, validation_fraction=fraction, embargo=0)


def test_a_series_in_place_of_times_is_a_type_error():
    start = pd.Series(instants(*range(20)))
    with pytest.raises(TypeCheckError, match="start"):
        walk_forward_folds(start, start, instants(5, 10), embargo=0)


# --- short history -------------------------------------------------------------------------------------


def fold_of(n_fit: int, n_validation: int, n_test: int) -> Fold:
    fit, validation, test = np.split(np.arange(n_fit + n_validation + n_test), [n_fit, n_fit + n_validation])
    return Fold(0, fit, validation, test, 0, 1, ns("2023-03-01"), ns("2023-05-27"))


@pytest.mark.parametrize(
    ("sizes", "n_buys", "reason"),
    [
        ((1000, 200, 300), 50, None),
        ((999, 200, 300), 50, "999 fit rows, 1000 needed"),
        ((1000, 200, 300), 49, "49 BUY rows in the fit part, 50 needed"),
        (
            (412, 0, 300),
            3,
            "no validation rows; 412 fit rows, 1000 needed; 3 BUY rows in the fit part, 50 needed",
        ),
        ((1000, 200, 0), 50, "no test rows between 2023-03-01T00:00:00Z and 2023-05-27T00:00:00Z"),
    ],
)
def test_short_history_says_what_is_missing(sizes, n_buys, reason):
    y = np.zeros(sum(sizes), dtype=np.int8)
    y[:n_buys] = 1
    y[sizes[0] :] = 1  # BUYs outside the fit part do not count
    assert short_history(fold_of(*sizes), y) == reason


def test_more_than_127_buys_do_not_overflow_int8():
    assert short_history(fold_of(1000, 200, 300), np.ones(1500, dtype=np.int8)) is None


# --- out-of-fold blocks --------------------------------------------------------------------------------

EXPECTED_BLOCKS = [
    pytest.param(
        0, 0,
        [rows(range(4, 20)), rows(range(4), range(8, 20)), rows(range(8), range(12, 20)),
         rows(range(12), range(16, 20)), rows(range(16))],
        id="instant labels",
    ),
    pytest.param(
        1, 2,  # block 4..7 spans hours 4 to 8: rows 3 and 8 touch it, 9 and 10 are embargoed
        [rows(range(7, 20)), rows(range(3), range(11, 20)), rows(range(7), range(15, 20)),
         rows(range(11), 19), rows(range(15))],
        id="labels of an hour, embargo of two",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("length", "embargo", "expected"), EXPECTED_BLOCKS)
def test_out_of_fold_blocks_as_written_out(length, embargo, expected):
    start = instants(*range(20))
    blocks = out_of_fold_blocks(start, start + length * HOUR, np.arange(20), embargo=embargo * HOUR)
    assert [block.held_out.tolist() for block in blocks] == [rows(range(k, k + 4)) for k in range(0, 20, 4)]
    assert [block.train.tolist() for block in blocks] == expected


@settings(max_examples=150, deadline=None)
@given(label_intervals(min_rows=40), st.integers(2, 6), st.sampled_from([0, 1, 6]), st.data())
def test_blocks_hold_out_every_fit_row_once_and_never_leak(intervals, n_blocks, embargo, data):
    start, end = intervals
    kept = data.draw(st.lists(st.booleans(), min_size=len(start), max_size=len(start)))
    fit_rows = np.flatnonzero(kept)
    try:
        blocks = out_of_fold_blocks(start, end, fit_rows, n_blocks=n_blocks, embargo=embargo * HOUR)
    except CellError:
        return  # too short for blocks: its own test below
    assert np.concatenate([block.held_out for block in blocks]).tolist() == fit_rows.tolist()
    sizes = [len(block.held_out) for block in blocks]
    assert max(sizes) - min(sizes) <= 1
    for block in blocks:
        assert set(block.train.tolist()) <= set(fit_rows.tolist())
        assert not touches(start, end, block.train, block.held_out)
        last = end[block.held_out].max()
        assert not ((start[block.train] > last) & (start[block.train] <= last + embargo * HOUR)).any()


@pytest.mark.parametrize(
    ("n_rows", "length", "message"),
    [(4, 0, "4 fit rows cannot make 5"), (20, 100, "leave no training row .* 1970-01-01T00:00:00Z")],
)
def test_blocks_that_cannot_be_trained_fail_the_cell(n_rows, length, message):
    start = instants(*range(n_rows))
    with pytest.raises(CellError, match=message) as failed:
        out_of_fold_blocks(start, start + length * HOUR, np.arange(n_rows), embargo=0)
    assert failed.value.stage == "out_of_fold"


def test_one_block_is_no_out_of_fold_prediction():
    start = instants(*range(20))
    with pytest.raises(InputError, match="at least 2 blocks"):
        out_of_fold_blocks(start, start, np.arange(20), n_blocks=1, embargo=0)


def test_fit_rows_out_of_time_order_are_refused():
    start = instants(*range(20))
    with pytest.raises(InputError, match="increase strictly"):
        out_of_fold_blocks(start, start, np.arange(20)[::-1], embargo=0)


# --- inner folds of tuning -----------------------------------------------------------------------------

ALTERNATING = np.arange(1_000) % 2


def inner(start, end, fit_rows, y=None, n_folds=2, embargo=0):
    y = ALTERNATING[: len(start)].astype(np.int8) if y is None else y
    return inner_folds(
        start, end, y, fit_rows, n_folds=n_folds, validation_fraction=0.25, embargo=embargo * HOUR
    )


def test_inner_folds_are_the_outer_protocol_inside_the_fit_part():
    # 41 fit rows of an hour from row 10 on; labels end 2 hours later. Scored: the last half, in two blocks.
    start, end = instants(*range(80)), instants(*range(2, 82))
    first, second = inner(start, end, np.arange(10, 51))
    assert first.test.tolist() == rows(range(30, 40))
    assert second.test.tolist() == rows(range(40, 51))
    # Purged against the scored block: rows 28 and 29 end in it. A quarter of the other 18 stops the boosting;
    # two rows before it are purged again.
    assert first.validation.tolist() == rows(range(24, 28))
    assert first.fit.tolist() == rows(range(10, 22))
    assert second.fit[0] == 10, "the window expands"
    assert second.validation.tolist() == rows(range(31, 38))
    assert second.fit.tolist() == rows(range(10, 29))


@given(label_intervals(min_rows=40), st.integers(1, 5), st.sampled_from([0, 6]), st.data())
def test_inner_folds_never_leave_the_fit_part_and_never_leak(intervals, n_folds, embargo, data):
    start, end = intervals
    kept = data.draw(st.lists(st.booleans(), min_size=len(start), max_size=len(start)))
    fit_rows = np.flatnonzero(kept)
    try:
        folds = inner(start, end, fit_rows, n_folds=n_folds, embargo=embargo)
    except CellError:
        return  # too short: its own test below
    assert [fold.index for fold in folds] == list(range(n_folds))
    scored = np.concatenate([fold.test for fold in folds])
    assert len(set(scored.tolist())) == len(scored), "no row is scored twice"
    for fold in folds:
        for part in (fold.fit, fold.validation, fold.test):
            assert set(part.tolist()) <= set(fit_rows.tolist())
        assert not touches(start, end, np.concatenate([fold.fit, fold.validation]), fold.test)
        assert not touches(start, end, fold.fit, fold.validation)
        assert start[fold.fit].max() < start[fold.validation].min()
        assert start[fold.validation].max() < start[fold.test].min()


BOTH = ALTERNATING[:60].astype(np.int8)
TOO_SHORT = {
    "no rows": (np.arange(0), BOTH, "0 fit rows make no 2 inner folds"),
    "one row": (np.arange(1), BOTH, "1 fit rows make no 2 inner folds"),
    "a gap where a block should be": (
        np.r_[0:20, 50:60], BOTH, "inner fold 0 has 0 BUYs in 0 scored rows, both classes are needed",
    ),
    "a block without a BUY": (
        np.arange(60), np.where(np.arange(60) < 45, BOTH, 0), "inner fold 1 has 0 BUYs in 15 scored rows",
    ),
    "a block without a HOLD": (
        np.arange(60), np.where(np.arange(60) < 45, BOTH, 1), "inner fold 1 has 15 BUYs in 15 scored rows",
    ),
    "nothing to stop on": (np.arange(4), BOTH, "inner fold 0 has 0 BUYs in"),
}  # fmt: skip


@pytest.mark.parametrize(("fit_rows", "y", "message"), TOO_SHORT.values(), ids=TOO_SHORT)
def test_a_fit_part_that_makes_no_inner_folds_says_which_part_lacks_what(fit_rows, y, message):
    start = instants(*range(60))
    with pytest.raises(CellError, match=message) as failed:
        inner(start, start, fit_rows.astype(np.int64), y.astype(np.int8))
    assert failed.value.stage == "tuning"
    assert "too little history to tune on" in str(failed.value)
