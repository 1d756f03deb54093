"""What a sweep found, as :mod:`ftf_assets.gate.headline` says it: the numbers, without their sentences."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.gate.decision import DecisionSummary


@dataclass(frozen=True)
class Difference:
    """A mean difference between a level and the baseline in one metric, with its interval.

    Attributes
    ----------
    metric
        The metric; higher is better.
    mean
        Mean of level minus baseline, in the metric's unit.
    low, high
        Ends of its 95 % interval; None where there is none.
    """

    metric: str
    mean: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class LevelFinding:
    """How one level ended.

    Attributes
    ----------
    factor, level
        The level.
    verdict
        One of :data:`~ftf_assets.contracts.tables.gate_decision.VERDICTS`.
    reason
        Why, in one sentence.
    gain
        Its difference in the primary metric; None without pairs.
    harm
        The difference that makes it harmful; None for a level that is not abandoned for harm.
    """

    factor: str
    level: str
    verdict: str
    reason: str
    gain: Difference | None = None
    harm: Difference | None = None


@dataclass(frozen=True)
class AgainstControl:
    """A treatment beside the control of its factor that gained most, cell by cell.

    Attributes
    ----------
    level, control
        Names of both levels.
    gain, of_control
        What each gained over the baseline in the primary metric.
    difference
        Treatment minus control.
    """

    level: str
    control: str
    gain: float
    of_control: float
    difference: Difference


@dataclass(frozen=True)
class Ranking:
    """Whether the model ranks: the test behind ``NO_SIGNAL``.

    Attributes
    ----------
    metric
        ``roc_auc``, or ``average_precision`` where the results lack it.
    score
        The baseline's mean.
    p
        One-sided p-value of a score that is no better than chance; None where it cannot be tested.
    """

    metric: str
    score: float
    p: float | None


@dataclass(frozen=True)
class Trading:
    """What a trade of one variant earns at its trading threshold.

    Attributes
    ----------
    share
        Share of the bars with the highest P(BUY) that the threshold aims at; None where not stated.
    net_bps
        Mean net return per trade, basis points; None without a trade.
    precision, breakeven
        Precision of BUY at that threshold, and the precision at which trading breaks even; None if unknown.
    """

    share: float | None
    net_bps: float | None
    precision: float | None = None
    breakeven: float | None = None

    @property
    def pays(self) -> bool:
        """Whether trades earn more than they cost, by mean return and by precision."""
        if self.net_bps is None or self.net_bps <= 0:
            return False
        return self.precision is None or self.breakeven is None or self.precision >= self.breakeven


def trading_of(summary: DecisionSummary) -> Trading | None:
    """Give what a trade of the baseline earns; None where it was not measured."""
    if summary.net_bps is None and summary.trade_precision is None:
        return None
    return Trading(summary.trade_share, summary.net_bps, summary.trade_precision, summary.breakeven_precision)


@dataclass(frozen=True)
class Findings:
    """Everything that a headline says.

    Attributes
    ----------
    metric
        The primary metric.
    useful_gain
        Smallest gain in it worth having.
    levels
        One item a level; at least one.
    ranking
        None where the results cannot say whether the model ranks.
    visible
        Smallest gain in the primary metric that the sweep could have seen for every level; None if unknown.
    ceiling
        Upper bound of what correct labels would gain in the primary metric; None if it was not measured.
    ceiling_assumes
        What that bound assumes, such as "if 10% of the labels are wrong"; "" where the share is known.
    trading
        Of the level that is locked, else of the baseline; None if it was not measured.
    to_decide
        What would decide the undecided levels, such as "14 more months of history"; None if there are none.
    alpha
        Level of significance: the untreated model is said to rank where its p is below.
    against_controls
        The treatments of factors with controls, by factor, largest gain first.
    """

    metric: str
    useful_gain: float
    levels: tuple[LevelFinding, ...]
    ranking: Ranking | None = None
    visible: float | None = None
    ceiling: float | None = None
    ceiling_assumes: str = ""
    trading: Trading | None = None
    to_decide: str | None = None
    alpha: float = 0.05
    against_controls: tuple[AgainstControl, ...] = ()
