"""The decision on a sweep: a verdict a level, every number behind it, and what it was made from.

The tests and their sources are in :mod:`~ftf_assets.gate.statistics`, the rules and theirs in
:mod:`~ftf_assets.gate.verdict`. One family of tests for all levels and metrics of a sweep, decided before the
rows are seen, is what keeps a search from finding its own winner (Bailey, Borwein, López de Prado & Zhu 2014,
"Pseudo-Mathematics and Financial Charlatanism", Notices of the AMS 61).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.results import SEED_SPREAD_COLUMNS
from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.gate.pairs import Cell, LevelPairs, Pairing, Row, pair_levels
from ftf_assets.gate.power import trade_power
from ftf_assets.gate.seed_noise import SeedNoise, seed_noise
from ftf_assets.gate.settings import (
    ALWAYS_BUY,
    PRIMARY_METRIC,
    SHOWN_METRICS,
    TRADES,
    VERDICT_METRICS,
    GateSettings,
    higher_is_better,
)
from ftf_assets.gate.statistics import (
    benjamini_hochberg,
    bootstrap_interval,
    cluster_means,
    p_greater,
    paired_differences,
    paired_t,
    wilcoxon_p,
)
from ftf_assets.gate.tuning import tuning_of
from ftf_assets.gate.verdict import BaselineSignal, Coverage, MetricEvidence, outcome_of, verdict_of
from ftf_assets.training.keys import stable_hash

#: Missing pairs that a message names one by one.
_NAMED = 5


@dataclass(frozen=True)
class MetricComparison:
    """One level and metric against the baseline: a row of ``gate_metrics``, which says what each field is."""

    factor: str
    level: str
    metric: str
    n_pairs: int
    mean_difference: float | None
    median_difference: float | None
    ci_low: float | None
    ci_high: float | None
    bootstrap_low: float | None
    bootstrap_high: float | None
    t: float | None
    p_value: float | None
    p_corrected: float | None
    wilcoxon_p: float | None
    cohens_d: float | None
    fold_n: int
    fold_t: float | None
    fold_p: float | None
    cryptos_better: int
    cryptos_worse: int
    outcome: str | None
    in_family: bool
    seed_n: int
    seed_sd: float | None
    seed_margin: float | None


@dataclass(frozen=True)
class LevelVerdict:
    """The verdict on one level: a row of ``gate_verdicts`` less what all its rows share."""

    factor: str
    level: str
    verdict: str
    reason: str
    warnings: tuple[str, ...]
    n_expected: int
    n_pairs: int
    n_trades: int | None
    min_trades_a_fold: int | None
    underpowered: bool | None


@dataclass(frozen=True)
class Decision:
    """All verdicts on a sweep; equal rows and settings give an equal decision, whatever the rows' order.

    Attributes
    ----------
    sweep_id
        The sweep, or the file, that was judged.
    metrics
        One a level and metric.
    verdicts
        One a level.
    tuning, n_trials
        Who was tuned, and with how many trials a (crypto, fold); ``not stated`` and None where the rows do
        not say.
    useful_gain
        The gain of f1_buy that a level must not exclude.
    settings
        Bounds and baselines, a JSON object.
    rows_fingerprint, settings_fingerprint
        Hashes of what the decision was made from and with.
    """

    sweep_id: str
    metrics: tuple[MetricComparison, ...]
    verdicts: tuple[LevelVerdict, ...]
    tuning: str
    n_trials: int | None
    useful_gain: float
    settings: str
    rows_fingerprint: str
    settings_fingerprint: str

    def metric_rows(self) -> list[dict[str, object]]:
        """Rows of ``gate_metrics``, for :func:`~ftf_assets.contracts.frames.contract_frame`."""
        return [{"sweep_id": self.sweep_id, **asdict(one)} for one in self.metrics]

    def verdict_rows(self, created_at: object) -> list[dict[str, object]]:
        """Rows of ``gate_verdicts``; ``created_at`` is the one value that is not part of the decision."""
        shared = {
            "tuning": self.tuning,
            "n_trials": self.n_trials,
            "useful_gain": self.useful_gain,
            "rows_fingerprint": self.rows_fingerprint,
            "settings_fingerprint": self.settings_fingerprint,
            "settings": self.settings,
            "created_at": created_at,
        }
        return [
            {"sweep_id": self.sweep_id, **asdict(one), "warnings": "\n".join(one.warnings) or None, **shared}
            for one in self.verdicts
        ]


@typed
def decide(
    rows: Sequence[Row],
    baselines: Mapping[str, str],
    *,
    sweep_id: str,
    settings: GateSettings | None = None,
    expected: Collection[Cell] | None = None,
    clusters: Mapping[Cell, int] | None = None,
    broken_checks: Sequence[str] = (),
) -> Decision:
    """Compare every level with its factor's baseline and give each a verdict.

    Parameters
    ----------
    rows, baselines, expected
        As :func:`~ftf_assets.gate.pairs.pair_levels` takes them.
    sweep_id
        Name of what is judged.
    settings
        The bounds; None takes the defaults.
    clusters
        Number of the cluster by cell, from :func:`~ftf_assets.gate.pairs.calendar_clusters`, where each
        crypto cuts its own folds; None takes the fold, or the crypto where there is one fold only.
    broken_checks
        Red contract or leak checks, in words: any makes every verdict ``INVALID``.

    Raises
    ------
    InputError
        What :func:`~ftf_assets.gate.pairs.pair_levels` refuses, and a paired cell without a cluster.
    """
    settings = settings or GateSettings()
    pairing = pair_levels(rows, baselines, expected=expected)
    names = pairing.metrics((*VERDICT_METRICS, *SHOWN_METRICS))
    noise = {name: seed_noise(pairing.baseline_rows, name) for name in names}
    compared = [
        _compare(pairs, name, noise[name], clusters, settings) for pairs in pairing.levels for name in names
    ]
    tuning, n_trials = tuning_of(pairing.used_rows)
    metrics = _with_outcomes(compared, settings)
    signal = _baseline_signal(pairing)
    verdicts = tuple(
        _judge(
            pairs,
            pairing,
            [one for one in metrics if (one.factor, one.level) == (pairs.factor, pairs.level)],
            signal,
            settings,
            clusters,
            broken_checks,
        )
        for pairs in pairing.levels
    )
    return Decision(
        sweep_id=sweep_id,
        metrics=tuple(metrics),
        verdicts=verdicts,
        tuning=tuning,
        n_trials=n_trials,
        useful_gain=settings.useful_gain,
        settings=json.dumps(_made_with(settings, baselines), sort_keys=True),
        rows_fingerprint=_fingerprint(pairing, baselines, expected, clusters, broken_checks),
        settings_fingerprint=stable_hash(_made_with(settings, baselines)),
    )


@typed
def decision_fingerprints(
    rows: Sequence[Row],
    baselines: Mapping[str, str],
    *,
    settings: GateSettings | None = None,
    expected: Collection[Cell] | None = None,
    clusters: Mapping[Cell, int] | None = None,
    broken_checks: Sequence[str] = (),
) -> tuple[str, str]:
    """Give the fingerprints of rows and settings that :func:`decide` would give, without deciding.

    Parameters
    ----------
    rows, baselines, settings, expected, clusters, broken_checks
        As :func:`decide` takes them.

    Raises
    ------
    InputError
        What :func:`~ftf_assets.gate.pairs.pair_levels` refuses.
    """
    pairing = pair_levels(rows, baselines, expected=expected)
    return (
        _fingerprint(pairing, baselines, expected, clusters, broken_checks),
        stable_hash(_made_with(settings or GateSettings(), baselines)),
    )


def _made_with(settings: GateSettings, baselines: Mapping[str, str]) -> dict[str, object]:
    return {"bounds": asdict(settings), "baselines": dict(baselines), "verdict_metrics": VERDICT_METRICS}


def _compare(
    pairs: LevelPairs,
    metric: str,
    noise: SeedNoise | None,
    clusters: Mapping[Cell, int] | None,
    settings: GateSettings,
) -> MetricComparison:
    differences = paired_differences(*pairs.values(metric))
    test = paired_t(differences, 1 - settings.alpha)
    numbers, _ = _clusters(pairs, clusters)
    means = cluster_means(differences, numbers)
    fold = paired_t(means, 1 - settings.alpha)
    bootstrap = bootstrap_interval(
        differences,
        draws=settings.bootstrap_draws,
        seed=settings.bootstrap_seed,
        confidence=1 - settings.alpha,
    )
    by_crypto = cluster_means(differences, _numbered([crypto for crypto, _ in pairs.cells]))
    better = by_crypto if higher_is_better(metric) else -by_crypto
    return MetricComparison(
        factor=pairs.factor,
        level=pairs.level,
        metric=metric,
        n_pairs=len(differences),
        mean_difference=_number(test.mean),
        median_difference=float(np.median(differences)) if len(differences) else None,
        ci_low=_number(test.ci_low),
        ci_high=_number(test.ci_high),
        bootstrap_low=bootstrap[0] if bootstrap else None,
        bootstrap_high=bootstrap[1] if bootstrap else None,
        t=_number(test.t),
        p_value=_number(test.p),
        p_corrected=None,
        wilcoxon_p=wilcoxon_p(differences),
        cohens_d=_number(test.d),
        fold_n=len(means),
        fold_t=_number(fold.t),
        fold_p=_number(fold.p),
        cryptos_better=int((better > 0).sum()),
        cryptos_worse=int((better < 0).sum()),
        outcome=None,
        in_family=metric in VERDICT_METRICS,
        seed_n=noise.n_cells if noise else 0,
        seed_sd=noise.sd if noise else None,
        seed_margin=noise.margin(len(differences), 1 - settings.alpha) if noise else None,
    )


def _with_outcomes(compared: Sequence[MetricComparison], settings: GateSettings) -> list[MetricComparison]:
    """Correct the family of all levels at once, and say what wins and loses."""
    family = [one for one in compared if one.in_family]
    p = np.array([np.nan if one.p_value is None else one.p_value for one in family])
    corrected = [
        replace(one, p_corrected=_number(q)) for one, q in zip(family, benjamini_hochberg(p), strict=True)
    ]
    judged = iter(replace(one, outcome=outcome_of(_evidence(one), settings)) for one in corrected)
    return [next(judged) if one.in_family else one for one in compared]


def _judge(
    pairs: LevelPairs,
    pairing: Pairing,
    metrics: Sequence[MetricComparison],
    signal: BaselineSignal | None,
    settings: GateSettings,
    clusters: Mapping[Cell, int] | None,
    broken_checks: Sequence[str],
) -> LevelVerdict:
    missing = _named(pairs.missing, with_folds=pairing.has_folds)
    coverage = Coverage(len(pairs.expected), len(pairs.cells), missing, broken_checks)
    evidence = [_evidence(one) for one in metrics if one.in_family]
    verdict, reason = verdict_of(evidence, coverage, signal, settings)
    warnings = []
    n_trades = min_trades_a_fold = underpowered = None
    if TRADES in pairing.columns and pairs.cells:
        level = trade_power(
            f"{pairs.factor} = {pairs.level}", _trades(pairs.cells, pairs.level_rows), settings
        )
        baseline = trade_power("the baseline", _trades(pairs.cells, pairs.baseline_rows), settings)
        warnings += [power.warning for power in (level, baseline) if power.warning]
        n_trades, min_trades_a_fold = level.n_trades, level.min_trades_a_fold
        underpowered = bool(warnings)
    if pairs.missing and coverage.n_pairs:
        warnings.append(f"missing pairs: {coverage.missing}")
    if _clusters(pairs, clusters)[1]:
        warnings.append("one fold only: the fold test takes the cryptos as its sample")
    lacking = [name for name in (PRIMARY_METRIC, ALWAYS_BUY) if name not in pairing.columns]
    if lacking:
        warnings.append(f"not compared with always-BUY: the results lack {' and '.join(lacking)}")
    absent = [name for name in VERDICT_METRICS if name not in pairing.columns]
    if absent:
        warnings.append(f"not in the results: {', '.join(absent)}")
    if pairing.unused:
        warnings.append(f"{pairing.unused} cells differ in more than one factor and were not used")
    return LevelVerdict(
        factor=pairs.factor,
        level=pairs.level,
        verdict=verdict,
        reason=reason,
        warnings=tuple(warnings),
        n_expected=coverage.n_expected,
        n_pairs=coverage.n_pairs,
        n_trades=n_trades,
        min_trades_a_fold=min_trades_a_fold,
        underpowered=underpowered,
    )


def _clusters(pairs: LevelPairs, clusters: Mapping[Cell, int] | None) -> tuple[Int64[Array, " pairs"], bool]:
    """Cluster of each pair, and whether it is the crypto for want of folds."""
    if clusters is not None:
        for crypto, fold in pairs.cells:
            if (crypto, fold) not in clusters:
                raise input_error("a paired cell without a cluster", crypto=crypto, row=f"fold {fold}")
    named = [str(clusters[cell] if clusters is not None else cell[1]) for cell in pairs.cells]
    by_crypto = len(set(named)) == 1
    if by_crypto:
        named = [crypto for crypto, _ in pairs.cells]
    return _numbered(named), by_crypto


def _numbered(names: Sequence[str]) -> Int64[Array, " names"]:
    order = sorted(set(names))
    return np.array([order.index(name) for name in names], dtype=np.int64)


def _baseline_signal(pairing: Pairing) -> BaselineSignal | None:
    if not {PRIMARY_METRIC, ALWAYS_BUY} <= set(pairing.columns) or not pairing.baseline_rows:
        return None
    f1, always = (
        np.array([row[name] for row in pairing.baseline_rows], dtype=np.float64)
        for name in (PRIMARY_METRIC, ALWAYS_BUY)
    )
    return BaselineSignal(
        float(f1.mean()), float(always.mean()), len(f1), p_greater(paired_differences(f1, always))
    )


def _evidence(one: MetricComparison) -> MetricEvidence:
    return MetricEvidence(
        metric=one.metric,
        mean_difference=one.mean_difference,
        ci_low=one.ci_low,
        ci_high=one.ci_high,
        p_corrected=one.p_corrected,
        cohens_d=one.cohens_d,
        fold_t=one.fold_t,
        fold_p=one.fold_p,
    )


def _trades(cells: Sequence[Cell], rows: Sequence[Row]) -> dict[int | str, int]:
    trades: dict[int | str, int] = {}
    for (_, fold), row in zip(cells, rows, strict=True):
        trades[fold] = trades.get(fold, 0) + int(float(row[TRADES]))  # type: ignore[arg-type]
    return trades


def _fingerprint(
    pairing: Pairing,
    baselines: Mapping[str, str],
    expected: Collection[Cell] | None,
    clusters: Mapping[Cell, int] | None,
    broken_checks: Sequence[str],
) -> str:
    keys = ("crypto", "fold", *baselines, "status")
    columns = (*pairing.columns, "n_seeds", *SEED_SPREAD_COLUMNS.values())
    rows = [
        [
            *(None if row.get(key) is None else str(row[key]) for key in keys),
            *(_known(row.get(column)) for column in columns),
        ]
        for row in pairing.used_rows
    ]
    return stable_hash(
        {
            "columns": [*keys, *columns],
            "rows": rows,
            "tuning": tuning_of(pairing.used_rows),
            "expected": None if expected is None else sorted(map(str, expected)),
            "clusters": None if clusters is None else {str(cell): n for cell, n in clusters.items()},
            "broken_checks": sorted(broken_checks),
        }
    )


def _known(value: object) -> float | None:
    """A measured number; rows without a measurement hold None, NaN or NA."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if np.isnan(number) else number


def _named(cells: Sequence[Cell], *, with_folds: bool) -> str:
    names = ", ".join(f"{crypto} fold {fold}" if with_folds else crypto for crypto, fold in cells[:_NAMED])
    return names + (f" and {len(cells) - _NAMED} more" if len(cells) > _NAMED else "")
