"""Judge one level: gather what the ordered rules need, what would decide it, and the warnings.

Warnings and advice change no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.tables.gate_decision import (
    BY_WEEKS,
    ENDS_INVALID,
    ENDS_UNDECIDED,
    SEEDS_BASELINE,
    SEEDS_UNKNOWN,
    SHOWN,
    VERDICT_METRICS,
)
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.gate.cell_errors import INFLUENCE_METRIC, seeds_of
from ftf_assets.gate.clustered import visible_multiple
from ftf_assets.gate.clusters import Clusters
from ftf_assets.gate.compare import evidence_of, level_metrics, primary_metric_of, weekly_error
from ftf_assets.gate.decision import LevelVerdict, MetricComparison
from ftf_assets.gate.design import (
    WEEKS_A_MONTH,
    Design,
    VarianceParts,
    designs_in_words,
    designs_that_see,
    variance_parts,
)
from ftf_assets.gate.pairs import Cells, LevelPairs, Pairing
from ftf_assets.gate.power import TradePower, trade_power
from ftf_assets.gate.signal import Signal, signal_of
from ftf_assets.gate.thresholds import TRADES, GateSettings
from ftf_assets.gate.trading import trading_of
from ftf_assets.gate.verdict_rules import Coverage, verdict_of

#: Missing pairs that a message names one by one.
_NAMED = 5


@dataclass(frozen=True)
class LevelDesign:
    """What the error of a level's AUC difference is made of, and the size of the sweep behind it."""

    parts: VarianceParts
    design: Design


@typed
def design_of(pairs: LevelPairs, pairing: Pairing) -> LevelDesign | None:
    """Give the parts of the variance of a level's AUC difference; None without weekly influence."""
    found = weekly_error(pairs, pairing)
    if found is None:
        return None
    weekly, seeds = found
    cryptos = pairing.cells.crypto.codes[pairs.cells]
    return LevelDesign(
        variance_parts(weekly.influence, cryptos, weekly.n_folds, seeds.of_fit or 0.0),
        Design(
            cryptos=len(np.unique(cryptos)),
            months=weekly.n_weeks / WEEKS_A_MONTH,
            folds=weekly.n_folds,
            seeds=seeds_of(pairing.rows, pairs.baseline_rows),
        ),
    )


@typed
def judge_level(
    pairs: LevelPairs,
    pairing: Pairing,
    metrics: Sequence[MetricComparison],
    baseline: Signal | None,
    clusters: Clusters,
    broken_checks: Sequence[str],
    settings: GateSettings,
) -> LevelVerdict:
    """Give one level its verdict, with the reason, what would decide it, and the warnings.

    Parameters
    ----------
    pairs, pairing
        The level, and the sweep that it is part of.
    metrics
        The comparisons of all levels, outcomes included.
    baseline
        Whether the baseline ranks; None where the rows cannot say.
    clusters
        Which cells the fold test counts as one observation.
    broken_checks
        Failed contract or leak checks, in words.
    settings
        The bounds and the rule.
    """
    mine = level_metrics(metrics, pairs.factor, pairs.level)
    coverage = Coverage(len(pairs.expected), len(pairs.cells), _named(pairs.missing, pairing), broken_checks)
    signal = signal_of(pairing, pairs.level_rows, pairs.cells, clusters)
    signals = {name: one for name, one in (("baseline", baseline), ("level", signal)) if one is not None}
    judgement = verdict_of(
        [evidence_of(one) for one in mine.values() if one.role != SHOWN], coverage, signals, settings
    )
    power = _trade_power(pairs, pairing, settings)
    short_of_trades = [one.warning for one in power if one.warning]
    primary = mine[primary_metric_of(pairing.columns)]
    design = design_of(pairs, pairing)
    warnings = [
        *short_of_trades,
        *_warnings(pairs, pairing, coverage, signals),
        *_warnings_on_clusters(primary),
    ]
    if judgement.ending != ENDS_INVALID:
        warnings += _too_small_to_see(primary, design, settings)
    trading = trading_of(pairing.rows, pairs.level_rows)
    auc = pairing.rows.values(INFLUENCE_METRIC)[pairs.level_rows]
    return LevelVerdict(
        factor=pairs.factor,
        level=pairs.level,
        verdict=judgement.verdict,
        ending=judgement.ending,
        reason=judgement.reason,
        advice=_advice(primary, design, settings) if judgement.ending == ENDS_UNDECIDED else None,
        warnings=tuple(warnings),
        n_expected=coverage.n_expected,
        n_pairs=coverage.n_pairs,
        n_trades=power[0].n_trades if power else None,
        min_trades_a_fold=power[0].min_trades_a_fold if power else None,
        underpowered=bool(short_of_trades) if power else None,
        level_auc=float(auc.mean()) if len(auc) and np.isfinite(auc).all() else None,
        signal_p=signal.p if signal else None,
        net_bps=trading.net_bps,
        trade_precision=trading.precision,
        breakeven_precision=trading.breakeven,
        tradable=trading.tradable,
    )


def _advice(primary: MetricComparison, design: LevelDesign | None, settings: GateSettings) -> str | None:
    """Say what would decide an undecided level: a design whose interval excludes 0 or the useful gain.

    The interval must reach no further than the measured difference is from 0, or from the useful gain,
    whichever is further.
    """
    mean = primary.mean_difference
    if mean is None:
        return None
    if design is None:
        return "more folds, each with weeks of its own: this metric is judged by folds"
    reach = max(mean, settings.useful_gain - mean)
    # The smallest visible effect of the design whose interval reaches so far.
    df = float(max(primary.n_clusters - design.design.folds, 1))
    effect = reach * visible_multiple(df, settings.alpha) / visible_multiple(df, settings.alpha, 0.5)
    found = designs_that_see(effect, design.parts, design.design, alpha=settings.alpha)
    said = designs_in_words(found, design.design)
    return said or "no sweep of a reasonable size: the difference lies where neither answer is near"


def _too_small_to_see(
    primary: MetricComparison, design: LevelDesign | None, settings: GateSettings
) -> list[str]:
    """Warn where the useful gain is smaller than what the sweep could see, and say which design sees it.

    Not where the interval ends below the useful gain: then the sweep has excluded it all the same.
    """
    visible = primary.smallest_visible
    if visible is None or visible <= settings.useful_gain:
        return []
    if primary.ci_high is not None and primary.ci_high < settings.useful_gain:
        return []
    warning = (
        f"a true gain of {settings.useful_gain:.3g} in {primary.metric} would often have been missed: in 4 "
        f"of 5 cases this sweep sees {visible:.4f} or more"
    )
    if design is None:
        return [warning]
    found = designs_that_see(settings.useful_gain, design.parts, design.design, alpha=settings.alpha)
    words = designs_in_words(found, design.design)
    return [f"{warning}. To see any gain of that size as often: {words}" if words else warning]


def _warnings_on_clusters(primary: MetricComparison) -> list[str]:
    """Say where the clustered test of the primary metric stands on less than weeks and paired seeds."""
    warnings = []
    if primary.metric != INFLUENCE_METRIC:
        warnings.append(
            f"the results lack roc_auc, so {primary.metric} decides, which wrong test labels distort more"
        )
    if primary.clusters is not None and primary.clusters != BY_WEEKS:
        warnings.append(
            f"no weekly results of {primary.metric}: its test takes {primary.n_clusters} {primary.clusters} "
            "as the sample, which sees less than weeks do"
        )
    if primary.seed_source == SEEDS_BASELINE:
        warnings.append(
            "one fit a cell: the noise of the seed is taken from the baseline's seed check, as if level and "
            "baseline did not share their seeds"
        )
    if primary.seed_source == SEEDS_UNKNOWN:
        warnings.append(
            "one fit a cell and no seed check: the noise of the seed is unknown, so p-value and interval are "
            "too narrow"
        )
    return warnings


def _warnings(
    pairs: LevelPairs, pairing: Pairing, coverage: Coverage, signals: dict[str, Signal]
) -> list[str]:
    """Say what weakens the verdict besides too few trades."""
    warnings = []
    if coverage.missing and coverage.n_pairs:
        warnings.append(f"missing pairs: {coverage.missing}")
    if not signals and len(pairs.cells):
        warnings.append(
            "whether the model ranks was not tested: the results lack roc_auc, and average_precision with "
            "buy_rate_test"
        )
    elif signals and all(one.p is None for one in signals.values()):
        warnings.append("whether the model ranks cannot be tested: there is one cluster only")
    absent = [name for name in VERDICT_METRICS if name not in pairing.columns]
    if absent:
        warnings.append(f"metrics missing from the results: {', '.join(absent)}")
    if pairing.unused:
        warnings.append(f"{pairing.unused} cells differ in more than one factor and were not used")
    return warnings


def _trade_power(pairs: LevelPairs, pairing: Pairing, settings: GateSettings) -> list[TradePower]:
    """Count the trades of the level and of the baseline on the paired cells; empty where not counted."""
    if TRADES not in pairing.columns or not len(pairs.cells):
        return []
    names = (f"{pairs.factor} = {pairs.level}", "the baseline")
    return [
        trade_power(name, _trades_by_fold(pairing.cells, pairs.cells, trades), settings)
        for name, trades in zip(names, pairing.values(pairs, TRADES), strict=True)
    ]


def _trades_by_fold(
    cells: Cells, numbers: Int64[Array, " pairs"], trades: Float64[Array, " pairs"]
) -> dict[int | str, int]:
    """Add up the trades of each fold that has a pair."""
    folds, fold_of_pair = np.unique(cells.fold.codes[numbers], return_inverse=True)
    totals = np.bincount(fold_of_pair, weights=np.trunc(trades))
    return {cells.fold.names[fold]: int(total) for fold, total in zip(folds, totals, strict=True)}


def _named(numbers: Int64[Array, " cells"], pairing: Pairing) -> str:
    """Name the first few cells, and say how many more there are."""
    with_folds = pairing.rows.has_folds
    names = ", ".join(
        f"{crypto} fold {fold}" if with_folds else crypto
        for crypto, fold in pairing.cells.named(numbers[:_NAMED])
    )
    return names + (f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else "")
