"""Evaluation: scores on hard test labels, counts of the fit part, and no metric without a model."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ftf_assets.contracts.bundles import Outcome, TrainedModels
from ftf_assets.training import evaluation
from ftf_assets.training.evaluation import CellScores, evaluate_cells
from ftf_assets.training.metrics import classification_metrics
from ftf_assets.training.threshold import top_share_threshold
from ftf_assets_tests.support.production import EPSILONS, QUICK, SCORING, train

METRICS = [
    "f1_buy",
    "precision_buy",
    "recall_buy",
    "average_precision",
    "roc_auc",
    "log_loss",
    "brier",
    "mcc",
    "ece",
    "ece_debiased",
    "ece_smoothing_corrected",
    "ece_debiased_smoothing_corrected",
    "f1_always_buy",
    "predicted_buy_rate",
    "threshold",
    "breakeven_precision",
    "trade_threshold",
    "trade_precision",
    "n_trades",
    "expectancy_net",
    "sortino",
]
COST = SCORING.cost


def evaluated(run, **changes):
    parts = {"plan": run.plan, "arrays": run.arrays, "models": run.models} | changes
    return evaluate_cells(parts["plan"], parts["arrays"], run.masks, parts["models"], scoring=SCORING)


def evaluate(run, **changes):
    rows = [one.row for one in evaluated(run, **changes)]
    return {(row["fold"], row["variant"]): row for row in rows}


@pytest.fixture(scope="module")
def rows(standard_run):
    return evaluate(standard_run)


def with_cell(run, fold, variant, **changes) -> TrainedModels:
    return TrainedModels(
        tuple(
            dataclasses.replace(cell, **changes) if (cell.fold, cell.variant) == (fold, variant) else cell
            for cell in run.models.cells
        )
    )


def test_there_is_one_row_a_cell_with_every_metric(rows, standard_run):
    assert len(rows) == len(standard_run.models.cells) == 10
    for row in rows.values():
        assert row["status"] == "ok"
        assert row["error_type"] is row["error_message"] is row["error_stage"] is None
        assert np.isfinite([row[name] for name in METRICS]).all()


class MemoryScoreStore(dict):
    put = dict.__setitem__


@pytest.mark.parametrize("change", [{"cost": 2 * COST}, {"trade_share": 0.2}])
def test_a_cell_is_measured_once_for_each_scoring_and_its_row_is_the_same(standard_run, monkeypatch, change):
    run, store, expected = standard_run, MemoryScoreStore(), evaluated(standard_run)
    parts = (run.plan, run.arrays, run.masks, run.models)
    assert evaluate_cells(*parts, scoring=SCORING, store=store) == expected
    assert len(store) == len(expected)
    other = evaluate_cells(*parts, scoring=dataclasses.replace(SCORING, **change), store=store)
    assert len(store) == 2 * len(expected)
    assert [one.row["expectancy_net"] for one in other] != [one.row["expectancy_net"] for one in expected]
    monkeypatch.setattr(evaluation, "classification_metrics", lambda *_, **__: pytest.fail("measured again"))
    assert evaluate_cells(*parts, scoring=SCORING, store=store) == expected


def test_a_cell_that_cannot_be_scored_is_not_kept(standard_run, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("no rows")

    run, store = standard_run, MemoryScoreStore()
    monkeypatch.setattr(evaluation, "classification_metrics", broken)
    failed = evaluate_cells(run.plan, run.arrays, run.masks, run.models, scoring=SCORING, store=store)
    assert {one.row["error_stage"] for one in failed} == {"evaluation"}
    assert all(one.scores == CellScores() for one in failed)
    assert store == {}


def test_scores_are_those_of_the_hard_test_labels(rows, standard_run):
    for cell in standard_run.models.cells:
        buy, hold = EPSILONS[cell.levels["label_smoothing"]]
        expected = classification_metrics(
            standard_run.arrays.y[cell.test_rows], cell.test_probability, cell.threshold,
            seed=cell.seed, epsilon_buy=buy, epsilon_hold=hold,
        )  # fmt: skip
        row = rows[cell.fold, cell.variant]
        assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("variant", ["mild", "aggressive"])
def test_the_calibration_of_a_smoothed_variant_is_not_0(rows, standard_run, variant):
    for fold in (0, 1):
        row = rows[fold, variant]
        cell = standard_run.cell(variant, fold)
        gap = abs(cell.test_probability.mean() - standard_run.arrays.y[cell.test_rows].mean())
        assert row["ece"] >= gap - 1e-12 > 0
        assert row["ece"] != row["ece_smoothing_corrected"]
    assert rows[1, "baseline"]["ece"] == rows[1, "baseline"]["ece_smoothing_corrected"]


def test_the_smoothing_of_a_perfect_model_is_its_calibration_error_and_is_0_corrected(standard_run):
    """P equal to the soft label of every row: measured against soft labels the error would read exactly 0."""
    cell = standard_run.cell("aggressive", 0)
    soft = standard_run.soft_labels.levels["aggressive"][cell.test_rows].astype(np.float64)
    models = with_cell(standard_run, 0, "aggressive", test_probability=soft, threshold=0.5)
    row = evaluate(standard_run, models=models)[0, "aggressive"]
    buy_rate = row["buy_rate_test"]
    np.testing.assert_allclose(row["ece"], 0.20 * buy_rate + 0.05 * (1 - buy_rate), rtol=1e-5)
    np.testing.assert_allclose(row["ece_smoothing_corrected"], 0, atol=1e-7)
    assert row["f1_buy"] == 1


def test_the_break_even_precision_is_that_of_the_fit_part(rows, standard_run):
    arrays = standard_run.arrays
    for fold in standard_run.plan.folds(arrays):
        y, gain = arrays.y[fold.fit], arrays.label_return[fold.fit].astype(np.float64)
        win, loss = gain[y == 1].mean(), -gain[y == 0].mean()
        expected = (loss + COST) / (win + loss)
        assert rows[fold.index, "baseline"]["breakeven_precision"] == pytest.approx(expected, rel=1e-5)


def test_counts_are_those_of_the_fit_part_and_the_mask(rows, standard_run):
    y = standard_run.arrays.y
    for fold in standard_run.plan.folds(standard_run.arrays):
        for variant in ("baseline", "mild", "filter", "reweight"):
            row = rows[fold.index, variant]
            assert (row["n_train"], row["n_train_buy"]) == (len(fold.fit), y[fold.fit].sum())
            assert (row["n_test"], row["buy_rate_test"]) == (len(fold.test), y[fold.test].mean())
            assert row["buy_rate_train"] == y[fold.fit].mean()
            suspect = standard_run.mask("filter", fold.index).suspect
            cleaned = variant in ("filter", "reweight")
            assert row["n_suspects"] == (suspect.sum() if cleaned else 0)
            assert row["n_suspects_buy"] == ((suspect & (y[fold.fit] == 1)).sum() if cleaned else 0)
            assert row["n_dropped"] == (suspect.sum() if variant == "filter" else 0)
            assert row["n_dropped_buy"] == (row["n_suspects_buy"] if variant == "filter" else 0)
            assert row["n_kept"] == row["n_train"] - row["n_dropped"]
            total = standard_run.arrays.base_weight[fold.fit]
            expected = total[~suspect].sum() if variant == "filter" else total.sum()
            np.testing.assert_allclose(row["weight_sum"], expected, rtol=1e-5)


def test_a_row_states_the_provenance_of_its_model(rows, standard_run):
    fold = standard_run.plan.folds(standard_run.arrays)[1]
    cell = standard_run.cell("reweight", 1)
    row = rows[1, "reweight"]
    assert row["crypto"] == "OPUSDC"
    assert (row["label_smoothing"], row["cleanlab"]) == ("none", "reweight")
    assert (row["cell_key"], row["seed"], row["n_seeds"]) == (cell.cell_key, cell.seed, 1)
    assert (row["best_iteration"], row["threshold"]) == (cell.rounds, cell.threshold)
    assert json.loads(row["params"]) == QUICK
    for name in ("train_start", "train_end", "test_start", "test_end"):
        assert row[name] == getattr(fold, name)
    assert row["train_end"] < row["test_start"]


FAILED = Outcome("training_failed", "ValueError", "bad split", "fit")


@pytest.mark.parametrize(
    "outcome", [FAILED, Outcome.skipped("412 fit rows, 1000 needed")], ids=["failed", "skipped"]
)
def test_a_cell_without_a_model_has_no_metric_and_pollutes_no_other_row(standard_run, rows, outcome):
    models = with_cell(standard_run, 1, "filter", outcome=outcome)
    found = evaluate(standard_run, models=models)
    row = found.pop((1, "filter"))
    assert row["status"] == outcome.status
    assert row["error_message"] == outcome.error_message
    assert (row["error_type"], row["error_stage"]) == (
        outcome.error_type or None,
        outcome.error_stage or None,
    )
    assert not set(row) & set(METRICS)
    missing = ("n_kept", "weight_sum", "n_suspects", "n_dropped", "best_iteration", "fit_seconds")
    assert [row[name] for name in missing] == [None] * 6
    assert row["n_train"] == rows[1, "filter"]["n_train"]
    assert found == {key: value for key, value in rows.items() if key != (1, "filter")}


def test_a_cell_that_cannot_be_scored_failed_at_stage_evaluation(standard_run):
    broken = standard_run.cell("mild", 0).test_probability.copy()
    broken[3] = np.nan
    row = evaluate(standard_run, models=with_cell(standard_run, 0, "mild", test_probability=broken))[
        0, "mild"
    ]
    assert (row["status"], row["error_type"], row["error_stage"]) == (
        "training_failed",
        "CellError",
        "evaluation",
    )
    assert not set(row) & set(METRICS)
    assert row["n_kept"] == row["n_train"]


def test_an_error_without_a_stage_gets_the_stage_evaluation(standard_run, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(evaluation, "trades_above", fail)
    rows = evaluate(standard_run)
    assert {row["error_stage"] for row in rows.values()} == {"evaluation"}
    assert {row["error_type"] for row in rows.values()} == {"ZeroDivisionError"}


def test_a_fold_of_one_class_fails_and_says_so(standard_run):
    y = standard_run.arrays.y.copy()
    y[standard_run.plan.folds(standard_run.arrays)[1].test] = 0
    rows = evaluate(standard_run, arrays=dataclasses.replace(standard_run.arrays, y=y))
    assert {row["status"] for (fold, _), row in rows.items() if fold == 0} == {"ok"}
    assert {row["error_stage"] for (fold, _), row in rows.items() if fold == 1} == {"evaluation"}


def test_the_rows_of_a_short_history_are_shown(make_plan, training_arrays):
    run = train(make_plan(edges=training_arrays.start[[700, 1_400, 1_900]]), training_arrays)
    row = evaluate(run)[0, "baseline"]
    assert row["status"] == "skipped_short_history"
    assert "1000 needed" in row["error_message"]
    assert row["n_test"] == 700
    assert row["params"] is None


def test_only_cells_of_several_fits_state_a_spread_over_seeds(make_plan, training_arrays, rows):
    spreads = ("roc_auc_seed_sd", "f1_buy_seed_sd", "average_precision_seed_sd")
    assert all(row.get(name) is None for row in rows.values() for name in spreads)
    run = train(make_plan(seed_check=True), training_arrays)
    n_fits = {one.row["variant"]: len(one.scores.fits) for one in evaluated(run)}
    assert n_fits == {"baseline": 2, "mild": 0, "aggressive": 0, "filter": 0, "reweight": 0}
    checked = evaluate(run)
    for (_, variant), row in checked.items():
        stated = [row.get(name) for name in spreads]
        assert all(value > 0 for value in stated) if variant == "baseline" else stated == [None] * 3
    same = {name: value for name, value in checked[0, "mild"].items() if name != "fit_seconds"}
    assert same == {name: value for name, value in rows[0, "mild"].items() if name != "fit_seconds"}


def test_trades_are_those_of_the_most_confident_tenth_of_the_validation_slice(rows, standard_run):
    for cell in standard_run.models.cells:
        row = rows[cell.fold, cell.variant]
        threshold = row["trade_threshold"]
        assert threshold == top_share_threshold(cell.validation_probability, 0.10)
        called = cell.test_probability >= threshold
        assert row["trade_precision"] == standard_run.arrays.y[cell.test_rows][called].mean()
        assert 0 < row["n_trades"] <= called.sum() < row["predicted_buy_rate"] * row["n_test"]


def test_a_cell_too_timid_to_trade_has_no_mean_of_trades_and_is_good(standard_run):
    timid = np.full_like(standard_run.cell("mild", 0).test_probability, 0.01)
    timid[::2] = 0.02
    row = evaluate(standard_run, models=with_cell(standard_run, 0, "mild", test_probability=timid))[0, "mild"]
    assert (row["status"], row["n_trades"], row["return_net"]) == ("ok", 0, 0.0)
    assert row["expectancy_net"] is row["trade_precision"] is row["win_rate"] is row["sortino"] is None


def test_the_details_of_a_cell_add_up_to_its_row(standard_run):
    for one in evaluated(standard_run):
        row, scores = one.row, one.scores
        assert sum(week["n_test"] for week in scores.weeks) == row["n_test"]
        assert sum(week["n_buy"] for week in scores.weeks) == round(row["buy_rate_test"] * row["n_test"])
        assert sum(week["n_trades"] for week in scores.weeks) == row["n_trades"]
        earned = sum(week["net_return"] for week in scores.weeks)
        assert earned == pytest.approx(row["n_trades"] * row["expectancy_net"] / 1e4)
        (tenth,) = [point for point in scores.curve if point["top_share"] == SCORING.trade_share]
        for name, column in (
            ("threshold", "trade_threshold"),
            ("precision", "trade_precision"),
            ("n_trades", "n_trades"),
            ("expectancy_net", "expectancy_net"),
        ):
            assert tenth[name] == row[column]
        assert scores.fits == ()


def test_the_scores_of_single_fits_are_of_the_same_seeds_in_every_variant(make_plan, training_arrays):
    run = train(make_plan(seeds=2, seed_check=True), training_arrays)
    for one in evaluated(run):
        cell = run.cell(one.row["variant"], one.row["fold"])
        assert [fit["repeat"] for fit in one.scores.fits] == [0, 1]
        y = run.arrays.y[cell.test_rows]
        for fit, probability in zip(one.scores.fits, cell.seed_probability, strict=True):
            assert fit["roc_auc"] == pytest.approx(roc_auc_score(y, probability))
        spread = np.std([fit["roc_auc"] for fit in one.scores.fits], ddof=1)
        assert one.row["roc_auc_seed_sd"] == pytest.approx(spread)
