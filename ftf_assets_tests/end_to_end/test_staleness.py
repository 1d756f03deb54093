"""Which assets are not current and why, and that `ftf sweep` makes exactly those that `ftf plan` names."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.contracts.bundles import CleanlabMasks, Outcome, TrainedModels
from ftf_assets.freshness.current import CRYPTO_ASSETS, SWEEP_ASSETS, stale_assets
from ftf_assets.freshness.reason import StaleAsset
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.run_processes import PROCESS_TAG, process_tags
from ftf_assets.running import sweep_run
from ftf_assets.running.job_runs import JobResult, JobRun
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.artifacts import read_artifact, write_artifact
from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import ARTIFACTS, CEILING
from ftf_assets.sweep.sweep import Sweep
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.audit_rows import effect_row, found_row, frames
from ftf_assets_tests.support.changed_results import change_results
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS, FinishedSweep, small_sweep

pytestmark = pytest.mark.end_to_end

CRYPTO, OTHER = "OPUSDC", "LDOUSDC"
QUICK = {"cryptos": CRYPTO, "n_folds": 1, "factors": "label_smoothing=none,mild"}
TREATMENT = ["fold_baselines", "cleanlab_masks", "trained_models"]
REST_OF_THE_SWEEP = [*SWEEP_ASSETS]


def why(stale: list[StaleAsset]) -> dict[str, str]:
    return {one.asset: one.why for one in stale if one.crypto}


# --- every kind of staleness and damage -------------------------------------------------------------------


def artifact(home: Home, sweep: Sweep, asset: str) -> Path:
    return home.path / home.artifact(asset, CRYPTO, sweep.artifact_key(asset, CRYPTO)).name


def flip_a_bit(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def flip_a_bit_of_the_stored_models(home: Home, sweep: Sweep) -> None:
    flip_a_bit(next(artifact(home, sweep, "trained_models").glob("*.pack")))


def flip_a_bit_of_a_booster(home: Home, sweep: Sweep) -> None:
    flip_a_bit(booster(home, sweep))


def lose_a_booster(home: Home, sweep: Sweep) -> None:
    booster(home, sweep).unlink()


def booster(home: Home, sweep: Sweep) -> Path:
    models = read_artifact(BlobFolder.of_path(artifact(home, sweep, "trained_models")), TrainedModels)
    (key,) = models.cells[0].fit_keys
    return next((home.path / "fits" / key[:2] / key).glob("*.pack"))


def flip_a_bit_of_the_candles(home: Home, sweep: Sweep) -> None:
    flip_a_bit(next(artifact(home, sweep, "candles").glob("*.pack")))


def lose_the_labels(home: Home, sweep: Sweep) -> None:
    (artifact(home, sweep, "smoothed_labels") / "header.json").unlink()


def empty_a_header(home: Home, sweep: Sweep) -> None:
    (artifact(home, sweep, "fold_baselines") / "header.json").write_bytes(b"")


def record_a_failed_mask(home: Home, sweep: Sweep) -> None:
    folder = artifact(home, sweep, "cleanlab_masks")
    masks = read_artifact(BlobFolder.of_path(folder), CleanlabMasks).masks
    failed = dataclasses.replace(masks[0], outcome=Outcome.failed(MemoryError("no memory"), "fit"))
    write_artifact(BlobFolder.of_path(folder), CleanlabMasks((failed, *masks[1:])))


def judge_red(home: Home, asset: str, check: str, metadata: dict[str, str]) -> None:
    red = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(asset),
        check_name=check,
        passed=False,
        metadata={name: dg.TextMetadataValue(value) for name, value in metadata.items()},
        partition=None if asset in SWEEP_ASSETS else partition_of(CRYPTO, "market"),
    )
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_CHECK_EVALUATION.value, "ftf_sweep", event_specific_data=red
    )
    with open_instance(home) as instance:
        instance.report_dagster_event(event, run_id=str(uuid.uuid4()))


def judge_the_features_red(home: Home, sweep: Sweep) -> None:
    key = sweep.artifact_key("feature_cache", CRYPTO)
    judge_red(home, "feature_cache", "contract", {"artifact_key": key})


def judge_the_rows_red(home: Home, sweep: Sweep) -> None:
    judge_red(home, "finetune_results", "contract", {"sweep_id": sweep.sweep_id})


def judge_the_decision_red(home: Home, sweep: Sweep) -> None:
    judge_red(home, "gate_decision", "contract", {"sweep_id": sweep.sweep_id})


def lose_the_checks(home: Home, sweep: Sweep) -> None:
    home.dagster.rename(home.path / "moved away")


def sql(statement: str) -> Callable[[Home, Sweep], None]:
    def execute(home: Home, sweep: Sweep) -> None:
        assert change_results(home, statement), "the statement changes something"

    return execute


def lose_all_results(home: Home, sweep: Sweep) -> None:
    shutil.rmtree(home.path / "results")


def lose_the_report(home: Home, sweep: Sweep) -> None:
    home.report(sweep.sweep_id).unlink()


def overwrite_the_report(home: Home, sweep: Sweep) -> None:
    report = home.report(sweep.sweep_id)
    report.write_bytes(b"\xff" * report.stat().st_size)


def draw_the_report_by_other_code(home: Home, sweep: Sweep) -> None:
    report = home.report(sweep.sweep_id)
    page = report.read_text(encoding="utf-8")
    report.write_text(page.replace('name="ftf-stamp" content="', 'name="ftf-stamp" content="0'), "utf-8")


def audit_the_data(home: Home, sweep: Sweep) -> None:
    identity = {"arrays_key": sweep.artifact_key("coerced_arrays", CRYPTO), "crypto": CRYPTO}
    AuditStore(home).write_audit(*frames([found_row(**identity)], [effect_row(**identity)]))


def of_crypto(*assets: str) -> dict[str | None, list[str]]:
    """The crypto's assets and its rows, which are made again with them, and what covers the whole sweep."""
    return {CRYPTO: [*assets, "finetune_results"], None: REST_OF_THE_SWEEP}


OF_A_CRYPTO = f"WHERE crypto = '{CRYPTO}' AND fold = 1"
ROWS = of_crypto()
#: The small sweep measures no label ceiling, so that asset has nothing to make.
OF_EACH_CRYPTO = [asset for asset in CRYPTO_ASSETS if asset != CEILING]
EVERYTHING = {CRYPTO: OF_EACH_CRYPTO, OTHER: OF_EACH_CRYPTO, None: REST_OF_THE_SWEEP}

#: What happens to a finished home, and the assets that are stale then.
HARMS: dict[str, tuple[Callable[[Home, Sweep], None], dict[str | None, list[str]]]] = {
    "nothing": (lambda home, sweep: None, {}),
    "a flipped bit in the stored models": (flip_a_bit_of_the_stored_models, of_crypto("trained_models")),
    "a flipped bit in a booster": (flip_a_bit_of_a_booster, of_crypto("trained_models")),
    "a missing booster": (lose_a_booster, of_crypto("trained_models")),
    "a flipped bit in the candles": (flip_a_bit_of_the_candles, of_crypto("candles")),
    "missing labels": (lose_the_labels, of_crypto("smoothed_labels")),
    "an empty header": (empty_a_header, of_crypto("fold_baselines")),
    "a recorded failure": (record_a_failed_mask, of_crypto("cleanlab_masks", "trained_models")),
    "a red check of an artifact": (judge_the_features_red, of_crypto("feature_cache")),
    "a red check of rows": (judge_the_rows_red, ROWS),
    "a red check of the decision": (judge_the_decision_red, {None: REST_OF_THE_SWEEP}),
    "no records of checks": (lose_the_checks, EVERYTHING),
    "a deleted row of finetune_results": (sql(f"DELETE FROM finetune_results {OF_A_CRYPTO}"), ROWS),
    **{
        f"a deleted row of {table}": (sql(f"DELETE FROM {table} {OF_A_CRYPTO}"), ROWS)
        for table in ("regime_results", "weekly_results", "seed_scores", "confidence_curve")
    },
    "a deleted row of label_suspects": (sql(f"DELETE FROM label_suspects {OF_A_CRYPTO}"), ROWS),
    "a changed metric": (sql(f"UPDATE finetune_results SET f1_buy = f1_buy / 2 {OF_A_CRYPTO}"), ROWS),
    "a changed suspect": (sql(f"UPDATE label_suspects SET p_buy = p_buy / 2 {OF_A_CRYPTO}"), ROWS),
    "rows of other code": (
        sql(f"UPDATE finetune_results SET code_version = '0123' {OF_A_CRYPTO}"),
        ROWS,
    ),
    "rows of other data": (
        sql(f"UPDATE finetune_results SET data_fingerprint = '0123' {OF_A_CRYPTO}"),
        ROWS,
    ),
    "no results at all": (
        lose_all_results,
        {CRYPTO: ["finetune_results"], OTHER: ["finetune_results"], None: REST_OF_THE_SWEEP},
    ),
    "no decision": (sql("DELETE FROM gate_verdicts"), {None: REST_OF_THE_SWEEP}),
    "a deleted comparison of the gate": (
        sql("DELETE FROM gate_metrics WHERE level = 'mild' AND metric = 'f1_buy'"),
        {None: REST_OF_THE_SWEEP},
    ),
    "a noise audit after the decision": (audit_the_data, {None: REST_OF_THE_SWEEP}),
    "a missing report": (lose_the_report, {None: ["sweep_report"]}),
    "a damaged report": (overwrite_the_report, {None: ["sweep_report"]}),
    "a report of other code": (draw_the_report_by_other_code, {None: ["sweep_report"]}),
}


def by_crypto(stale: list[StaleAsset]) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = {}
    for one in stale:
        found.setdefault(one.crypto, []).append(one.asset)
    return found


def would_make(sweep: Sweep, home: Home, monkeypatch: pytest.MonkeyPatch) -> dict[str | None, list[str]]:
    """The assets of the runs that a sweep starts, by crypto; none of them is carried out."""
    started: list[JobRun] = []

    def record(runs: list[JobRun], *_: object, **__: object) -> dict[str, JobResult]:
        started.extend(runs)
        return {run.name: JobResult("") for run in runs}

    monkeypatch.setattr(sweep_run, "run_jobs", record)
    monkeypatch.setattr(sweep_run, "_stored_decision", lambda *_: None)
    monkeypatch.setattr(sweep_run, "_audit_hints", lambda *_: [])
    run_sweep(sweep, home, on_fit=lambda event: None)
    return {run.crypto: list(run.assets or ()) for run in started}


@pytest.mark.parametrize("harm", HARMS)
def test_the_assets_that_plan_names_are_those_that_the_sweep_makes(
    finished_sweep: FinishedSweep, home: Home, monkeypatch: pytest.MonkeyPatch, harm: str
):
    finished_sweep.copy(home)
    sweep, (happens, expected) = small_sweep(), HARMS[harm]
    happens(home, sweep)
    assert by_crypto(stale_assets(sweep, home)) == expected
    assert would_make(sweep, home, monkeypatch) == expected


OTHER_SETTINGS = {
    "phase": {"phase": "weekly"},
    "smoothing": {"mild_epsilon_buy": 0.15},
    "cap": {"suspect_cap": 0.05},
    "seed": {"seed": 8},
    "labels": {"horizon_bars": 6},
    "market": {"market_seed": 5},
    "one level fewer": {"factors": "label_smoothing=none,mild,cleanlab=off,filter"},
    "one crypto": {"cryptos": CRYPTO},
}


@pytest.mark.parametrize("name", OTHER_SETTINGS)
def test_under_other_settings_too_the_sweep_makes_what_plan_names(
    finished_sweep: FinishedSweep, home: Home, monkeypatch: pytest.MonkeyPatch, name: str
):
    finished_sweep.copy(home)
    other = small_sweep(**OTHER_SETTINGS[name])
    stale = by_crypto(stale_assets(other, home))
    assert stale[CRYPTO][-1] == "finetune_results"
    assert stale[None] == REST_OF_THE_SWEEP
    assert would_make(other, home, monkeypatch) == stale


def test_under_another_code_version_everything_is_stale(
    finished_sweep: FinishedSweep, home: Home, monkeypatch: pytest.MonkeyPatch
):
    finished_sweep.copy(home)
    for module in ("ftf_assets.sweep.sweep", "ftf_assets.rows.finetune_results"):
        monkeypatch.setattr(f"{module}.code_version", lambda: "0123456789ab")
    sweep = small_sweep()
    stale = stale_assets(sweep, home)
    assert by_crypto(stale) == EVERYTHING
    assert {one.reason.kind for one in stale if one.crypto} == {"code"}
    assert would_make(sweep, home, monkeypatch) == EVERYTHING


# --- plan reads only --------------------------------------------------------------------------------------


def snapshot(home: Home) -> dict[str, tuple[int, str]]:
    return {
        str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in home.path.rglob("*")
        if path.is_file()
    }


def test_asking_what_is_stale_changes_no_file_and_ends_no_run(finished_sweep: FinishedSweep, home: Home):
    finished_sweep.copy(home)
    with open_instance(home) as instance:  # a run of a process that is gone
        tags = {PROCESS_TAG: "1:gone@" + process_tags()[PROCESS_TAG].partition("@")[2]}
        run = instance.add_run(
            dg.DagsterRun(job_name="ftf_sweep", status=dg.DagsterRunStatus.STARTED, tags=tags)
        )
    before = snapshot(home)
    assert stale_assets(small_sweep(), home) == []
    assert snapshot(home) == before
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:
        assert instance.get_run_by_id(run.run_id).status == dg.DagsterRunStatus.STARTED


def test_in_a_fresh_home_everything_is_stale_and_no_folder_is_made(home: Home):
    stale = stale_assets(small_sweep(**QUICK), home)
    assert by_crypto(stale) == {CRYPTO: OF_EACH_CRYPTO, None: REST_OF_THE_SWEEP}
    assert {one.reason.kind for one in stale if one.crypto} == {"never made"}
    assert not home.path.exists()


# --- the reasons, with real runs --------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "candles").mkdir()
    write_candles(tmp_path / "candles", 4_000)
    return tmp_path / "candles"


def write_candles(folder: Path, bars: int) -> None:
    candles = MarketSource().candles(CRYPTO).head(bars)
    opened = candles.index - pd.Timedelta(hours=1)
    candles.assign(date=opened).to_csv(folder / "OPUSDT_1h.csv", index=False)


def test_each_reason_names_what_changed(home: Home, folder: Path):
    here = {**QUICK, "source": "candles", "path": str(folder)}
    one = small_sweep(**here)
    run_sweep(one, home, on_fit=lambda event: None)
    assert stale_assets(one, home) == []

    smoother = small_sweep(**here, mild_epsilon_buy=0.15)
    changed = why(stale_assets(smoother, home))
    assert changed["smoothed_labels"].startswith("settings: label_treatments.")
    assert changed["smoothed_labels"].endswith(" 0.1 to 0.15"), "the value that changed, not all of them"
    assert changed["cleanlab_masks"] == "upstream smoothed_labels is out of date"
    assert changed["trained_models"].endswith(" 0.1 to 0.15")
    assert changed["finetune_results"] == "never made", "another sweep"
    assert not {"candles", "feature_cache", "coerced_arrays", "fold_baselines"} & set(changed)

    reseeded = why(stale_assets(small_sweep(**here, seed=8), home))
    assert reseeded["fold_baselines"] == "settings: training.seed 7 to 8"
    assert reseeded["cleanlab_masks"] == "upstream fold_baselines is out of date"
    assert reseeded["trained_models"] == "upstream cleanlab_masks is out of date"

    frozen = one.settings.folds.edges
    write_candles(folder, 4_010)
    new_data = stale_assets(small_sweep(**here, edges=frozen), home)
    assert [one.asset for one in new_data[:2]] == ["candles", "feature_cache"]
    assert all(reason.startswith("data changed") for reason in why(new_data).values())
    assert {one.why for one in new_data if not one.crypto} == {
        f"upstream finetune_results of {CRYPTO} is out of date"
    }


def test_one_flipped_bit_in_a_stored_model_is_named_by_plan_and_mended_by_the_sweep(ftf: Ftf, home: Home):
    settings = ("--crypto", CRYPTO, "--trials", "0", "--factor", "label_smoothing=none,mild")
    settings += set_options(n_folds=1, **QUICK_FITS)
    one = small_sweep(**{**QUICK, "phase": "manual"})
    run_sweep(one, home, on_fit=lambda event: None)
    assert stale_assets(one, home) == []

    flip_a_bit_of_the_stored_models(home, one)
    stale = json.loads(ftf("plan", *settings, "--json").stdout)["stale"]
    assert [(each["crypto"], each["asset"]) for each in stale] == [
        (CRYPTO, "trained_models"),
        (CRYPTO, "finetune_results"),
        (None, "gate_decision"),
        (None, "sweep_report"),
    ]
    assert "does not have the checksum of its name" in stale[0]["why"]
    assert stale[1]["why"] == "upstream trained_models is out of date"
    printed = ftf("plan", *settings).stdout
    assert f"{CRYPTO}: trained_models (/" in printed
    assert ftf("sweep", *settings).returncode == 0
    assert stale_assets(one, home) == []

    printed = ftf("plan", *settings, "--set", "training.seed=9").stdout
    assert "fold_baselines (settings: training.seed 7 to 9)" in printed


def test_every_materialisation_carries_the_version_of_its_content(home: Home):
    one, stricter = small_sweep(**QUICK), small_sweep(**QUICK, useful_gain=0.5)
    versions = []
    for asked in (one, one, stricter):
        run_sweep(asked, home, on_fit=lambda event: None)
        with open_instance(home) as instance:
            latest = {
                key: instance.get_latest_materialization_event(dg.AssetKey(key)).asset_materialization
                for key in ("candles", *TREATMENT, "finetune_results", "gate_decision", "sweep_report")
            }
        versions.append({key: event.tags["dagster/data_version"] for key, event in latest.items()})
        for asset in ARTIFACTS:
            for header in (home.path / "artifacts" / asset / CRYPTO).glob("*/header.json"):
                header.unlink()  # so that the second sweep makes it again
        shutil.rmtree(home.path / "results" / "of" / one.sweep_id / "decision")
    assert versions[0] == versions[1], "the same content, made again"
    assert len(set(versions[0].values())) == len(versions[0])
    changed = {key for key in versions[2] if versions[2][key] != versions[1][key]}
    assert changed == {"gate_decision", "sweep_report"}, "other numbers from the same inputs"
