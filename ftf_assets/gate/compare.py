"""Compare each level with the baseline, metric by metric: differences, clustered tests, outcomes.

The levels of a sweep are one family of tests in each metric, fixed before the rows are seen. That keeps a
search from finding its own winner (Bailey, Borwein, López de Prado & Zhu 2014, "Pseudo-Mathematics and
Financial Charlatanism", Notices of the AMS 61). One metric decides; a family of every metric would cost power
and add no protection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ftf_assets.contracts.gate_bounds import TWO_METRICS_RULE
from ftf_assets.contracts.tables.gate_decision import (
    BY_PAIRS,
    COUNTED,
    COUNTED_METRICS,
    PRIMARY,
    PRIMARY_METRICS,
    SHOWN,
    SHOWN_METRICS,
    VERDICT_METRICS,
    VETO,
)
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.gate.cell_errors import (
    INFLUENCE_METRIC,
    SeedVariance,
    WeeklyDifferences,
    error_by_folds,
    error_by_weeks,
    seed_variance_of,
    weekly_differences,
)
from ftf_assets.gate.clustered import ErrorOfMean, MeanTest, mean_test, sign_flip_p
from ftf_assets.gate.clusters import Clusters
from ftf_assets.gate.decision import MetricComparison
from ftf_assets.gate.pairs import LevelPairs, Pairing
from ftf_assets.gate.seed_noise import SeedNoise, seed_noise
from ftf_assets.gate.statistics import (
    benjamini_hochberg,
    bootstrap_interval,
    cluster_means,
    paired_differences,
    paired_t,
    wilcoxon_p,
)
from ftf_assets.gate.thresholds import GateSettings, higher_is_better
from ftf_assets.gate.truth_scale import LabelNoise
from ftf_assets.gate.verdict_rules import MetricEvidence, outcome_of


@typed
def primary_metric_of(columns: Sequence[str]) -> str:
    """Give the metric that decides: the first of ``PRIMARY_METRICS`` among the columns, which have one."""
    return next(name for name in PRIMARY_METRICS if name in columns)


@typed
def roles_of(columns: Sequence[str], rule: str) -> dict[str, str]:
    """Say what each metric among the columns does in a decision, verdict metrics first."""
    names = [name for name in (*VERDICT_METRICS, *SHOWN_METRICS) if name in columns]
    if rule == TWO_METRICS_RULE:
        return {name: COUNTED if name in COUNTED_METRICS else SHOWN for name in names}
    primary = primary_metric_of(columns)
    return {
        name: PRIMARY if name == primary else VETO if name in VERDICT_METRICS else SHOWN for name in names
    }


@typed
def compare_levels(
    pairing: Pairing, clusters: Clusters, settings: GateSettings, label_noise: LabelNoise | None = None
) -> list[MetricComparison]:
    """Compare every level with the baseline.

    Parameters
    ----------
    pairing
        The levels beside the baseline.
    clusters
        Which cells the fold test counts as one observation.
    settings
        The bounds and the rule.
    label_noise
        Noise of the test labels; None where unknown.

    Returns
    -------
    list of MetricComparison
        One a level and metric that the rows have: levels in the order of the pairing, verdict metrics first.

    Raises
    ------
    InputError
        A paired cell without a cluster.
    """
    roles = roles_of(pairing.columns, settings.rule)
    baseline = pairing.rows.take(pairing.baseline_rows)
    noise = {name: seed_noise(baseline, name) for name in roles}
    compared = [
        _Comparison(pairs, pairing, clusters, settings, label_noise).of(metric, role, noise[metric])
        for pairs in pairing.levels
        for metric, role in roles.items()
    ]
    return _with_outcomes(compared, settings)


@typed
def compare_with_control(
    treatment: LevelPairs, control: LevelPairs, pairing: Pairing, clusters: Clusters, settings: GateSettings
) -> MetricComparison:
    """Compare a level with a control of its factor instead of the baseline, in the primary metric.

    The same test as against the baseline, on the cells in which both were measured. It stands beside the
    verdicts and is not one of their family of tests.

    Parameters
    ----------
    treatment, control
        Two levels of one factor.
    pairing, clusters, settings
        As :func:`compare_levels` takes them.
    """
    both, of_treatment, of_control = np.intersect1d(
        treatment.cells, control.cells, assume_unique=True, return_indices=True
    )
    pairs = replace(
        treatment,
        expected=both,
        cells=both,
        level_rows=treatment.level_rows[of_treatment],
        baseline_rows=control.level_rows[of_control],
    )
    return _Comparison(pairs, pairing, clusters, settings, None).of(
        primary_metric_of(pairing.columns), SHOWN, None
    )


@typed
def evidence_of(one: MetricComparison) -> MetricEvidence:
    """Give the numbers of a comparison that outcomes and verdicts are decided by."""
    return MetricEvidence(
        metric=one.metric,
        role=one.role,
        mean_difference=one.mean_difference,
        ci_low=one.ci_low,
        ci_high=one.ci_high,
        p_corrected=one.p_corrected,
        cohens_d=one.cohens_d,
        n_clusters=one.n_clusters,
        clusters=one.clusters,
    )


@dataclass(frozen=True)
class _Comparison:
    """What the comparisons of one level share."""

    pairs: LevelPairs
    pairing: Pairing
    clusters: Clusters
    settings: GateSettings
    label_noise: LabelNoise | None

    def of(self, metric: str, role: str, noise: SeedNoise | None) -> MetricComparison:
        """Compare the level with the baseline in one metric."""
        level, baseline = self.pairing.values(self.pairs, metric)
        has = np.isfinite(level) & np.isfinite(baseline)
        differences, cells = paired_differences(level[has], baseline[has]), self.pairs.cells[has]
        confidence = 1 - self.settings.alpha
        test = paired_t(differences, confidence)
        mean = _number(test.mean)
        by_folds = _fold_error(differences, cells, self.clusters)
        error = self._error(metric, bool(has.all()), by_folds)
        clustered, kind, n_clusters = _clustered(mean, differences, cells, error, self.clusters, confidence)
        folds = MeanTest() if mean is None or by_folds is None else mean_test(mean, by_folds, confidence)
        bootstrap = bootstrap_interval(
            differences,
            draws=self.settings.bootstrap_draws,
            seed=self.settings.bootstrap_seed,
            most_pairs=self.settings.bootstrap_pairs,
            confidence=confidence,
        )
        by_crypto = cluster_means(differences, self.pairing.cells.crypto.codes[cells])
        better = by_crypto if higher_is_better(metric) else -by_crypto
        return MetricComparison(
            factor=self.pairs.factor,
            level=self.pairs.level,
            metric=metric,
            role=role,
            n_pairs=len(differences),
            n_left_out=int((~has).sum()),
            mean_difference=mean,
            median_difference=float(np.median(differences)) if len(differences) else None,
            ci_low=clustered.low,
            ci_high=clustered.high,
            bootstrap_low=bootstrap[0] if bootstrap else None,
            bootstrap_high=bootstrap[1] if bootstrap else None,
            clusters=kind,
            n_clusters=n_clusters,
            standard_error=clustered.standard_error,
            week_error=_root(error.week_variance if error else None),
            seed_error=_root(error.seed_variance if error else None),
            seed_source=error.seed_source if error else None,
            t=clustered.t,
            p_value=clustered.p,
            p_corrected=None,
            smallest_visible=clustered.visible,
            true_difference=self._true_difference(metric, mean),
            cohens_d=_number(test.d),
            cell_p=_number(test.p),
            wilcoxon_p=wilcoxon_p(differences),
            fold_n=by_folds.n_clusters if by_folds else 0,
            fold_t=folds.t,
            fold_p=folds.p,
            cryptos_better=int((better > 0).sum()),
            cryptos_worse=int((better < 0).sum()),
            outcome=None,
            seed_n=noise.n_cells if noise else 0,
            seed_sd=noise.sd if noise else None,
            seed_margin=noise.margin(len(differences), confidence) if noise else None,
        )

    def _error(self, metric: str, complete: bool, by_folds: ErrorOfMean | None) -> ErrorOfMean | None:
        if metric != INFLUENCE_METRIC or not complete or by_folds is None:
            return by_folds
        found = weekly_error(self.pairs, self.pairing)
        return by_folds if found is None else error_by_weeks(*found)

    def _true_difference(self, metric: str, mean: float | None) -> float | None:
        if metric != INFLUENCE_METRIC or mean is None or self.label_noise is None:
            return None
        return self.label_noise.true_difference(mean)


@typed
def weekly_error(pairs: LevelPairs, pairing: Pairing) -> tuple[WeeklyDifferences, SeedVariance] | None:
    """Give what the weekly error of a level's AUC difference is made of; None without weekly influence."""
    weekly = weekly_differences(pairs, pairing)
    return None if weekly is None else (weekly, seed_variance_of(pairs, pairing))


def _fold_error(
    differences: Float64[Array, " pairs"], cells: Int64[Array, " pairs"], clusters: Clusters
) -> ErrorOfMean | None:
    return error_by_folds(differences, cells, clusters) if len(cells) else None


def _clustered(
    mean: float | None,
    differences: Float64[Array, " pairs"],
    cells: Int64[Array, " pairs"],
    error: ErrorOfMean | None,
    clusters: Clusters,
    confidence: float,
) -> tuple[MeanTest, str | None, int]:
    """Test a mean by its clusters, and where they all differ by the same by the sign-flip test."""
    if mean is None or error is None:
        return MeanTest(), None, 0
    found = mean_test(mean, error, confidence)
    if found.p is not None:
        return found, error.clusters, error.n_clusters
    if len(differences) < 2:
        return found, None, error.n_clusters
    if not np.ptp(differences):
        kind, n_equal = BY_PAIRS, len(differences)
    else:
        means = cluster_means(differences, clusters.of_pairs(cells))
        kind, n_equal = error.clusters, len(means)
        if n_equal < 2 or np.ptp(means):
            return found, None, error.n_clusters
    p = sign_flip_p(n_equal) if mean else 1.0
    return MeanTest(p=p, low=mean, high=mean), kind, n_equal


def _with_outcomes(compared: Sequence[MetricComparison], settings: GateSettings) -> list[MetricComparison]:
    """Correct the p-values over the levels, and add what wins and what loses."""
    counted = settings.rule == TWO_METRICS_RULE
    families: dict[str, list[int]] = {}
    for place, one in enumerate(compared):
        if one.role != SHOWN:
            families.setdefault(COUNTED if counted else one.metric, []).append(place)
    corrected: dict[int, float | None] = {}
    for places in families.values():
        p = [compared[place].cell_p if counted else compared[place].p_value for place in places]
        q = benjamini_hochberg(np.array([np.nan if one is None else one for one in p]))
        corrected |= {place: _number(one) for place, one in zip(places, q, strict=True)}
    found = [replace(one, p_corrected=corrected.get(place)) for place, one in enumerate(compared)]
    return [replace(one, outcome=outcome_of(evidence_of(one), settings)) for one in found]


def level_metrics(
    metrics: Sequence[MetricComparison], factor: str, level: str
) -> Mapping[str, MetricComparison]:
    """Give the comparisons of one level by metric."""
    return {one.metric: one for one in metrics if (one.factor, one.level) == (factor, level)}


def _root(variance: float | None) -> float | None:
    return None if variance is None else float(np.sqrt(variance))


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if np.isnan(number) else number
