"""What the gate says where there is no wrong label: real sweeps on the embedded market without label noise.

Cleaning and smoothing cure wrong labels. Where the market makes none, no level has anything to cure, so a
``LOCK`` would be false. Each seed is a market and a sweep of its own: ``market_seed`` and ``seed`` both move.
Nothing is tuned. Where the baseline does not beat always-BUY each verdict is ``NO_SIGNAL`` and proves little,
so the same rows are judged once more without that question. Sweeps that are done are read from their home, so
a killed benchmark goes on where it stopped.

    python -m benchmarks.zero_noise_market
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from ftf_assets.config import sweep_settings
from ftf_assets.contracts.gate import VERDICTS
from ftf_assets.contracts.results import OK
from ftf_assets.gate.decision import Decision
from ftf_assets.gate.settings import ALWAYS_BUY
from ftf_assets.run import run_sweep
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep import open_sweep
from ftf_assets.sweep_decision import decide_sweep

FIRST_SEED = 1_000
N_SEEDS = 20


@dataclass(frozen=True)
class SweepVerdicts:
    """What one sweep's gate said.

    Attributes
    ----------
    seed
        Of market and sweep.
    sweep_id
        The sweep.
    verdicts, verdicts_without_always_buy
        By ``factor=level``; the second as if the rows lacked the f1 of always-BUY.
    f1_buy, f1_always_buy
        Means over the baseline's cells.
    """

    seed: int
    sweep_id: str
    verdicts: dict[str, str]
    verdicts_without_always_buy: dict[str, str]
    f1_buy: float
    f1_always_buy: float


def judged(seed: int, home: Home, settings: dict[str, object]) -> SweepVerdicts:
    """Run the sweep of one seed, or read it where it is done, and give its verdicts."""
    fixed = {"market_noise": 0, "market_seed": seed, "seed": seed, "trials": 0, "phase": "zero_noise"}
    sweep = open_sweep(sweep_settings({**fixed, **settings}))
    store = ResultsStore(home.results)
    if not home.results.exists() or store.decision(sweep.sweep_id)[1].empty:
        run_sweep(sweep, home, on_fit=lambda _: None)
    rows = store.read(sweep.sweep_id)
    decision = decide_sweep(rows, sweep.settings, sweep.sweep_id)
    unasked = decide_sweep(rows.drop(columns=ALWAYS_BUY), sweep.settings, sweep.sweep_id)
    baseline = rows[(rows["variant"] == "baseline") & (rows["status"] == OK)]
    return SweepVerdicts(
        seed=seed,
        sweep_id=sweep.sweep_id,
        verdicts=_by_level(decision),
        verdicts_without_always_buy=_by_level(unasked),
        f1_buy=float(baseline["f1_buy"].mean()),
        f1_always_buy=float(baseline["f1_always_buy"].mean()),
    )


def table(verdicts: list[dict[str, str]]) -> list[str]:
    """Lay verdicts out as the tables of docs/gate.md: levels by verdicts, counts of sweeps."""
    lines = [f"| level | {' | '.join(VERDICTS)} |", "|---|" + "--:|" * len(VERDICTS)]
    for level in verdicts[0]:
        counts = Counter(one[level] for one in verdicts)
        lines.append(f"| {level} | {' | '.join(str(counts[verdict]) for verdict in VERDICTS)} |")
    return lines


def _by_level(decision: Decision) -> dict[str, str]:
    return {f"{one.factor}={one.level}": one.verdict for one in decision.verdicts}


@click.command()
@click.option("--seeds", default=N_SEEDS, show_default=True, help="Sweeps to run.")
@click.option("--first", default=FIRST_SEED, show_default=True, help="Seed of the first.")
@click.option("--home", default=".ftf/zero_noise", show_default=True, help="Where the sweeps are kept.")
@click.option("--seconds", default=0.0, show_default=True, help="Start no sweep after so long; 0 = run all.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting.")
def main(seeds: int, first: int, home: str, seconds: float, assignments: tuple[str, ...]) -> None:
    """Print each sweep's verdicts, then the table, then the same as JSON."""
    settings: dict[str, object] = dict(one.split("=", 1) for one in assignments)
    found = []
    begin = time.monotonic()
    for seed in range(first, first + seeds):
        if seconds and time.monotonic() - begin > seconds:
            click.echo(f"{seed - first} of {seeds} sweeps are done; the same command goes on", err=True)
            break
        found.append(judged(seed, Home(Path(home).resolve()), settings))
        one = found[-1]
        counts = ", ".join(f"{n} {verdict}" for verdict, n in sorted(Counter(one.verdicts.values()).items()))
        click.echo(
            f"seed {seed}: {counts}; baseline f1 {one.f1_buy:.3f}, always BUY {one.f1_always_buy:.3f}",
            err=True,
        )
    if not found:
        return
    gain = sum(one.f1_buy - one.f1_always_buy for one in found) / len(found)
    click.echo(f"{len(found)} sweeps; the baseline's f1 less that of always-BUY: {gain:+.4f} in the mean")
    click.echo("\n".join(table([one.verdicts for one in found])))
    click.echo("the same rows without always-BUY:")
    click.echo("\n".join(table([one.verdicts_without_always_buy for one in found])))
    click.echo(json.dumps([asdict(one) for one in found]))


if __name__ == "__main__":
    main()
