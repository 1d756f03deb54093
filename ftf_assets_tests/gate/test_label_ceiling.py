"""The label ceiling of a sweep: which noise is assumed, what is left out, and what the decision states."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ftf_assets.gate.label_ceiling import CeilingSummary, summarise_ceiling
from ftf_assets_tests.support.ceiling import ceiling_records

EXPOSURES = (0.0, 0.4, 0.8, 1.6)


def summary(rows: list[dict[str, Any]], audit_share: float | None = None) -> CeilingSummary:
    found = summarise_ceiling(rows, audit_share)
    assert found is not None
    return found


def test_the_curve_is_the_mean_over_cells_at_each_dose():
    rows = ceiling_records()
    found = summary(rows)
    assert (found.noise, found.n_cells, found.n_left_out) == ("independent", 25, 0)
    assert tuple(found.exposures) == EXPOSURES
    for dose, mean in zip(EXPOSURES, found.means, strict=True):
        of_dose = [row["roc_auc"] for row in rows if row["exposure"] == dose and row["noise"] != "truth"]
        assert mean == pytest.approx(np.mean(of_dose))
    np.testing.assert_allclose(found.curve(found.exposures), found.means, atol=0.004)


def test_unknown_noise_is_assumed_at_three_shares_and_the_headline_takes_ten_per_cent():
    found = summary(ceiling_records())
    assert [one.share for one in found.scenarios] == [0.05, 0.10, 0.20]
    assert found.headline is found.scenarios[1]
    assert found.bound is not None
    assert found.bound.scenario == "if 10% of the labels are wrong"
    assert found.bound.assumed
    assert found.truth is None
    left = 1 - 0.10 / (2 * 0.18 * 0.82)
    assert found.scenarios[1].exposure == pytest.approx(-math.log(left))
    bounds = [one.gain.bound for one in found.scenarios if one.gain]
    assert bounds == sorted(bounds)


@pytest.mark.parametrize(("estimate", "stated"), [(0.03, 0.10), (0.14, 0.14)])
def test_an_audit_adds_its_estimate_and_the_headline_takes_it_only_where_it_is_larger(
    estimate: float, stated: float
):
    found = summary(ceiling_records(), estimate)
    assert [one.share for one in found.scenarios] == [0.05, 0.10, 0.20, estimate]
    assert found.headline is not None
    assert found.headline.share == stated


def test_a_market_that_knows_its_noise_has_one_scenario_and_the_truth_beside_it():
    found = summary(ceiling_records(truth=True))
    (known,) = found.scenarios
    assert known.share == pytest.approx(0.10)
    assert found.headline is known
    assert found.bound is not None
    assert found.bound.scenario == "as 10.0% of this market's labels are wrong"
    assert not found.bound.assumed
    assert found.truth is not None
    assert found.truth.low < found.truth.mean < found.truth.high < 0.02
    assert found.truth_on_true_labels is not None
    assert found.truth_on_true_labels.mean > found.truth.mean
    assert found.truth.mean <= found.bound.bound


def test_a_cell_without_all_of_its_models_is_left_out_of_every_dose():
    rows = ceiling_records()
    rows[3] |= {"status": "training_failed", "roc_auc": None}
    found = summary(rows)
    assert (found.n_cells, found.n_left_out) == (24, 1)


def test_repeats_are_averaged_and_a_cell_without_one_is_left_out():
    rows = [row | {"repeat": repeat} for row in ceiling_records() for repeat in (0, 1)]
    assert summary(rows).n_cells == 25
    np.testing.assert_allclose(summary(rows).means, summary(ceiling_records()).means)
    assert summary(rows[1:]).n_cells == 24


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row for row in ceiling_records() if row["noise"] == "none"],
        [row for row in ceiling_records() if row["fold"] == 0 and row["crypto"] in ("A", "B")],
        [row | {"status": "training_failed"} for row in ceiling_records()],
    ],
)
def test_there_is_no_ceiling_without_models_on_more_noise(rows: list[dict[str, Any]]):
    assert summarise_ceiling(rows) is None


def test_the_order_of_the_rows_does_not_matter():
    rows = ceiling_records(truth=True)
    assert summary(rows).bound == summary(rows[::-1]).bound
