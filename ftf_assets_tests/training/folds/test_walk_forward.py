"""Walk-forward folds: fit, then validation, then test, and no label interval crosses over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from ftf_assets.contracts.errors import InputError
from ftf_assets.training.folds.calendar_edges import calendar_edges
from ftf_assets.training.folds.walk_forward import walk_forward_folds
from ftf_assets_tests.support.label_intervals import HOUR, instants, rows, split_problems, touches

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
