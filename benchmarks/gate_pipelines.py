"""How often the gate is wrong, and how often it finds what is there: whole sweeps on embedded markets.

Four experiments, each a set of markets that is fixed before the first of them runs:

``null``   Every level is the baseline with other seeds, so nothing is there to be found: each ``LOCK`` and
           each ``ABANDON`` for harm is false.
``clean``  Markets without a wrong label under the default treatments, which have nothing to cure: each
           ``LOCK`` is false. Harm may be real here, because a cleaner drops correct rows.
``truth``  The positive control, over a grid of edges and shares of wrong labels: the level trains on the true
           labels. What the truth is worth at a point of the grid is the mean gain over its markets; a gate
           with power locks the level where that is well above the useful gain.
``real``   Cleaners and a random control on strong markets with many wrong labels, over a grid of edges,
           shares and caps: what a treatment that knows no truth is worth.

Nothing is tuned and no label ceiling is measured. Rates come with exact binomial intervals (Clopper & Pearson
1934, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26).
Finished sweeps are kept: a killed benchmark goes on where it stopped.

    python -m benchmarks.gate_pipelines null --markets 100
    python -m benchmarks.gate_pipelines truth --markets 8
    python -m benchmarks.gate_pipelines clean --markets 20
    python -m benchmarks.gate_pipelines real --markets 1
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import click
import numpy as np

from benchmarks.market_sweeps import market_sweep, sweep_decision, sweep_rows
from ftf_assets.contracts.tables.gate_decision import ENDS_HARM, LEVEL_ENDINGS, LOCK
from ftf_assets.gate.decision import Decision
from ftf_assets.sweep.setting_text import setting_from_text

Experiment = Literal["null", "clean", "truth", "real"]

#: First market seed of each experiment: no market serves two of them, and none of the docs' examples.
FIRST_SEED: Mapping[Experiment, int] = {"null": 10_000, "clean": 1_000, "truth": 20_000, "real": 40_000}
#: The positive control: edges of the market and shares of wrong labels, every pair of them.
EDGES = (0.3, 0.6, 0.9)
#: A gain is seen in 80 % of sweeps at a two-sided 5 % where it is so many standard errors (Bloom 1995).
VISIBLE_IN_ERRORS = 2.8
NOISES = (0.10, 0.25)
#: The grid of ``real``: edge, share of wrong labels, and largest share of a class that may be suspect.
REAL_GRID = tuple(itertools.product((0.6, 0.9, 1.2), (0.15, 0.25), (0.05, 0.10, 0.20, 0.30)))

_FACTORS: Mapping[Experiment, Mapping[str, tuple[str, ...]] | None] = {
    "null": {"reseeded": ("none", "again", "again_2", "again_3", "again_4")},
    "clean": None,
    "truth": {"label_truth": ("observed", "relabel_truth")},
    "real": {"cleanlab": ("off", "filter", "reweight", "relabel", "relabel_random")},
}


@dataclass(frozen=True)
class LevelResult:
    """How one level of one sweep ended.

    Attributes
    ----------
    level
        ``factor=level``.
    verdict, ending
        From the gate; the ending tells harm and nothing useful apart.
    gain, low, high
        Difference of the primary metric with its clustered interval; None where it has no pair.
    p
        Two-sided and clustered, before correction.
    visible
        Smallest gain that the sweep could see.
    week_error, seed_error
        The two parts of the gain's standard error.
    """

    level: str
    verdict: str
    ending: str
    gain: float | None
    low: float | None
    high: float | None
    p: float | None
    visible: float | None
    week_error: float | None
    seed_error: float | None


@dataclass(frozen=True)
class MarketResult:
    """How the sweep of one market ended.

    Attributes
    ----------
    seed, edge, noise
        The market.
    cap
        Largest share of a class that may be suspect.
    sweep_id
        Its sweep.
    months
        Its test history.
    levels
        One item a level.
    """

    seed: int
    edge: float
    noise: float
    cap: float
    sweep_id: str
    months: float | None
    levels: tuple[LevelResult, ...]


def markets(experiment: Experiment, count: int) -> Iterator[tuple[int, dict[str, object]]]:
    """Yield seed and settings of each market: ``count`` of them, or ``count`` a point of the grid."""
    first = FIRST_SEED[experiment]
    if experiment == "truth":
        points = [(edge, noise) for edge in EDGES for noise in NOISES]
        for number in range(count):  # one market of every point, then the next: a short run covers the grid
            for place, (edge, noise) in enumerate(points):
                yield (
                    first + number * len(points) + place,
                    {"data.market_edge": edge, "data.market_noise": noise},
                )
    elif experiment == "real":
        for place, (edge, noise, cap) in enumerate(REAL_GRID * count):
            yield (
                first + place,
                {"data.market_edge": edge, "data.market_noise": noise, "treatment.suspect_cap": cap},
            )
    else:
        for seed in range(first, first + count):
            yield seed, {"data.market_noise": 0.0} if experiment == "clean" else {}


def judged(experiment: Experiment, seed: int, settings: Mapping[str, object], folder: Path) -> MarketResult:
    """Run and judge the sweep of one market, or read its rows where it is done."""
    factors = _FACTORS[experiment]
    sweep = market_sweep(seed, {**settings, **({} if factors is None else {"treatment.factors": factors})})
    decision = sweep_decision(sweep, sweep_rows(sweep, folder))
    data = sweep.settings.data
    months = decision.summary.test_months
    cap = sweep.settings.treatment.suspect_cap
    return MarketResult(
        seed, data.market_edge, data.market_noise, cap, sweep.sweep_id, months, _levels(decision)
    )


def _levels(decision: Decision) -> tuple[LevelResult, ...]:
    primary = {(one.factor, one.level): one for one in decision.metrics if one.role == "primary"}
    found = []
    for verdict in decision.verdicts:
        numbers = primary[verdict.factor, verdict.level]
        found.append(
            LevelResult(
                f"{verdict.factor}={verdict.level}",
                verdict.verdict,
                verdict.ending,
                numbers.mean_difference,
                numbers.ci_low,
                numbers.ci_high,
                numbers.p_value,
                numbers.smallest_visible,
                numbers.week_error,
                numbers.seed_error,
            )
        )
    return tuple(found)


def rate(found: Iterable[bool]) -> str:
    """Give a share of sweeps with its exact 95 % interval.

    Examples
    --------
    >>> rate([True] + 19 * [False])
    '1 of 20, 5 % (0 to 25)'
    """
    from scipy.stats import binomtest

    outcomes = list(found)
    hits = sum(outcomes)
    if not outcomes:
        return "0 of 0"
    interval = binomtest(hits, len(outcomes)).proportion_ci(method="exact")
    share, low, high = (100 * value for value in (hits / len(outcomes), interval.low, interval.high))
    return f"{hits} of {len(outcomes)}, {share:.0f} % ({low:.0f} to {high:.0f})"


def error_table(results: Sequence[MarketResult]) -> list[str]:
    """Lay out the false decisions of ``null`` or ``clean``, by sweep and by level."""
    levels = [level for one in results for level in one.levels]
    small = [level.p is not None and level.p < 0.05 for level in levels]
    return [
        "| of | LOCK | ABANDON for harm | p < 0.05 before correction |",
        "|---|---|---|---|",
        f"| sweeps with any | {rate(_any(results, _is_lock))} | {rate(_any(results, _is_harm))} | |",
        f"| levels | {rate(map(_is_lock, levels))} | {rate(map(_is_harm, levels))} | {rate(small)} |",
        "",
        *ending_table(results),
    ]


def ending_table(results: Sequence[MarketResult]) -> list[str]:
    """Count the endings of each level."""
    names = list(dict.fromkeys(level.level for one in results for level in one.levels))
    lines = [f"| level | {' | '.join(LEVEL_ENDINGS)} |", "|---|" + "--:|" * len(LEVEL_ENDINGS)]
    for name in names:
        endings = [level.ending for one in results for level in one.levels if level.level == name]
        lines.append(f"| {name} | {' | '.join(str(endings.count(one)) for one in LEVEL_ENDINGS)} |")
    return lines


def power_table(results: Sequence[MarketResult]) -> list[str]:
    """Lay out the positive control: what the truth is worth at each point of the grid, and how sweeps end."""
    lines = [
        "| edge | wrong labels | markets | mean gain of the truth in AUC | SD | LOCK | harm | could see "
        "| months for 80 % |",
        "|--:|--:|--:|--:|--:|---|---|--:|--:|",
    ]
    for edge, noise in dict.fromkeys((one.edge, one.noise) for one in results):
        chosen = [one for one in results if (one.edge, one.noise) == (edge, noise)]
        levels = [one.levels[0] for one in chosen]
        gains = np.array([level.gain for level in levels if level.gain is not None])
        visible = [level.visible for level in levels if level.visible is not None]
        spread = f"{gains.std(ddof=1):.4f}" if len(gains) > 1 else "-"
        lines.append(
            f"| {edge:g} | {noise:.0%} | {len(levels)} | {gains.mean():+.4f} | {spread} "
            f"| {rate(map(_is_lock, levels))} | {rate(map(_is_harm, levels))} | {np.median(visible):.4f} "
            f"| {months_to_see(float(gains.mean()), chosen)} |"
        )
    return lines


def gain_table(results: Sequence[MarketResult]) -> list[str]:
    """Lay out the mean gain of each level by share of wrong labels and cap."""
    names = list(dict.fromkeys(level.level for one in results for level in one.levels))
    lines = [f"| wrong labels | cap | {' | '.join(names)} |", "|--:|--:|" + "--:|" * len(names)]
    for noise, cap in sorted({(one.noise, one.cap) for one in results}):
        levels = [level for one in results if (one.noise, one.cap) == (noise, cap) for level in one.levels]
        gains = [
            np.mean([level.gain for level in levels if level.level == name and level.gain is not None])
            for name in names
        ]
        lines.append(f"| {noise:.0%} | {cap:g} | {' | '.join(f'{gain:+.4f}' for gain in gains)} |")
    return lines


def months_to_see(gain: float, results: Sequence[MarketResult]) -> str:
    """Give the months of test history with which a gain is seen in 80 % of sweeps.

    More months shrink the weeks' part of the variance; the seeds' part is left as it is.
    """
    found = [(one.months, one.levels[0].week_error, one.levels[0].seed_error) for one in results]
    months, weeks, seeds = np.array([one for one in found if None not in one], np.float64).T
    left = (gain / VISIBLE_IN_ERRORS) ** 2 - np.mean(seeds**2)
    return f"{months.mean() * np.mean(weeks**2) / left:.0f}" if left > 0 else "no number"


def _is_lock(level: LevelResult) -> bool:
    return level.verdict == LOCK


def _is_harm(level: LevelResult) -> bool:
    return level.ending == ENDS_HARM


def _any(results: Sequence[MarketResult], is_so: object) -> list[bool]:
    assert callable(is_so)
    return [any(is_so(level) for level in one.levels) for one in results]


@click.command()
@click.argument("experiment", type=click.Choice(["null", "clean", "truth", "real"]))
@click.option("--markets", "count", default=20, show_default=True, help="Markets, or markets a grid point.")
@click.option("--folder", default=".ftf/pipelines", show_default=True, help="Where the rows are kept.")
@click.option("--seconds", default=0.0, show_default=True, help="Start no sweep after so long; 0 = run all.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting.")
@click.option("--json", "as_json", is_flag=True, help="Print every result as JSON after the table.")
def main(
    experiment: Experiment,
    count: int,
    folder: str,
    seconds: float,
    assignments: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print how the sweep of each market ends, then the table of all."""
    texts = dict(one.split("=", 1) for one in assignments)
    more = {name: setting_from_text(name, text) for name, text in texts.items()}
    found: list[MarketResult] = []
    begin = time.monotonic()
    planned = list(markets(experiment, count))
    for seed, settings in planned:
        if seconds and time.monotonic() - begin > seconds:
            click.echo(f"{len(found)} of {len(planned)} sweeps are done; the same command goes on", err=True)
            break
        one = judged(experiment, seed, {**settings, **more}, Path(folder))
        found.append(one)
        ends = ", ".join(f"{level.level} {level.ending}" for level in one.levels)
        click.echo(f"seed {seed}, edge {one.edge:g}, noise {one.noise:g}: {ends}", err=True)
    if not found:
        return
    click.echo(f"{len(found)} sweeps in {(time.monotonic() - begin) / 60:.0f} minutes")
    table = {"truth": power_table, "real": gain_table}.get(experiment, error_table)
    click.echo("\n".join(table(found)))
    if experiment == "real":
        click.echo("\n".join(["", *ending_table(found)]))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found]))


if __name__ == "__main__":
    main()
