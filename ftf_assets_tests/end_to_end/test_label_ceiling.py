"""The label ceiling of a sweep: made with it, waited for, shown, and replaced where its settings change."""

from __future__ import annotations

import pytest

from ftf_assets.freshness.current import stale_assets
from ftf_assets.running.sweep_run import run_sweep
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training import fit_task
from ftf_assets_tests.support.small_sweep import small_sweep

pytestmark = pytest.mark.end_to_end

ONE_FOLD = {"cryptos": "OPUSDC", "n_folds": 1, "enabled": True, "repeats": 1}


def run(sweep: Sweep, home: Home) -> None:
    run_sweep(sweep, home, on_fit=lambda event: None)


def stale(sweep: Sweep, home: Home) -> list[str]:
    return [one.asset for one in stale_assets(sweep, home)]


def test_a_sweep_makes_its_ceiling_and_is_current_after_it(home: Home):
    sweep = small_sweep(**ONE_FOLD)
    assert "label_ceiling" in stale(sweep, home)
    run(sweep, home)
    assert stale(sweep, home) == []
    store = ResultsStore(home)
    rows, cells = store.ceiling(sweep.sweep_id), store.read(sweep.sweep_id)
    assert rows[["noise", "exposure"]].to_records(index=False).tolist() == [
        *(("independent", u) for u in (0.4, 0.8, 1.6)),
        ("none", 0.0),
        ("truth", 0.0),
    ]
    assert set(rows["status"]) == {"ok"}
    baseline = cells[cells["variant"] == "baseline"].iloc[0]
    untouched = rows[rows["noise"] == "none"].iloc[0]
    for metric in ("roc_auc", "average_precision"):
        assert untouched[metric] == baseline[metric]


def test_other_doses_are_the_same_sweep_and_make_only_the_ceiling_and_the_decision_again(home: Home):
    run(small_sweep(**ONE_FOLD), home)
    other = small_sweep(**ONE_FOLD, exposures=(0.4, 1.0))
    assert other.sweep_id == small_sweep(**ONE_FOLD).sweep_id
    assert stale(other, home) == ["label_ceiling", "gate_decision", "sweep_report"]
    run(other, home)
    assert stale(other, home) == []
    rows = ResultsStore(home).ceiling(other.sweep_id)
    assert sorted(set(rows["exposure"])) == [0.0, 0.4, 1.0]


def test_a_sweep_without_a_ceiling_makes_none_and_does_not_miss_it(home: Home):
    without = small_sweep(**ONE_FOLD | {"enabled": False})
    run(without, home)
    assert stale(without, home) == []
    assert ResultsStore(home).ceiling(without.sweep_id).empty
    assert stale(small_sweep(**ONE_FOLD), home) == ["label_ceiling", "gate_decision", "sweep_report"]


def test_a_ceiling_that_is_switched_off_is_no_longer_part_of_the_decision(home: Home):
    several = {"n_folds": 4, "cryptos": "OPUSDC", "enabled": True, "repeats": 1}
    run(small_sweep(**several), home)
    store, sweep_id = ResultsStore(home), small_sweep(**several).sweep_id
    assert store.decision(sweep_id).summary["ceiling_bound"].notna().all()
    off = small_sweep(**several | {"enabled": False})
    assert stale(off, home) == ["gate_decision", "sweep_report"]
    run(off, home)
    assert store.decision(sweep_id).summary["ceiling_bound"].isna().all()
    assert store.settings(sweep_id).ceiling.enabled is False
    assert "is off (ceiling.enabled is false)" in home.report(sweep_id).read_text(encoding="utf-8")
    assert stale(off, home) == []


def test_a_failed_model_of_the_ceiling_is_a_row_and_takes_no_cell_with_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
):
    execute = fit_task.execute_fit

    def fail_on_noise(task: fit_task.FitTask, arrays: object) -> object:
        if task.name.startswith("independent"):
            raise ValueError("no gain")
        return execute(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", fail_on_noise)
    sweep = small_sweep(**ONE_FOLD)
    run(sweep, home)
    store = ResultsStore(home)
    rows = store.ceiling(sweep.sweep_id)
    failed = rows[rows["status"] == "training_failed"]
    assert set(failed["noise"]) == {"independent"}
    assert set(failed["reason"]) == {"label_ceiling: ValueError: no gain"}
    assert set(store.read(sweep.sweep_id)["status"]) == {"ok"}
    assert stale(sweep, home) == ["label_ceiling", "gate_decision", "sweep_report"]
