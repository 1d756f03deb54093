"""The gate's settings: its metrics, its bounds and its levels of significance.

``roc_auc`` is the primary metric because test labels are as noisy as training labels: under class-conditional
noise the AUC on observed labels is 1/2 + (1 - alpha - beta) (AUC on the truth - 1/2) [1]_, so noise shrinks
differences and leaves their order. No other metric here has that property. The smallest effect that counts
lies between Cohen's small (0.2) and medium (0.5) one [2]_. The rates of error that the bounds give together
are simulated: docs/gate.md.

References
----------
.. [1] Menon, van Rooyen, Ong & Williamson (2015), "Learning from Corrupted Binary Labels via
   Class-Probability Estimation", ICML, section 4.
.. [2] Cohen (1988), *Statistical Power Analysis for the Behavioral Sciences*, section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.gate_bounds import (
    LOWER_IS_BETTER,
    MIN_TRADES,
    MIN_TRADES_A_FOLD,
    PRIMARY_METRIC_RULE,
    RULES,
)
from ftf_assets.contracts.typed import typed

ALWAYS_BUY = "f1_always_buy"
BUY_RATE = "buy_rate_test"
TRADES = "n_trades"
TRADE_PRECISION, BREAKEVEN = "trade_precision", "breakeven_precision"


@typed
@dataclass(frozen=True)
class GateSettings:
    """The bounds that decide a verdict; they are stored with it.

    Attributes
    ----------
    rule
        ``primary_metric``: one metric decides and others veto; ``two_metrics``: two metrics must win.
    alpha
        Level of significance of every test; intervals cover ``1 - alpha``.
    min_effect
        Smallest Cohen's d of the paired differences that counts, in either direction.
    min_pairs_share
        Share of the expected pairs below which there is no verdict but ``INVALID``.
    useful_gain
        Smallest gain of the primary metric worth having, absolute, on the observed labels.
    min_winning_metrics
        Number of metrics that must win for ``LOCK`` by the rule ``two_metrics``.
    min_trades, min_trades_a_fold
        Trades of a variant, in all and in the fold with the fewest, below which a verdict carries a warning.
    bootstrap_draws, bootstrap_seed
        Number of resamples of the bootstrap interval, and their seed; equal seeds give equal bits.
    bootstrap_pairs
        Number of pairs up to which the bootstrap resamples; beyond, it takes the limit of infinitely many
        resamples.
    """

    rule: str = PRIMARY_METRIC_RULE
    alpha: float = 0.05
    min_effect: float = 0.3
    min_pairs_share: float = 0.95
    useful_gain: float = 0.01
    min_winning_metrics: int = 2
    min_trades: int = MIN_TRADES
    min_trades_a_fold: int = MIN_TRADES_A_FOLD
    bootstrap_draws: int = 2000
    bootstrap_seed: int = 0
    bootstrap_pairs: int = 5_000

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise input_error("unknown rule of the gate", found=repr(self.rule), allowed=", ".join(RULES))
        for name, low, high, allowed in (
            ("alpha", 0, 1, "more than 0, less than 1"),
            ("min_effect", -1e-300, float("inf"), "0 or more"),
            ("min_pairs_share", 0, 1 + 1e-12, "more than 0, at most 1"),
            ("useful_gain", 0, float("inf"), "more than 0"),
        ):
            if not low < getattr(self, name) < high:
                raise input_error(
                    f"the gate's {name} is out of range", found=getattr(self, name), allowed=allowed
                )


@typed
def higher_is_better(metric: str) -> bool:
    """Whether a larger value of the metric is the better one; not so for calibration error and log loss."""
    return metric not in LOWER_IS_BETTER
