"""Compare each level with the baseline, metric by metric: differences, intervals, tests, outcomes.

All levels and verdict metrics of a sweep are one family of tests, fixed before the rows are seen. That keeps
a search from finding its own winner (Bailey, Borwein, López de Prado & Zhu 2014, "Pseudo-Mathematics and
Financial Charlatanism", Notices of the AMS 61).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ftf_assets.contracts.tables.gate_decision import (
    BY_FOLDS,
    COUNTED,
    SHOWN,
    SHOWN_METRICS,
    VERDICT_METRICS,
)
from ftf_assets.contracts.typed import Array, Float64, typed
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
from ftf_assets.gate.verdict_rules import MetricEvidence, outcome_of


@typed
def compare_levels(pairing: Pairing, clusters: Clusters, settings: GateSettings) -> list[MetricComparison]:
    """Compare every level with the baseline.

    Parameters
    ----------
    pairing
        The levels beside the baseline.
    clusters
        Which cells the fold test counts as one observation.
    settings
        The bounds.

    Returns
    -------
    list of MetricComparison
        One a level and metric that the rows have: levels in the order of the pairing, verdict metrics first.

    Raises
    ------
    InputError
        A paired cell without a cluster.
    """
    baseline = pairing.rows.take(pairing.baseline_rows)
    names = pairing.metrics((*VERDICT_METRICS, *SHOWN_METRICS))
    noise = {name: seed_noise(baseline, name) for name in names}
    compared = [
        one for pairs in pairing.levels for one in _compare(pairs, pairing, noise, clusters, settings)
    ]
    return _with_outcomes(compared, settings)


@typed
def evidence_of(one: MetricComparison) -> MetricEvidence:
    """Give the numbers of a comparison that outcomes and verdicts are decided by."""
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


def _compare(
    pairs: LevelPairs,
    pairing: Pairing,
    noise: Mapping[str, SeedNoise | None],
    clusters: Clusters,
    settings: GateSettings,
) -> list[MetricComparison]:
    """Compare one level with the baseline in every metric of ``noise``."""
    differences = np.stack([paired_differences(*pairing.values(pairs, metric)) for metric in noise])
    means = cluster_means(differences, clusters.of_pairs(pairs.cells))
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
        role=COUNTED if metric in VERDICT_METRICS else SHOWN,
        n_pairs=len(differences),
        n_left_out=0,
        mean_difference=_number(test.mean),
        median_difference=float(np.median(differences)) if len(differences) else None,
        ci_low=_number(test.ci_low),
        ci_high=_number(test.ci_high),
        bootstrap_low=bootstrap[0] if bootstrap else None,
        bootstrap_high=bootstrap[1] if bootstrap else None,
        clusters=BY_FOLDS,
        n_clusters=len(means),
        standard_error=None,
        week_error=None,
        seed_error=None,
        seed_source=None,
        t=_number(test.t),
        p_value=_number(test.p),
        p_corrected=None,
        smallest_visible=None,
        true_difference=None,
        cell_p=_number(test.p),
        wilcoxon_p=wilcoxon_p(differences),
        cohens_d=_number(test.d),
        fold_n=len(means),
        fold_t=_number(fold.t),
        fold_p=_number(fold.p),
        cryptos_better=int((better > 0).sum()),
        cryptos_worse=int((better < 0).sum()),
        outcome=None,
        seed_n=noise.n_cells if noise else 0,
        seed_sd=noise.sd if noise else None,
        seed_margin=noise.margin(len(differences), 1 - settings.alpha) if noise else None,
    )


def _with_outcomes(compared: Sequence[MetricComparison], settings: GateSettings) -> list[MetricComparison]:
    """Correct the p-values of all levels as one family, and add what wins and what loses."""
    family = [one for one in compared if one.role != SHOWN]
    p = np.array([np.nan if one.p_value is None else one.p_value for one in family])
    corrected = [
        replace(one, p_corrected=_number(q)) for one, q in zip(family, benjamini_hochberg(p), strict=True)
    ]
    judged = iter(replace(one, outcome=outcome_of(evidence_of(one), settings)) for one in corrected)
    return [next(judged) if one.role != SHOWN else one for one in compared]


def _number(value: object) -> float | None:
    number = float(value)  # type: ignore[arg-type]
    return None if np.isnan(number) else number
