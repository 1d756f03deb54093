"""The answer of a whole sweep: how it ended, and the numbers that the answer rests on."""

from __future__ import annotations

from collections.abc import Sequence

from ftf_assets.contracts.tables.gate_decision import ENDS_HARM
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.ceiling import CeilingBound
from ftf_assets.gate.decision import DecisionSummary, LevelVerdict, MetricComparison
from ftf_assets.gate.findings import Difference, Findings, LevelFinding
from ftf_assets.gate.headline import headline


@typed
def summarise(
    verdicts: Sequence[LevelVerdict],
    metrics: Sequence[MetricComparison],
    primary: str | None,
    *,
    useful_gain: float,
    ceiling: CeilingBound | None,
    trade_share: float | None,
) -> DecisionSummary:
    """Gather the answer of a sweep."""
    gains = {
        (one.factor, one.level): Difference(one.metric, one.mean_difference, one.ci_low, one.ci_high)
        for one in metrics
        if one.metric == primary and one.mean_difference is not None
    }
    answer = headline(
        Findings(
            metric=primary or "roc_auc",
            useful_gain=useful_gain,
            levels=tuple(
                LevelFinding(
                    one.factor,
                    one.level,
                    one.verdict,
                    one.reason,
                    gain=gains.get((one.factor, one.level)),
                    harm=gains.get((one.factor, one.level)) if one.ending == ENDS_HARM else None,
                )
                for one in verdicts
            ),
            ceiling=ceiling.bound if ceiling else None,
            ceiling_assumes=ceiling.scenario if ceiling and ceiling.assumed else "",
        )
    )
    return DecisionSummary(
        ending=answer.ending,
        headline=answer.text,
        signal_metric=None,
        signal_value=None,
        signal_p=None,
        signal_clusters=None,
        largest_factor=None,
        largest_level=None,
        largest_difference=None,
        largest_low=None,
        largest_high=None,
        smallest_visible=None,
        clusters=None,
        n_clusters=0,
        n_cryptos=0,
        n_folds=0,
        n_seeds=None,
        test_months=None,
        week_sd=None,
        week_correlation=None,
        seed_sd=None,
        truth_factor=None,
        f1_buy=None,
        f1_always_buy=None,
        beats_always_buy=None,
        net_bps=None,
        trade_precision=None,
        breakeven_precision=None,
        trade_share=trade_share,
        tradable=None,
        ceiling_low=ceiling.low if ceiling else None,
        ceiling_estimate=ceiling.estimate if ceiling else None,
        ceiling_bound=ceiling.bound if ceiling else None,
        ceiling_scenario=ceiling.scenario if ceiling else None,
    )
