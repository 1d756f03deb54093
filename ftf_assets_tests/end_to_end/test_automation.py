"""What starts by itself: when sensors and schedule ask for runs, for whom and with which settings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.automation import blocked_run_sensor, sweep_landed_sensor
from ftf_assets.automation.blocked_run_sensor import gate_when_blocked
from ftf_assets.automation.input_files_sensor import input_files
from ftf_assets.automation.sweep_landed_sensor import gate_when_landed
from ftf_assets.automation.weekly_sweep_schedule import weekly_sweep
from ftf_assets.checks import domain_checks
from ftf_assets.definitions import defs
from ftf_assets.freshness.current import CRYPTO_ASSETS
from ftf_assets.freshness.decision import decision_reasons
from ftf_assets.graph import run_processes
from ftf_assets.graph.crypto_partitions import crypto_and_source, partition_of
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import DECIDE_JOB, SWEEP_JOB, SWEEP_TAG
from ftf_assets.graph.resources import HomeResource
from ftf_assets.graph.run_processes import process_tags
from ftf_assets.running.job_runs import run_config
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep import settings as config
from ftf_assets.sweep.asset_inputs import CEILING
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets_tests.support.small_sweep import small_sweep

pytestmark = pytest.mark.end_to_end

QUICK = {"n_folds": 1, "factors": "label_smoothing=none,mild"}


def land(
    sweep: Sweep,
    home: Home,
    crypto: str,
    tags: dict[str, str] | None = None,
    assets: Sequence[str] | None = None,
) -> None:
    """Run a crypto, or some of its assets, as the UI's run worker does: no command decides after it."""
    with open_instance(home) as instance:
        done = defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key=partition_of(crypto, sweep.settings.data.source),
            run_config=run_config(sweep, home),
            tags=tags or {},
            asset_selection=None if assets is None else [dg.AssetKey(asset) for asset in assets],
        )
    assert done.success


def decide(home: Home, request: dg.RunRequest) -> None:
    with open_instance(home) as instance:
        done = defs.resolve_job_def(DECIDE_JOB).execute_in_process(
            instance=instance, run_config=request.run_config, tags=request.tags
        )
    assert done.success


def tick(sensor: dg.SensorDefinition, home: Home, cursor: str | None) -> dg.SensorResult:
    resources = {"home": HomeResource(path=str(home.path))}
    with (
        open_instance(home) as instance,
        dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context,
    ):
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def reason(result: dg.SensorResult) -> str:
    assert not result.run_requests
    return str(result.skip_reason.skip_message)


def test_the_gate_is_started_once_when_the_last_crypto_lands_and_never_for_rows_that_it_covers(home: Home):
    sweep = small_sweep(**QUICK)
    assert reason(tick(gate_when_landed, home, None)) == "no new rows"
    land(sweep, home, "OPUSDC")
    one = tick(gate_when_landed, home, None)
    assert "nothing to decide" in reason(one), "one crypto of two"
    land(sweep, home, "LDOUSDC")
    both = tick(gate_when_landed, home, one.cursor)
    (request,) = both.run_requests
    assert request.tags[SWEEP_TAG] == sweep.sweep_id
    assert request.run_key.startswith(f"{sweep.sweep_id}-")
    assert request.run_config["resources"]["sweep"]["config"]["folds"]["n_folds"] == 1, (
        "the sweep's own settings"
    )
    assert reason(tick(gate_when_landed, home, both.cursor)) == "no new rows"

    decide(home, request)
    with open_instance(home) as instance:
        assert decision_reasons(sweep, home, instance) == {}
    land(sweep, home, "OPUSDC")
    again = tick(gate_when_landed, home, both.cursor)
    assert "nothing to decide" in reason(again), "the same rows once more"
    home.report(sweep.sweep_id).unlink()
    land(sweep, home, "OPUSDC")
    (once_more,) = tick(gate_when_landed, home, again.cursor).run_requests
    assert once_more.run_key != request.run_key


def test_the_gate_waits_for_runs_in_progress_and_for_the_command_that_decides_itself(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    sweep = small_sweep(**QUICK, cryptos="OPUSDC")
    land(sweep, home, "OPUSDC", tags=process_tags())
    waiting = tick(gate_when_landed, home, None)
    assert "the command that runs it is still at work" in reason(waiting)

    monkeypatch.setattr(run_processes, "_host", lambda: "another container")  # as its sensor sees this one
    waiting = tick(gate_when_landed, home, None)
    assert "a command on another host ran it and is given time to decide" in reason(waiting)
    monkeypatch.setattr(sweep_landed_sensor, "_SECONDS_FOR_ANOTHER_HOST", 0.0)
    late = tick(gate_when_landed, home, waiting.cursor)
    assert [request.tags[SWEEP_TAG] for request in late.run_requests] == [sweep.sweep_id]
    monkeypatch.undo()

    sweep = small_sweep(**QUICK, cryptos="OPUSDC", seed=8)
    land(sweep, home, "OPUSDC")
    with open_instance(home) as instance:
        run = instance.add_run(
            dg.DagsterRun(
                job_name=SWEEP_JOB,
                status=dg.DagsterRunStatus.STARTED,
                tags={"dagster/partition": "OPUSDC|market"},
            )
        )
    waiting = tick(gate_when_landed, home, waiting.cursor)
    assert "runs are in progress on OPUSDC" in reason(waiting)
    with open_instance(home) as instance:
        instance.report_run_canceled(run)
    after = tick(gate_when_landed, home, waiting.cursor)
    assert [request.tags[SWEEP_TAG] for request in after.run_requests] == [sweep.sweep_id]


def test_the_gate_waits_for_the_label_ceiling_that_is_part_of_the_sweep(home: Home):
    sweep = small_sweep(**QUICK, cryptos="OPUSDC", enabled=True, repeats=1)
    land(sweep, home, "OPUSDC", assets=[asset for asset in CRYPTO_ASSETS if asset != CEILING])
    waiting = tick(gate_when_landed, home, None)
    assert "nothing to decide" in reason(waiting)
    land(sweep, home, "OPUSDC", assets=[CEILING])
    after = tick(gate_when_landed, home, waiting.cursor)
    assert [request.tags[SWEEP_TAG] for request in after.run_requests] == [sweep.sweep_id]


def test_one_variant_alone_is_nothing_to_decide(home: Home):
    sweep = small_sweep(**{**QUICK, "factors": "label_smoothing=mild,cleanlab=reweight"}, design="single")
    land(sweep, home, "OPUSDC")
    land(sweep, home, "LDOUSDC")
    assert "nothing to decide" in reason(tick(gate_when_landed, home, None))


def write_candles(folder: Path, crypto: str, bars: int = 4_000) -> Path:
    folder.mkdir(exist_ok=True)
    candles = MarketSource().candles(crypto).head(bars)
    opened = candles.index - pd.Timedelta(hours=1)
    file = folder / f"{crypto.removesuffix('USDC')}USDT_1h.csv"
    candles.assign(date=opened.strftime("%Y-%m-%d %H:%M:%S")).to_csv(file, index=False)
    return file


def asked(result: dg.SensorResult) -> list[str]:
    return [crypto_and_source(str(request.partition_key))[0] for request in result.run_requests]


def test_a_changed_file_asks_for_its_partition_alone_once_it_has_settled(home: Home, tmp_path: Path):
    folder = tmp_path / "candles"
    files = {crypto: write_candles(folder, crypto) for crypto in ("OPUSDC", "LDOUSDC")}
    sweep = small_sweep(**QUICK, source="candles", path=str(folder))
    assert reason(tick(input_files, home, None)) == "no sweep of this home has read files yet"
    for crypto in files:
        land(sweep, home, crypto)
    calm = tick(input_files, home, None)
    assert reason(calm) == f"no change in {folder}"

    write_candles(folder, "OPUSDC", bars=4_010)
    seen = tick(input_files, home, calm.cursor)
    assert reason(seen) == "waiting for OPUSDC to settle"
    settled = tick(input_files, home, seen.cursor)
    assert asked(settled) == ["OPUSDC"]
    (request,) = settled.run_requests
    assert request.tags[SWEEP_TAG] == sweep.sweep_id, "the calendar stays frozen, so it is the same sweep"
    land(
        open_sweep(config.sweep_settings(request.run_config["resources"]["sweep"]["config"])), home, "OPUSDC"
    )
    assert reason(tick(input_files, home, settled.cursor)) == f"no change in {folder}"

    files["LDOUSDC"].unlink()
    assert "LDOUSDC: no file for base asset LDO" in reason(tick(input_files, home, settled.cursor))


def test_a_group_grows_by_a_file_and_one_line_of_configuration(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "candles"
    groups = {"pair": ("OPUSDC", "LDOUSDC"), "others": ("UNIUSDC",)}
    for module in ("crypto_groups", "data_settings", "sweep"):
        monkeypatch.setattr(f"ftf_assets.sweep.{module}.crypto_groups", lambda: groups)
    for crypto in groups["pair"]:
        write_candles(folder, crypto)
    before = small_sweep(**QUICK, cryptos=None, crypto_group="pair", source="candles", path=str(folder))
    for crypto in before.cryptos:
        land(before, home, crypto)
    calm = tick(input_files, home, None)

    groups["pair"] = ("OPUSDC", "LDOUSDC", "UNIUSDC")
    write_candles(folder, "UNIUSDC")
    seen = tick(input_files, home, calm.cursor)
    settled = tick(input_files, home, seen.cursor)
    assert "UNIUSDC" in asked(settled)
    grown = open_sweep(
        config.sweep_settings(settled.run_requests[0].run_config["resources"]["sweep"]["config"])
    )
    assert grown.cryptos == groups["pair"]
    assert grown.settings.folds.edges == before.settings.folds.edges
    for crypto in ("OPUSDC", "LDOUSDC"):
        keys = [planned_fit_keys(sweep.plan(crypto)) for sweep in (before, grown)]
        assert keys[0] == keys[1], "the others' fits are reused"
    assert before.settings.data.crypto_names == ("OPUSDC", "LDOUSDC"), "the old sweep keeps its members"


def test_the_schedule_repeats_the_latest_sweep_with_the_calendar_of_the_day(home: Home, tmp_path: Path):
    def on_monday() -> list[dg.RunRequest] | dg.SkipReason:
        monday = datetime(2024, 7, 1, 6, tzinfo=UTC)
        resources = {"home": HomeResource(path=str(home.path))}
        with (
            open_instance(home) as instance,
            dg.build_schedule_context(
                instance=instance, scheduled_execution_time=monday, resources=resources
            ) as context,
        ):
            return weekly_sweep(context)

    nothing = on_monday()
    assert isinstance(nothing, dg.SkipReason)
    assert "no sweep that compares variants yet: run one" in nothing.skip_message
    folder = tmp_path / "candles"
    for crypto in ("OPUSDC", "LDOUSDC"):
        write_candles(folder, crypto)
    sweep = small_sweep(**QUICK, source="candles", path=str(folder))
    land(sweep, home, "OPUSDC")
    unchanged = on_monday()
    assert {request.tags[SWEEP_TAG] for request in unchanged} == {sweep.sweep_id}
    for crypto in ("OPUSDC", "LDOUSDC"):
        write_candles(folder, crypto, bars=4_168)
    moved_on = on_monday()
    assert [request.partition_key for request in moved_on] == ["OPUSDC|candles", "LDOUSDC|candles"]
    configured = [request.run_config["resources"]["sweep"]["config"] for request in moved_on]
    (edges,) = {config.sweep_settings(one).folds.edges for one in configured}
    assert edges > sweep.settings.folds.edges
    assert {request.tags[SWEEP_TAG] for request in moved_on} != {sweep.sweep_id}


def ask_about_failure(sweep: Sweep, home: Home, crypto: str) -> dg.RunRequest | dg.SkipReason:
    """Run a crypto until a check stops it, and evaluate the sensor on that run as Dagster's daemon does."""
    with open_instance(home) as instance:
        done = defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key=partition_of(crypto, sweep.settings.data.source),
            run_config=run_config(sweep, home),
            raise_on_error=False,
        )
        assert not done.success
        (failure,) = [event for event in done.all_events if event.event_type_value == "PIPELINE_FAILURE"]
        with dg.build_run_status_sensor_context(
            "gate_when_blocked",
            failure,
            instance,
            instance.get_run_by_id(done.run_id),
            resources={"home": HomeResource(path=str(home.path))},
        ) as context:
            return gate_when_blocked(context)


def test_verdicts_are_taken_back_when_a_blocking_check_fails_in_a_run_that_no_command_follows(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    sweep, store = small_sweep(**QUICK, cryptos="OPUSDC"), ResultsStore(home)
    monkeypatch.setattr(blocked_run_sensor, "is_alive", lambda _: False)  # a run of this very process
    with monkeypatch.context() as patched:
        patched.setattr(domain_checks, "walk_forward_leaks", lambda *_, **__: ["row 7 overlaps"])
        undecided = ask_about_failure(sweep, home, "OPUSDC")
    assert "has no verdicts" in str(undecided.skip_message)

    land(sweep, home, "OPUSDC")
    (request,) = tick(gate_when_landed, home, None).run_requests
    decide(home, request)
    assert "INVALID" not in set(store.decision(sweep.sweep_id).verdicts["verdict"])

    with monkeypatch.context() as patched:
        patched.setattr(domain_checks, "walk_forward_leaks", lambda *_, **__: ["row 7 overlaps"])
        asked = ask_about_failure(sweep, home, "OPUSDC")
        assert isinstance(asked, dg.RunRequest)
        decide(home, asked)
        assert set(store.decision(sweep.sweep_id).verdicts["verdict"]) == {"INVALID"}
        again = ask_about_failure(sweep, home, "OPUSDC")
    assert "hold as they are" in str(again.skip_message), "INVALID already"


def test_only_the_gates_sensors_run_without_being_asked():
    repository = defs.get_repository_def()
    assert {sensor.name: sensor.default_status.value for sensor in repository.sensor_defs} == {
        "gate_when_landed": "RUNNING",
        "gate_when_blocked": "RUNNING",
        "input_files": "STOPPED",
    }
    assert {schedule.name: schedule.default_status.value for schedule in repository.schedule_defs} == {
        "weekly_sweep": "STOPPED"
    }
