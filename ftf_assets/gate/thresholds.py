"""The gate's settings: its metrics, its bounds and its levels of significance.

The smallest effect that counts lies between Cohen's small (0.2) and medium (0.5) one (Cohen 1988,
*Statistical Power Analysis for the Behavioral Sciences*, section 2.2). The rates of error that the bounds
give together are simulated: docs/gate.md. The Sortino ratio is that of Sortino & Price (1994), "Performance
Measurement in a Downside Risk Framework", Journal of Investing 3; on real candles its differences correlate
0.98 with those of the expectancy, so the two measure nearly the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.tables.gate_decision import (
    MIN_TRADES,
    MIN_TRADES_A_FOLD,
    PRIMARY_METRIC_RULE,
    RULES,
    SHOWN_METRICS,
)
from ftf_assets.contracts.typed import typed

#: These two measure nearly the same thing, so they cannot lock a level without a metric of the classifier.
TRADE_METRICS = frozenset({"expectancy_net", "sortino"})
PRIMARY_METRIC = "f1_buy"
ALWAYS_BUY = "f1_always_buy"
TRADES = "n_trades"
_LOWER_IS_BETTER = frozenset(SHOWN_METRICS)


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
        Smallest gain of f1_buy worth having, absolute.
    min_winning_metrics
        Number of metrics that must win for ``LOCK``.
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
        for name, low, high in (
            ("alpha", 0, 1),
            ("min_effect", -1e-300, float("inf")),
            ("min_pairs_share", 0, 1 + 1e-12),
            ("useful_gain", 0, float("inf")),
        ):
            if not low < getattr(self, name) < high:
                raise input_error(f"the gate's {name} is out of range", found=getattr(self, name))


@typed
def higher_is_better(metric: str) -> bool:
    """Whether a larger value of the metric is the better one; not so for calibration error and log loss."""
    return metric not in _LOWER_IS_BETTER
