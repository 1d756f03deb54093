"""Seeds of a crypto's fits, derived from the sweep's seed and the fit's place in the plan.

The variant is never part of a seed: variants of one (crypto, fold) differ in their treatment only. The one
exception is a factor that changes seeds and nothing else, the null control of calibration.
"""

from __future__ import annotations

from ftf_assets.contracts.typed import typed
from ftf_assets.labels.factor import SeedFactor
from ftf_assets.training.keys import stable_hash
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT, Variant


@typed
def fit_seed(sweep_seed: int, crypto: str, fold: int, role: str, repeat: int = 0) -> int:
    """Derive the seed of one fit, in [0, 2**31).

    Parameters
    ----------
    sweep_seed
        Seed of the sweep.
    crypto, fold
        The cell.
    role
        ``model``, ``out_of_fold_<block>`` or another use of randomness, such as ``filter_random``.
    repeat
        Number of the repeat, where a cell averages several fits.

    Examples
    --------
    >>> fit_seed(7, "OPUSDC", 0, "model")
    96579896
    >>> fit_seed(7, "OPUSDC", 0, "model") == fit_seed(7, "OPUSDC", 1, "model")
    False
    """
    return (
        int(
            stable_hash({"seed": sweep_seed, "crypto": crypto, "fold": fold, "role": role, "repeat": repeat}),
            16,
        )
        % 2**31
    )


@typed
def model_seed(plan: TrainingPlan, fold: int, repeat: int = 0, variant: Variant = BASELINE_VARIANT) -> int:
    """Return the seed of a cell's fit, the same for every variant of the fold that moves no seed factor."""
    reseeded = [level for _, level in variant.only(SeedFactor).moved]
    return fit_seed(plan.seed, plan.crypto, fold, "_".join(["model", *reseeded]), repeat)


@typed
def out_of_fold_seed(plan: TrainingPlan, fold: int, block: int) -> int:
    """Return the seed of an out-of-fold fit."""
    return fit_seed(plan.seed, plan.crypto, fold, f"out_of_fold_{block}")


@typed
def sampler_seed(plan: TrainingPlan, fold: int) -> int:
    """Return the seed of a study's sampler, the same for every variant of the fold."""
    return fit_seed(plan.seed, plan.crypto, fold, "tuning")


@typed
def trial_seed(plan: TrainingPlan, fold: int, inner: int, repeat: int = 0) -> int:
    """Return the seed of a trial's fit on an inner fold, the same for every trial and variant."""
    return fit_seed(plan.seed, plan.crypto, fold, f"tuning_{inner}", repeat)


@typed
def control_seed(plan: TrainingPlan, fold: int) -> int:
    """Return the seed of a fold's random controls."""
    return fit_seed(plan.seed, plan.crypto, fold, "filter_random")


@typed
def added_noise_seed(plan: TrainingPlan, fold: int, pattern: str, repeat: int) -> int:
    """Return the seed of the noise that the label ceiling adds, the same for every exposure."""
    return fit_seed(plan.seed, plan.crypto, fold, f"label_ceiling_{pattern}", repeat)
