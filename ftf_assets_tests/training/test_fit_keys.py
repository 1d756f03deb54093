"""Keys of fits: which setting changes which key."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.training import fit_keys as keys_module
from ftf_assets.training.fit_keys import cell_fit_keys, cell_key, model_fit_key, out_of_fold_key, trial_key
from ftf_assets.training.fit_seeds import sampler_seed, trial_seed
from ftf_assets.training.parameters import Rounds, Tuning
from ftf_assets.training.variants import BASELINE_VARIANT
from ftf_assets_tests.support.production import EPSILONS, STANDARD, variants_of
from ftf_assets_tests.support.standard_plan import BY_NAME, EDGES, STANDARD_PLAN, TUNED

TIMED = variants_of("cleanlab=filter_temporal")[1]
KEYS = {
    **{name: lambda plan, v=variant: model_fit_key(plan, 0, v) for name, variant in BY_NAME.items()},
    "filter_temporal": lambda plan: model_fit_key(plan, 0, TIMED),
    "out_of_fold none": lambda plan: out_of_fold_key(plan, 0, BASELINE_VARIANT, 2),
    "out_of_fold mild": lambda plan: out_of_fold_key(plan, 0, BY_NAME["mild"], 2),
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
    "the cap is the confident joint's": ({"cap_by": "confident_joint"}, CLEANED),
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
        f"trial of {name}": lambda plan, v=BY_NAME[name]: trial_key(plan, 0, v, 3, 1)
        for name in ("baseline", "mild", "filter")
    },
    "later fold": lambda plan: model_fit_key(plan, 2, BASELINE_VARIANT),
    "trial of a later fold": lambda plan: trial_key(plan, 2, BASELINE_VARIANT, 3, 1),
    "the defaults in a later fold": lambda plan: trial_key(plan, 2, BASELINE_VARIANT, 0, 1),
}
TRIAL_KEYS = {name for name in TUNED_KEYS if name.startswith("trial")}
DEFAULTS, LATER = "the defaults in a later fold", "later fold"
TUNING_CHANGES = {
    # The mask of a cleaned variant depends on the whole study of the baseline, a trial only on earlier ones.
    # The trials of a later fold begin with what the whole studies of earlier folds chose.
    "trials": ({"trials": 30}, EVERYTHING | {"trial of filter", "trial of a later fold", LATER}),
    "inner folds": ({"folds": 4}, EVERYTHING | TRIAL_KEYS | {DEFAULTS, LATER}),
    "seeds": ({"seeds": 3}, EVERYTHING | TRIAL_KEYS | {LATER}),
    "space": ({"space": (("max_depth", (2.0, 7.0)),)}, EVERYTHING | TRIAL_KEYS | {DEFAULTS, LATER}),
    "mode": ({"mode": "per_variant"}, set(BY_NAME) - {"baseline"} | {"filter_temporal"}),
}


@pytest.mark.parametrize(("changes", "moved"), TUNING_CHANGES.values(), ids=TUNING_CHANGES)
def test_keys_hold_the_search_and_never_what_it_found(changes, moved):
    changed = dataclasses.replace(TUNED_PLAN, tuning=dataclasses.replace(TUNED, **changes))
    assert {name for name, key in TUNED_KEYS.items() if key(changed) != key(TUNED_PLAN)} == moved


@pytest.mark.parametrize("name", ["code_version", "library_versions", "tuning_versions"])
def test_versions_change_every_key_of_a_tuned_plan(monkeypatch, name):
    before = {name: key(TUNED_PLAN) for name, key in TUNED_KEYS.items()}
    monkeypatch.setattr(keys_module, name, lambda: "another")
    assert all(key(TUNED_PLAN) != before[name] for name, key in TUNED_KEYS.items())


@pytest.mark.parametrize("name", ["code_version", "library_versions"])
def test_code_and_library_versions_change_every_key(monkeypatch, name):
    before = {name: key(STANDARD_PLAN) for name, key in KEYS.items()}
    monkeypatch.setattr(keys_module, name, lambda: "another")
    assert {name for name, key in KEYS.items() if key(STANDARD_PLAN) != before[name]} == EVERYTHING


def test_a_variants_trials_are_keyed_by_its_treatment_and_their_seeds_are_not():
    two = (0, 1)
    keys = [
        trial_key(TUNED_PLAN, f, v, t, i, r)
        for f in two
        for v in STANDARD
        for t in two
        for i in two
        for r in two
    ]
    assert len(set(keys)) == len(keys)
    seeds = {trial_seed(TUNED_PLAN, fold, inner, repeat) for fold in two for inner in two for repeat in two}
    assert len(seeds | {sampler_seed(TUNED_PLAN, fold) for fold in two}) == 10


def test_a_tuned_fold_is_keyed_by_the_edges_of_earlier_folds_whose_winners_it_tries():
    edges = STANDARD_PLAN.edges.copy()
    edges[0] += 1
    for plan, depends in ((STANDARD_PLAN, False), (TUNED_PLAN, True)):
        moved = dataclasses.replace(plan, edges=edges)
        same = model_fit_key(moved, 2, BASELINE_VARIANT) == model_fit_key(plan, 2, BASELINE_VARIANT)
        assert same is not depends
    moved = dataclasses.replace(TUNED_PLAN, edges=edges)
    for trial, same in ((0, True), (1, False)):
        keys = {trial_key(plan, 2, BASELINE_VARIANT, trial, 0) for plan in (TUNED_PLAN, moved)}
        assert (len(keys) == 1) is same


def test_a_cell_is_identified_by_its_fits():
    plan = dataclasses.replace(STANDARD_PLAN, seeds=2)
    assert cell_fit_keys(plan, 1, BASELINE_VARIANT) == [
        model_fit_key(plan, 1, BASELINE_VARIANT, r) for r in (0, 1)
    ]
    cells = {cell_key(plan, fold, variant) for fold in range(5) for variant in STANDARD}
    assert len(cells) == 25
    assert cell_key(plan, 1, BASELINE_VARIANT) != cell_key(STANDARD_PLAN, 1, BASELINE_VARIANT)
