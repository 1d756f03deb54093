"""The decision on a sweep: a verdict a level, every number behind it, and what it was made from.

The tests and their sources are in :mod:`~ftf_assets.gate.statistics`, the rules and theirs in
:mod:`~ftf_assets.gate.verdict`. One family of tests for all levels and metrics of a sweep, decided before the
rows are seen, is what keeps a search from finding its own winner (Bailey, Borwein, López de Prado & Zhu 2014,
"Pseudo-Mathematics and Financial Charlatanism", Notices of the AMS 61).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.result_rows import Names, ResultRows
from ftf_assets.contracts.results import SEED_SPREAD_COLUMNS
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.gate.pairs import Cell, Cells, LevelPairs, Pairing, pair_levels
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
    rows: ResultRows,
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
    measured_baseline = pairing.rows.take(pairing.baseline_rows)
    noise = {name: seed_noise(measured_baseline, name) for name in names}
    cluster_of_cell = _clusters(pairing.cells, clusters)
    compared = [
        one for pairs in pairing.levels for one in _compare(pairs, pairing, noise, cluster_of_cell, settings)
    ]
    tuning, n_trials = tuning_of(pairing.rows)
    metrics = _with_outcomes(compared, settings)
    signal = _baseline_signal(pairing, measured_baseline)
    verdicts = tuple(
        _judge(
            pairs,
            pairing,
            [one for one in metrics if (one.factor, one.level) == (pairs.factor, pairs.level)],
            signal,
            settings,
            cluster_of_cell,
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
    rows: ResultRows,
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
    pairing: Pairing,
    noise: Mapping[str, SeedNoise | None],
    cluster_of_cell: Int64[Array, " cells"],
    settings: GateSettings,
) -> list[MetricComparison]:
    """One level beside the baseline, metric by metric of ``noise``."""
    differences = np.stack([paired_differences(*pairing.values(pairs, metric)) for metric in noise])
    means = cluster_means(differences, _cluster_of_pair(pairs, pairing, cluster_of_cell))
    by_crypto = cluster_means(differences, pairing.cells.crypto.codes[pairs.cells])
    return [
        _comparison(pairs, metric, differences[i], means[i], by_crypto[i], noise[metric], settings)
        for i, metric in enumerate(noise)
    ]


def _comparison(
    pairs: LevelPairs,
    metric: str,
    differences: Float64[Array, " pairs"],
    means: Float64[Array, " clusters"],
    by_crypto: Float64[Array, " cryptos"],
    noise: SeedNoise | None,
    settings: GateSettings,
) -> MetricComparison:
    test = paired_t(differences, 1 - settings.alpha)
    fold = paired_t(means, 1 - settings.alpha)
    bootstrap = bootstrap_interval(
        differences,
        draws=settings.bootstrap_draws,
        seed=settings.bootstrap_seed,
        most_pairs=settings.bootstrap_pairs,
        confidence=1 - settings.alpha,
    )
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
    cluster_of_cell: Int64[Array, " cells"],
    broken_checks: Sequence[str],
) -> LevelVerdict:
    missing = _named(pairs.missing, pairing)
    coverage = Coverage(len(pairs.expected), len(pairs.cells), missing, broken_checks)
    evidence = [_evidence(one) for one in metrics if one.in_family]
    verdict, reason = verdict_of(evidence, coverage, signal, settings)
    warnings = []
    n_trades = min_trades_a_fold = underpowered = None
    if TRADES in pairing.columns and len(pairs.cells):
        of_level, of_baseline = (
            _trades(pairing.cells, pairs.cells, trades) for trades in pairing.values(pairs, TRADES)
        )
        level = trade_power(f"{pairs.factor} = {pairs.level}", of_level, settings)
        baseline = trade_power("the baseline", of_baseline, settings)
        warnings += [power.warning for power in (level, baseline) if power.warning]
        n_trades, min_trades_a_fold = level.n_trades, level.min_trades_a_fold
        underpowered = bool(warnings)
    if missing and coverage.n_pairs:
        warnings.append(f"missing pairs: {coverage.missing}")
    if _is_one_cluster(cluster_of_cell[pairs.cells]):
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


def _clusters(cells: Cells, clusters: Mapping[Cell, int] | None) -> Int64[Array, " cells"]:
    """Cluster of each cell, its fold where ``clusters`` is None; -1 for a cell that has none."""
    names: list[str | None]
    if clusters is None:
        names, codes = [str(name) for name in cells.fold.names], cells.fold.codes
    else:
        found = [clusters.get(cell) for cell in cells.named(np.arange(len(cells)))]
        names = [None if number is None else str(number) for number in found]
        codes = np.arange(len(cells))
    order = sorted({name for name in names if name is not None})
    place: dict[str | None, int] = {None: -1}
    place |= {name: number for number, name in enumerate(order)}
    return np.array([place[name] for name in names], np.int64).take(codes)


def _cluster_of_pair(
    pairs: LevelPairs, pairing: Pairing, cluster_of_cell: Int64[Array, " cells"]
) -> Int64[Array, " pairs"]:
    """Cluster of each pair; the crypto where all cells are one."""
    clusters = cluster_of_cell[pairs.cells]
    if (clusters == -1).any():
        ((crypto, fold),) = pairing.cells.named(pairs.cells[[(clusters == -1).argmax()]])
        raise input_error("a paired cell without a cluster", crypto=crypto, row=f"fold {fold}")
    return pairing.cells.crypto.codes.take(pairs.cells) if _is_one_cluster(clusters) else clusters


def _is_one_cluster(clusters: Int64[Array, " pairs"]) -> bool:
    return bool(len(clusters)) and not np.ptp(clusters)


def _baseline_signal(pairing: Pairing, measured: ResultRows) -> BaselineSignal | None:
    if not {PRIMARY_METRIC, ALWAYS_BUY} <= set(pairing.columns) or not len(measured):
        return None
    f1, always = measured.values(PRIMARY_METRIC), measured.values(ALWAYS_BUY)
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


def _trades(
    cells: Cells, numbers: Int64[Array, " pairs"], trades: Float64[Array, " pairs"]
) -> dict[int | str, int]:
    """Trades per fold that has a pair."""
    folds, fold_of_pair = np.unique(cells.fold.codes[numbers], return_inverse=True)
    totals = np.bincount(fold_of_pair, weights=np.trunc(trades))
    return {cells.fold.names[fold]: int(total) for fold, total in zip(folds, totals, strict=True)}


def _fingerprint(
    pairing: Pairing,
    baselines: Mapping[str, str],
    expected: Collection[Cell] | None,
    clusters: Mapping[Cell, int] | None,
    broken_checks: Sequence[str],
) -> str:
    """Hash what the decision is made from: a heading, which says how many rows and columns follow, and those.

    The rows come in the order of the pairing and only names that they hold are counted, so neither the order
    in which they were given nor rows that take no part are in it.
    """
    rows = pairing.rows
    names = {"crypto": rows.crypto, "fold": rows.fold, **rows.factors, "status": rows.status}
    columns = (*pairing.columns, "n_seeds", *SEED_SPREAD_COLUMNS.values())
    held = {column: _held(names[column]) for column in ("crypto", "fold", *baselines, "status")}
    heading = stable_hash(
        {
            "n_rows": len(rows),
            "names": [[column, *map(str, of.names)] for column, of in held.items()],
            "columns": columns,
            "tuning": tuning_of(rows),
            "expected": None if expected is None else sorted(map(str, expected)),
            "clusters": None if clusters is None else {str(cell): n for cell, n in clusters.items()},
            "broken_checks": sorted(broken_checks),
        },
        length=64,
    )
    digest = hashlib.sha256(heading.encode())
    for of in held.values():
        digest.update(of.codes.astype("<i8").data)
    for column in columns:
        values = rows.values(column)
        digest.update(np.where(np.isfinite(values), values, np.nan).astype("<f8").data)
    return digest.hexdigest()[:16]


def _held(column: Names) -> Names:
    """The column without the names that no row has."""
    codes, numbers = np.unique(column.codes, return_inverse=True)
    absent = int(len(codes) > 0 and codes[0] == -1)
    return Names(numbers - absent, tuple(column.names[code] for code in codes[absent:]))


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if np.isnan(number) else number


def _named(numbers: Int64[Array, " cells"], pairing: Pairing) -> str:
    with_folds = pairing.rows.has_folds
    names = ", ".join(
        f"{crypto} fold {fold}" if with_folds else crypto
        for crypto, fold in pairing.cells.named(numbers[:_NAMED])
    )
    return names + (f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else "")
