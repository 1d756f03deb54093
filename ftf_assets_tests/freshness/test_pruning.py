"""Pruning keeps what a sweep of the results needs and removes the rest; no run loses what it makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pandas as pd
import psutil
import pytest
from click.testing import CliRunner

from ftf_assets.command.main import cli
from ftf_assets.contracts.bundles import Outcome, TrainedCell, TrainedModels
from ftf_assets.contracts.errors import StoreError
from ftf_assets.freshness.pruning import Pruned, _Needed, prune
from ftf_assets.graph.run_processes import PROCESS_TAG, _identity
from ftf_assets.storage.artifacts import write_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.fit_packs import FitPacks
from ftf_assets.storage.fit_store import fit_store, score_store
from ftf_assets.storage.home import Home
from ftf_assets.storage.home_lock import exclusive_lock, shared_lock
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.evaluation import CellScores, score_key
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets_tests.support.production import SCORING
from ftf_assets_tests.support.results_rows import partition, results_table
from ftf_assets_tests.support.small_sweep import small_sweep

CRYPTO, STRANGER, OLD_MODEL = "OPUSDC", "ffff0000ffff0000", "eeee0000eeee0000"


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    return small_sweep(cryptos=CRYPTO)


def keep_fit(home: Home, key: str) -> None:
    fit_store(home).put(key, FitResult(b"booster" * 10, 3, 0.1))


def keep_models(home: Home, key: str, cell_key: str, fit_key: str) -> Path:
    cell = TrainedCell(0, "baseline", {}, Outcome(), cell_key=cell_key, fit_keys=(fit_key,))
    folder = home.path / home.artifact("trained_models", CRYPTO, key).name
    write_artifact(BlobFolder.of_path(folder), TrainedModels((cell,)))
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*/*")}


@pytest.fixture
def home(tmp_path: Path, sweep: Sweep) -> Home:
    """One sweep in the results, whose data have changed since one of its cells, and things of nobody."""
    home = Home(tmp_path)
    plan, store = sweep.plan(CRYPTO), ResultsStore(home)
    rows = results_table(partition(CRYPTO, sweep_id=sweep.sweep_id))
    store.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
    store.write_partition(rows, sweep.sweep_id, CRYPTO)
    for key in (planned_fit_keys(plan)[0], planned_fit_keys(plan)[-1], STRANGER, OLD_MODEL):
        keep_fit(home, key)
    scores = score_store(home)
    for cell_key in (rows["cell_key"].iloc[0], STRANGER):
        scores.put(score_key(cell_key, SCORING), CellScores({"f1_buy": 0.3}))
    keep_models(home, sweep.artifact_key("trained_models", CRYPTO), "of now", planned_fit_keys(plan)[0])
    keep_models(home, "0ld0ld0ld0ld0ld0", rows["cell_key"].iloc[0], OLD_MODEL)
    keep_models(home, "dddd0000dddd0000", "of nobody", STRANGER)
    return home


def test_values_that_the_sweep_needs_are_kept_and_all_others_removed(home: Home, sweep: Sweep):
    fits = planned_fit_keys(sweep.plan(CRYPTO))
    pruned = prune(home, keep_days=0)
    assert pruned.sweeps == [sweep.sweep_id]
    assert names(home.path / "fits") == {fits[0], fits[-1], OLD_MODEL}, (
        "a row names the old model, although the data have changed since"
    )
    assert names(home.path / "artifacts" / "trained_models") == {
        sweep.artifact_key("trained_models", CRYPTO),
        "0ld0ld0ld0ld0ld0",
    }
    assert len(names(home.path / "scores")) == 1
    counts = {name: (kind.n_pruned, kind.n_kept) for name, kind in pruned.kinds.items()}
    assert counts == {"fits": (1, 3), "scores": (1, 1), "artifacts": (1, 2), "unfinished": (0, 0)}
    assert len(ResultsStore(home).read()), "no row is touched"


def test_the_bytes_are_those_that_the_disk_gets_back(home: Home):
    def size() -> int:
        return sum(file.stat().st_size for file in home.path.rglob("*") if file.is_file())

    before = size()
    pruned = prune(home, keep_days=0)
    assert before - size() == pruned.bytes_pruned > 0


def test_a_dry_run_says_the_same_and_removes_nothing(home: Home):
    before = {path for path in home.path.rglob("*") if path.suffix != ".lock"}
    promised = prune(home, keep_days=0, dry_run=True)
    assert {path for path in home.path.rglob("*") if path.suffix != ".lock"} == before
    assert prune(home, keep_days=0) == promised


@pytest.mark.parametrize(("age_in_days", "stays"), [(0.5, True), (3, False)])
def test_values_younger_than_keep_days_are_kept(home: Home, age_in_days: float, stays: bool):
    header = home.path / "fits" / STRANGER[:2] / STRANGER / "header.json"
    then = time.time() - age_in_days * 86_400
    os.utime(header, (then, then))
    prune(home, keep_days=1)
    assert header.exists() is stays


def test_keep_sweeps_keeps_the_values_of_those_that_wrote_last(home: Home, sweep: Sweep):
    later = small_sweep(cryptos=CRYPTO, suspect_cap=0.05)
    last = pd.Timestamp("2099-01-01", tz="UTC")
    rows = results_table(partition(CRYPTO, sweep_id=later.sweep_id, created_at=last))
    rows["cell_key"] = [f"{number:016x}" for number in range(len(rows))]
    store = ResultsStore(home)
    store.write_sweep(later.sweep_id, later.settings.model_dump_json())
    store.write_partition(rows, later.sweep_id, CRYPTO)
    assert prune(home, keep_days=0, dry_run=True).sweeps == [later.sweep_id, sweep.sweep_id]
    pruned = prune(home, keep_days=0, keep_sweeps=1)
    assert pruned.sweeps == [later.sweep_id]
    shared = set(planned_fit_keys(later.plan(CRYPTO))) & set(planned_fit_keys(sweep.plan(CRYPTO)))
    assert names(home.path / "fits") <= shared


def test_a_sweep_whose_source_is_gone_keeps_the_models_of_its_rows(home: Home, sweep: Sweep):
    gone = sweep.settings.with_changes(data={"source": "candles", "path": str(home.path / "no such folder")})
    ResultsStore(home).write_sweep(sweep.sweep_id, gone.model_dump_json())
    pruned = prune(home, keep_days=0)
    assert names(home.path / "fits") == {OLD_MODEL}
    (note,) = pruned.notes
    assert note.startswith(f"{sweep.sweep_id}: only the models that its rows name are kept: ")
    assert "no such folder" in note


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"moon_phase": "full"}', "unknown setting"), ('{"folds": {"n_folds": 0}}', "folds.n_folds")],
    ids=["unknown setting", "value out of range"],
)
def test_a_sweep_whose_settings_are_another_versions_keeps_the_models_of_its_rows_and_is_named(
    home: Home, sweep: Sweep, text: str, said: str
):
    ResultsStore(home).write_sweep(sweep.sweep_id, text)
    pruned = prune(home, keep_days=0)
    assert pruned.sweeps == [sweep.sweep_id]
    assert names(home.path / "fits") == {OLD_MODEL}
    assert names(home.path / "artifacts" / "trained_models") == {"0ld0ld0ld0ld0ld0"}
    (note,) = pruned.notes
    assert "only the models that its rows name are kept" in note
    assert "were written by another version of ftf" in note
    assert said in note
    assert len(ResultsStore(home).read()), "no row is touched"


def test_the_command_says_which_sweeps_have_settings_of_another_version_and_goes_on(home: Home, sweep: Sweep):
    ResultsStore(home).write_sweep(sweep.sweep_id, '{"moon_phase": "full"}')
    arguments = ["clean", "--keep-days", "0", "--home", str(home.path)]
    done = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert done.exception is None
    assert f"{sweep.sweep_id}: only the models that its rows name are kept" in done.output
    assert "fits        3 deleted (" in done.output


def test_half_written_files_are_removed_at_any_age(home: Home):
    folder = next((home.path / "fits").glob("*/*"))
    (folder / ".header.json.0123.partial").write_bytes(b"half")
    assert prune(home, keep_days=9_999).kinds["unfinished"].bytes_pruned == 4
    assert not list(home.path.rglob("*.partial"))


def test_an_empty_home_has_nothing_to_prune(tmp_path: Path):
    assert prune(Home(tmp_path / "new"), dry_run=True) == Pruned(
        [], prune(Home(tmp_path / "new"), dry_run=True).kinds
    )


def test_nothing_is_pruned_while_a_run_works_and_runs_do_not_wait_for_one_another(home: Home):
    with shared_lock(home), shared_lock(home):
        with pytest.raises(StoreError, match="a run is using"):
            prune(home, keep_days=0)
        prune(home, keep_days=0, dry_run=True)
    with exclusive_lock(home), pytest.raises(StoreError, match="a run is using"):
        prune(home, keep_days=0)
    prune(home, keep_days=0)


@pytest.fixture
def instance(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster's records, with no run yet."""

    @contextmanager
    def existing(asked: Home) -> Iterator[dg.DagsterInstance]:
        assert asked == home
        yield records

    with dg.DagsterInstance.ephemeral() as records:
        monkeypatch.setattr("ftf_assets.graph.instance.existing_instance", existing)
        yield records


@pytest.mark.parametrize(
    ("status", "process", "refused"),
    [
        (dg.DagsterRunStatus.STARTED, None, True),
        (dg.DagsterRunStatus.STARTED, "another host 1 1", True),
        (dg.DagsterRunStatus.CANCELING, None, True),
        (dg.DagsterRunStatus.SUCCESS, None, False),
        (dg.DagsterRunStatus.FAILURE, None, False),
    ],
)
def test_nothing_is_pruned_while_a_run_of_another_machine_works(
    home: Home, instance: dg.DagsterInstance, status: dg.DagsterRunStatus, process: str | None, refused: bool
):
    run = dg.DagsterRun("sweep", status=status, tags={PROCESS_TAG: process} if process else {})
    instance.add_run(run)
    if refused:
        with pytest.raises(StoreError, match=f"run {run.run_id} in .* has not ended"):
            prune(home, keep_days=0)
        assert STRANGER in names(home.path / "fits")
    else:
        prune(home, keep_days=0)
        assert STRANGER not in names(home.path / "fits")


def test_a_run_whose_process_here_is_dead_does_not_keep_values(home: Home, instance: dg.DagsterInstance):
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = _identity(psutil.Process(ended.pid))
    ended.communicate(b"\n")
    instance.add_run(dg.DagsterRun("s", status=dg.DagsterRunStatus.STARTED, tags={PROCESS_TAG: process}))
    prune(home, keep_days=0)
    assert STRANGER not in names(home.path / "fits")


def test_in_a_bucket_packs_that_nobody_needs_go_but_never_what_is_younger_than_a_day(
    home: Home, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
):
    bucket = LocalBlobs(home.path / "bucket")  # a folder stands for it
    monkeypatch.setattr("ftf_assets.storage.home._blobs", lambda address, path: bucket)
    there = Home(home.path, "s3://bucket/home")
    needed = planned_fit_keys(sweep.plan(CRYPTO))[0]
    packs = FitPacks(bucket, "fits", BlobFolder.of_path(home.path / "fits"))
    packs.upload({key: packs.local / key[:2] / key for key in (needed, STRANGER)})
    packs.upload({OLD_MODEL: packs.local / OLD_MODEL[:2] / OLD_MODEL})
    bucket.put("fits/0b0b/packs/0123456789abcdef01234567.zip", b"a kill came before its keys")
    monkeypatch.setattr("ftf_assets.freshness.pruning._values_needed", lambda *_: _Needed(fits={needed}))
    assert prune(there, keep_days=0).bytes_pruned == 0
    two_days_ago = time.time() - 2 * 86_400
    for file in [*(home.path / "fits").rglob("*.*"), *bucket.root.rglob("*.*")]:
        os.utime(file, (two_days_ago, two_days_ago))
    counts = prune(there, keep_days=0).kinds["fits"]
    # Here: the needed fit stays of four. There: its pack stays of three, and the one without keys goes.
    assert (counts.n_kept, counts.n_pruned) == (2, 6)
    assert names(home.path / "fits") == {needed}
    assert len(list((bucket.root / "fits").rglob("*.*"))) == 2
    assert needed in FitPacks(bucket, "fits", packs.local)


def test_the_command_prints_bytes_and_a_json_object(home: Home):
    arguments = ["clean", "--keep-days", "0", "--home", str(home.path)]
    shown = CliRunner().invoke(cli, [*arguments, "--dry-run"], standalone_mode=False)
    assert "fits        1 would be deleted (" in shown.output
    assert "Would free " in shown.output
    as_json = json.loads(CliRunner().invoke(cli, [*arguments, "--json"], standalone_mode=False).output)
    assert as_json["kinds"]["fits"]["n_pruned"] == 1
