"""The resources of a run: one home for everything that it writes, and no run without a crypto."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.definitions import defs
from ftf_assets.graph import resources
from ftf_assets.graph.backfill_settings import settings_of_backfill
from ftf_assets.graph.jobs import CRYPTO_JOBS, SWEEP_JOB
from ftf_assets.running.job_runs import run_config
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.fit_packs import FitPacks
from ftf_assets.storage.fit_store import KeyedFolders, PackedKeys
from ftf_assets.storage.home import Home
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets_tests.support.settings import settings_of
from ftf_assets_tests.support.small_sweep import small_sweep


@pytest.mark.parametrize("by", ["the launchpad", "FTF_HOME"])
def test_what_a_run_writes_lies_in_one_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str):
    named, other = Home(tmp_path / "named"), Home(tmp_path / "other")
    monkeypatch.setenv("FTF_HOME", str(named.path if by == "FTF_HOME" else other.path))
    config = run_config(small_sweep(), named)
    if by == "FTF_HOME":
        del config["resources"]["home"]
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("crypto", ["OPUSDC"])
        done = defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key="OPUSDC",
            asset_selection=[dg.AssetKey("candles")],
            run_config=config,
        )
    assert done.success
    assert len(list((named.path / "artifacts").glob("candles/OPUSDC/*"))) == 1
    assert (named.path / "home.lock").is_file()
    assert not other.path.exists()


@pytest.mark.parametrize("job", CRYPTO_JOBS)
def test_a_run_without_a_crypto_is_refused_before_its_first_step(tmp_path: Path, job: str):
    config = {"resources": {"home": {"config": {"path": str(tmp_path)}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        done = defs.resolve_job_def(job).execute_in_process(
            instance=instance, run_config=config, raise_on_error=False
        )
    assert not [event for event in done.all_events if event.is_step_event and event.is_step_start]
    said = str([event.event_specific_data for event in done.all_events if event.is_failure])
    assert f"a run of {job} covers one crypto, and this run names none" in said


def test_a_file_that_changes_during_a_backfill_does_not_split_the_sweep(tmp_path: Path):
    folder, home = tmp_path / "candles", Home(tmp_path / "home")
    folder.mkdir()
    for crypto in ("OPUSDC", "LDOUSDC"):
        _write_candles(folder, crypto, 3_000)
    settings = settings_of(source="candles", path=str(folder), cryptos="OPUSDC,LDOUSDC", n_folds=2)
    first = open_sweep(settings_of_backfill("qwertyui", settings, home))
    _write_candles(folder, "LDOUSDC", 2_500)
    second = open_sweep(settings_of_backfill("qwertyui", settings, home))
    assert second.sweep_id == first.sweep_id
    assert second.settings == first.settings
    other = open_sweep(settings_of_backfill("asdfghjk", settings, home))
    assert other.sweep_id != first.sweep_id, "another backfill takes the files as they are then"
    changed = settings.with_changes(labels={"horizon_bars": 6})
    assert settings_of_backfill("qwertyui", changed, home).labels.horizon_bars == 6
    assert settings_of_backfill("qwertyui", first.settings, home) is first.settings, (
        "frozen before it started"
    )


def test_a_run_takes_the_settings_that_its_backfill_has_frozen(tmp_path: Path):
    sweep, home = small_sweep(), Home(tmp_path)
    config = run_config(sweep, home)
    config["resources"]["sweep"]["config"]["folds"]["edges"] = None
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("crypto", ["OPUSDC"])
        done = defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key="OPUSDC",
            asset_selection=[dg.AssetKey("candles")],
            run_config=config,
            tags={"dagster/backfill": "qwertyui"},
        )
    assert done.success
    (frozen,) = (tmp_path / "backfills").iterdir()
    assert open_sweep(SweepSettings.model_validate_json(frozen.read_bytes())).sweep_id == sweep.sweep_id


def _write_candles(folder: Path, crypto: str, n_bars: int) -> None:
    frame = MarketSource().candles(crypto).head(n_bars)
    frame = frame.assign(date=frame.index - pd.Timedelta(hours=1))
    frame.to_csv(folder / f"{crypto}_1h.csv", index=False)


@pytest.mark.parametrize("reached", [True, False], ids=["the bucket", "no bucket"])
def test_the_fits_of_a_step_that_failed_are_uploaded_and_its_error_is_the_one_to_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, reached: bool
):
    home = Home(tmp_path)
    local = KeyedFolders(BlobFolder.of_path(tmp_path / "local"), "fit", FitResult)
    bucket = LocalBlobs(tmp_path / "bucket")
    if not reached:
        (tmp_path / "bucket").write_text("in the way")
    store = PackedKeys(local, FitPacks(bucket, "fits", local.folder))
    monkeypatch.setattr(resources, "fit_store", lambda _: store)
    resource = resources.HomeResource(path=str(home.path))

    def fail() -> None:
        with resource.yield_for_execution(dg.build_init_resource_context()):
            resource.fit_engine(small_sweep().settings, lambda _: None)
            store.put("0a" * 8, FitResult(b"booster", 3, 0.1))
            raise ArithmeticError("the step failed")

    with pytest.raises(ArithmeticError, match="the step failed"):
        fail()
    assert reached is (tmp_path / "bucket" / "fits" / "packs").is_dir()
    assert ("event=fits_not_uploaded" in caplog.text) is not reached
