"""How often the gate is wrong, and what it finds: drawn sweeps, judged by the gate's own tests and rules.

A sweep of 4 levels on 5 cryptos and 5 folds. The difference of a cell's AUC between a level and the baseline
is a sum of weekly influences, partly shared by the cryptos (which gives the intra-fold correlation), and of
the noise of 4 seeds. A part of the seeds' noise shows in the weekly influences too, so weeks + seeds counts
it twice, as it does on real fits. Levels share their baseline, so their differences correlate 0.5. The other
metrics are drawn by fold and cell with the same correlation; expectancy and Sortino correlate 0.8.

Each test of the primary metric that was considered judges the same drawn sweeps.

    python -m benchmarks.gate_simulation --draws 4000
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import click
import numpy as np
from scipy import stats

from ftf_assets.contracts.tables.gate_decision import ENDS_HARM, ENDS_LOCK, VETO
from ftf_assets.gate.clustered import cluster_variance, seed_variance, week_variance
from ftf_assets.gate.statistics import benjamini_hochberg, paired_t
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.verdict_rules import Coverage, MetricEvidence, verdict_of

N_CRYPTOS, N_FOLDS, N_LEVELS, N_SEEDS = 5, 5, 4, 4
#: Weeks of test history: those of the embedded market and, with 20, of the five 1 h candle files.
WEEKS = 27.0
#: SD of a cell's AUC difference where a treatment changes the labels much, and of the other metrics.
AUC_SD, METRIC_SD = 0.02, 0.02
#: Share of a cell's variance that seeds make, and the share of that which shows in the weeks.
SEED_SHARE, SEED_IN_WEEKS = 0.3, 0.4
TRADE_CORRELATION = 0.8
CORRELATIONS = (0.0, 0.1, 0.3, 0.6)
EFFECTS = (0.5, 0.8, 1.2, 1.5)
CHOSEN = "weeks + seeds, W - F"
OTHERS = ("average_precision", "f1_buy", "expectancy_net")
SETTINGS = GateSettings()


@dataclass(frozen=True, eq=False)
class Drawn:
    """Level minus baseline of many sweeps.

    ``auc`` has shape (draws, levels, cryptos, folds), ``influence`` one more axis of weeks, ``fits`` one of
    seeds; ``others`` has shape (draws, levels, metrics, cryptos, folds), the last metric is Sortino.
    """

    auc: np.ndarray
    influence: np.ndarray
    fits: np.ndarray
    others: np.ndarray


@dataclass(frozen=True, eq=False)
class Test:
    """What one test says of the mean AUC difference of each level: p, and the ends of the interval."""

    p: np.ndarray
    low: np.ndarray
    high: np.ndarray


def drawn(
    rng: np.random.Generator,
    draws: int,
    correlation: float,
    effect: np.ndarray,
    *,
    weeks: float = WEEKS,
    seed_share: float = SEED_SHARE,
    others_too: bool = False,
) -> Drawn:
    """Draw sweeps; ``effect`` is Cohen's d of the AUC by level, ``others_too`` also of the other metrics."""
    overlap = _weeks_of_folds(weeks)
    share = overlap / overlap.sum(axis=1, keepdims=True)
    n_weeks = overlap.shape[1]
    variants = N_LEVELS + 1
    together = min(correlation / (1 - seed_share), 1.0)
    shared = rng.standard_normal((draws, variants, 1, 1, n_weeks))
    own = rng.standard_normal((draws, variants, N_CRYPTOS, N_FOLDS, n_weeks))
    by_week = np.sqrt((1 - seed_share) / 2) * (np.sqrt(together) * shared + np.sqrt(1 - together) * own)
    by_week = by_week * np.sqrt(share)
    cells = (draws, variants, N_CRYPTOS, N_FOLDS, N_SEEDS)
    scale = np.sqrt(seed_share / 2 * N_SEEDS)
    seeds_by_week = scale * np.sqrt(SEED_IN_WEEKS) * rng.standard_normal((*cells, n_weeks))
    seeds_by_week = seeds_by_week * np.sqrt(share)[:, None, :]
    fits = seeds_by_week.sum(axis=-1) + scale * np.sqrt(1 - SEED_IN_WEEKS) * rng.standard_normal(cells)
    auc = by_week.sum(axis=-1) + fits.mean(axis=-1)
    influence = _level_minus_baseline(by_week + seeds_by_week.mean(axis=-2))
    influence = influence - influence.sum(axis=-1, keepdims=True) * share
    noise = np.sqrt(correlation) * rng.standard_normal((draws, variants, 4, 1, N_FOLDS))
    noise = noise + np.sqrt(1 - correlation) * rng.standard_normal((draws, variants, 4, N_CRYPTOS, N_FOLDS))
    noise[:, :, 3] = TRADE_CORRELATION * noise[:, :, 2] + np.sqrt(1 - TRADE_CORRELATION**2) * noise[:, :, 3]
    others = _level_minus_baseline(noise) / np.sqrt(2)
    if others_too:
        others = others + effect[:, None, None, None]
    return Drawn(
        AUC_SD * (_level_minus_baseline(auc) + effect[:, None, None]),
        AUC_SD * influence,
        AUC_SD * _level_minus_baseline(fits),
        METRIC_SD * others,
    )


def _weeks_of_folds(weeks: float) -> np.ndarray:
    """Weeks of each fold by calendar week, shape (folds, weeks): folds begin in the middle of a week."""
    edges = 0.5 + np.linspace(0, weeks, N_FOLDS + 1)
    first = np.arange(np.ceil(edges[-1]))
    overlap: np.ndarray = np.minimum(edges[1:, None], first + 1) - np.maximum(edges[:-1, None], first)
    return np.clip(overlap, 0, None)


def _level_minus_baseline(values: np.ndarray) -> np.ndarray:
    difference: np.ndarray = values[:, 1:] - values[:, :1]
    return difference


def tests(found: Drawn) -> dict[str, Test]:
    """Judge the AUC differences by each test that was considered."""
    draws, levels = found.auc.shape[:2]
    pairs = found.auc.reshape(draws, levels, -1)
    mean = pairs.mean(axis=-1)
    weekly = found.influence.reshape(*pairs.shape, -1)
    n_weeks = weekly.shape[-1]
    of_weeks = week_variance(weekly, N_FOLDS)
    of_seeds = seed_variance(found.fits.reshape(*pairs.shape, -1))
    cell = paired_t(pairs)
    folds = np.tile(np.arange(N_FOLDS), N_CRYPTOS)
    return {
        "weeks alone": _t(mean, of_weeks, n_weeks - N_FOLDS),
        "weeks + seeds, W - 1": _t(
            mean, of_weeks * (n_weeks - N_FOLDS) / (n_weeks - 1) + of_seeds, n_weeks - 1
        ),
        CHOSEN: _t(mean, of_weeks + of_seeds, n_weeks - N_FOLDS),
        "fold means": _t(mean, cluster_variance(pairs, folds), N_FOLDS - 1),
        "cells": Test(cell.p, cell.ci_low, cell.ci_high),
        "hierarchical": hierarchical(found.auc),
    }


def _t(mean: np.ndarray, variance: np.ndarray, degrees_of_freedom: int) -> Test:
    error = np.sqrt(variance)
    reach = stats.t.ppf(0.975, degrees_of_freedom) * error
    return Test(2 * stats.t.sf(np.abs(mean) / error, degrees_of_freedom), mean - reach, mean + reach)


def hierarchical(auc: np.ndarray) -> Test:
    """Judge by a Bayesian hierarchical model: a mean, fold effects and cells, after Corani et al. 2017.

    D = mu + u_fold + e_cell, the intra-fold correlation uniform on a grid, mu and log sigma flat: given the
    correlation, mu has a Student posterior, and the correlations are weighed by their likelihood. The
    p-value is twice the posterior probability of the smaller side of 0.
    """
    mean, weights, scale = _posterior(auc)
    df = N_CRYPTOS * N_FOLDS - 1
    above = (weights * stats.t.sf(-mean / scale, df)).sum(axis=0)
    low, high = mean - 60 * scale.max(axis=0), mean + 60 * scale.max(axis=0)
    ends = []
    for level in (0.025, 0.975):
        left, right = low, high
        for _ in range(50):
            middle = (left + right) / 2
            below = (weights * stats.t.cdf((middle - mean) / scale, df)).sum(axis=0) < level
            left, right = np.where(below, middle, left), np.where(below, right, middle)
        ends.append((left + right) / 2)
    return Test(2 * np.minimum(above, 1 - above), *ends)


def practically_better(auc: np.ndarray, region: float) -> np.ndarray:
    """Whether the hierarchical model gives 95 % to a gain beyond a region of practical equivalence."""
    mean, weights, scale = _posterior(auc)
    above = (weights * stats.t.sf((region - mean) / scale, N_CRYPTOS * N_FOLDS - 1)).sum(axis=0)
    better: np.ndarray = above > 0.95
    return better


def _posterior(auc: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = N_CRYPTOS * N_FOLDS
    mean, fold = auc.mean(axis=(-1, -2)), auc.mean(axis=-2)
    between = N_CRYPTOS * ((fold - mean[..., None]) ** 2).sum(axis=-1)
    within = ((auc - fold[..., None, :]) ** 2).sum(axis=(-1, -2))
    log_weights, scales = [], []
    for rho in np.linspace(0, 0.95, 20):
        cell, shared = 1 - rho, 1 - rho + N_CRYPTOS * rho
        total = within / cell + between / shared
        log_weights.append(
            -0.5 * (N_FOLDS * (N_CRYPTOS - 1) * np.log(cell) + N_FOLDS * np.log(shared))
            + 0.5 * np.log(shared / n)
            - (n - 1) / 2 * np.log(total)
        )
        scales.append(np.sqrt(total / (n - 1) * shared / n))
    weights = np.exp(np.array(log_weights) - np.max(log_weights, axis=0))
    return mean, weights / weights.sum(axis=0), np.array(scales)


def endings(found: Drawn, test: Test) -> Iterator[list[str]]:
    """How each level of each sweep ends, by the gate's rules, with the primary metric judged by ``test``."""
    draws, levels = found.auc.shape[:2]
    cells = paired_t(found.auc.reshape(draws, levels, -1))
    folds = np.tile(np.arange(N_FOLDS), N_CRYPTOS)
    others = found.others[:, :, :3].reshape(draws, levels, 3, -1)
    other = paired_t(others)
    by_folds = _t(other.mean, cluster_variance(others, folds), N_FOLDS - 1)
    q_others = benjamini_hochberg(np.moveaxis(by_folds.p, 1, -1))
    q = benjamini_hochberg(test.p)
    coverage = Coverage(N_CRYPTOS * N_FOLDS, N_CRYPTOS * N_FOLDS)
    primary = np.stack([cells.mean, test.low, test.high, q, cells.d], axis=-1).tolist()
    veto = np.stack(
        [other.mean, by_folds.low, by_folds.high, np.moveaxis(q_others, -1, 1), other.d], axis=-1
    ).tolist()
    for sweep in range(draws):
        yield [
            verdict_of(
                [
                    MetricEvidence("roc_auc", "primary", *primary[sweep][level]),
                    *(
                        MetricEvidence(name, VETO, *values)
                        for name, values in zip(OTHERS, veto[sweep][level], strict=True)
                    ),
                ],
                coverage,
                {},
                SETTINGS,
            ).ending
            for level in range(levels)
        ]


def team_endings(found: Drawn) -> np.ndarray:
    """How each level ends by the team's rule: two of f1, average precision, expectancy and Sortino win."""
    draws, levels = found.auc.shape[:2]
    test = paired_t(found.others.reshape(draws, levels, 4, -1))
    q = benjamini_hochberg(test.p.reshape(draws, -1)).reshape(test.p.shape)
    wins = ((q < SETTINGS.alpha) & (test.d >= SETTINGS.min_effect)).sum(axis=-1)
    loses = ((q < SETTINGS.alpha) & (test.d <= -SETTINGS.min_effect)).sum(axis=-1)
    needed = SETTINGS.min_winning_metrics
    return np.where(wins >= needed, ENDS_LOCK, np.where(loses >= needed, ENDS_HARM, "undecided"))


@dataclass(frozen=True)
class Rates:
    """Shares of the drawn sweeps.

    ``any_lock``, ``any_harm``: any level is locked, or abandoned for harm. ``first_lock``: the first is
    locked.
    """

    any_lock: float
    any_harm: float
    first_lock: float


def rates(
    draws: int,
    correlation: float,
    effect: tuple[float, ...] = (0.0,) * N_LEVELS,
    *,
    seed: int = 0,
    **more: float,
) -> Mapping[str, Rates]:
    """Rates of each test, and of the team's rule, over drawn sweeps; equal seeds give equal rates."""
    ended: dict[str, list[list[str]]] = {}
    for start in range(0, draws, 500):
        rng = np.random.default_rng([seed, start, round(100 * correlation)])
        size = min(500, draws - start)
        found = drawn(rng, size, correlation, np.array(effect), **more)
        for name, test in tests(found).items():
            ended.setdefault(name, []).extend(endings(found, test))
        better = practically_better(found.auc, SETTINGS.useful_gain)
        harmful = practically_better(-found.auc, SETTINGS.useful_gain)
        region = np.where(better, ENDS_LOCK, np.where(harmful, ENDS_HARM, "undecided"))
        ended.setdefault("hierarchical, beyond the useful gain", []).extend(region.tolist())
        rng = np.random.default_rng([seed, start, round(100 * correlation)])
        team = drawn(rng, size, correlation, np.array(effect), others_too=True, **more)
        ended.setdefault("rule two_metrics", []).extend(team_endings(team).tolist())
    return {name: _rates(np.array(levels)) for name, levels in ended.items()}


def _rates(levels: np.ndarray) -> Rates:
    return Rates(
        any_lock=float((levels == ENDS_LOCK).any(axis=1).mean()),
        any_harm=float((levels == ENDS_HARM).any(axis=1).mean()),
        first_lock=float((levels[:, 0] == ENDS_LOCK).mean()),
    )


def signal_rates(draws: int, auc: float, correlation: float, *, seed: int = 0) -> dict[str, float]:
    """Share of sweeps in which the signal is found, by weeks and by fold means; at AUC 0.5 the false ones.

    A cell's AUC has SD 0.025: about 650 test rows of which 16 % are BUY.
    """
    rng = np.random.default_rng([seed, round(1000 * auc), round(100 * correlation)])
    found = drawn(rng, draws, correlation, np.zeros(N_LEVELS), seed_share=0.0)
    scale = 0.025 / AUC_SD
    scores = scale * found.auc[:, 0].reshape(draws, -1) + auc - 0.5
    influence = scale * found.influence[:, 0].reshape(draws, N_CRYPTOS * N_FOLDS, -1)
    df = influence.shape[-1] - N_FOLDS
    folds = np.tile(np.arange(N_FOLDS), N_CRYPTOS)
    mean = scores.mean(axis=-1)
    by_weeks = stats.t.sf(mean / np.sqrt(week_variance(influence, N_FOLDS)), df)
    by_folds = stats.t.sf(mean / np.sqrt(cluster_variance(scores, folds)), N_FOLDS - 1)
    return {"weeks": float((by_weeks < 0.05).mean()), "fold means": float((by_folds < 0.05).mean())}


def _per_cent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")


@click.command()
@click.option("--draws", default=4000, show_default=True, help="Sweeps to draw a scenario.")
@click.option("--seed", default=0, show_default=True)
@click.option("--weeks", default=WEEKS, show_default=True, help="Weeks of test history.")
@click.option("--seed-share", default=SEED_SHARE, show_default=True, help="Share of a cell's variance.")
def main(draws: int, seed: int, weeks: float, seed_share: float) -> None:
    """Print the tables of docs/gate.md, then the same rates as JSON."""
    more = {"weeks": weeks, "seed_share": seed_share}
    measured: dict[str, object] = {}
    nulls = {
        rho: rates(draws, rho, seed=seed, **more)
        for rho in CORRELATIONS
        if rho <= 1 - seed_share and rho != 0.1
    }
    powers = {
        (d, rho, n): rates(draws, rho, (d,) * n + (0.0,) * (N_LEVELS - n), seed=seed, **more)
        for d in EFFECTS
        for rho in CORRELATIONS[:3]
        for n in (1, N_LEVELS)
    }
    click.echo("| test | " + " | ".join(f"false LOCK, harm at {rho:g}" for rho in nulls) + " |")
    for name in next(iter(nulls.values())):
        shown = (
            f"{_per_cent(one[name].any_lock)}, {_per_cent(one[name].any_harm)}" for one in nulls.values()
        )
        click.echo(f"| {name} | {' | '.join(shown)} |")
    for n in (1, N_LEVELS):
        click.echo(f"power, {n} of {N_LEVELS} levels good: d / correlation")
        scenarios = [key for key in powers if key[2] == n]
        click.echo("| test | " + " | ".join(f"{d:g} / {rho:g}" for d, rho, _ in scenarios) + " |")
        for name in next(iter(powers.values())):
            shown = (_per_cent(powers[key][name].first_lock) for key in scenarios)
            click.echo(f"| {name} | {' | '.join(shown)} |")
    for auc in (0.5, 0.53, 0.55):
        for rho in (0.0, 0.3):
            click.echo(
                f"signal at AUC {auc:g}, correlation {rho:g}: {signal_rates(draws, auc, rho, seed=seed)}"
            )
    measured["null"] = {
        str(rho): {name: asdict(one) for name, one in by.items()} for rho, by in nulls.items()
    }
    measured["power"] = {
        str(key): {name: one.first_lock for name, one in by.items()} for key, by in powers.items()
    }
    click.echo(json.dumps(measured))


if __name__ == "__main__":
    main()
