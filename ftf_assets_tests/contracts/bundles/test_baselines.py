"""``BaselineParameters``: the baselines of a run are valid, and each broken one is refused by its rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftf_assets.contracts.bundles import BaselineParameters, FoldBaseline, Outcome
from ftf_assets.contracts.errors import InputError

BOUNDS = {"n_folds": 2, "min_rounds": 4, "max_rounds": 60}


def test_baselines_of_a_run_are_valid_and_failed_ones_need_no_rounds(standard_run):
    first, second = standard_run.baselines.folds
    standard_run.baselines.validate("OPUSDC", **BOUNDS)
    failed = replace(second, outcome=Outcome.failed(ValueError("boom"), "baseline"), rounds=0, parameters={})
    BaselineParameters((first, failed)).validate("OPUSDC", **BOUNDS)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (
            lambda first, second: (first,),
            r"every fold needs one baseline, in order \(found folds \[0\]; allowed: folds 0 to 1",
        ),
        (
            lambda first, second: (second, first),
            r"every fold needs one baseline, in order \(found folds \[1, 0\]",
        ),
        (lambda first, second: (replace(first, rounds=3), second), "rounds of fold 0 .*found 3; .*4 to 60"),
        (lambda first, second: (first, replace(second, rounds=61)), "rounds of fold 1 .*found 61"),
        (
            lambda first, second: (first, replace(second, provenance="guess")),
            "fold 1 do not say whether they are defaults or tuned",
        ),
        (
            lambda first, second: (first, replace(second, parameters={})),
            "fold 1 do not say whether they are defaults or tuned",
        ),
    ],
    ids=["missing fold", "order", "too few", "too many", "provenance", "no parameters"],
)
def test_baselines_are_refused(standard_run, change, rule):
    with pytest.raises(InputError, match=f"OPUSDC: .*{rule}"):
        BaselineParameters(change(*standard_run.baselines.folds)).validate("OPUSDC", **BOUNDS)


SPACE = {"max_depth": (2.0, 8.0), "learning_rate": (0.02, 0.2)}


TUNED = FoldBaseline(
    0, Outcome(), 20, {"max_depth": 3, "learning_rate": 0.1}, "tuned", 15, "ab12", 4, 0.25, 0.24
)


SEARCH = {"n_folds": 1, "min_rounds": 4, "max_rounds": 60, "n_trials": 15, "search_space": SPACE}


def test_a_tuned_baseline_within_its_bounds_is_valid_and_an_untuned_failed_one_too():
    BaselineParameters((TUNED,)).validate("OPUSDC", **SEARCH)
    BaselineParameters((replace(TUNED, roc_auc=0.24, best_trial=0),)).validate("OPUSDC", **SEARCH)
    failed = FoldBaseline(0, Outcome.failed(ValueError("boom"), "tuning"))
    BaselineParameters((failed,)).validate("OPUSDC", **SEARCH)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"parameters": {"max_depth": 9, "learning_rate": 0.1}}, "'max_depth': .*found 9; allowed: 2 to 8"),
        (
            {"parameters": {"max_depth": 3}},
            "'learning_rate': .* out of bounds .allowed: 0.02 to 0.2",
        ),
        (
            {"n_trials": 14},
            "fold 0 were tuned with a different number of trials .found tuned, 14 trials; allowed: 15 trials",
        ),
        (
            {"provenance": "default"},
            "were tuned with a different number of trials .*found default, 15 trials",
        ),
        ({"roc_auc": 0.23}, "score below the defaults .*found ROC AUC 0.23"),
        ({"roc_auc": None}, "score below the defaults"),
        ({"roc_auc": float("nan")}, "score below the defaults"),
    ],
    ids=["too deep", "missing", "trials", "provenance", "worse", "no objective", "NaN"],
)
def test_tuned_baselines_are_refused(change, rule):
    with pytest.raises(InputError, match=f"OPUSDC.*{rule}"):
        BaselineParameters((replace(TUNED, **change),)).validate("OPUSDC", **SEARCH)


def test_a_tuned_baseline_where_nothing_should_be_tuned_is_refused():
    with pytest.raises(InputError, match="allowed: 0 trials"):
        BaselineParameters((TUNED,)).validate("OPUSDC", n_folds=1, min_rounds=4, max_rounds=60)
