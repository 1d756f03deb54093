"""The calendar of the folds: equal test spans in the last half of the common period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.training.folds.calendar_edges import calendar_edges
from ftf_assets_tests.support.label_intervals import ns


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
