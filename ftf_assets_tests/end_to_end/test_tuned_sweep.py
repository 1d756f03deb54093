"""Tuning on the real path: the command, the rows, the store and the UI tell who was tuned and how."""

from __future__ import annotations

import json

import pytest

from ftf_assets.contracts.bundles import BaselineParameters
from ftf_assets.gate.words import capitalized
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.training import fit_task
from ftf_assets.training.fit_task import execute_fit
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.end_to_end.test_command import assert_same_rows
from ftf_assets_tests.end_to_end.test_graph import materialise
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS, small_sweep

pytestmark = pytest.mark.end_to_end

SMALL = ("--crypto", "OPUSDC", "--factor", "cleanlab=filter", "--trials", "2")
SMALL += set_options(n_folds=1, tune_folds=2, tune_seeds=1, **QUICK_FITS)
TUNED = {"cryptos": "OPUSDC", "factors": "cleanlab=filter", "trials": 2, "tune_folds": 2, "tune_seeds": 1}


def test_a_tuned_sweep_counts_its_trials_writes_its_parameters_and_is_resumed_for_free(ftf: Ftf, home: Home):
    before = json.loads(ftf("plan", *SMALL, "--json").stdout)
    assert (before["fits"], before["tuning_fits"]) == (1 + 1 + 5 + 1 + 4, 2 * 2)
    assert before["tuning"] == "tuning: 2 trials per crypto and fold, on the baseline, held for all variants"
    first = ftf("sweep", *SMALL)
    assert first.returncode == 0, first.stderr
    assert "not part of this version" not in first.stderr
    assert "12 of 12 fits" in first.stderr
    decided = " ".join(ftf("gate").stdout.split())
    assert capitalized(before["tuning"]) in decided, "the verdict names the mode"
    rows = ResultsStore(home).read()
    assert set(rows["status"]) == {"ok"}
    assert set(rows["n_trials"]) == {2}
    assert (rows.groupby("fold")["params"].nunique() == 1).all()
    assert json.loads(ftf("plan", *SMALL, "--json").stdout)["fits_left"] == 0

    own = ftf("sweep", *SMALL, "--tune", "per_variant", "--json")
    assert own.returncode == 0, own.stderr
    summary = json.loads(own.stdout)
    assert summary["sweep_id"] != before["sweep_id"]
    own_rows = ResultsStore(home).read(summary["sweep_id"])
    assert set(own_rows["n_trials"]) == {2}
    baseline = [frame[frame["variant"] == "baseline"] for frame in (rows, own_rows)]
    assert baseline[0]["cell_key"].tolist() == baseline[1]["cell_key"].tolist()
    assert baseline[0]["f1_buy"].tolist() == baseline[1]["f1_buy"].tolist()


def test_tune_off_is_the_sweep_without_trials(ftf: Ftf):
    off = json.loads(ftf("plan", *SMALL, "--tune", "off", "--json").stdout)
    untuned = json.loads(ftf("plan", *SMALL, "--trials", "0", "--json").stdout)
    assert off == untuned
    assert (off["tuning"], off["tuning_fits"]) == ("no tuning: the default parameters in every fit", 0)


@pytest.mark.parametrize("tune", ["often", "per variant"])
def test_an_unknown_mode_is_refused_in_one_line(ftf: Ftf, tune: str):
    done = ftf("sweep", "--tune", tune)
    assert done.returncode == 2
    assert done.stderr.strip().endswith(f"(found {tune!r}; allowed: baseline, per_variant, off)")


def test_a_long_tuned_sweep_is_refused_until_it_is_confirmed(ftf: Ftf, home: Home):
    done = ftf("sweep", "--tune", "per_variant", "--trials", "300")
    assert done.returncode == 2
    assert (
        "125 cells, 226025 fits, 225000 of them for tuning. The 226025 fits that are not done" in done.stderr
    )
    assert not home.path.exists()


def test_the_asset_shows_the_choice_and_its_contract_is_checked(home: Home):
    result = materialise(small_sweep(**TUNED), home, "OPUSDC")
    assert result.success
    baselines = result.output_for_node("fold_baselines")
    assert isinstance(baselines, BaselineParameters)
    (event,) = result.asset_materializations_for_node("fold_baselines")
    shown = [record.data for record in event.metadata["baselines"].records]
    for record, baseline in zip(shown, baselines.folds, strict=True):
        assert (record["provenance"], record["trials"]) == ("tuned", 2)
        assert record["max_depth"] == baseline.parameters["max_depth"]
        assert record["roc_auc"] >= record["roc_auc_of_defaults"]
    (check,) = [
        one
        for one in result.get_asset_check_evaluations()
        if one.asset_key.to_user_string() == "fold_baselines"
    ]
    assert check.passed


def test_a_failed_study_leaves_the_other_folds_and_a_second_run_mends_it(
    tmp_path_factory: pytest.TempPathFactory, home: Home, monkeypatch: pytest.MonkeyPatch
):
    sweep = small_sweep(**TUNED)
    healthy = Home(tmp_path_factory.mktemp("healthy"))
    run_sweep(sweep, healthy, on_fit=lambda event: None)

    def fail(task, arrays):
        if task.fold == 1 and "tuning trial 1" in task.name:
            raise MemoryError("out of memory")
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", fail)
    done = run_sweep(sweep, home, on_fit=lambda event: None)
    rows = ResultsStore(home).read()
    assert rows.groupby("fold")["status"].agg(set).to_dict() == {0: {"ok"}, 1: {"training_failed"}}
    assert set(rows.loc[rows["fold"] == 1, "error_stage"]) == {"tuning"}
    assert done.failed_checks

    monkeypatch.setattr(fit_task, "execute_fit", execute_fit)
    run_sweep(sweep, home, on_fit=lambda event: None)
    assert_same_rows(ResultsStore(home).read(), ResultsStore(healthy).read())
