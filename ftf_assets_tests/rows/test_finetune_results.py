"""Everything that a crypto adds to the store: each measured cell in each table, the others in one only."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest

from ftf_assets.contracts.bundles import Outcome, TrainedModels
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.validation import validated
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.rows.finetune_results import CryptoResults, crypto_results
from ftf_assets.sources.protocol import Provenance
from ftf_assets.training.confidence_curve import TOP_SHARES
from ftf_assets_tests.support.production import CRYPTO, Trained, plan_of, train
from ftf_assets_tests.support.results_rows import SWEEP
from ftf_assets_tests.support.settings import settings_of

CELL = ["crypto", "fold", "variant"]


def results_of(run: Trained) -> CryptoResults:
    sweep = SimpleNamespace(
        sweep_id=SWEEP,
        settings=settings_of(n_folds=2),
        plan=lambda crypto: run.plan,
        tuning=run.plan.tuning,
        provenance=lambda crypto: Provenance("candles", "OPUSDT_1h.csv", "USDT", "0123"),
    )
    return crypto_results(sweep, CRYPTO, run.arrays, run.masks, run.models, run_id="a run")


@pytest.fixture(scope="module")
def two_seeds(training_arrays) -> Trained:
    return train(plan_of(training_arrays, seeds=2), training_arrays)


def test_every_table_keeps_its_contract_and_has_every_measured_cell(two_seeds):
    found = results_of(two_seeds)
    validated(finetune_results_contract(), found.cells)
    assert found.details.keys() == CELL_DETAILS.keys()
    for table, (contract, _) in CELL_DETAILS.items():
        validated(contract, found.details[table])
        assert set(found.details[table]["sweep_id"]) == {SWEEP}
    cells = set(found.cells[CELL].itertuples(index=False, name=None))
    for table in ("regime_results", "weekly_results", "seed_scores", "confidence_curve"):
        assert set(found.details[table][CELL].itertuples(index=False, name=None)) == cells
    counts = found.details["confidence_curve"].groupby(CELL)["top_share"].apply(tuple)
    assert set(counts) == {TOP_SHARES}
    assert found.details["seed_scores"].groupby(CELL)["repeat"].apply(tuple).unique().tolist() == [(0, 1)]


def test_a_cell_without_a_model_has_a_row_and_no_details(two_seeds):
    failed = Outcome("training_failed", "ValueError", "bad split", "fit")
    models = TrainedModels(
        tuple(
            dataclasses.replace(cell, outcome=failed) if (cell.fold, cell.variant) == (1, "mild") else cell
            for cell in two_seeds.models.cells
        )
    )
    found = results_of(dataclasses.replace(two_seeds, models=models))
    assert len(found.cells) == 10
    for table in ("regime_results", "weekly_results", "seed_scores", "confidence_curve"):
        rows = found.details[table]
        assert not ((rows["fold"] == 1) & (rows["variant"] == "mild")).any()
        assert ((rows["fold"] == 0) & (rows["variant"] == "mild")).any()
