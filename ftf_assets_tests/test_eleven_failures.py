"""The eleven failures of the system that this one replaces, each made impossible on the real path.

Each has one test here, named after the rule that prevents it; the details are specified beside the modules.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from jaxtyping import TypeCheckError

from ftf_assets.checks import domain_checks
from ftf_assets.command.main import cli
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion import coerce_training_data
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB
from ftf_assets.labels.cleaning.confident_learning import flag_label_issues, label_quality
from ftf_assets.labels.cleaning.suspect_cap import cap_per_class
from ftf_assets.labels.smoothing import smooth_labels
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.running.job_runs import JobRun, run_config, run_jobs
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.source_registry import open_source
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SETTINGS, SMOKE
from ftf_assets.training import fit_task
from ftf_assets.training.boosting import FitResult, bin_features
from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.metrics import expected_calibration_error
from ftf_assets_tests.end_to_end.test_command import assert_same_rows
from ftf_assets_tests.faults.scale import scaled
from ftf_assets_tests.support.pictures import draw_nothing
from ftf_assets_tests.support.processes import start_ftf
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS, SMALL, FinishedSweep, small_sweep


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    draw_nothing(monkeypatch)
    for name in ("DAGSTER_HOME", "FTF_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def cached_frame() -> pd.DataFrame:
    """A feature cache as production holds it: DataFrame, UTC index, float64."""
    label = BarrierSettings()
    market = open_source(
        "market",
        path=None,
        label=label,
        market_seed=3,
        market_noise=0.1,
        market_edge=0.3,
        candles=CandleOptions(),
        features=FeatureOptions(),
    )
    frame, _ = market.feature_cache("AAVEUSDC", market.candles("AAVEUSDC"))
    return frame


def raise_in(crypto: str, fold: int, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the model of one cell raise, as a booster does that runs out of memory."""
    healthy = fit_task.execute_fit

    def execute_fit(task: FitTask, arrays: TrainingArrays) -> FitResult:
        if (task.crypto, task.fold, task.name) == (crypto, fold, variant):
            raise RuntimeError("Check failed: preds.size() == info.labels.Size()")
        return healthy(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", execute_fit)


def test_dataframe_coercion_happens_once_and_strict_functions_stay_strict(cached_frame: pd.DataFrame):
    features = cached_frame.drop(columns=list(RESERVED_COLUMNS), errors="ignore")
    arrays = coerce_training_data(
        features,
        cached_frame["label"],
        label_end=cached_frame["label_end"],
        label_return=cached_frame["label_return"],
        crypto="AAVEUSDC",
    )
    bin_features(arrays.X, {})
    with pytest.raises(TypeCheckError) as refused:
        bin_features(features, {})
    for part in ("parameter 'X'", "Float32[ndarray, 'rows features']"):
        assert part in str(refused.value)


def test_pandas_as_production_sends_it_and_ndarrays_give_the_same_arrays(cached_frame: pd.DataFrame):
    columns = [c for c in cached_frame.columns if c not in RESERVED_COLUMNS]
    times = {
        "label_end": cached_frame["label_end"],
        "label_return": cached_frame["label_return"],
        "crypto": "AAVEUSDC",
    }
    from_pandas = coerce_training_data(cached_frame[columns], cached_frame["label"], **times)
    as_arrays = {**times, "label_return": times["label_return"].to_numpy(), "timestamp": cached_frame.index}
    from_arrays = coerce_training_data(
        cached_frame[columns].to_numpy(),
        cached_frame["label"].to_numpy(),
        feature_names=tuple(columns),
        **as_arrays,
    )
    for name in ("X", "y", "start", "end", "label_return", "base_weight"):
        np.testing.assert_array_equal(getattr(from_pandas, name), getattr(from_arrays, name))


@pytest.mark.end_to_end
def test_no_silent_fallback_a_failed_cell_is_a_row_and_every_other_cell_is_untouched(
    finished_sweep: FinishedSweep, home: Home, monkeypatch: pytest.MonkeyPatch
):
    raise_in("OPUSDC", 1, "reweight", monkeypatch)
    events: list[FitEvent] = []
    done = run_sweep(small_sweep(), home, on_fit=events.append)
    rows = ResultsStore(home).read()
    healthy = ResultsStore(finished_sweep.home).read()
    assert len(rows) == len(healthy) == 20
    measured = rows["status"] == "ok"
    (failed,) = rows[~measured].to_dict("records")
    assert (failed["crypto"], failed["fold"], failed["variant"]) == ("OPUSDC", 1, "reweight")
    assert (failed["status"], failed["error_type"]) == ("training_failed", "RuntimeError")
    assert failed["error_stage"] == "fit"
    assert "preds.size()" in failed["error_message"]
    assert pd.isna(failed["f1_buy"])
    # A failing fit could spoil what the fits of a crypto share, such as bins: every bit is compared.
    assert_same_rows(rows[measured], healthy[measured])
    assert [event.name for event in events if event.kind == "failed"] == ["reweight"]
    (incomplete,) = done.failed_checks
    assert (incomplete.crypto, incomplete.asset, incomplete.check) == (
        "OPUSDC",
        "trained_models",
        "cells_complete",
    )
    assert incomplete.in_words.startswith("Warning: OPUSDC: fold 1 reweight: RuntimeError")
    with open_instance(home) as instance:
        messages = [entry.user_message for entry in instance.all_logs(done.run_ids["OPUSDC"])]
    assert any(
        message.startswith(
            "event=training_variant_error variant=reweight crypto=OPUSDC fold=1 error=RuntimeError"
        )
        for message in messages
    )


@pytest.mark.end_to_end
def test_the_off_path_is_free(home: Home):
    hard = np.array([0, 1, 0], np.float32)
    assert smooth_labels(hard, epsilon_buy=0.0, epsilon_hold=0.0) is hard
    without_libraries = (
        "import sys; sys.modules['cleanlab'] = sys.modules['optuna'] = None; "
        "sys.argv[0] = 'ftf'; from ftf_assets.command.main import main; main()"
    )
    command = ["sweep", "--crypto", "OPUSDC", "--factor", "label_smoothing", "--trials", "0", "--json"]
    command += set_options(n_folds=1, **QUICK_FITS)
    done = subprocess.run(
        [sys.executable, "-c", without_libraries, *command, "--home", str(home.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statuses"] == {"ok": 3}
    assert len(list((home.path / "fits").glob("*/*/header.json"))) == 4, "three models, the baseline repeated"


def _flag_in_daemon(queue: multiprocessing.Queue[int]) -> None:
    generator = np.random.default_rng(0)
    y = (generator.random(4000) < 0.17).astype(np.int8)
    probability = np.clip(0.17 + 0.05 * generator.standard_normal(4000), 0.01, 0.9)
    queue.put(int(flag_label_issues(y, probability).sum()))


def test_cleanlab_finishes_inside_a_daemonised_process():
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[int] = context.Queue()
    process = context.Process(target=_flag_in_daemon, args=(queue,), daemon=True)
    process.start()
    assert queue.get(timeout=120) > 0
    process.join(timeout=60)
    assert process.exitcode == 0


def test_the_minority_class_is_not_wiped_out():
    generator = np.random.default_rng(1)
    y = (generator.random(8000) < 0.16).astype(np.int8)
    weak_model = np.clip(0.16 + 0.04 * generator.standard_normal(8000) + 0.01 * y, 0.01, 0.9)
    flagged = flag_label_issues(y, weak_model)
    assert flagged[y == 1].mean() > 0.3, "plain cleanlab holds a third or more of all BUYs for wrong"
    assert flagged[y == 0].mean() < 0.01
    suspects = cap_per_class(flagged, label_quality(y, weak_model, "self_confidence"), y, 0.10)
    assert suspects[y == 1].mean() <= 0.10


def test_calibration_is_measured_on_hard_labels_and_cannot_read_zero_on_soft_ones():
    generator = np.random.default_rng(2)
    y = (generator.random(640) < 0.2).astype(np.int8)
    soft = smooth_labels(y.astype(np.float32), epsilon_buy=0.1, epsilon_hold=0.02)
    with pytest.raises(TypeCheckError):
        expected_calibration_error(soft, soft.astype(np.float64))
    assert expected_calibration_error(y, soft.astype(np.float64)) > 0.01


@pytest.mark.end_to_end
def test_a_retry_replaces_rows_and_never_adds(finished_sweep: FinishedSweep, home: Home):
    sweep = small_sweep()
    finished_sweep.copy(home)
    first = ResultsStore(home).read()
    retries = [JobRun(SWEEP_JOB, run_config(sweep, home), {}, crypto) for crypto in sweep.cryptos]
    run_jobs(retries, home, settings=sweep.settings, on_fit=lambda event: None)
    second = ResultsStore(home).read()
    assert not set(second["run_id"]) & set(first["run_id"])
    assert len(first) == sweep.n_cells == 20
    assert_same_rows(second, first)
    assert not second.duplicated(["sweep_id", "crypto", "fold", "variant"]).any()


@pytest.mark.faults
@pytest.mark.end_to_end
@pytest.mark.parametrize("after", scaled(("5 of",), ("5 of", "27 of")))
def test_a_killed_sweep_loses_no_finished_work_and_ends_like_an_undisturbed_one(
    finished_sweep: FinishedSweep, home: Home, tmp_path: Path, after: str
):
    sweep = small_sweep()
    killed = start_ftf(["sweep", *set_options(**SMALL), "--home", str(home.path)], tmp_path / "logs")
    killed.wait_until_it_says(f"\n{after}")
    killed.send(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    finished_before = {path.parent.name for path in (home.path / "fits").glob("*/*/header.json")}
    events: list[FitEvent] = []
    run_sweep(sweep, home, on_fit=events.append)
    refitted = {event.key for event in events if event.kind == "done"}
    assert finished_before
    assert not refitted & finished_before
    assert_same_rows(ResultsStore(home).read(), ResultsStore(finished_sweep.home).read())
    with open_instance(home) as instance:
        unfinished = instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    assert not unfinished, "the killed run does not stay STARTED for ever"


@pytest.mark.end_to_end
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (None, ""),
        ("a fit raises", "its cell ended as training_failed"),
        ("other bits", "reproducible of trained_models is red"),
    ],
)
def test_a_smoke_on_the_real_path_gates_the_merge(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: str | None,
    why: str,
):
    quick = {name: value for name, value in QUICK_FITS.items() if f"training.{name}" in SETTINGS}
    monkeypatch.setitem(SMOKE, "training", SMOKE["training"] | quick)
    if fault == "a fit raises":
        raise_in("OPUSDC", 0, "mild+reweight+uniqueness", monkeypatch)
    if fault == "other bits":
        monkeypatch.setattr(domain_checks, "refit_differences", lambda *_: ["fold 0: rounds are 7, not 8"])
    code = cli.main(["smoke", "--home", str(home.path), "--json"], standalone_mode=False)
    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert code == (1 if fault else 0)
    assert f"the smoke did not pass: {why}" in printed.err if fault else "did not pass" not in printed.err
    assert summary["cells"] == 1
    assert summary["statuses"] == ({"training_failed": 1} if fault == "a fit raises" else {"ok": 1})
    assert bool(summary["failed_checks"]) is bool(fault)
    fitted_again = {"crypto": "OPUSDC", "asset": "trained_models", "check": "reproducible"}
    assert (fitted_again in summary["passed_checks"]) is (fault != "other bits")


@pytest.mark.end_to_end
def test_two_people_get_one_answer_whatever_their_number_of_workers(
    finished_sweep: FinishedSweep, home: Home
):
    sweep, answers = small_sweep(workers=1), []
    other_person = (home, run_sweep(sweep, home, on_fit=lambda event: None))
    for place, done in ((finished_sweep.home, finished_sweep.done), other_person):
        store = ResultsStore(place)
        answers.append((store.read(), store.leaderboard(sweep.sweep_id), done.decision))
    assert_same_rows(answers[0][0], answers[1][0])
    pd.testing.assert_frame_equal(answers[0][1], answers[1][1])
    assert answers[0][2] is not None
    assert answers[0][2] == answers[1][2]
