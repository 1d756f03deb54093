"""Inner folds of tuning: the outer protocol inside the fit part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftf_assets.contracts.errors import CellError
from ftf_assets.training.folds.inner_folds import inner_folds
from ftf_assets_tests.support.label_intervals import HOUR, instants, label_intervals, rows, touches

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
