"""Clusters: cells that share their weeks are one observation of the fold test."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.gate.clusters import calendar_clusters
from ftf_assets_tests.support.gate_rows import decided, metric_of, sweep_rows


def test_folds_of_each_crypto_cluster_by_the_weeks_they_share():
    spans = {("A", 0): (0, 10), ("A", 1): (10, 20), ("B", 0): (8, 14), ("B", 1): (14, 20)}
    assert calendar_clusters(spans) == {("A", 0): 0, ("A", 1): 1, ("B", 0): 1, ("B", 1): 1}
    assert calendar_clusters({("A", 0): (5, 5)}) == {("A", 0): 0}
    assert calendar_clusters({}) == {}


def test_folds_of_each_crypto_cluster_by_calendar():
    rows = sweep_rows(0.02, folds=4)
    spans = {
        (row["crypto"], row["fold"]): (row["fold"] // 2 * 100, row["fold"] // 2 * 100 + 99) for row in rows
    }
    decision = decided(rows, clusters=calendar_clusters(spans))
    assert metric_of(decision, "f1_buy").fold_n == 2
    with pytest.raises(InputError, match="UNIUSDC: no fold cluster is defined for the cell of fold 3"):
        decided(rows, clusters={cell: 0 for cell in spans if cell != ("UNIUSDC", 3)})
