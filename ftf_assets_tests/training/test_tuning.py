"""Tuning: reads the fit part only, the same for any number of workers, never worse than the defaults."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ftf_assets.contracts.bundles import Outcome
from ftf_assets.training import boosting, fit_task
from ftf_assets.training import tuning as tuning_module
from ftf_assets.training.evaluation import evaluate_cells
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.fit_keys import trial_key
from ftf_assets.training.fit_task import execute_fit
from ftf_assets.training.folds.inner_folds import inner_folds
from ftf_assets.training.parameters import Rounds, Tuning
from ftf_assets.training.planned_fits import planned_fit_keys, planned_trial_keys
from ftf_assets.training.tuning import STARTUP_TRIALS, Tuned, TuningTarget, best_trial, tune
from ftf_assets.training.variants import BASELINE_VARIANT
from ftf_assets_tests.support.production import (
    SCORING,
    STANDARD,
    MemoryFitStore,
    plan_of,
    train,
    variants_of,
)

#: Holds the parameters of ``plan_of``, which are the first trial.
SPACE = (
    ("max_depth", (2.0, 8.0)),
    ("learning_rate", (0.02, 0.2)),
    ("min_child_weight", (1.0, 50.0)),
    ("subsample", (0.5, 1.0)),
    ("colsample_bytree", (0.3, 1.0)),
    ("reg_lambda", (0.1, 50.0)),
)
#: Enough trials for the estimator to take over from the random ones.
TRIALS = STARTUP_TRIALS + 3


def tuning(trials=TRIALS, mode="baseline", **changes) -> Tuning:
    return Tuning(**{"mode": mode, "trials": trials, "folds": 2, "seeds": 1, "space": SPACE} | changes)


@pytest.fixture
def tuned_plan(make_plan):
    """Two outer and two inner folds, one seed, at most 20 trees a fit."""

    def plan(trials=TRIALS, mode="baseline", *, variants=STANDARD, space=SPACE, seeds=1, **changes):
        rounds = Rounds(minimum=4, maximum=20, patience=4)
        chosen = tuning(trials, mode, space=space, seeds=seeds)
        return make_plan(tuning=chosen, variants=variants, rounds=rounds, **changes)

    return plan


def baseline_targets(plan, arrays) -> list[TuningTarget]:
    return [
        TuningTarget(
            fold=fold,
            variant=BASELINE_VARIANT,
            rows=fold.fit,
            labels=arrays.y[fold.fit].astype(np.float32),
            weight=arrays.base_weight[fold.fit],
        )
        for fold in plan.folds(arrays)
    ]


def study(plan, arrays, store=None, workers=1):
    """What the studies of all folds found, and the events of their fits."""
    events = []
    fit_engine = FitEngine(
        MemoryFitStore() if store is None else store, ThreadFitExecutor(workers), events.append
    )
    return tune(plan, arrays, baseline_targets(plan, arrays), fit_engine), events


@pytest.fixture
def seen(monkeypatch):
    """The tasks of the fits that are run and not reused, by key."""
    tasks = {}

    def note(task, arrays):
        tasks[task.key] = task
        return execute_fit(task, arrays)

    monkeypatch.setattr(fit_task, "execute_fit", note)
    return tasks


@pytest.fixture
def fail_where(monkeypatch):
    def patch(condition, error):
        def fit(task, arrays):
            if condition(task):
                raise error
            return execute_fit(task, arrays)

        monkeypatch.setattr(fit_task, "execute_fit", fit)

    return patch


def trials_of(tasks, fold=0) -> dict[int, dict]:
    """Parameters per trial of a fold's baseline, from the tasks that were seen."""
    found = {}
    for task in tasks.values():
        if task.fold == fold and task.name.startswith("baseline, tuning trial"):
            found[int(task.name.split()[3].rstrip(","))] = task.parameters
    return dict(sorted(found.items()))


# --- what a study may look at ---------------------------------------------------------------------------


def test_no_trial_touches_the_validation_slice_or_a_test_row(tuned_plan, training_arrays, seen):
    plan = tuned_plan(trials=2)
    start, end = training_arrays.start, training_arrays.end
    study(plan, training_arrays)
    folds = plan.folds(training_arrays)
    assert {task.fold for task in seen.values()} == {0, 1}
    for task in seen.values():
        fold = folds[task.fold]
        used = np.concatenate([task.rows, *task.predict.values()])
        assert np.isin(used, fold.fit).all()
        assert end[used].max() < start[fold.validation].min(), (
            "no label interval reaches the validation slice"
        )
        assert end[used].max() < start[fold.test].min()


def test_validation_and_test_rows_choose_no_parameter(tuned_plan, training_arrays):
    plan = tuned_plan(trials=3)
    first = plan.folds(training_arrays)[0].validation[0]
    y, X = training_arrays.y.copy(), training_arrays.X.copy()
    y[first:], X[first:] = 1 - y[first:], 0
    upside_down = dataclasses.replace(training_arrays, y=y, X=X)
    expected, found = (study(plan, arrays)[0][0] for arrays in (training_arrays, upside_down))
    assert found == expected


def test_the_block_that_is_scored_stops_no_boosting_and_comes_after_all_that_is_learned(
    tuned_plan, training_arrays, seen
):
    start, end = training_arrays.start, training_arrays.end
    study(tuned_plan(trials=1), training_arrays)
    for task in seen.values():
        validation, scored = task.predict["validation"], task.predict["scored"]
        assert set(task.predict) == {"validation", "scored"}
        assert task.rounds == Rounds(minimum=4, maximum=20, patience=4)
        assert end[task.rows].max() < start[validation].min()
        assert end[validation].max() < start[scored].min()


def test_trials_differ_in_their_parameters_and_in_nothing_else(tuned_plan, training_arrays, seen):
    study(tuned_plan(trials=3, seeds=2), training_arrays)
    by_block = {}
    for task in seen.values():
        by_block.setdefault((task.fold, task.name.split(", ", 2)[2]), []).append(task)
    assert len(by_block) == 8
    seeds = {task.seed for task in seen.values()}
    assert len(seeds) == 8, "each outer fold, inner fold and repeat has a seed of its own"
    for tasks in by_block.values():
        assert len({task.seed for task in tasks}) == 1
        for name in ("rows", "labels", "weight"):
            np.testing.assert_array_equal(getattr(tasks[0], name), getattr(tasks[2], name))
        assert tasks[0].parameters != tasks[1].parameters != tasks[2].parameters


def test_the_objective_is_the_mean_roc_auc_over_inner_folds_and_seeds_on_hard_labels(
    tuned_plan, training_arrays, fit_store
):
    plan = tuned_plan(trials=1, seeds=2)
    (found, _), _ = study(plan, training_arrays, fit_store)
    fold = plan.folds(training_arrays)[0]
    inner = inner_folds(
        training_arrays.start, training_arrays.end, training_arrays.y, fold.fit,
        n_folds=2, validation_fraction=0.15, embargo=plan.embargo(training_arrays),
    )  # fmt: skip
    fits = {
        (block.index, repeat): fit_store.fits[trial_key(plan, 0, BASELINE_VARIANT, 0, block.index, repeat)]
        for block in inner
        for repeat in (0, 1)
    }
    scores = [
        roc_auc_score(training_arrays.y[inner[block].test], fit.probabilities["scored"])
        for (block, _), fit in fits.items()
    ]
    assert len(set(scores)) == 4
    assert found.default_roc_auc == pytest.approx(np.mean(scores), rel=1e-12)
    assert all(fit.booster == b"" for fit in fits.values()), "a trial's model is wanted by nobody"


CHOICES = {
    "a gain in every score": ([[0.5, 0.5, 0.5, 0.5], [0.52, 0.53, 0.52, 0.53]], 1),
    "a gain of two standard errors": ([[0.5, 0.5, 0.5, 0.5], [0.52, 0.50, 0.53, 0.51]], 0),
    "a gain within one standard error": ([[0.5, 0.5, 0.5, 0.5], [0.60, 0.48, 0.50, 0.47]], 0),
    "a better mean by luck in one score": (
        [[0.5, 0.5, 0.5, 0.5], [0.70, 0.49, 0.49, 0.49], [0.52, 0.52, 0.53, 0.52]],
        2,
    ),
    "differences, not levels, are judged": ([[0.4, 0.6, 0.5, 0.7], [0.41, 0.61, 0.52, 0.71]], 1),
    "a loss in every score": ([[0.5, 0.5, 0.5, 0.5], [0.48, 0.47, 0.48, 0.47]], 0),
    "the first of equal trials": ([[0.5, 0.5], [0.52, 0.53], [0.52, 0.53]], 1),
    "the defaults alone": ([[0.5, 0.5]], 0),
    "one score only": ([[0.5], [0.9]], 0),
}


@pytest.mark.parametrize(("scores", "chosen"), CHOICES.values(), ids=CHOICES)
def test_a_trial_replaces_the_defaults_only_beyond_three_standard_errors(scores, chosen):
    assert best_trial(np.array(scores)) == chosen


# --- what a study finds ---------------------------------------------------------------------------------


def test_the_first_trial_is_the_defaults_so_tuning_is_never_worse_on_its_own_objective(
    tuned_plan, training_arrays, seen, monkeypatch
):
    monkeypatch.setattr(tuning_module, "STANDARD_ERRORS", 0.0)
    plan = tuned_plan()
    found, _ = study(plan, training_arrays)
    assert trials_of(seen)[0] == plan.parameters
    for one in found:
        assert one.n_trials == TRIALS
        assert one.roc_auc >= one.default_roc_auc
    assert found[0].parameters == trials_of(seen)[found[0].best_trial]
    assert any(one.best_trial > 0 for one in found)


def test_every_trial_lies_within_the_space_and_what_it_does_not_name_keeps_its_default(
    tuned_plan, training_arrays, seen
):
    space = (("max_depth", (2.0, 4.0)), ("learning_rate", (0.1, 0.2)))
    plan = tuned_plan(space=space)
    study(plan, training_arrays)
    tried = list(trials_of(seen).values())
    assert len(tried) == TRIALS
    for parameters in tried:
        assert set(parameters) == set(plan.parameters)
        assert isinstance(parameters["max_depth"], int)
        assert all(low <= parameters[name] <= high for name, (low, high) in space)
        others = set(plan.parameters) - {"max_depth", "learning_rate"}
        assert all(parameters[name] == plan.parameters[name] for name in others)


def test_workers_and_the_store_do_not_matter(tuned_plan, training_arrays):
    alone, _ = study(tuned_plan(seeds=2), training_arrays, workers=1)
    side_by_side, _ = study(tuned_plan(seeds=2), training_arrays, workers=3)
    assert side_by_side == alone


@pytest.fixture
def choose(monkeypatch):
    """Let every study choose the trial of this number."""
    return lambda number: monkeypatch.setattr(tuning_module, "best_trial", lambda scores: number)


def test_a_fold_tries_the_winners_of_earlier_folds_right_after_the_defaults(
    tuned_plan, training_arrays, seen, choose
):
    choose(2)
    (first, _), _ = study(tuned_plan(trials=4), training_arrays)
    assert trials_of(seen, fold=0)[2] == first.parameters
    assert trials_of(seen, fold=1)[0] == tuned_plan().parameters
    assert trials_of(seen, fold=1)[1] == first.parameters
    later = list(trials_of(seen, fold=1).values())
    assert len({str(parameters) for parameters in later}) == 4


def test_defaults_that_no_trial_beats_are_tried_once_per_fold(tuned_plan, training_arrays, seen, choose):
    choose(0)
    study(tuned_plan(trials=3), training_arrays)
    for fold in (0, 1):
        tried = list(trials_of(seen, fold=fold).values())
        assert tried.count(tuned_plan().parameters) == 1


def test_a_fold_without_a_study_leaves_the_next_one_without_its_winner(
    tuned_plan, training_arrays, seen, choose, fail_where
):
    choose(1)
    study(tuned_plan(trials=2), training_arrays)
    with_winner = trials_of(seen, fold=1)[1]
    fail_where(lambda task: task.fold == 0, ValueError("boom"))
    (failed, found), _ = study(tuned_plan(trials=2), training_arrays)
    assert (failed.status, failed.error_stage) == ("training_failed", "tuning")
    assert isinstance(found, Tuned)
    assert found.parameters != with_winner


def test_the_study_of_a_fold_depends_on_earlier_folds_and_on_no_later_one(tuned_plan, training_arrays):
    plan = tuned_plan(trials=4)
    both, _ = study(plan, training_arrays)
    first = baseline_targets(plan, training_arrays)[:1]
    assert (
        tune(plan, training_arrays, first, FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None))
        == both[:1]
    )


def test_another_seed_tries_other_parameters_after_the_defaults(tuned_plan, training_arrays, seen):
    study(tuned_plan(trials=2), training_arrays)
    first = trials_of(seen)
    seen.clear()
    study(tuned_plan(trials=2, seed=8), training_arrays)
    assert trials_of(seen)[0] == first[0]
    assert trials_of(seen)[1] != first[1]


def constant_probabilities(monkeypatch, value=0.2):
    constant = SimpleNamespace(rounds=5, predict=lambda X: np.full(len(X), value), to_ubjson=lambda: b"")
    monkeypatch.setattr(boosting, "fit_booster", lambda *_, **__: constant)


def test_a_constant_objective_leaves_the_defaults(tuned_plan, training_arrays, monkeypatch):
    constant_probabilities(monkeypatch)
    plan = tuned_plan()
    for one in study(plan, training_arrays)[0]:
        assert (one.parameters, one.best_trial, one.n_trials) == (plan.parameters, 0, TRIALS)
        assert one.roc_auc == one.default_roc_auc


def test_a_score_that_cannot_be_computed_is_a_failed_study(tuned_plan, training_arrays, monkeypatch):
    constant_probabilities(monkeypatch, np.nan)
    for one in study(tuned_plan(trials=2), training_arrays)[0]:
        assert (one.status, one.error_stage) == ("training_failed", "tuning")
        assert "NaN" in one.error_message


# --- interruption and reuse -----------------------------------------------------------------------------


class Killed(BaseException):
    pass


class DyingStore(MemoryFitStore):
    """A store that keeps a number of fits and then raises, as if the process were killed."""

    def __init__(self, lifetime: int) -> None:
        super().__init__()
        self.lifetime = lifetime

    def put(self, key, result):
        if len(self.fits) == self.lifetime:
            raise Killed
        super().put(key, result)


@pytest.mark.parametrize("lifetime", [1, 9, 4 * (STARTUP_TRIALS + 1) + 2])
def test_a_killed_study_continues_from_its_finished_fits_to_the_same_parameters(
    tuned_plan, training_arrays, lifetime
):
    expected, _ = study(tuned_plan(), training_arrays)
    dying = DyingStore(lifetime)
    with pytest.raises(Killed):
        study(tuned_plan(), training_arrays, dying)
    store = MemoryFitStore()
    store.fits |= dying.fits
    again, events = study(tuned_plan(), training_arrays, store)
    assert again == expected
    kinds = [event.kind for event in events]
    assert (kinds.count("reused"), kinds.count("done")) == (lifetime, 4 * TRIALS - lifetime)


def test_a_longer_study_continues_a_shorter_one_in_the_first_fold_and_reuses_the_defaults_in_the_others(
    tuned_plan, training_arrays, fit_store
):
    study(tuned_plan(trials=2), training_arrays, fit_store)
    found, events = study(tuned_plan(), training_arrays, fit_store)
    assert [event.kind for event in events].count("reused") == (2 + 1) * 2
    assert found == study(tuned_plan(), training_arrays)[0]


# --- in the run -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(training_arrays):
    """A baseline-tuned and a per-variant run of three variants, which take any better trial; read only.

    With the seed 4 a variant chooses other parameters than the baseline.
    """
    variants = variants_of("label_smoothing=mild,cleanlab=filter")
    rounds = Rounds(minimum=4, maximum=20, patience=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning_module, "STANDARD_ERRORS", 0.0)
        return {
            mode: train(
                plan_of(training_arrays, tuning=tuning(4, mode), variants=variants, rounds=rounds, seed=4),
                training_arrays,
            )
            for mode in ("baseline", "per_variant")
        }


@pytest.mark.parametrize("mode", ["baseline", "per_variant"])
def test_what_a_study_chose_is_a_valid_baseline(runs, mode):
    runs[mode].baselines.validate(
        "OPUSDC", n_folds=2, min_rounds=4, max_rounds=20, n_trials=4, search_space=dict(SPACE)
    )


@pytest.mark.parametrize("mode", ["baseline", "per_variant"])
def test_the_plan_knows_every_fit_of_a_tuned_run(runs, mode):
    run = runs[mode]
    assert set(run.store.fits) == set(planned_fit_keys(run.plan))
    n_studies = 2 * (1 if mode == "baseline" else 3)
    assert sum(len(planned_trial_keys(run.plan, fold)) for fold in (0, 1)) == n_studies * 4 * 2


def test_tuned_parameters_hold_for_masks_and_all_variants(tuned_plan, training_arrays, seen, choose):
    choose(2)
    run = train(tuned_plan(trials=4, variants=variants_of("cleanlab=filter")), training_arrays)
    assert [baseline.best_trial for baseline in run.baselines.folds] == [2, 2]
    for baseline in run.baselines.folds:
        assert baseline.provenance == "tuned"
        used = [t for t in seen.values() if t.fold == baseline.fold and "tuning trial" not in t.name]
        assert len(used) == 1 + 5 + 1
        assert all(task.parameters == baseline.parameters for task in used)


def test_per_variant_tunes_each_variant_and_leaves_the_baseline_and_the_masks_as_they_are(runs):
    held, own = runs["baseline"], runs["per_variant"]
    assert own.baselines == held.baselines
    for fold in (0, 1):
        np.testing.assert_array_equal(own.mask("filter", fold).keep, held.mask("filter", fold).keep)
        assert own.cell("baseline", fold).cell_key == held.cell("baseline", fold).cell_key
        for variant in ("mild", "filter"):
            assert held.cell(variant, fold).parameters == held.cell("baseline", fold).parameters
            assert own.cell(variant, fold).cell_key != held.cell(variant, fold).cell_key
            assert own.cell(variant, fold).n_trials == 4
    assert any(
        own.cell(variant, fold).parameters != own.cell("baseline", fold).parameters
        for variant in ("mild", "filter")
        for fold in (0, 1)
    )
    assert any(
        own.cell(variant, fold).rounds != own.cell("baseline", fold).rounds
        for variant in ("mild", "filter")
        for fold in (0, 1)
    ), "rounds mean nothing without the parameters that they were found with"


def test_a_variants_trials_train_on_its_treatment_and_are_scored_on_untouched_rows(
    tuned_plan, training_arrays, seen
):
    variants = variants_of("label_smoothing=mild,cleanlab=filter")
    run = train(tuned_plan(trials=1, mode="per_variant", variants=variants), training_arrays)
    by_name = {(task.name, task.fold): task for task in seen.values()}
    for fold in (0, 1):
        plain, mild, filtered = (
            by_name[f"{name}, tuning trial 0, inner fold 1, seed 0", fold]
            for name in ("baseline", "mild", "filter")
        )
        kept = run.mask("filter", fold).rows[run.mask("filter", fold).keep]
        np.testing.assert_array_equal(filtered.rows, np.intersect1d(plain.rows, kept))
        assert len(filtered.rows) < len(plain.rows)
        assert set(np.unique(mild.labels)) == set(np.float32([0.02, 0.90]))
        for task in (mild, filtered):
            for name, rows in plain.predict.items():
                np.testing.assert_array_equal(task.predict[name], rows)


@pytest.mark.parametrize("mode", ["baseline", "per_variant"])
def test_rows_state_their_parameters_and_number_of_trials(runs, mode):
    run = runs[mode]
    rows = evaluate_cells(run.plan, run.arrays, run.masks, run.models, scoring=SCORING)
    for row in (one.row for one in rows):
        cell = run.cell(row["variant"], row["fold"])
        assert row["n_trials"] == 4
        assert json.loads(row["params"]) == cell.parameters


@pytest.mark.parametrize("workers", [1, 3])
def test_a_failed_trial_fails_the_cells_of_its_fold_at_stage_tuning_and_no_other(
    tuned_plan, training_arrays, runs, fail_where, workers, monkeypatch
):
    monkeypatch.setattr(tuning_module, "STANDARD_ERRORS", 0.0)
    fail_where(lambda t: "trial 2, inner fold 1" in t.name and t.fold == 1, MemoryError("out of memory"))
    run = train(runs["baseline"].plan, training_arrays, workers=workers)
    for cell in run.models.cells:
        if cell.fold == 1:
            assert dataclasses.astuple(cell.outcome) == (
                "training_failed", "MemoryError", "out of memory", "tuning",
            )  # fmt: skip
        else:
            expected = runs["baseline"].cell(cell.variant, 0)
            assert cell.outcome == Outcome()
            np.testing.assert_array_equal(cell.test_probability, expected.test_probability)


def test_a_failed_study_of_a_variant_fails_that_cell_only(training_arrays, runs, fail_where):
    fail_where(lambda t: t.name.startswith("mild, tuning") and t.fold == 1, ValueError("bad split"))
    run = train(runs["per_variant"].plan, training_arrays)
    failed = [(c.variant, c.fold, c.outcome.error_stage) for c in run.models.cells if c.outcome.error_type]
    assert failed == [("mild", 1, "tuning")]
    assert run.cell("mild", 1).parameters == {}
    assert run.cell("filter", 1).n_trials == 4


def test_a_fit_part_that_makes_no_inner_folds_is_skipped_and_says_what_to_do(tuned_plan, training_arrays):
    plan = tuned_plan(trials=2)
    fit = plan.folds(training_arrays)[0].fit
    y = training_arrays.y.copy()
    y[fit[-len(fit) // 4 :]] = 0
    run = train(plan, dataclasses.replace(training_arrays, y=y))
    for variant in ("baseline", "mild"):
        outcome = run.cell(variant, 0).outcome
        assert (outcome.status, outcome.error_stage) == ("skipped_short_history", "")
        assert "too little history to tune on: inner fold 1 has 0 BUYs" in outcome.error_message
        assert "Lower training.tune_folds" in outcome.error_message
        assert run.cell(variant, 1).outcome.status == "ok"


def test_results_come_in_the_order_of_the_targets(tuned_plan, training_arrays):
    plan = tuned_plan(trials=2)
    targets = baseline_targets(plan, training_arrays)
    quiet = FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None)
    forward = tune(plan, training_arrays, targets, quiet)
    backward = tune(
        plan,
        training_arrays,
        targets[::-1],
        FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None),
    )
    assert forward == backward[::-1]
    assert all(isinstance(one, Tuned) for one in forward)
    assert tune(plan, training_arrays, [], quiet) == ()


OFF_PATH = """
import sys
from ftf_assets_tests.support.production import feature_cache, plan_of, production_rows, train
from ftf_assets.contracts.coercion import coerce_training_data
from ftf_assets.training.parameters import Tuning

arrays = coerce_training_data(**production_rows(feature_cache()).pandas, crypto="OPUSDC")
for tuning in (Tuning(), Tuning(mode="baseline", trials=0), Tuning(mode="off", trials=15)):
    run = train(plan_of(arrays, tuning=tuning, variants=plan_of(arrays).variants[:1]), arrays)
    (one, _) = run.baselines.folds
    assert (one.provenance, one.n_trials, one.parameters) == ("default", 0, run.plan.parameters)
    assert len(run.store.fits) == 2
print(sorted({"optuna", "cleanlab"} & set(sys.modules)))
"""


def test_without_trials_nothing_is_tuned_and_optuna_is_not_imported():
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", OFF_PATH], cwd=root, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
