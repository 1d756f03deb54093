"""Column lineage: what it names of a sweep's variants, and what it leaves out."""

from __future__ import annotations

import dataclasses
from typing import Any

import dagster as dg
import pytest

from ftf_assets.graph.column_lineage import (
    columns_of_results,
    lineage_of_features,
    lineage_of_labels,
    lineage_of_masks,
    lineage_of_models,
    lineage_of_results,
)
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.training.plan import TrainingPlan
from ftf_assets_tests.support.production import variants_of
from ftf_assets_tests.support.standard_plan import STANDARD_PLAN

FEATURES = dg.TableSchema(
    [dg.TableColumn("return_24", "float64"), dg.TableColumn("label", "int8", "1 = BUY, 0 = HOLD.")]
)


def plan_with(factors: str) -> TrainingPlan:
    return dataclasses.replace(STANDARD_PLAN, variants=variants_of(factors, "one_factor"))


def read_by(metadata: dict[str, Any], column: str) -> dict[str, set[str]]:
    """What a column is computed from: the columns of each asset."""
    found: dict[str, set[str]] = {}
    for one in metadata["dagster/column_lineage"].deps_by_column.get(column, []):
        found.setdefault(one.asset_key.to_user_string(), set()).add(one.column_name)
    return found


def test_a_level_reads_its_own_labels_and_masks_only():
    smoothed, cleaned = (read_by(lineage_of_models(STANDARD_PLAN), name) for name in ("mild", "filter"))
    assert (smoothed["smoothed_labels"], cleaned["smoothed_labels"]) == ({"mild"}, {"baseline"})
    assert "cleanlab_masks" not in smoothed
    assert cleaned["cleanlab_masks"] == {"filter"}
    assert read_by(lineage_of_masks(STANDARD_PLAN), "mild") == {}


@pytest.mark.parametrize(
    ("factors", "variant", "asset", "columns"),
    [
        ("sample_weight=none,return_attribution", "return_attribution", "coerced_arrays", {"label_return"}),
        ("sample_weight=none,label_stability", "label_stability", "coerced_arrays", {"label_stability"}),
        ("cleanlab=off,filter_temporal", "filter_temporal", "candles", {"timestamp", "close"}),
    ],
)
def test_a_level_that_reads_more_names_it(factors: str, variant: str, asset: str, columns: set[str]):
    plan = plan_with(factors)
    cleans = variant in {one.name for one in plan.cleaned_variants}
    shown = (lineage_of_masks if cleans else lineage_of_models)(plan)
    assert columns <= read_by(shown, variant)[asset]
    assert not columns & read_by(lineage_of_models(plan), "baseline").get(asset, set())


def test_true_labels_come_from_no_column():
    shown = lineage_of_labels(plan_with("label_truth=observed,relabel_truth"))
    assert {column.name for column in shown["dagster/column_schema"].columns} >= {"baseline", "relabel_truth"}
    assert read_by(shown, "baseline") == {"coerced_arrays": {"y"}}
    assert read_by(shown, "relabel_truth") == {}


def test_ready_features_come_from_no_candles():
    assert "dagster/column_lineage" not in lineage_of_features(FEATURES, from_candles=False)


def test_the_description_of_a_column_names_its_sources_because_the_ui_draws_no_lineage():
    shown = lineage_of_features(FEATURES, from_candles=True)["dagster/column_schema"].columns
    assert [one.description for one in shown] == [
        "From candles: close.",
        "1 = BUY, 0 = HOLD. From candles: open, high, low, close.",
    ]
    of_results = dg.TableSchema([dg.TableColumn("f1_buy", description="F1."), dg.TableColumn("n_dropped")])
    assert [one.description for one in columns_of_results(of_results).columns] == [
        "F1. From trained_models; coerced_arrays: y.",
        "From cleanlab_masks.",
    ], "the same for every sweep: the definition of the asset describes them"
    (only, *_) = lineage_of_labels(STANDARD_PLAN)["dagster/column_schema"].columns
    assert only.description == "Labels that this treatment trains with. From coerced_arrays: y."


def test_a_sweep_without_cleaners_has_no_counts_of_suspects_to_trace():
    smoothed, cleaned = (
        lineage_of_results(plan) for plan in (plan_with("label_smoothing=none,mild"), STANDARD_PLAN)
    )
    assert read_by(smoothed, "n_suspects") == {}
    assert read_by(cleaned, "n_suspects") == {"cleanlab_masks": {"filter", "reweight"}}


@pytest.mark.parametrize("factors", ["label_smoothing=none,mild", "cleanlab=off,filter"])
def test_every_number_that_is_measured_of_a_cell_has_its_sources(factors: str):
    columns = list(finetune_results_contract().to_schema().columns)
    measured = {*columns[columns.index("f1_buy") : columns.index("fit_seconds") + 1]}
    settings = {"tuning", "seed", "n_seeds"}
    suspects = {"n_suspects", "n_suspects_buy", "n_dropped", "n_dropped_buy"}
    cleans = "cleanlab" in factors
    shown = lineage_of_results(plan_with(factors))
    assert {one for one in measured if not read_by(shown, one)} == (
        settings if cleans else settings | suspects
    )
    for one in ("n_kept", "weight_sum"):
        assert read_by(shown, one) == read_by(shown, "best_iteration"), "every cell has them, cleaned or not"
