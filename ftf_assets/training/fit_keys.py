"""Keys of fits and cells: content addresses of everything that decides their bits.

Equal keys are equal fits, so a finished fit is found again by its key. Keys are derived from inputs,
settings, code and library versions, never from results. Only the factors that a variant moves are part of its
keys: a new factor leaves the keys of old variants as they were.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from ftf_assets.contracts.typed import typed
from ftf_assets.labels.factor import RowFactor
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.training.ceiling_plan import AddedNoise
from ftf_assets.training.keys import code_version, key_of_crypto, library_versions, tuning_versions
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT, Variant


@typed
def model_fit_key(plan: TrainingPlan, fold: int, variant: Variant, repeat: int = 0) -> str:
    """Return the key of one of a cell's fits."""
    first_baseline = variant == BASELINE_VARIANT and repeat == 0
    own_study = plan.tuning.per_variant and variant != BASELINE_VARIANT
    return key_of_crypto(
        plan.crypto,
        {
            **_fold_identity(plan, fold),
            "role": "model",
            **treatment_identity(plan, variant),
            "tuning": _tuning_identity(plan, fold, "own" if own_study else "baseline"),
            "own_rounds": first_baseline or plan.stops_every_variant,
            "repeat": repeat,
        },
    )


@typed
def trial_key(
    plan: TrainingPlan, fold: int, variant: Variant, trial: int, inner: int, repeat: int = 0
) -> str:
    """Return the key of a trial's fit on one inner fold.

    A trial depends on those before it and on the winners of earlier folds, whose studies depend on the number
    of trials. The first fold has no earlier one, and trial 0 is the defaults: a longer study reuses both.
    """
    # The mask of a cleaned variant was made with the parameters that the baseline's study chose.
    mask_tuning = _tuning_identity(plan, fold, "baseline") if variant.only(RowFactor).moved else None
    return key_of_crypto(
        plan.crypto,
        {
            **_fold_identity(plan, fold),
            "role": "trial",
            **treatment_identity(plan, variant),
            "mask_tuning": mask_tuning,
            "space": dict(plan.tuning.space),
            "inner_folds": plan.tuning.folds,
            "seeds": plan.tuning.seeds if trial else None,
            "earlier_folds": _earlier_folds(plan, fold) if trial else None,
            "trial": trial,
            "inner": inner,
            "repeat": repeat,
            "tuning_libraries": tuning_versions(),
        },
    )


@typed
def out_of_fold_key(plan: TrainingPlan, fold: int, judge: Variant, block: int) -> str:
    """Return the key of an out-of-fold fit. All variants that are cleaned by the same judge share it."""
    return key_of_crypto(
        plan.crypto,
        {
            **_fold_identity(plan, fold),
            "role": "out_of_fold",
            **treatment_identity(plan, judge),
            "tuning": _tuning_identity(plan, fold, "baseline"),
            "block": block,
            "blocks": plan.out_of_fold_blocks,
        },
    )


@typed
def ceiling_fit_key(plan: TrainingPlan, fold: int, noise: AddedNoise, repeat: int) -> str:
    """Return the key of a fit of the label ceiling on changed labels.

    The baseline's parameters and rounds are part of it through their study. Each dose has its own key, so
    more doses or repeats reuse the fits of fewer. The true labels are those of the data behind the arrays.
    """
    return key_of_crypto(
        plan.crypto,
        {
            **_fold_identity(plan, fold),
            "role": "label_ceiling",
            "tuning": _tuning_identity(plan, fold, "baseline"),
            "noise": dataclasses.asdict(noise),
            "repeat": repeat,
        },
    )


@typed
def cell_fit_keys(plan: TrainingPlan, fold: int, variant: Variant) -> list[str]:
    """Return the keys of the fits that a cell averages."""
    return [model_fit_key(plan, fold, variant, repeat) for repeat in range(plan.seeds)]


@typed
def cell_key(plan: TrainingPlan, fold: int, variant: Variant) -> str:
    """Return the key of a cell. Its fits decide its probabilities, and these decide its threshold."""
    return key_of_crypto(plan.crypto, {"fits": cell_fit_keys(plan, fold, variant)})


@typed
def treatment_identity(plan: TrainingPlan, variant: Variant) -> dict[str, object]:
    """Return everything besides the rows that a variant's treatment depends on, as a JSON object."""
    return {
        "treatment": {name: FACTORS[name].identity(level, plan) for name, level in variant.moved},
        "out_of_fold_blocks": plan.out_of_fold_blocks if variant.only(RowFactor).moved else None,
    }


def _tuning_identity(
    plan: TrainingPlan, fold: int, study: Literal["baseline", "own"]
) -> dict[str, object] | None:
    if not plan.tuning.active:
        return None
    return {
        "study": study,
        "trials": plan.tuning.trials,
        "earlier_folds": _earlier_folds(plan, fold),
        "inner_folds": plan.tuning.folds,
        "seeds": plan.tuning.seeds,
        "space": dict(plan.tuning.space),
        "libraries": tuning_versions(),
    }


def _earlier_folds(plan: TrainingPlan, fold: int) -> dict[str, object] | None:
    """Name what the winners of earlier folds depend on besides what this fold's own study depends on."""
    if fold == 0:
        return None
    return {"edges": [int(edge) for edge in plan.edges[:fold]], "trials": plan.tuning.trials}


def _fold_identity(plan: TrainingPlan, fold: int) -> dict[str, object]:
    return {
        "arrays": plan.arrays_key,
        "crypto": plan.crypto,
        "fold": fold,
        "test": [int(plan.edges[fold]), int(plan.edges[fold + 1]), fold == plan.n_folds - 1],
        "validation_fraction": plan.validation_fraction,
        "embargo_bars": plan.embargo_bars,
        "rounds": dataclasses.asdict(plan.rounds),
        "parameters": plan.parameters,
        "seed": plan.seed,
        "device": plan.device,
        "code": code_version(),
        "libraries": library_versions(),
    }
