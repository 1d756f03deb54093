"""Out-of-fold blocks: each fit row is held out once, and no block trains on what touches it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.training.folds.out_of_fold_blocks import out_of_fold_blocks
from ftf_assets_tests.support.label_intervals import HOUR, instants, label_intervals, rows, touches

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
