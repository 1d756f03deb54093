"""Judge one level: gather what the ordered rules need, and the warnings, which change no verdict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ftf_assets.contracts.tables.gate_decision import (
    ABANDON,
    ENDS_HARM,
    ENDS_INVALID,
    ENDS_LOCK,
    ENDS_NO_SIGNAL,
    ENDS_NOTHING_USEFUL,
    ENDS_UNDECIDED,
    INVALID,
    LOCK,
    NO_SIGNAL,
    SHOWN,
    VERDICT_METRICS,
)
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.gate.clusters import Clusters
from ftf_assets.gate.compare import evidence_of
from ftf_assets.gate.decision import LevelVerdict, MetricComparison
from ftf_assets.gate.pairs import Cells, LevelPairs, Pairing
from ftf_assets.gate.power import TradePower, trade_power
from ftf_assets.gate.statistics import p_greater, paired_differences
from ftf_assets.gate.thresholds import ALWAYS_BUY, PRIMARY_METRIC, TRADES, GateSettings
from ftf_assets.gate.verdict_rules import BaselineSignal, Coverage, verdict_of

#: Missing pairs that a message names one by one.
_NAMED = 5


@typed
def baseline_signal(pairing: Pairing) -> BaselineSignal | None:
    """Compare the baseline's f1_buy with that of calling every bar BUY; None if the rows lack either."""
    measured = pairing.rows.take(pairing.baseline_rows)
    if not {PRIMARY_METRIC, ALWAYS_BUY} <= set(pairing.columns) or not len(measured):
        return None
    f1, always = measured.values(PRIMARY_METRIC), measured.values(ALWAYS_BUY)
    return BaselineSignal(
        float(f1.mean()), float(always.mean()), len(f1), p_greater(paired_differences(f1, always))
    )


@typed
def judge_level(
    pairs: LevelPairs,
    pairing: Pairing,
    metrics: Sequence[MetricComparison],
    signal: BaselineSignal | None,
    clusters: Clusters,
    broken_checks: Sequence[str],
    settings: GateSettings,
) -> LevelVerdict:
    """Give one level its verdict, with the reason and the warnings.

    Parameters
    ----------
    pairs, pairing
        The level, and the sweep that it is part of.
    metrics
        The comparisons of all levels, outcomes included.
    signal
        From :func:`baseline_signal`.
    clusters
        Which cells the fold test counts as one observation.
    broken_checks
        Failed contract or leak checks, in words.
    settings
        The bounds.
    """
    evidence = [
        evidence_of(one)
        for one in metrics
        if one.role != SHOWN and (one.factor, one.level) == (pairs.factor, pairs.level)
    ]
    coverage = Coverage(len(pairs.expected), len(pairs.cells), _named(pairs.missing, pairing), broken_checks)
    verdict, reason = verdict_of(evidence, coverage, signal, settings)
    power = _trade_power(pairs, pairing, settings)
    short_of_trades = [one.warning for one in power if one.warning]
    return LevelVerdict(
        factor=pairs.factor,
        level=pairs.level,
        verdict=verdict,
        ending=_ending(verdict, reason),
        reason=reason,
        advice=None,
        warnings=(*short_of_trades, *_warnings(pairs, pairing, coverage, clusters)),
        n_expected=coverage.n_expected,
        n_pairs=coverage.n_pairs,
        n_trades=power[0].n_trades if power else None,
        min_trades_a_fold=power[0].min_trades_a_fold if power else None,
        underpowered=bool(short_of_trades) if power else None,
        level_auc=None,
        signal_p=None,
        net_bps=None,
        trade_precision=None,
        breakeven_precision=None,
        tradable=None,
    )


def _warnings(pairs: LevelPairs, pairing: Pairing, coverage: Coverage, clusters: Clusters) -> list[str]:
    """Say what weakens the verdict besides too few trades."""
    warnings = []
    if coverage.missing and coverage.n_pairs:
        warnings.append(f"missing pairs: {coverage.missing}")
    if clusters.holds_all(pairs.cells):
        warnings.append("one fold only: the fold test takes the cryptos as its sample")
    lacking = [name for name in (PRIMARY_METRIC, ALWAYS_BUY) if name not in pairing.columns]
    if lacking:
        warnings.append(f"not compared with always-BUY: the results lack {' and '.join(lacking)}")
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


def _ending(verdict: str, reason: str) -> str:
    if verdict == ABANDON:
        return ENDS_HARM if reason.startswith("Harm") else ENDS_NOTHING_USEFUL
    return {INVALID: ENDS_INVALID, NO_SIGNAL: ENDS_NO_SIGNAL, LOCK: ENDS_LOCK}.get(verdict, ENDS_UNDECIDED)
