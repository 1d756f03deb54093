"""The factor ``label_smoothing``: asymmetric label smoothing of the training labels."""

from __future__ import annotations

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Float32, Int8, typed
from ftf_assets.labels.factor import LabelFactor, TreatmentSettings


@typed
def check_epsilons(level: str, epsilon_buy: float, epsilon_hold: float) -> None:
    """Refuse smoothing that could swap the classes, or that softens HOLD more than BUY.

    Raises
    ------
    InputError
        The epsilons do not satisfy 0 <= epsilon_hold <= epsilon_buy < 0.5.
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

    Each label depends on its own row only, so smoothing cannot look ahead. BUY, the minority whose errors
    cost most, is softened at least as much as HOLD. With equal epsilons this is label smoothing as in Szegedy
    et al. (2016), "Rethinking the Inception Architecture for Computer Vision".

    Parameters
    ----------
    hard
        Labels 0.0 and 1.0, shape (n_rows,).
    epsilon_buy, epsilon_hold
        Probability that the model is to leave for an error of a BUY and of a HOLD label;
        0 <= epsilon_hold <= epsilon_buy < 0.5.

    Returns
    -------
    numpy.ndarray
        Soft labels, shape (n_rows,); ``hard`` itself, the same object, when both epsilons are 0.

    Raises
    ------
    InputError
        The epsilons are out of bounds.

    Examples
    --------
    >>> smooth_labels(np.array([1, 0, 1], np.float32), epsilon_buy=0.1, epsilon_hold=0.02)
    array([0.9 , 0.02, 0.9 ], dtype=float32)
    """
    check_epsilons("given", epsilon_buy, epsilon_hold)
    if epsilon_buy == 0.0 and epsilon_hold == 0.0:
        return hard
    return np.where(hard == 1.0, np.float32(1.0 - epsilon_buy), np.float32(epsilon_hold))


@typed
def recover_hard_labels(soft: Float32[Array, " rows"]) -> Int8[Array, " rows"]:
    """Undo :func:`smooth_labels`: with epsilons below 0.5 a BUY stays above one half, a HOLD below it.

    >>> recover_hard_labels(np.array([0.9, 0.02, 0.9], np.float32))
    array([1, 0, 1], dtype=int8)
    """
    return (soft > 0.5).astype(np.int8)


@typed
def smooth_to_level(
    level: str, labels: Float32[Array, " rows"], settings: TreatmentSettings
) -> Float32[Array, " rows"]:
    """Smooth hard labels by the epsilons that the settings give the level."""
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
