"""The mean confidence curve: every cell has the same weight, and a cell without calls has none."""

from __future__ import annotations

import pandas as pd
import pytest

from ftf_assets.contracts.tables.confidence_curve import ConfidenceCurve
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.rows.confidence_curve import mean_confidence_curve
from ftf_assets_tests.support.results_rows import (
    SWEEP,
    confidence_table,
    ok_row,
    partition,
    results_table,
)


def point(fold: int, called: int, correct: int, net: float | None, trades: int) -> dict[str, object]:
    return {
        "sweep_id": SWEEP,
        "crypto": "OPUSDC",
        "fold": fold,
        "variant": "mild",
        "top_share": 0.05,
        "threshold": 0.4,
        "n_called": called,
        "n_correct": correct,
        "precision": correct / called if called else None,
        "n_trades": trades,
        "expectancy_net": net,
    }


def test_means_are_over_the_cells_that_call_and_counts_are_sums():
    points = [point(0, 10, 5, 8.0, 6), point(1, 200, 20, -4.0, 60), point(2, 0, 0, None, 0)]
    cells = results_table(
        [ok_row(fold=fold, variant="mild", breakeven_precision=0.2 + 0.1 * fold) for fold in range(3)]
    )
    (row,) = mean_confidence_curve(contract_frame(ConfidenceCurve, points), cells).to_dict("records")
    assert (row["variant"], row["top_share"], row["n_cells"]) == ("mild", 0.05, 2)
    assert row["precision"] == pytest.approx((0.5 + 0.1) / 2)
    assert row["breakeven_precision"] == pytest.approx((0.2 + 0.3) / 2)
    assert row["expectancy_net"] == pytest.approx((8.0 - 4.0) / 2)
    assert (row["n_called"], row["n_trades"]) == (210, 66)


def test_a_share_at_which_no_cell_calls_has_a_row_without_means():
    points = contract_frame(ConfidenceCurve, [point(0, 0, 0, None, 0)])
    (row,) = mean_confidence_curve(points, results_table([ok_row(fold=0, variant="mild")])).to_dict("records")
    assert (row["n_cells"], row["n_called"], row["n_trades"]) == (0, 0, 0)
    assert pd.isna(row["precision"])
    assert pd.isna(row["expectancy_net"])


def test_there_is_a_row_a_variant_and_share_and_the_baseline_comes_first():
    cells = results_table([*partition("OPUSDC", folds=2), *partition("LDOUSDC", folds=2)])
    curve = pd.concat([confidence_table("OPUSDC"), confidence_table("LDOUSDC")], ignore_index=True)
    mean = mean_confidence_curve(curve, cells)
    assert list(dict.fromkeys(mean["variant"])) == ["baseline", "aggressive", "filter", "mild", "reweight"]
    assert set(mean.groupby("variant").size()) == {6}
    assert set(mean["n_cells"]) == {4}
    assert mean_confidence_curve(curve.head(0), cells).empty
