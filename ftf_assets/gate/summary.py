"""The answer of a whole sweep: how it ended, and the numbers that the answer rests on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ftf_assets.contracts.tables.gate_decision import ENDS_HARM, ENDS_LOCK, ENDS_UNDECIDED, LOSES, SHOWN
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.cell_errors import seeds_of
from ftf_assets.gate.clusters import Clusters
from ftf_assets.gate.compare import compare_with_control, level_metrics, primary_metric_of
from ftf_assets.gate.decision import DecisionSummary, LevelVerdict, MetricComparison
from ftf_assets.gate.findings import AgainstControl, Difference, Findings, LevelFinding, Ranking, Trading
from ftf_assets.gate.headline import headline, is_control
from ftf_assets.gate.judge import design_of
from ftf_assets.gate.pairs import Pairing
from ftf_assets.gate.signal import Signal
from ftf_assets.gate.sweep_facts import SweepFacts
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.trading import TradeResult, operating_point_of, trading_of
from ftf_assets.gate.verdict_rules import HARM_METRIC


@typed
def summarise(
    pairing: Pairing,
    clusters: Clusters,
    metrics: Sequence[MetricComparison],
    verdicts: Sequence[LevelVerdict],
    signal: Signal | None,
    settings: GateSettings,
    facts: SweepFacts,
) -> DecisionSummary:
    """Gather the answer of a sweep.

    Parameters
    ----------
    pairing, clusters
        The rows, and which cells the fold test counts as one observation.
    metrics, verdicts
        Of all levels.
    signal
        Whether the baseline ranks; None where the rows cannot say.
    settings
        The bounds and the rule.
    facts
        What is known of the sweep beside its rows.
    """
    ceiling, label_noise = facts.ceiling, facts.label_noise
    primary = [one for one in metrics if one.metric == primary_metric_of(pairing.columns)]
    largest = max(
        (one for one in primary if one.mean_difference is not None),
        key=lambda one: one.mean_difference or 0.0,
        default=None,
    )
    visible = [one.smallest_visible for one in primary if one.smallest_visible is not None]
    widest = max(primary, key=lambda one: one.smallest_visible or 0.0)
    designs = [design for design in (design_of(pairs, pairing) for pairs in pairing.levels) if design]
    noisiest = max(designs, key=lambda one: one.parts.week_sd, default=None)
    cells = pairing.baseline_cells
    point = operating_point_of(pairing, pairing.baseline_rows, cells, clusters, settings)
    trades = trading_of(pairing.rows, pairing.baseline_rows)
    answer = headline(
        Findings(
            metric=primary[0].metric,
            useful_gain=settings.useful_gain,
            levels=tuple(_finding(one, metrics, primary[0].metric) for one in verdicts),
            against_controls=_against_controls(pairing, clusters, primary, settings),
            ranking=Ranking(signal.metric, signal.score, signal.p) if signal else None,
            visible=max(visible) if visible else None,
            ceiling=ceiling.bound if ceiling else None,
            ceiling_assumes=ceiling.scenario if ceiling and ceiling.assumed else "",
            trading=_trading(verdicts, facts.trade_share, trades),
            to_decide=_advice(verdicts, primary),
            alpha=settings.alpha,
        )
    )
    return DecisionSummary(
        ending=answer.ending,
        headline=answer.text,
        signal_metric=signal.metric if signal else None,
        signal_value=signal.score if signal else None,
        signal_p=signal.p if signal else None,
        signal_clusters=signal.clusters if signal else None,
        largest_factor=largest.factor if largest else None,
        largest_level=largest.level if largest else None,
        largest_difference=largest.mean_difference if largest else None,
        largest_low=largest.ci_low if largest else None,
        largest_high=largest.ci_high if largest else None,
        smallest_visible=max(visible) if visible else None,
        clusters=widest.clusters,
        n_clusters=widest.n_clusters,
        n_cryptos=len(np.unique(pairing.cells.crypto.codes[cells])),
        n_skipped=len(facts.skipped),
        skipped="\n".join(f"{crypto}: {reason}" for crypto, reason in facts.skipped.items()) or None,
        n_folds=len(np.unique(pairing.cells.fold.codes[cells])),
        n_seeds=seeds_of(pairing.rows, pairing.baseline_rows) if "n_seeds" in pairing.rows.numbers else None,
        test_months=noisiest.design.months if noisiest else None,
        week_sd=noisiest.parts.week_sd if noisiest else None,
        week_correlation=noisiest.parts.week_correlation if noisiest else None,
        seed_sd=noisiest.parts.seed_sd if noisiest else None,
        truth_factor=label_noise.factor if label_noise else None,
        f1_buy=point.f1_buy,
        f1_always_buy=point.f1_always_buy,
        beats_always_buy=point.better,
        net_bps=trades.net_bps,
        trade_precision=trades.precision,
        breakeven_precision=trades.breakeven,
        trade_share=facts.trade_share,
        tradable=trades.tradable,
        ceiling_low=ceiling.low if ceiling else None,
        ceiling_estimate=ceiling.estimate if ceiling else None,
        ceiling_bound=ceiling.bound if ceiling else None,
        ceiling_scenario=ceiling.scenario if ceiling else None,
    )


def _against_controls(
    pairing: Pairing, clusters: Clusters, primary: Sequence[MetricComparison], settings: GateSettings
) -> tuple[AgainstControl, ...]:
    """Hold the treatments of each factor with controls against the control that gained most."""
    gains = {(one.factor, one.level): one.mean_difference for one in primary}
    pairs = {(one.factor, one.level): one for one in pairing.levels}
    found = []
    for factor in dict.fromkeys(factor for factor, _ in pairs):
        measured = [(gain, level) for (of, level), gain in gains.items() if of == factor and gain is not None]
        controls = [one for one in measured if is_control(factor, one[1])]
        if not controls:
            continue
        of_control, control = max(controls)
        for gain, level in sorted(set(measured) - set(controls), reverse=True):
            compared = compare_with_control(
                pairs[factor, level], pairs[factor, control], pairing, clusters, settings
            )
            if (difference := _difference(compared)) is not None:
                found.append(AgainstControl(level, control, gain, of_control, difference))
    return tuple(found)


def _advice(verdicts: Sequence[LevelVerdict], primary: Sequence[MetricComparison]) -> str | None:
    """Give what would decide the undecided level with the largest gain; of a control if no other is."""
    gains = {(one.factor, one.level): one.mean_difference or 0.0 for one in primary}
    undecided = [one for one in verdicts if one.ending == ENDS_UNDECIDED]
    undecided = [one for one in undecided if not is_control(one.factor, one.level)] or undecided
    best = max(undecided, key=lambda one: gains.get((one.factor, one.level), 0.0), default=None)
    return best.advice if best else None


def _finding(one: LevelVerdict, metrics: Sequence[MetricComparison], primary: str) -> LevelFinding:
    mine = level_metrics(metrics, one.factor, one.level)
    harm = None
    if one.ending == ENDS_HARM:
        losing = [name for name in (primary, HARM_METRIC) if name in mine and mine[name].outcome == LOSES]
        losing += [name for name, of in mine.items() if of.role != SHOWN and of.outcome == LOSES]
        harm = _difference(mine[losing[0]])
    return LevelFinding(
        one.factor, one.level, one.verdict, one.reason, gain=_difference(mine[primary]), harm=harm
    )


def _difference(one: MetricComparison) -> Difference | None:
    if one.mean_difference is None:
        return None
    return Difference(one.metric, one.mean_difference, one.ci_low, one.ci_high)


def _trading(
    verdicts: Sequence[LevelVerdict],
    share: float | None,
    of_baseline: TradeResult,
) -> Trading | None:
    """Give what trades earn: of a locked level, else of the baseline; None where it was not measured."""
    locked = next((one for one in verdicts if one.ending == ENDS_LOCK), None)
    if locked is not None:
        if locked.n_trades is None and locked.net_bps is None and locked.trade_precision is None:
            return None
        return Trading(share, locked.net_bps, locked.trade_precision, locked.breakeven_precision)
    if of_baseline.net_bps is None and of_baseline.precision is None:
        return None
    return Trading(share, of_baseline.net_bps, of_baseline.precision, of_baseline.breakeven)
