"""What a difference on noisy test labels would be on true ones: shown, and never decided by.

Under class-conditional noise an observed difference in AUC is (1 - alpha - beta) times the true one [1]_,
with alpha = P(truth HOLD | observed BUY) and beta = P(truth BUY | observed HOLD).

References
----------
.. [1] Menon, van Rooyen, Ong & Williamson (2015), "Learning from Corrupted Binary Labels via
   Class-Probability Estimation", ICML, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed

#: Below this factor dividing by it would show little but noise.
_SMALLEST_FACTOR = 0.3


@dataclass(frozen=True)
class LabelNoise:
    """How often the observed labels are wrong.

    Attributes
    ----------
    alpha
        P(truth HOLD | observed BUY).
    beta
        P(truth BUY | observed HOLD).
    """

    alpha: float
    beta: float

    def __post_init__(self) -> None:
        if not (0 <= self.alpha <= 1 and 0 <= self.beta <= 1):
            raise input_error(
                "a rate of label noise is out of range",
                found=f"alpha {self.alpha}, beta {self.beta}",
                allowed="0 to 1",
            )

    @property
    def factor(self) -> float:
        """Share of a true AUC difference that is seen on the observed labels, 0 to 1."""
        return max(1 - self.alpha - self.beta, 0.0)

    def true_difference(self, observed: float) -> float | None:
        """Give a difference in AUC on the scale of the truth; None where the factor is below 0.3.

        Examples
        --------
        >>> little, much = LabelNoise(0.31, 0.06), LabelNoise(0.7, 0.15)
        >>> round(little.true_difference(0.0063), 3), much.true_difference(0.0063)
        (0.01, None)
        """
        return observed / self.factor if self.factor >= _SMALLEST_FACTOR else None


@typed
def balanced_noise(share_wrong: float, buy_rate: float) -> LabelNoise:
    """Give the rates where as many BUYs as HOLDs are wrong, as on the embedded market.

    Parameters
    ----------
    share_wrong
        Share of all labels that are wrong.
    buy_rate
        Share of BUY among the observed labels, above 0 and below 1.

    Examples
    --------
    At 10 % wrong labels and 16 % BUY nearly a third of the observed BUYs are wrong.

    >>> noise = balanced_noise(0.10, 0.16)
    >>> round(noise.alpha, 2), round(noise.factor, 2)
    (0.31, 0.63)
    """
    return LabelNoise(min(share_wrong / 2 / buy_rate, 1.0), min(share_wrong / 2 / (1 - buy_rate), 1.0))
