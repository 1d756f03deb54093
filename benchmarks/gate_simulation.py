"""How often the gate is wrong: false and true LOCK rates by simulation, through the gate's own functions.

A sweep of 4 levels and the 4 verdict metrics on 5 cryptos and 5 or 12 folds. Baseline and levels are drawn
with fold and cell noise alike, so the levels share their baseline (their differences correlate 0.5), metrics
are independent but expectancy and sortino (0.98), and cells of one fold share a part of their noise (the
intra-fold correlation). The difference of f1_buy has SD 0.02. Always-BUY plays no part.

    python benchmarks/gate_simulation.py --draws 2000
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click
import numpy as np

from ftf_assets.contracts.tables.gate_decision import ABANDON, LOCK, VERDICT_METRICS
from ftf_assets.gate.statistics import benjamini_hochberg, cluster_means, paired_t
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.verdict_rules import Coverage, MetricEvidence, verdict_of

N_CRYPTOS = 5
N_LEVELS = 4
F1_SD = 0.02
TRADE_CORRELATION = 0.98
CORRELATIONS = (0.0, 0.3, 0.6)
FOLDS = (5, 12)
EFFECT = 0.8


@dataclass(frozen=True)
class Rates:
    """Shares of the drawn sweeps, for one number of folds and one intra-fold correlation.

    ``false_lock``: no level has an effect, and any is locked. ``false_harm``: no level has an effect, and any
    is abandoned for harm. ``power_one``: one level has the effect in all metrics, and it is locked.
    ``power_all``: all levels have it, and the first is locked.
    """

    n_folds: int
    correlation: float
    draws: int
    false_lock: float
    false_harm: float
    power_one: float
    power_all: float


def drawn_differences(
    rng: np.random.Generator, draws: int, n_folds: int, correlation: float, effect: np.ndarray
) -> np.ndarray:
    """Level minus baseline in units of its SD, f1_buy in its own; shape (draws, levels, metrics, pairs).

    ``effect`` is Cohen's d by level. Pairs run over cryptos, then folds.
    """
    shape = (draws, N_LEVELS + 1, len(VERDICT_METRICS))
    noise = np.sqrt(correlation) * rng.standard_normal((*shape, 1, n_folds))
    noise = noise + np.sqrt(1 - correlation) * rng.standard_normal((*shape, N_CRYPTOS, n_folds))
    expectancy, sortino = VERDICT_METRICS.index("expectancy_net"), VERDICT_METRICS.index("sortino")
    noise[:, :, sortino] = (
        TRADE_CORRELATION * noise[:, :, expectancy] + np.sqrt(1 - TRADE_CORRELATION**2) * noise[:, :, sortino]
    )
    differences = (noise[:, 1:] - noise[:, :1]) / np.sqrt(2) + effect[:, None, None, None]
    differences[:, :, VERDICT_METRICS.index("f1_buy")] *= F1_SD
    return differences.reshape(*differences.shape[:3], -1)


def verdicts(differences: np.ndarray, n_folds: int) -> Iterator[list[tuple[str, str]]]:
    """Verdict and reason of every level, sweep by sweep, by the gate's own tests and rules."""
    settings = GateSettings()
    test = paired_t(differences)
    fold = paired_t(cluster_means(differences, np.tile(np.arange(n_folds), N_CRYPTOS)))
    draws = len(differences)
    corrected = benjamini_hochberg(test.p.reshape(draws, -1)).reshape(test.p.shape)
    numbers = np.stack(
        [test.mean, test.ci_low, test.ci_high, corrected, test.d, fold.t, fold.p], axis=-1
    ).tolist()
    n_pairs = differences.shape[-1]
    coverage = Coverage(n_pairs, n_pairs)
    for sweep in numbers:
        yield [
            verdict_of(
                [MetricEvidence(name, *values) for name, values in zip(VERDICT_METRICS, level, strict=True)],
                coverage,
                None,
                settings,
            )
            for level in sweep
        ]


def simulated_rates(draws: int, n_folds: int, correlation: float, seed: int = 0) -> Rates:
    """Rates over ``draws`` sweeps a scenario; equal seeds give equal rates."""
    rng = np.random.default_rng([seed, n_folds, round(100 * correlation)])

    def sweeps(*effect: float) -> list[list[tuple[str, str]]]:
        # A thousand sweeps at a time: the arrays stay small.
        sizes = [min(1000, draws - start) for start in range(0, draws, 1000)]
        return [
            sweep
            for size in sizes
            for sweep in verdicts(
                drawn_differences(rng, size, n_folds, correlation, np.array(effect)), n_folds
            )
        ]

    null = sweeps(0.0, 0.0, 0.0, 0.0)
    return Rates(
        n_folds=n_folds,
        correlation=correlation,
        draws=draws,
        false_lock=_share(any(verdict == LOCK for verdict, _ in levels) for levels in null),
        false_harm=_share(
            any(verdict == ABANDON and reason.startswith("Harm") for verdict, reason in levels)
            for levels in null
        ),
        power_one=_share(levels[0][0] == LOCK for levels in sweeps(EFFECT, 0.0, 0.0, 0.0)),
        power_all=_share(levels[0][0] == LOCK for levels in sweeps(EFFECT, EFFECT, EFFECT, EFFECT)),
    )


def _share(hits: Iterator[bool]) -> float:
    return float(np.mean(list(hits)))


@click.command()
@click.option("--draws", default=2000, show_default=True, help="Sweeps to draw a scenario.")
@click.option("--seed", default=0, show_default=True)
def main(draws: int, seed: int) -> None:
    """Print the table of docs/gate.md, then the same rates as JSON."""
    click.echo(
        "| folds | intra-fold correlation | false LOCK | false harm | power, one good | power, all good |"
    )
    click.echo("|--:|--:|--:|--:|--:|--:|")
    measured = []
    for n_folds in FOLDS:
        for correlation in CORRELATIONS:
            rates = simulated_rates(draws, n_folds, correlation, seed)
            measured.append(asdict(rates))
            shares = (rates.false_lock, rates.false_harm, rates.power_one, rates.power_all)
            cells = " | ".join(f"{share:.1%}".replace("%", " %") for share in shares)
            click.echo(f"| {n_folds} | {correlation:g} | {cells} |")
    click.echo(json.dumps(measured))


if __name__ == "__main__":
    main()
