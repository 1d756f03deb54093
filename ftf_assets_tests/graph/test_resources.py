"""The resources of a run: one home for everything that it writes, and no run without a crypto."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.definitions import defs
from ftf_assets.graph import resources
from ftf_assets.graph.backfill_settings import settings_of_backfill
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.graph.jobs import CRYPTO_JOBS, SWEEP_JOB, sweep_tags
from ftf_assets.running.job_runs import run_config
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.fit_packs import FitPacks
from ftf_assets.storage.fit_store import KeyedFolders, PackedKeys
from ftf_assets.storage.home import Home
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets_tests.support.settings import settings_of
from ftf_assets_tests.support.small_sweep import small_sweep

BACKFILL = {"dagster/backfill": "qwertyui"}


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
            partition_key=partition_of("OPUSDC", "market"),
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


def test_a_run_says_at_its_start_what_it_does_and_carries_the_tags_of_its_sweep(tmp_path: Path):
    sweep = small_sweep()
    with dg.DagsterInstance.ephemeral() as instance:
        done = _run(instance, partition_of("OPUSDC", "market"), sweep, Home(tmp_path))
        tags = instance.get_run_by_id(done.run_id).tags
        lines = [entry.user_message for entry in instance.all_logs(done.run_id)]
    assert done.success
    assert tags.items() >= sweep_tags(sweep.sweep_id, sweep.settings).items()
    assert tags["ftf/source"] == "market"
    n_fits = len(planned_fit_keys(sweep.plan("OPUSDC")))
    assert [line for line in lines if "run_started" in line] == [
        f"event=run_started sweep_id={sweep.sweep_id} source=market phase=test crypto=OPUSDC "
        f"fits={n_fits} to_make={n_fits}"
    ]


def test_all_of_a_backfill_means_the_sweeps_own_cryptos_and_the_others_end_well_at_once(tmp_path: Path):
    partition, why = partition_of("UNIUSDC", "market"), "UNIUSDC: this crypto is not part of the sweep"
    with dg.DagsterInstance.ephemeral() as instance:
        done = _run(instance, partition, small_sweep(), Home(tmp_path), BACKFILL)
        tags = instance.get_run_by_id(done.run_id).tags
        lines = [str(entry.user_message) for entry in instance.all_logs(done.run_id)]
        alone = _run(instance, partition, small_sweep(), Home(tmp_path))
    assert done.success
    assert not done.get_asset_materialization_events()
    assert tags["ftf/part_of_sweep"] == "no"
    (line,) = [line for line in lines if "event=not_part_of_sweep" in line]
    assert why in line
    assert not (tmp_path / "artifacts").exists()
    assert why in _failure(alone), "who asks for this partition alone has made a mistake"


@pytest.mark.parametrize("tags", [{}, BACKFILL])
def test_a_partition_of_another_source_than_the_settings_is_a_mistake_also_in_a_backfill(
    tmp_path: Path, tags: dict[str, str]
):
    with dg.DagsterInstance.ephemeral() as instance:
        done = _run(instance, partition_of("OPUSDC", "candles"), small_sweep(), Home(tmp_path), tags)
    why = "this partition is one of the source candles, and data.source is market"
    assert why in _failure(done), "a whole backfill of them would end well and make nothing"


def _failure(done: dg.ExecuteInProcessResult) -> str:
    (failure,) = [event for event in done.all_events if event.is_step_failure]
    return str(failure.step_failure_data.user_failure_data.description)


def _run(
    instance: dg.DagsterInstance,
    partition: str,
    sweep: Sweep,
    home: Home,
    tags: dict[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    instance.add_dynamic_partitions("crypto", ["OPUSDC", "UNIUSDC"])
    return defs.resolve_job_def(SWEEP_JOB).execute_in_process(
        instance=instance,
        partition_key=partition,
        asset_selection=[dg.AssetKey("candles"), dg.AssetKey("feature_cache")],
        run_config=run_config(sweep, home),
        tags=tags,
        raise_on_error=False,
    )


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
            partition_key=partition_of("OPUSDC", "market"),
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
    assert reached is (tmp_path / "bucket" / "fits" / "0a0a" / "packs").is_dir()
    assert ("event=fits_not_uploaded" in caplog.text) is not reached
