"""The plan: what a sweep costs before it runs, and which keys a setting moves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.training import plan as plan_module
from ftf_assets.training.parameters import Rounds, Tuning
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT
from ftf_assets_tests.support.production import EPSILONS, STANDARD, train, variants_of

EDGES = np.arange(6, dtype=np.int64) * 10**15
STANDARD_PLAN = TrainingPlan(
    crypto="OPUSDC", arrays_key="rows", variants=STANDARD, edges=EDGES, epsilons=EPSILONS
)
TIMED = variants_of("cleanlab=filter_temporal")[1]
BY_NAME = {variant.name: variant for variant in variants_of("label_smoothing,cleanlab", "factorial")}

SPACE = (("max_depth", (2.0, 8.0)),)
TUNED = Tuning(mode="baseline", trials=15, folds=3, space=SPACE)

KEYS = {
    **{name: lambda plan, v=variant: plan.model_fit_key(0, v) for name, variant in BY_NAME.items()},
    "filter_temporal": lambda plan: plan.model_fit_key(0, TIMED),
    "out_of_fold none": lambda plan: plan.out_of_fold_key(0, BASELINE_VARIANT, 2),
    "out_of_fold mild": lambda plan: plan.out_of_fold_key(0, BY_NAME["mild"], 2),
}
EVERYTHING = set(KEYS)
CLEANED = {name for name, variant in BY_NAME.items() if variant["cleanlab"] != "off"}
UNCLEANED = set(BY_NAME) - CLEANED
OUT_OF_FOLD = {"out_of_fold none", "out_of_fold mild"}

CHANGES = {
    "crypto": ({"crypto": "ARBUSDC"}, EVERYTHING),
    "arrays": ({"arrays_key": "other rows"}, EVERYTHING),
    "sweep seed": ({"seed": 8}, EVERYTHING),
    "device": ({"device": "cuda"}, EVERYTHING),
    "parameters": ({"parameters": {"max_depth": 4}}, EVERYTHING),
    "rounds": ({"rounds": Rounds(20, 300, 30)}, EVERYTHING),
    "validation fraction": ({"validation_fraction": 0.2}, EVERYTHING),
    "embargo": ({"embargo_bars": 48}, EVERYTHING),
    "edges of the fold": ({"edges": EDGES + 1}, EVERYTHING),
    "edges of a later fold": ({"edges": np.append(EDGES[:-1], EDGES[-1] + 1)}, set()),
    "a fold less at the end": ({"edges": EDGES[:-1]}, set()),
    "only one fold": ({"edges": EDGES[:2]}, EVERYTHING),  # the last fold's span is closed
    "epsilons of mild": (
        {"epsilons": EPSILONS | {"mild": (0.12, 0.02)}},
        {"mild", "mild+filter", "mild+reweight", "out_of_fold mild"},
    ),
    "cap": ({"suspect_cap": 0.2}, CLEANED | {"filter_temporal"}),
    "barriers": ({"barriers": BarrierSettings(horizon=6)}, {"filter_temporal"}),
    "label quality": ({"label_quality": "adjusted_self_confidence"}, CLEANED),
    "out-of-fold blocks": ({"out_of_fold_blocks": 4}, CLEANED | {"filter_temporal"} | OUT_OF_FOLD),
    "rounds mode": ({"rounds_mode": "per_variant"}, set(BY_NAME) - {"baseline"} | {"filter_temporal"}),
    "seeds": ({"seeds": 3}, set()),
    "the baseline is tuned": ({"tuning": TUNED}, EVERYTHING),
    "each variant is tuned": (
        {"tuning": dataclasses.replace(TUNED, mode="per_variant")},
        EVERYTHING,
    ),
    "a mode without trials": ({"tuning": Tuning(mode="baseline")}, set()),
    "trials without a mode": ({"tuning": Tuning(trials=15)}, set()),
    "more variants": ({"variants": variants_of("cleanlab=filter_random")}, set()),
}


@pytest.mark.parametrize(("changes", "moved"), CHANGES.values(), ids=CHANGES)
def test_a_setting_changes_exactly_the_keys_that_depend_on_it(changes, moved):
    changed = dataclasses.replace(STANDARD_PLAN, **changes)
    assert {name for name, key in KEYS.items() if key(changed) != key(STANDARD_PLAN)} == moved


TUNED_PLAN = dataclasses.replace(STANDARD_PLAN, tuning=TUNED)
TUNED_KEYS = {
    **KEYS,
    **{
        f"trial of {name}": lambda plan, v=BY_NAME[name]: plan.trial_key(0, v, 3, 1)
        for name in ("baseline", "mild", "filter")
    },
}
TRIAL_KEYS = {name for name in TUNED_KEYS if name.startswith("trial")}

TUNING_CHANGES = {
    # What a variant's mask is made with depends on the whole study of the baseline; a trial on those before.
    "trials": ({"trials": 30}, EVERYTHING | {"trial of filter"}),
    "inner folds": ({"folds": 4}, EVERYTHING | TRIAL_KEYS),
    "space": ({"space": (("max_depth", (2.0, 7.0)),)}, EVERYTHING | TRIAL_KEYS),
    "mode": ({"mode": "per_variant"}, set(BY_NAME) - {"baseline"} | {"filter_temporal"}),
}


@pytest.mark.parametrize(("changes", "moved"), TUNING_CHANGES.values(), ids=TUNING_CHANGES)
def test_keys_hold_the_search_and_never_what_it_found(changes, moved):
    changed = dataclasses.replace(TUNED_PLAN, tuning=dataclasses.replace(TUNED, **changes))
    assert {name for name, key in TUNED_KEYS.items() if key(changed) != key(TUNED_PLAN)} == moved


@pytest.mark.parametrize("name", ["code_version", "library_versions", "tuning_versions"])
def test_versions_change_every_key_of_a_tuned_plan(monkeypatch, name):
    before = {name: key(TUNED_PLAN) for name, key in TUNED_KEYS.items()}
    monkeypatch.setattr(plan_module, name, lambda: "another")
    assert all(key(TUNED_PLAN) != before[name] for name, key in TUNED_KEYS.items())


def test_a_variants_trials_are_keyed_by_its_treatment_and_their_seeds_are_not():
    keys = [
        TUNED_PLAN.trial_key(f, v, t, i) for f in (0, 1) for v in STANDARD for t in (0, 1) for i in (0, 1)
    ]
    assert len(set(keys)) == len(keys)
    seeds = {TUNED_PLAN.trial_seed(fold, inner) for fold in (0, 1) for inner in (0, 1)}
    assert len(seeds | {TUNED_PLAN.sampler_seed(fold) for fold in (0, 1)}) == 6


@pytest.mark.parametrize(("mode", "studies"), [("baseline", 1), ("per_variant", 5), ("off", 0)])
def test_tuning_fits_are_counted_before_anything_runs(mode, studies):
    plan = dataclasses.replace(STANDARD_PLAN, tuning=dataclasses.replace(TUNED, mode=mode))
    assert len(plan.fit_keys()) == 5 * (10 + studies * 15 * 3)


@pytest.mark.parametrize("name", ["code_version", "library_versions"])
def test_code_and_library_versions_change_every_key(monkeypatch, name):
    before = {name: key(STANDARD_PLAN) for name, key in KEYS.items()}
    monkeypatch.setattr(plan_module, name, lambda: "another")
    assert {name for name, key in KEYS.items() if key(STANDARD_PLAN) != before[name]} == EVERYTHING


def test_every_fold_variant_repeat_and_block_has_a_key_of_its_own():
    plan = dataclasses.replace(STANDARD_PLAN, variants=tuple(BY_NAME.values()), seeds=3)
    keys = plan.fit_keys()
    assert len(keys) == len(set(keys)) == 5 * (9 * 3 + 3 * 5)


COUNTS = {
    "the standard protocol": ("label_smoothing,cleanlab", "one_factor", 1, 10),
    "smoothing only": ("label_smoothing", "one_factor", 1, 3),
    "cleanlab only": ("cleanlab", "one_factor", 1, 8),
    "a control shares the out-of-fold fits": ("cleanlab=filter,reweight,filter_random", "one_factor", 1, 9),
    "a temporal cleaner shares them too": (
        "cleanlab=filter,filter_temporal,filter_temporal_random",
        "one_factor",
        1,
        9,
    ),
    "factorial": ("label_smoothing,cleanlab", "factorial", 1, 9 + 15),
    "three seeds": ("label_smoothing,cleanlab", "one_factor", 3, 15 + 5),
    "a single cleaned cell needs its baseline": ("cleanlab=filter", "single", 1, 1 + 1 + 5),
    "a single smoothed cell needs its baseline": ("label_smoothing=mild", "single", 1, 1 + 1),
}


@pytest.mark.parametrize(("factors", "design", "seeds", "per_fold"), COUNTS.values(), ids=COUNTS)
def test_fits_are_counted_before_anything_runs(factors, design, seeds, per_fold):
    plan = dataclasses.replace(STANDARD_PLAN, variants=variants_of(factors, design), seeds=seeds)
    assert len(plan.fit_keys()) == 5 * per_fold
    if design != "single":  # a seed check is one more fit of each baseline, where it has one only
        checked = dataclasses.replace(plan, seed_check=True)
        assert len(checked.fit_keys()) == 5 * (per_fold + (seeds == 1))


def test_the_plan_knows_every_fit_that_a_run_makes(standard_run):
    assert set(standard_run.store.fits) == set(standard_run.plan.fit_keys())


def test_variants_of_one_fold_share_their_seed_and_folds_do_not(standard_run):
    seeds = {(cell.fold, cell.seed) for cell in standard_run.models.cells}
    assert len(seeds) == 2
    assert len({seed for _, seed in seeds}) == 2
    plan = standard_run.plan
    others = [plan.out_of_fold_seed(0, block) for block in range(5)] + [plan.control_seed(0)]
    assert len({plan.model_seed(0), plan.model_seed(0, 1), *others}) == 8


def test_a_cell_is_identified_by_its_fits():
    plan = dataclasses.replace(STANDARD_PLAN, seeds=2)
    assert plan.cell_fit_keys(1, BASELINE_VARIANT) == [
        plan.model_fit_key(1, BASELINE_VARIANT, r) for r in (0, 1)
    ]
    cells = {plan.cell_key(fold, variant) for fold in range(5) for variant in STANDARD}
    assert len(cells) == 25
    assert plan.cell_key(1, BASELINE_VARIANT) != STANDARD_PLAN.cell_key(1, BASELINE_VARIANT)


@pytest.mark.parametrize(
    ("factors", "design", "cleaned", "judges"),
    [
        ("label_smoothing,sample_weight", "one_factor", "", ""),
        ("cleanlab", "one_factor", "filter reweight", "baseline"),
        ("label_smoothing=mild,cleanlab=filter", "single", "mild+filter", "mild"),
        ("cleanlab=filter,sample_weight=uniqueness", "single", "filter+uniqueness", "uniqueness"),
        (
            "label_smoothing=mild,cleanlab=filter,sample_weight=uniqueness",
            "factorial",
            "filter filter+uniqueness mild+filter mild+filter+uniqueness",
            "baseline uniqueness mild mild+uniqueness",
        ),
    ],
)
def test_out_of_fold_models_judge_with_the_labels_and_weights_of_the_variants_that_clean(
    factors, design, cleaned, judges
):
    plan = dataclasses.replace(STANDARD_PLAN, variants=variants_of(factors, design))
    assert [variant.name for variant in plan.cleaned_variants] == cleaned.split()
    assert [variant.name for variant in plan.judges] == judges.split()


def test_soft_labels_are_made_for_every_level_and_none_is_the_hard_labels():
    y = np.array([0, 1, 0], np.int8)
    soft = STANDARD_PLAN.soft_labels(y).levels
    assert list(soft) == ["baseline", "mild", "aggressive"]
    np.testing.assert_array_equal(soft["baseline"], y)


def test_the_embargo_is_counted_in_the_cryptos_own_bars(make_plan, training_arrays):
    assert make_plan(embargo_bars=24).embargo(training_arrays) == 24 * 3_600 * 10**9
    assert make_plan().n_folds == len(make_plan().folds(training_arrays)) == 2


@pytest.mark.parametrize(
    "changes", [{}, {"tuning": dataclasses.replace(TUNED, trials=2)}], ids=["untuned", "tuned"]
)
def test_the_rows_of_every_fit_are_known_before_it_runs(
    make_plan: Callable[..., TrainingPlan], training_arrays: TrainingArrays, changes: dict
):
    trained = train(make_plan(**changes), training_arrays)
    first, last = int(training_arrays.start[0]), int(training_arrays.start[-1])
    expected = trained.plan.expected_rows(first, last, training_arrays.n_rows)
    assert list(expected) == trained.plan.fit_keys()
    rows = {key: fit.n_rows for key, fit in trained.store.fits.items()}
    assert set(rows) == set(expected)
    for key, n_rows in rows.items():  # filter drops a tenth, purging and embargo some rows
        assert expected[key] == pytest.approx(n_rows, rel=0.15)


def test_a_fold_before_whose_test_span_there_is_no_history_is_expected_to_have_no_row():
    late = int(EDGES[1]) + 1
    rows = STANDARD_PLAN.expected_rows(late, int(EDGES[-1]), 1000)
    keys = {fold: STANDARD_PLAN.model_fit_key(fold, BASELINE_VARIANT) for fold in range(5)}
    assert [rows[keys[fold]] for fold in (0, 1)] == [0, 0]
    assert 0 < rows[keys[2]] < rows[keys[4]] < 1000
