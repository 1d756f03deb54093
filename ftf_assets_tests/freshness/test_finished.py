"""What a run need not make again: whole, without a failure, checked and green; anything else is made anew."""

from __future__ import annotations

import dataclasses
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleaningMask,
    CleanlabMasks,
    FoldBaseline,
    Outcome,
    SmoothedLabels,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.freshness.finished import unfinished_assets
from ftf_assets.graph.check_history import ARTIFACT_KEY, DECISIVE_CHECKS
from ftf_assets.storage.artifacts import read_artifact, write_artifact
from ftf_assets.storage.fit_store import FolderFitStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets_tests.support.small_sweep import small_sweep

CRYPTO = "OPUSDC"
FAILED = Outcome("training_failed", "MemoryError", "no memory", "fit")
BOOSTER = "0a1b2c3d4e5f6071"


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return small_sweep()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def judge(instance: dg.DagsterInstance, sweep: Sweep, asset: str, *, passed: bool, check: str = "") -> None:
    """Record a check of exactly this artifact, by default each decisive one, as the graph does."""
    for name in (check,) if check else DECISIVE_CHECKS[asset]:
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(asset),
            check_name=name,
            passed=passed,
            metadata={ARTIFACT_KEY: dg.TextMetadataValue(sweep.artifact_key(asset, CRYPTO))},
            partition=CRYPTO,
        )
        event = dg.DagsterEvent(
            event_type_value=dg.DagsterEventType.ASSET_CHECK_EVALUATION.value,
            job_name="ftf_sweep",
            event_specific_data=evaluation,
        )
        instance.report_dagster_event(event, run_id=str(uuid.uuid4()))


def values() -> dict[str, object]:
    frame = small_sweep().source.candles(CRYPTO).head(5)
    labels = np.zeros(3, np.float32)
    cell = TrainedCell(0, "baseline", {}, Outcome(), fit_keys=(BOOSTER,))
    return {
        "candles": frame,
        "feature_cache": frame,
        "smoothed_labels": SmoothedLabels({"none": labels}),
        "baseline_parameters": BaselineParameters((FoldBaseline(0, Outcome()),)),
        "cleanlab_masks": CleanlabMasks((CleaningMask(0, "none", "filter", Outcome()),)),
        "trained_models": TrainedModels((cell,)),
    }


def folder(home: Home, sweep: Sweep, asset: str) -> Path:
    return home.artifact(asset, CRYPTO, sweep.artifact_key(asset, CRYPTO))


@pytest.fixture
def finished(
    home: Home, sweep: Sweep, instance: dg.DagsterInstance, training_arrays
) -> Callable[..., list[str]]:
    """A home in which everything is finished, and what a run would still make of it."""
    for asset, value in {**values(), "coerced_arrays": training_arrays}.items():
        write_artifact(folder(home, sweep, asset), value)
        judge(instance, sweep, asset, passed=True)
    FolderFitStore(home.fits).put(BOOSTER, FitResult(b"booster", 3, 0.1))
    return lambda **checks: unfinished_assets(sweep, home, instance, CRYPTO, checks)


def test_a_fresh_home_has_everything_to_make(home: Home, sweep: Sweep, instance: dg.DagsterInstance):
    assert unfinished_assets(sweep, home, instance, CRYPTO, {}) == list(ARTIFACTS)


def test_a_finished_home_has_nothing_to_make(finished):
    assert finished(trained_models=["cells_complete"]) == []


@pytest.mark.parametrize("asset", ARTIFACTS)
def test_an_absent_artifact_is_made(finished, home: Home, sweep: Sweep, asset: str):
    shutil.rmtree(folder(home, sweep, asset))
    assert finished() == [asset]


def test_a_damaged_artifact_is_made_again(finished, home: Home, sweep: Sweep):
    array = next(folder(home, sweep, "coerced_arrays").glob("*.npy"))
    array.write_bytes(array.read_bytes()[:-1] + b"\x7f")
    assert finished() == ["coerced_arrays"]


@pytest.mark.parametrize(
    ("asset", "kind", "pieces"),
    [
        ("baseline_parameters", BaselineParameters, "folds"),
        ("cleanlab_masks", CleanlabMasks, "masks"),
        ("trained_models", TrainedModels, "cells"),
    ],
)
@pytest.mark.parametrize(
    ("outcome", "made"), [(FAILED, True), (Outcome.skipped("3 fit rows"), False)], ids=["failed", "skipped"]
)
def test_a_failure_is_tried_again_and_a_short_history_is_not(
    finished, home: Home, sweep: Sweep, asset: str, kind, pieces: str, outcome: Outcome, made: bool
):
    value = read_artifact(folder(home, sweep, asset), kind)
    (piece,) = getattr(value, pieces)
    write_artifact(folder(home, sweep, asset), kind((dataclasses.replace(piece, outcome=outcome),)))
    assert finished() == (list(ARTIFACTS[ARTIFACTS.index(asset) :]) if made else [])


def test_models_whose_boosters_are_gone_are_trained_again(finished, home: Home):
    shutil.rmtree(home.fits)
    assert finished() == ["trained_models"]


@pytest.mark.parametrize("asset", ["feature_cache", "trained_models"])
def test_a_red_blocking_check_has_its_artifact_made_again_until_it_is_green(
    finished, instance: dg.DagsterInstance, sweep: Sweep, asset: str
):
    judge(instance, sweep, asset, passed=False)
    assert finished() == [asset]
    judge(instance, sweep, asset, passed=True)
    assert finished() == []


def test_an_artifact_that_was_never_checked_is_not_finished(
    home: Home, sweep: Sweep, instance: dg.DagsterInstance, finished
):
    with dg.DagsterInstance.ephemeral() as killed_before_the_checks:
        assert unfinished_assets(sweep, home, killed_before_the_checks, CRYPTO, {}) == list(ARTIFACTS)


def test_any_other_red_check_has_its_artifact_made_again_so_that_it_is_shown_again(
    finished, instance: dg.DagsterInstance, sweep: Sweep
):
    judge(instance, sweep, "cleanlab_masks", passed=False, check="caps_held")
    assert finished() == []
    assert finished(cleanlab_masks=["caps_held"]) == ["cleanlab_masks"]


def test_other_settings_find_what_they_share_and_make_the_rest(
    finished, home: Home, instance: dg.DagsterInstance
):
    other = small_sweep(suspect_cap=0.05)
    assert unfinished_assets(other, home, instance, CRYPTO, {}) == ["cleanlab_masks", "trained_models"]
