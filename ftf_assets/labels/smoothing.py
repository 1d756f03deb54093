"""Asymmetric label smoothing: what the model is asked to believe of a BUY and of a HOLD."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Float32, Int8, typed
from ftf_assets.labels.factor import LabelFactor, TreatmentSettings


@typed
def check_epsilons(level: str, epsilon_buy: float, epsilon_hold: float) -> None:
    """Refuse smoothing that could swap the classes or favours HOLD over BUY.

    Raises
    ------
    InputError
        Unless 0 <= epsilon_hold <= epsilon_buy < 0.5.
    """
    if not 0.0 <= epsilon_hold <= epsilon_buy < 0.5:
        raise input_error(
            f"smoothing level {level!r} is out of bounds",
            found=f"epsilon_buy {epsilon_buy}, epsilon_hold {epsilon_hold}",
            allowed="0 <= epsilon_hold <= epsilon_buy < 0.5",
        )


@typed
def smooth_labels(
    hard: Float32[Array, " rows"], *, epsilon_buy: float, epsilon_hold: float
) -> Float32[Array, " rows"]:
    """Soften hard labels: 1 becomes 1 - epsilon_buy, 0 becomes epsilon_hold.

    Row by row, so nothing of another time can enter. BUY, the minority whose errors weigh most, is softened
    at least as much as HOLD. The uniform case is label smoothing as in Szegedy et al. (2016), "Rethinking the
    Inception Architecture for Computer Vision".

    Parameters
    ----------
    hard
        Labels 0.0 and 1.0, shape (n_rows,).
    epsilon_buy, epsilon_hold
        Probability mass taken from a BUY and given to a HOLD; 0 <= epsilon_hold <= epsilon_buy < 0.5.

    Returns
    -------
    numpy.ndarray
        Soft labels, shape (n_rows,); ``hard`` itself, the same object, when both epsilons are 0.

    Raises
    ------
    InputError
        Epsilons out of bounds.
    """
    check_epsilons("given", epsilon_buy, epsilon_hold)
    if epsilon_buy == 0.0 and epsilon_hold == 0.0:
        return hard
    return np.where(hard == 1.0, np.float32(1.0 - epsilon_buy), np.float32(epsilon_hold))


@typed
def recover_hard_labels(soft: Float32[Array, " rows"]) -> Int8[Array, " rows"]:
    """Undo :func:`smooth_labels`: epsilons below 0.5 keep the classes on their sides of one half."""
    return (soft > 0.5).astype(np.int8)


@typed
def smooth_to_level(
    level: str, labels: Float32[Array, " rows"], settings: TreatmentSettings
) -> Float32[Array, " rows"]:
    """Smooth hard labels as far as the settings take the level."""
    epsilon_buy, epsilon_hold = settings.epsilons[level]
    return smooth_labels(labels, epsilon_buy=epsilon_buy, epsilon_hold=epsilon_hold)


LABEL_SMOOTHING = LabelFactor(
    name="label_smoothing",
    baseline="none",
    default_levels=("none", "mild", "aggressive"),
    levels=("none", "mild", "aggressive"),
    description="Asymmetric smoothing of the training labels: BUY 1 - epsilon_buy, HOLD epsilon_hold.",
    identity=lambda level, settings: {"epsilons": list(settings.epsilons[level])},
    treat=smooth_to_level,
)
