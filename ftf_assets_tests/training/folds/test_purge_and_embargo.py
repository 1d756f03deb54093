"""Purging and embargo: a training row touches nothing held out and starts after its embargo."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.training.folds.purge_and_embargo import HeldOutSpan, held_out_span, purge
from ftf_assets_tests.support.label_intervals import HOUR, instants


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
