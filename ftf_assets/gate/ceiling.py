"""What correct training labels would be worth at most: a bound that is measured elsewhere and shown here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CeilingBound:
    """An upper bound on what any correction of the training labels can gain in ``roc_auc``.

    Attributes
    ----------
    estimate
        The gain from correct labels, extrapolated from training on noisier ones.
    low, bound
        Lower end of its interval (None where unknown), and its upper end, which bounds the gain.
    scenario
        The noise that it is for, in words, such as ``if 10% of the labels are wrong``.
    assumed
        Whether that is an assumption rather than known.
    """

    estimate: float
    bound: float
    scenario: str
    low: float | None = None
    assumed: bool = False
