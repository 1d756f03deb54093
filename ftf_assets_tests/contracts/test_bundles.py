"""The bundles that assets store: valid values of a run pass, and each broken one is refused by its rule."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleanlabMasks,
    FoldBaseline,
    Outcome,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets_tests.support.production import EPSILONS

replace = dataclasses.replace

# --- outcomes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(), ("ok", "", "", "")),
        (
            Outcome.failed(ValueError("too\n  much"), "fit"),
            ("training_failed", "ValueError", "too much", "fit"),
        ),
        (
            Outcome.failed(CellError("cleaning", "no BUY"), "fit"),
            ("training_failed", "CellError", "no BUY", "cleaning"),
        ),
        (Outcome.failed(MemoryError(), "fit"), ("training_failed", "MemoryError", "MemoryError", "fit")),
        (
            Outcome.failed(ValueError("x" * 5000), "fit"),
            ("training_failed", "ValueError", "x" * 1000, "fit"),
        ),
        (
            Outcome.skipped("412 fit rows, 1000 needed"),
            ("skipped_short_history", "", "412 fit rows, 1000 needed", ""),
        ),
    ],
    ids=["ok", "one line", "own stage", "no message", "long message", "skipped"],
)
def test_an_outcome_says_how_it_ended(outcome, expected):
    assert dataclasses.astuple(outcome) == expected


# --- smoothed labels -----------------------------------------------------------------------------------


def expected_labels(run):
    y = run.arrays.y
    return {
        name: np.where(y == 1, np.float32(1 - buy), np.float32(hold))
        for name, (buy, hold) in (EPSILONS | {"baseline": (0.0, 0.0)}).items()
        if name != "none"
    }


def validate_labels(run, soft):
    soft.validate("OPUSDC", labels=run.arrays.y, soft_labels=expected_labels(run))


def test_smoothed_labels_of_a_run_are_valid(standard_run):
    validate_labels(standard_run, standard_run.soft_labels)


def wrong_label(soft):
    values = soft.levels["mild"].copy()
    values[5] = 0.5
    return values


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (
            lambda soft: {"baseline": soft.levels["baseline"]},
            "'mild': every label treatment of the sweep needs its soft labels",
        ),
        (
            lambda soft: soft.levels | {"mild": soft.levels["mild"][1:]},
            "'mild': every row needs one soft label .found 2485 labels for 2486 rows",
        ),
        (
            lambda soft: soft.levels | {"mild": wrong_label(soft)},
            "'mild', row 5: soft labels must be .*found 0.5",
        ),
        (
            lambda soft: soft.levels | {"mild": 1 - soft.levels["mild"]},
            r"'mild', row 0: .*found 0\.98.*allowed: 0\.02.*, below one half",
        ),
    ],
    ids=["missing level", "length", "one wrong value", "classes swapped"],
)
def test_smoothed_labels_are_refused(standard_run, change, rule):
    soft = standard_run.soft_labels
    with pytest.raises(InputError, match=f"OPUSDC, column {rule}"):
        validate_labels(standard_run, replace(soft, levels=change(soft)))


# --- baselines -----------------------------------------------------------------------------------------

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
        (lambda first, second: (first, replace(second, provenance="guess")), "fold 1 have no provenance"),
        (lambda first, second: (first, replace(second, parameters={})), "fold 1 have no provenance"),
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
    BaselineParameters((replace(TUNED, average_precision=0.24, best_trial=0),)).validate("OPUSDC", **SEARCH)
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
        ({"n_trials": 14}, "fold 0 come from another search .*found tuned, 14 trials; allowed: 15 trials"),
        ({"provenance": "default"}, "come from another search .*found default, 15 trials"),
        ({"average_precision": 0.23}, "score below the defaults .*found average precision 0.23"),
        ({"average_precision": None}, "score below the defaults"),
        ({"average_precision": float("nan")}, "score below the defaults"),
    ],
    ids=["too deep", "missing", "trials", "provenance", "worse", "no objective", "NaN"],
)
def test_tuned_baselines_are_refused(change, rule):
    with pytest.raises(InputError, match=f"OPUSDC.*{rule}"):
        BaselineParameters((replace(TUNED, **change),)).validate("OPUSDC", **SEARCH)


def test_a_tuned_baseline_where_nothing_should_be_tuned_is_refused():
    with pytest.raises(InputError, match="allowed: 0 trials"):
        BaselineParameters((TUNED,)).validate("OPUSDC", n_folds=1, min_rounds=4, max_rounds=60)


# --- masks ---------------------------------------------------------------------------------------------


def fit_parts(run):
    return {fold.index: fold.fit for fold in run.plan.folds(run.arrays)}


def validate_masks(run, masks, cap=0.10):
    masks.validate("OPUSDC", labels=run.arrays.y, fit_parts=fit_parts(run), suspect_cap=cap)


def validate_mask(run, mask, cap=0.10):
    validate_masks(run, CleanlabMasks((mask,)), cap)


def test_masks_of_a_run_are_valid_and_failed_ones_hold_nothing_to_check(standard_run):
    run = standard_run
    failed = replace(
        run.mask("filter"), outcome=Outcome.failed(ValueError(), "cleaning"), rows=run.mask("filter").rows
    )
    validate_masks(run, CleanlabMasks((*run.masks.masks, failed)))


def at(values, row, value):
    values = values.copy()
    values[row] = value
    return values


def suspects_of_every_buy(mask, run):
    return {"suspect": mask.suspect | (run.arrays.y[mask.rows] == 1)}


def only_first_rows(mask, run):
    shorter = ("rows", "probability", "label_quality", "suspect", "keep", "weight")
    return {name: getattr(mask, name)[:-1] for name in shorter}


BROKEN_MASKS = {
    "leak of a validation row": (
        lambda mask, run: {"rows": at(mask.rows, -1, run.plan.folds(run.arrays)[0].validation[0])},
        "1 rows outside it",
    ),
    "leak of a test row": (
        lambda mask, run: {"rows": at(mask.rows, -1, run.plan.folds(run.arrays)[0].test[0])},
        "1 rows outside it",
    ),
    "a fit row is missing": (only_first_rows, "found 1067 of 1068 rows; allowed: the fit part"),
    "probability above 1": (
        lambda mask, run: {"probability": at(mask.probability, 3, 1.5)},
        r"probability must be in \[0, 1\] \(found 1.5",
    ),
    "probability missing": (
        lambda mask, run: {"probability": at(mask.probability, 3, np.nan)},
        r"probability must be in \[0, 1\] \(found nan",
    ),
    "quality below 0": (
        lambda mask, run: {"label_quality": at(mask.label_quality, 3, -0.1)},
        r"label quality must be in \[0, 1\] \(found -0.1",
    ),
    "a row that is no suspect is dropped": (
        lambda mask, run: {"keep": at(mask.keep, np.flatnonzero(~mask.suspect)[:2], False)},
        r"only suspects may be dropped \(found 2",
    ),
    "every BUY is a suspect": (suspects_of_every_buy, "too many suspects of BUY for the cap"),
    "more suspects than were flagged": (
        lambda mask, run: {"n_flagged_buy": 3},
        r"more suspects of BUY than were flagged .*at most 3",
    ),
    "negative weight": (lambda mask, run: {"weight": at(mask.weight, 3, -1)}, "weights .*found -1.0"),
    "infinite weight": (
        lambda mask, run: {"weight": at(mask.weight, 3, np.inf)},
        "weights must be finite and not negative .found inf",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "rule"), BROKEN_MASKS.values(), ids=BROKEN_MASKS)
def test_masks_are_refused(standard_run, change, rule):
    mask = standard_run.mask("filter")
    with pytest.raises(InputError, match=f"OPUSDC: filter of fold 0, variant filter: .*{rule}"):
        validate_mask(standard_run, replace(mask, **change(mask, standard_run)))


def test_a_mask_of_a_fold_that_the_sweep_does_not_have_is_named(standard_run):
    stranger = replace(standard_run.mask("filter"), fold=9)
    with pytest.raises(InputError, match=r"OPUSDC: filter of fold 9, .*fold 9; allowed: folds \[0, 1\]"):
        validate_mask(standard_run, stranger)


def test_the_cap_holds_for_each_class_on_its_own(standard_run):
    mask = standard_run.mask("filter", fold=1)
    y = standard_run.arrays.y[mask.rows]
    limit = int(0.10 * (y == 0).sum())
    holds = np.flatnonzero(y == 0)
    full = np.zeros(len(y), bool)
    full[holds[:limit]] = True
    mask = replace(mask, n_flagged_hold=len(holds))
    validate_mask(standard_run, replace(mask, suspect=full, keep=~full))
    full[holds[limit]] = True
    with pytest.raises(
        InputError,
        match=f"too many suspects of HOLD for the cap .found {limit + 1}; allowed: at most {limit}",
    ):
        validate_mask(standard_run, replace(mask, suspect=full, keep=~full))


def test_a_mask_for_other_settings_is_not_found(standard_run):
    assert [mask.cleaner for mask in standard_run.masks.find(1, "reweight")] == ["reweight"]
    with pytest.raises(InputError, match=r"no cleaning mask for this cell .found fold 1, mild\+reweight"):
        standard_run.masks.find(1, "mild+reweight")


# --- trained models ------------------------------------------------------------------------------------


def test_missing_cells_are_listed(standard_run):
    variants = tuple(variant.name for variant in standard_run.plan.variants)
    assert standard_run.models.missing_cells(2, variants) == []
    fewer = TrainedModels(standard_run.models.cells[1:-1])
    assert fewer.missing_cells(2, variants) == [(0, "baseline"), (1, "reweight")]


def validate_cells(run, *cells):
    variants = tuple(variant.name for variant in run.plan.variants)
    TrainedModels(cells).validate("OPUSDC", n_rows=run.arrays.n_rows, n_folds=2, variants=variants)


def test_trained_models_of_a_run_are_valid_and_failed_or_missing_cells_are_not_refused(standard_run):
    validate_cells(standard_run, *standard_run.models.cells)
    validate_cells(standard_run, *standard_run.models.cells[1:])
    validate_cells(standard_run, TrainedCell(0, "mild", {}, Outcome.failed(ValueError("boom"), "fit")))


def two_seeds(cell, probability=0.5, threshold=0.5):
    return {
        "seed_thresholds": np.array([0.5, threshold]),
        "seed_probability": np.full((2, len(cell.test_rows)), probability),
    }


BROKEN_CELLS = {
    "no such fold": (lambda cell: {"fold": 2}, "no such fold .found 2; allowed: folds 0 to 1"),
    "no such variant": (lambda cell: {"variant": "wild"}, "no such variant .found wild; allowed: baseline,"),
    "no fit": (lambda cell: {"fit_keys": ()}, "needs a fit .* .found 0 fits of"),
    "no rounds": (lambda cell: {"rounds": 0}, "needs a fit .* .found 1 fits of 0 rounds"),
    "threshold above 1": (lambda cell: {"threshold": 1.5}, "threshold must be in .0, 1. .found 1.5"),
    "threshold of a seed": (lambda cell: two_seeds(cell, threshold=-1.0), "threshold .*found -1.0"),
    "probability above 1": (
        lambda cell: {"test_probability": at(cell.test_probability, 3, 1.5)},
        "test probability must be in .0, 1. .found 1.5",
    ),
    "missing probability": (
        lambda cell: {"test_probability": at(cell.test_probability, 3, np.nan)},
        "test probability must be in .0, 1. .found nan",
    ),
    "probability of a seed": (lambda cell: two_seeds(cell, probability=2.0), "test probability .*found 2.0"),
    "row beyond the arrays": (
        lambda cell: {"test_rows": at(cell.test_rows, -1, 2_486)},
        "test rows must be increasing row numbers .* 2486; allowed: 0 to 2485",
    ),
    "repeated row": (lambda cell: {"test_rows": at(cell.test_rows, 1, cell.test_rows[0])}, "increasing row"),
    "no test row": (
        lambda cell: {"test_rows": cell.test_rows[:0], "test_probability": cell.test_probability[:0]},
        "increasing row numbers .* .found 0 rows;",
    ),
}


@pytest.mark.parametrize(("change", "rule"), BROKEN_CELLS.values(), ids=BROKEN_CELLS)
def test_broken_trained_cells_are_refused(standard_run, change, rule):
    cell = standard_run.cell("mild")
    with pytest.raises(InputError, match=f"OPUSDC: cell of fold ., variant .*: .*{rule}"):
        validate_cells(standard_run, replace(cell, **change(cell)))


def test_a_repeated_cell_is_refused(standard_run):
    cell = standard_run.cell("mild")
    with pytest.raises(InputError, match="OPUSDC: cell of fold 0, variant mild: a cell must not repeat"):
        validate_cells(standard_run, cell, cell)
