"""An artifact is current where it is whole, of today's inputs, without a failure and checked."""

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
from ftf_assets.freshness.artifacts import artifact_reasons
from ftf_assets.freshness.reason import Reason
from ftf_assets.graph.check_history import ARTIFACT_KEY, INVALIDATING_CHECKS
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.storage.artifacts import read_artifact, write_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home, ListedHome
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


def judge(
    instance: dg.DagsterInstance,
    sweep: Sweep,
    asset: str,
    *,
    passed: bool,
    check: str = "",
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
) -> None:
    """Record a check of exactly this artifact, by default each blocking one, as the graph does."""
    for name in (check,) if check else INVALIDATING_CHECKS[asset]:
        evaluation = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(asset),
            check_name=name,
            passed=passed,
            metadata={ARTIFACT_KEY: dg.TextMetadataValue(sweep.artifact_key(asset, CRYPTO))},
            partition=partition_of(CRYPTO, "market"),
            severity=severity,
            description="3 rows are wrong",
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
        "fold_baselines": BaselineParameters((FoldBaseline(0, Outcome()),)),
        "cleanlab_masks": CleanlabMasks((CleaningMask(0, "none", "filter", Outcome()),)),
        "trained_models": TrainedModels((cell,)),
    }


def folder(home: Home, sweep: Sweep, asset: str) -> Path:
    return home.path / home.artifact(asset, CRYPTO, sweep.artifact_key(asset, CRYPTO)).name


Reasons = Callable[[], dict[str, Reason]]


@pytest.fixture
def reasons(home: Home, sweep: Sweep, instance: dg.DagsterInstance, training_arrays) -> Reasons:
    """A home in which every artifact is current, and the question which are not."""
    for asset, value in {**values(), "coerced_arrays": training_arrays}.items():
        write_artifact(BlobFolder.of_path(folder(home, sweep, asset)), value)
        judge(instance, sweep, asset, passed=True)
    fit_store(home).put(BOOSTER, FitResult(b"booster", 3, 0.1))
    return lambda: artifact_reasons(sweep, home, instance, CRYPTO)


def kinds(found: dict[str, Reason]) -> dict[str, str]:
    return {asset: reason.kind for asset, reason in found.items()}


def test_in_a_fresh_home_no_artifact_is_current(home: Home, sweep: Sweep):
    assert kinds(artifact_reasons(sweep, home, None, CRYPTO)) == dict.fromkeys(ARTIFACTS, "never made")


def test_a_whole_and_checked_artifact_is_current(reasons: Reasons):
    assert reasons() == {}


@pytest.mark.parametrize("asset", ARTIFACTS)
def test_a_missing_artifact_is_not_current_and_those_made_from_it_stay_so(
    reasons: Reasons, home: Home, sweep: Sweep, asset: str
):
    shutil.rmtree(folder(home, sweep, asset))
    assert kinds(reasons()) == {asset: "never made"}


def test_one_changed_byte_is_damage_and_the_reason_names_the_file(reasons: Reasons, home: Home, sweep: Sweep):
    array = next(folder(home, sweep, "coerced_arrays").glob("*.pack"))
    array.write_bytes(array.read_bytes()[:-1] + b"\x7f")
    found = reasons()
    assert kinds(found) == {"coerced_arrays": "damaged"}
    assert str(array) in found["coerced_arrays"].text


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda pack: pack.write_bytes(pack.read_bytes()[:-1]), "does not have the checksum"),
        (Path.unlink, "there is no object"),
    ],
    ids=["cut", "gone"],
)
def test_in_a_bucket_a_listing_shows_damage_and_no_array_is_read(
    reasons: Reasons,
    home: Home,
    sweep: Sweep,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    damage: Callable[[Path], object],
    says: str,
):
    bucket = LocalBlobs(home.path)  # a folder stands for it
    monkeypatch.setattr("ftf_assets.storage.home._blobs", lambda *_: bucket)
    read: list[str] = []
    monkeypatch.setattr(bucket, "get", lambda name: read.append(name) or LocalBlobs.get(bucket, name))
    listed = ListedHome(home.path, "s3://bucket/home", ("artifacts/",))
    assert artifact_reasons(sweep, listed, instance, CRYPTO) == reasons() == {}
    assert {name.rpartition("/")[2] for name in read} == {"header.json"}
    damage(next(folder(home, sweep, "coerced_arrays").glob("*.pack")))
    listed = ListedHome(home.path, "s3://bucket/home", ("artifacts/",))
    found = artifact_reasons(sweep, listed, instance, CRYPTO)
    assert kinds(found) == {"coerced_arrays": "damaged"}
    assert says in found["coerced_arrays"].text


@pytest.mark.parametrize(
    ("asset", "kind", "pieces"),
    [
        ("fold_baselines", BaselineParameters, "folds"),
        ("cleanlab_masks", CleanlabMasks, "masks"),
        ("trained_models", TrainedModels, "cells"),
    ],
)
@pytest.mark.parametrize(
    ("outcome", "made"), [(FAILED, True), (Outcome.skipped("3 fit rows"), False)], ids=["failed", "skipped"]
)
def test_a_recorded_failure_is_tried_again_with_what_is_downstream_and_a_short_history_is_not(
    reasons: Reasons, home: Home, sweep: Sweep, asset: str, kind, pieces: str, outcome: Outcome, made: bool
):
    value = read_artifact(BlobFolder.of_path(folder(home, sweep, asset)), kind)
    (piece,) = getattr(value, pieces)
    write_artifact(
        BlobFolder.of_path(folder(home, sweep, asset)), kind((dataclasses.replace(piece, outcome=outcome),))
    )
    found = reasons()
    assert list(found) == (list(ARTIFACTS[ARTIFACTS.index(asset) :]) if made else [])
    if made:
        assert found[asset].text.endswith("failed: MemoryError: no memory")
        assert {reason.kind for name, reason in found.items() if name != asset} <= {"upstream"}


def test_models_with_a_missing_booster_are_not_current(reasons: Reasons, home: Home):
    shutil.rmtree(home.path / "fits")
    assert reasons() == {
        "trained_models": Reason("damaged", f"the model {BOOSTER} of fold 0 baseline is missing")
    }


@pytest.mark.parametrize("name", ["*.pack", "header.json"])
def test_models_with_one_flipped_bit_in_a_booster_are_not_current(reasons: Reasons, home: Home, name: str):
    (file,) = (home.path / "fits").glob(f"*/*/{name}")
    content = file.read_bytes()
    file.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
    found = reasons()
    assert kinds(found) == {"trained_models": "damaged"}
    assert str(file) in found["trained_models"].text


@pytest.mark.parametrize("asset", ["feature_cache", "trained_models"])
def test_an_artifact_is_not_current_while_a_blocking_check_has_failed(
    reasons: Reasons, instance: dg.DagsterInstance, sweep: Sweep, asset: str
):
    judge(instance, sweep, asset, passed=False)
    assert reasons() == {asset: Reason("check", "its check contract has failed: 3 rows are wrong")}
    judge(instance, sweep, asset, passed=True)
    assert reasons() == {}


@pytest.mark.parametrize("asset", ["cleanlab_masks", "trained_models"])
def test_an_artifact_is_not_current_while_any_other_check_has_failed(
    reasons: Reasons, instance: dg.DagsterInstance, sweep: Sweep, asset: str
):
    check = {"cleanlab_masks": "caps_held", "trained_models": "off_path_is_identity"}[asset]
    judge(instance, sweep, asset, passed=False, check=check)
    assert kinds(reasons()) == {asset: "check"}


def test_a_warning_leaves_its_artifact_current_because_a_run_would_not_change_it(
    reasons: Reasons, instance: dg.DagsterInstance, sweep: Sweep
):
    warn = dg.AssetCheckSeverity.WARN
    judge(instance, sweep, "trained_models", passed=False, check="cells_complete", severity=warn)
    assert reasons() == {}


def test_an_artifact_whose_blocking_check_never_ran_is_not_current(
    home: Home, sweep: Sweep, reasons: Reasons
):
    with dg.DagsterInstance.ephemeral() as killed_before_the_checks:
        for records in (killed_before_the_checks, None):
            found = artifact_reasons(sweep, home, records, CRYPTO)
            assert kinds(found) == dict.fromkeys(ARTIFACTS, "check")
            assert found["trained_models"].text == "its check contract has not run"


def test_a_check_of_an_artifact_under_other_settings_does_not_count(
    reasons: Reasons, instance: dg.DagsterInstance
):
    judge(instance, small_sweep(suspect_cap=0.05), "cleanlab_masks", passed=False)
    assert reasons() == {}


def test_other_settings_share_the_artifacts_that_do_not_depend_on_them(
    reasons: Reasons, home: Home, instance: dg.DagsterInstance
):
    found = artifact_reasons(small_sweep(suspect_cap=0.05), home, instance, CRYPTO)
    assert list(found) == ["cleanlab_masks", "trained_models"]
