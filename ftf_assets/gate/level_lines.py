"""Each level in one line, as texts for terminal and report: its verdict and the difference that decided."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.tables.gate_decision import (
    BY_CRYPTOS,
    BY_FOLDS,
    BY_PAIRS,
    BY_WEEKS,
    ENDS_HARM,
    ENDS_NOTHING_USEFUL,
)
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.decision import Decision, DecisionSummary, LevelVerdict, MetricComparison
from ftf_assets.gate.findings import trading_of
from ftf_assets.gate.headline import operating_point_in_words, trading_in_words
from ftf_assets.gate.words import metric_in_words, p_in_words, size_in_words

#: ``ABANDON`` has two grounds, which ask for different things.
_GROUNDS = {ENDS_HARM: "ABANDON (harm)", ENDS_NOTHING_USEFUL: "ABANDON (no gain)"}

_NOTHING = "-"

_INDEPENDENT = {
    BY_WEEKS: "the {n} weeks of the test spans",
    BY_FOLDS: "the {n} folds",
    BY_CRYPTOS: "the {n} cryptos",
    BY_PAIRS: "the pairs",
}


@dataclass(frozen=True)
class LevelLine:
    """One level as texts; a dash for what could not be measured.

    Attributes
    ----------
    factor, level
        The level.
    verdict
        Its verdict; that of ``ABANDON`` with its ground.
    gain
        Mean difference of the primary metric.
    interval
        Its 95 % interval.
    p
        Its p-value, corrected for the number of levels.
    visible
        Smallest gain that the sweep finds with 80 % power.
    advice
        What would decide it; "" where it is decided.
    """

    factor: str
    level: str
    verdict: str
    gain: str
    interval: str
    p: str
    visible: str
    advice: str


@typed
def level_lines(decision: Decision) -> list[LevelLine]:
    """Write a line for each level, in the order of the verdicts."""
    deciding = {
        (one.factor, one.level): one for one in decision.metrics if one.metric == decision.primary_metric
    }
    return [_line(one, deciding.get((one.factor, one.level))) for one in decision.verdicts]


@typed
def how_to_read(decision: Decision) -> str:
    """Say what the columns of :func:`level_lines` are."""
    metric = metric_in_words(decision.primary_metric)
    summary = decision.summary
    independent = _INDEPENDENT.get(summary.clusters or "", "").format(n=summary.n_clusters)
    counts = f" and counts {independent} as independent" if independent else ""
    return (
        f"Gain: {metric} of the level minus that of the baseline, a mean over pairs of crypto and fold. The "
        f"interval covers 95 % for each level alone{counts}; the verdict goes by p, corrected for "
        f"all levels. A gain of {size_in_words(decision.useful_gain)} is useful. "
        "Could see: the smallest true gain that this sweep finds in 4 of 5 cases."
    )


@typed
def notes(decision: Decision) -> list[str]:
    """Write what to know besides, each a line of its own and none a verdict.

    Which cryptos of the group were skipped; what would decide an undecided level; that the operating point is
    no better than calling every bar BUY; whether trades pay, unless the headline says so.
    """
    summary = decision.summary
    trades = trading_in_words(trading_of(summary))
    said = [
        coverage_in_words(summary),
        *(
            f"To decide {one.level}, if its gain stays what it is: {one.advice}."
            for one in decision.verdicts
            if one.advice
        ),
        operating_point_in_words(summary.f1_buy, summary.f1_always_buy, summary.beats_always_buy),
        "" if trades in summary.headline else trades,
    ]
    return [line for line in said if line]


@typed
def warnings(decision: Decision) -> list[str]:
    """Write each warning once; one that concerns some of the levels begins with their names."""
    concerned: dict[str, list[str]] = {}
    for one in decision.verdicts:
        for warning in one.warnings:
            concerned.setdefault(warning, []).append(one.level)
    everybody = len(decision.verdicts)
    return [
        warning if len(levels) == everybody else f"{', '.join(levels)}: {warning}"
        for warning, levels in concerned.items()
    ]


@typed
def coverage_in_words(summary: DecisionSummary) -> str:
    """Say which cryptos of the group the answer does not cover, and why; "" where it covers all of them."""
    if not summary.skipped:
        return ""
    reasons = "; ".join(summary.skipped.splitlines())
    n_group = summary.n_cryptos + summary.n_skipped
    return f"The answer covers {summary.n_cryptos} of the {n_group} cryptos of the group. Skipped: {reasons}."


def _line(verdict: LevelVerdict, compared: MetricComparison | None) -> LevelLine:
    return LevelLine(
        factor=verdict.factor,
        level=verdict.level,
        verdict=_GROUNDS.get(verdict.ending, verdict.verdict),
        gain=_signed(compared.mean_difference if compared else None),
        interval=_interval(compared),
        p=_NOTHING if compared is None or compared.p_corrected is None else _p(compared.p_corrected),
        visible=_NOTHING
        if compared is None or compared.smallest_visible is None
        else f"{compared.smallest_visible:.4f}",
        advice=verdict.advice or "",
    )


def _interval(compared: MetricComparison | None) -> str:
    if compared is None or compared.ci_low is None or compared.ci_high is None:
        return _NOTHING
    return f"{_signed(compared.ci_low)} to {_signed(compared.ci_high)}"


def _signed(value: float | None) -> str:
    """Write a difference with as many places in every line, so that a column can be compared."""
    if value is None:
        return _NOTHING
    shown = f"{value:+.4f}".replace("-", "\N{MINUS SIGN}")
    return "0.0000" if float(shown[1:]) == 0 else shown


def _p(value: float) -> str:
    return p_in_words(value).removeprefix("p ")
