"""The cryptos that share a calendar: as many as possible, and no short history shortens it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.training.folds.calendar_edges import SECOND, calendar_edges
from ftf_assets.training.folds.shared_history import largest_sharing, rows_before_tests, serves_edges

#: Name, begin and end of each history in days (24 rows each), and who shares one calendar.
CASES = [
    ("all are long", [(0, 900), (300, 900), (400, 880)], [True, True, True]),
    ("one is listed late", [(0, 900), (300, 900), (860, 900)], [True, True, False]),
    ("two are listed late", [(0, 900), (870, 900), (860, 900)], [True, False, False]),
    ("one was delisted before the others began", [(0, 150), (300, 900), (310, 900)], [False, True, True]),
    ("the longer of two that never met", [(0, 200), (300, 900)], [False, True]),
    ("the larger of two parts that never met", [(0, 200), (0, 190), (300, 900)], [True, True, False]),
    ("nobody has enough", [(0, 90), (10, 100)], [False, False]),
    ("just enough", [(0, 98.1)], [True]),
    ("just too little", [(0, 98.0)], [False]),
]


def arrays(days):
    first, last = (np.array(one, float) * 86400 for one in zip(*days, strict=True))
    rows = ((last - first) / 3600).astype(np.int64)
    return (first.astype(np.int64) * SECOND, last.astype(np.int64) * SECOND, rows)


@pytest.mark.parametrize(("name", "days", "expected"), CASES, ids=[name for name, *_ in CASES])
def test_the_most_cryptos_with_enough_history_share_a_calendar(name, days, expected):
    assert largest_sharing(*arrays(days), rows_before_tests(0.15)).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 800), st.integers(40, 900)), min_size=1, max_size=7))
def test_whoever_shares_serves_the_edges_of_the_shared_calendar(spans):
    first, last, rows = arrays([(begin, begin + length) for begin, length in spans])
    needed = rows_before_tests(0.15)
    chosen = largest_sharing(first, last, rows, needed)
    alone = largest_sharing(first[:1], last[:1], rows[:1], needed)
    assert chosen.any() or not alone.any()
    if chosen.any():
        edges = calendar_edges(list(zip(first[chosen].tolist(), last[chosen].tolist(), strict=True)), 5)
        assert serves_edges(first[chosen], last[chosen], rows[chosen], edges, needed - 1).all()


def test_given_edges_need_rows_before_them_and_rows_in_the_last_span():
    first, last, rows = arrays([(0, 900), (380, 900), (0, 700), (0, 880)])
    edges = calendar_edges([(0, 900 * 86400 * SECOND)], 5)
    assert edges[-2] == 810 * 86400 * SECOND
    assert serves_edges(first, last, rows, edges, rows_before_tests(0.15)).tolist() == [
        *(True, True, False, True)
    ]


def test_without_a_common_calendar_the_folds_are_refused():
    with pytest.raises(InputError, match="must share a period"):
        calendar_edges([(0, 10 * SECOND), (20 * SECOND, 90 * SECOND)], 2)
