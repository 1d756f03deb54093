"""Every domain check passes on the values of a run and fails on each planted defect."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ftf_assets.checks.domain_checks import DOMAIN_CHECKS
from ftf_assets.contracts.bundles import CleanlabMasks, Outcome, SmoothedLabels, TrainedModels
from ftf_assets.rows.finetune_results import CryptoResults, crypto_results
from ftf_assets.sources.protocol import Provenance
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.metrics import expected_calibration_error
from ftf_assets_tests.support.ceiling import rows_of, scores_of, with_ceiling
from ftf_assets_tests.support.production import CRYPTO, STANDARD, MemoryFitStore, Trained
from ftf_assets_tests.support.results_rows import SWEEP
from ftf_assets_tests.support.settings import settings_of

CHECKS = {check.name: check for checks in DOMAIN_CHECKS.values() for check in checks}


@dataclass
class StoredRun:
    """A run in memory instead of a crypto's stored values."""

    run: Trained
    values: dict[str, Any]
    table: pd.DataFrame
    of_ceiling: pd.DataFrame
    details: dict[str, pd.DataFrame]
    n_cryptos: int = 1

    @property
    def crypto(self) -> str:
        return CRYPTO

    @property
    def sweep(self) -> SimpleNamespace:
        return SimpleNamespace(
            plan=lambda crypto: self.run.plan,
            settings=settings_of(suspect_cap=self.run.plan.suspect_cap, n_folds=self.run.plan.n_folds),
            variants=STANDARD,
            cryptos=("",) * self.n_cryptos,
        )

    def value(self, asset: str) -> Any:
        return self.values[asset]

    def fit_engine(self) -> FitEngine:
        return FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None)

    def rows(self) -> pd.DataFrame:
        return self.table

    def results(self) -> dict[str, pd.DataFrame]:
        return {"finetune_results": self.table, **self.details}

    def ceiling(self) -> pd.DataFrame:
        return self.of_ceiling


@pytest.fixture(scope="module")
def found(standard_run: Trained) -> CryptoResults:
    sweep = SimpleNamespace(
        sweep_id=SWEEP,
        settings=settings_of(n_folds=standard_run.plan.n_folds),
        plan=lambda crypto: standard_run.plan,
        tuning=standard_run.plan.tuning,
        provenance=lambda crypto: Provenance("market", "", "", "0123"),
    )
    return crypto_results(
        sweep, CRYPTO, standard_run.arrays, standard_run.masks, standard_run.models, run_id="a run"
    )


@pytest.fixture
def stored(standard_run: Trained, found: CryptoResults) -> StoredRun:
    values = {
        "coerced_arrays": standard_run.arrays,
        "smoothed_labels": standard_run.soft_labels,
        "fold_baselines": standard_run.baselines,
        "cleanlab_masks": standard_run.masks,
        "trained_models": standard_run.models,
    }
    run = with_ceiling(standard_run)
    ceiling = rows_of(run, scores_of(run), "sweep")
    return StoredRun(run, values, found.cells, ceiling, dict(found.details))


def change_mask(stored: StoredRun, cleaner: str, **changes: Callable[[Any], Any]) -> None:
    masks = stored.values["cleanlab_masks"].masks
    stored.values["cleanlab_masks"] = CleanlabMasks(
        tuple(
            replace(mask, **{name: change(mask) for name, change in changes.items()})
            if mask.cleaner == cleaner
            else mask
            for mask in masks
        )
    )


def change_cell(stored: StoredRun, variant: str, **changes: Any) -> None:
    cells = stored.values["trained_models"].cells
    stored.values["trained_models"] = TrainedModels(
        tuple(replace(cell, **changes) if cell.variant == variant else cell for cell in cells)
    )


def change_rows(stored: StoredRun, **changes: Any) -> None:
    stored.table = stored.table.assign(**changes)


def label_among_the_features(stored: StoredRun) -> None:
    arrays = stored.values["coerced_arrays"]
    X = np.column_stack([arrays.X, arrays.y]).astype(np.float32)
    stored.values["coerced_arrays"] = replace(arrays, X=X, feature_names=(*arrays.feature_names, "target"))


def model_that_knows_the_labels(stored: StoredRun) -> None:
    y = stored.run.arrays.y
    cells = stored.values["trained_models"].cells
    stored.values["trained_models"] = TrainedModels(
        tuple(replace(cell, test_probability=y[cell.test_rows].astype(np.float64)) for cell in cells)
    )


def suspect_every_buy(stored: StoredRun) -> None:
    change_mask(stored, "filter", suspect=lambda mask: stored.run.arrays.y[mask.rows] == 1)


def reweight_without_rescaling(stored: StoredRun) -> None:
    def halved(mask: Any) -> np.ndarray:
        return np.where(mask.suspect, stored.run.arrays.base_weight[mask.rows] / 2, mask.weight).astype(
            np.float32
        )

    change_mask(stored, "reweight", weight=halved)


def filter_that_also_weighs(stored: StoredRun) -> None:
    change_mask(stored, "filter", weight=lambda mask: mask.weight * np.float32(1.01))


def mask_with_a_row_of_the_purged_gap(stored: StoredRun) -> None:
    first_fold = stored.run.plan.folds(stored.run.arrays)[0]
    change_mask(stored, "filter", rows=lambda mask: np.append(mask.rows[:-1], first_fold.validation[0] - 1))


def tested_on_its_own_validation_slice(stored: StoredRun) -> None:
    cells = stored.values["trained_models"].cells
    earlier = tuple(replace(cell, test_rows=cell.test_rows - 9) for cell in cells)
    stored.values["trained_models"] = TrainedModels(earlier)


def smoothing_none_that_smooths(stored: StoredRun) -> None:
    levels = dict(stored.values["smoothed_labels"].levels)
    levels["baseline"] = levels["baseline"] * np.float32(0.999)
    stored.values["smoothed_labels"] = SmoothedLabels(levels)


def baseline_on_fewer_rows(stored: StoredRun) -> None:
    change_cell(stored, "baseline", n_kept=17)


def baseline_of_another_fit(stored: StoredRun) -> None:
    change_cell(stored, "baseline", fit_keys=("0" * 16,))


def a_cell_that_never_landed(stored: StoredRun) -> None:
    stored.values["trained_models"] = TrainedModels(stored.values["trained_models"].cells[:-1])


def a_cell_that_failed(stored: StoredRun) -> None:
    change_cell(stored, "mild", outcome=Outcome.failed(ValueError("no gain"), "fit"))


def other_probabilities(stored: StoredRun) -> None:
    cells = stored.values["trained_models"].cells
    nearly = tuple(replace(cell, test_probability=np.nextafter(cell.test_probability, 1.0)) for cell in cells)
    stored.values["trained_models"] = TrainedModels(nearly)


def another_threshold(stored: StoredRun) -> None:
    change_cell(stored, "reweight", threshold=0.123)


def calibration_against_soft_labels(stored: StoredRun) -> None:
    change_rows(stored, ece=0.0, ece_debiased=0.0)


def calibration_on_validation_labels(stored: StoredRun) -> None:
    cell = stored.run.cell("baseline")
    other = stored.run.arrays.y[cell.test_rows - len(cell.test_rows)]
    change_rows(stored, ece=expected_calibration_error(other, cell.test_probability))


def failed_without_a_reason(stored: StoredRun) -> None:
    change_rows(stored, status="training_failed")


def skipped_although_the_history_suffices(stored: StoredRun) -> None:
    change_rows(stored, status="skipped_short_history", error_message="900 fit rows, 1000 needed")


def unknown_status(stored: StoredRun) -> None:
    change_rows(stored, status="pending")


def hardly_a_trade(stored: StoredRun) -> None:
    change_rows(stored, n_trades=3)


def change_ceiling(stored: StoredRun, noise: str, **changes: Any) -> None:
    changed = stored.of_ceiling["noise"] == noise
    stored.of_ceiling.loc[changed, list(changes)] = list(changes.values())


def untouched_labels_fitted_again(stored: StoredRun) -> None:
    change_ceiling(stored, "none", fit_key="0" * 16)


def a_ceiling_with_rounds_of_its_own(stored: StoredRun) -> None:
    change_ceiling(stored, "bursts", rounds=1)


def a_ceiling_with_seeds_of_its_own(stored: StoredRun) -> None:
    change_ceiling(stored, "independent", seed=1)


def noise_that_nobody_drew(stored: StoredRun) -> None:
    change_ceiling(stored, "bursts", changed=0.5)


def a_ceiling_that_drops_test_rows(stored: StoredRun) -> None:
    change_ceiling(stored, "truth", n_test=17)


def a_ceiling_scored_on_other_labels(stored: StoredRun) -> None:
    change_ceiling(stored, "none", roc_auc=0.75)


def change_details(stored: StoredRun, table: str, **changes: Callable[[pd.Series], Any]) -> None:
    frame = stored.details[table]
    stored.details[table] = frame.assign(**{name: change(frame[name]) for name, change in changes.items()})


def influence_of_all_rows_in_one_week(stored: StoredRun) -> None:
    change_details(stored, "weekly_results", auc_influence=lambda values: values * 0)


def a_week_that_was_lost(stored: StoredRun) -> None:
    stored.details["weekly_results"] = stored.details["weekly_results"].iloc[1:]


def trades_of_another_threshold(stored: StoredRun) -> None:
    change_details(stored, "weekly_results", n_trades=lambda values: values + 1)


def single_fits_that_were_lost(stored: StoredRun) -> None:
    stored.table = stored.table.assign(roc_auc_seed_sd=0.01)


def curve_on_thresholds_of_the_test_rows(stored: StoredRun) -> None:
    change_details(stored, "confidence_curve", threshold=lambda values: values + 0.001)


def calls_that_nobody_made(stored: StoredRun) -> None:
    change_details(stored, "confidence_curve", n_called=lambda values: values + 1)


def a_cell_without_a_curve(stored: StoredRun) -> None:
    curve = stored.details["confidence_curve"]
    stored.details["confidence_curve"] = curve[curve["variant"] != "mild"]


def details_of_a_failed_cell(stored: StoredRun) -> None:
    failed = stored.table["variant"] == "mild"
    stored.table = stored.table.assign(status=stored.table["status"].mask(failed, "training_failed"))


def a_ceiling_with_a_failed_model(stored: StoredRun) -> None:
    change_ceiling(stored, "bursts", status="training_failed", reason="label_ceiling: ValueError: no gain")


DEFECTS = [
    ("no_leaking_column", label_among_the_features, "column 'target' nearly is the label"),
    ("survives_a_lag", model_that_knows_the_labels, "of what the AUC has above 0.5 (1.000 falls to 0."),
    ("caps_held", suspect_every_buy, "100.00% of BUY are suspect, the cap is 10.00%"),
    ("caps_held", reweight_without_rescaling, "the total weight of BUY changed from"),
    ("caps_held", filter_that_also_weighs, "a filter changed"),
    ("no_leak", mask_with_a_row_of_the_purged_gap, "fit rows overlap the validation slice"),
    ("no_leak", tested_on_its_own_validation_slice, "validation rows overlap the test span"),
    ("off_path_is_identity", smoothing_none_that_smooths, " untreated labels are not the hard labels"),
    ("off_path_is_identity", baseline_on_fewer_rows, "the baseline cell trained on 17 rows"),
    ("off_path_is_identity", baseline_of_another_fit, "the baseline cell is not the baseline's fit"),
    ("cells_complete", a_cell_that_never_landed, "reweight: missing"),
    ("cells_complete", a_cell_that_failed, "mild: ValueError: no gain"),
    ("reproducible", other_probabilities, "its test probabilities have other bits"),
    ("reproducible", another_threshold, "rounds and threshold are"),
    ("calibration_on_hard_labels", calibration_against_soft_labels, "ece 0.000000, on hard labels it is"),
    ("calibration_on_hard_labels", calibration_on_validation_labels, "on hard labels it is"),
    ("added_noise_only", untouched_labels_fitted_again, "not trained by the baseline's own fit"),
    ("added_noise_only", a_ceiling_with_rounds_of_its_own, "1 rounds, "),
    ("added_noise_only", a_ceiling_with_seeds_of_its_own, "the seed is not the baseline's"),
    ("added_noise_only", noise_that_nobody_drew, "not what its seed draws"),
    ("added_noise_only", a_ceiling_that_drops_test_rows, "not those of the fold"),
    ("added_noise_only", a_ceiling_scored_on_other_labels, "not those of the stored fit on the hard test"),
    ("details_add_up", influence_of_all_rows_in_one_week, "by the ranks of its rows it is"),
    ("details_add_up", a_week_that_was_lost, "weekly_results has 0 rows and 0 BUYs in the week of"),
    ("details_add_up", trades_of_another_threshold, "weekly_results adds up to"),
    (
        "details_add_up",
        single_fits_that_were_lost,
        "roc_auc_seed_sd is 0.01, that of 0 rows of",
    ),
    ("details_add_up", curve_on_thresholds_of_the_test_rows, "the threshold of the top 0.01 is"),
    ("details_add_up", calls_that_nobody_made, "at its threshold there are"),
    ("details_add_up", a_cell_without_a_curve, "mild: confidence_curve has no row"),
    (
        "details_add_up",
        details_of_a_failed_cell,
        "mild: weekly_results has rows of a cell that was not",
    ),
    ("ceiling_complete", a_ceiling_with_a_failed_model, "exposure 0.5: label_ceiling: ValueError: no gain"),
    ("statuses_explained", failed_without_a_reason, "training_failed without type, message and stage"),
    ("statuses_explained", skipped_although_the_history_suffices, "skipped with"),
    ("statuses_explained", unknown_status, "unknown status 'pending'"),
    ("enough_trades", hardly_a_trade, "6 trades (at least 63) and 3 trades in fold 0 (at least 30 per fold)"),
]


def judge(name: str, stored: StoredRun, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr("ftf_assets.checks.domain_checks.fit_store", lambda home: stored.run.store)
    monkeypatch.setattr(StoredRun, "home", SimpleNamespace(fits=None), raising=False)
    return list(CHECKS[name].judge(stored).breaches)


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_passes_on_the_values_of_a_run(name: str, stored: StoredRun, monkeypatch: pytest.MonkeyPatch):
    assert judge(name, stored, monkeypatch) == []


@pytest.mark.parametrize(
    ("name", "plant", "words"), DEFECTS, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_check_fails_on_a_planted_defect(
    name: str,
    plant: Callable[[StoredRun], None],
    words: str,
    stored: StoredRun,
    monkeypatch: pytest.MonkeyPatch,
):
    plant(stored)
    assert any(words in breach for breach in judge(name, stored, monkeypatch)), judge(
        name, stored, monkeypatch
    )


def test_every_check_has_a_defect_that_it_finds():
    assert {name for name, _, _ in DEFECTS} == set(CHECKS)


def test_a_purge_that_does_not_purge_is_found_as_a_leak(stored: StoredRun, monkeypatch: pytest.MonkeyPatch):
    for splitter in ("walk_forward", "out_of_fold_blocks"):
        monkeypatch.setattr(
            f"ftf_assets.training.folds.{splitter}.purge", lambda start, end, rows, span, embargo=0: rows
        )
    found = judge("no_leak", stored, monkeypatch)
    assert any("fit rows overlap the validation slice" in one for one in found)
    assert any("rows overlap the out-of-fold block" in one for one in found)


def test_one_of_five_cryptos_needs_a_fifth_of_the_trades(stored: StoredRun, monkeypatch: pytest.MonkeyPatch):
    change_rows(stored, n_trades=7)
    alone = judge("enough_trades", stored, monkeypatch)
    of_five = judge("enough_trades", dataclasses.replace(stored, n_cryptos=5), monkeypatch)
    assert len(alone) == len(STANDARD)
    assert of_five == []
