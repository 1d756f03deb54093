"""What the gate says where there is no wrong label: real sweeps on the embedded market without label noise.

Cleaning and smoothing cure wrong labels. Where the market makes none, no level has anything to cure, so a
``LOCK`` would be false. Each seed is a market and a sweep of its own: ``market_seed`` and ``seed`` both move.
Nothing is tuned. The assets' own functions run, without Dagster
around them. Rows that are done are read from their folder: a killed benchmark goes on where it stopped.

    python -m benchmarks.zero_noise_market
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import pandas as pd

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.contracts.tables.frames import with_contract_dtypes
from ftf_assets.contracts.tables.gate_decision import VERDICTS
from ftf_assets.gate.decision import Decision
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.rows.finetune_results import crypto_results
from ftf_assets.rows.gate_decision import SweepRows, decide_sweep
from ftf_assets.sweep.setting_text import setting_from_text
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.keys import code_version
from ftf_assets.training.masks import make_masks
from ftf_assets.training.models import train_cells

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
    verdicts
        By ``factor=level``.
    roc_auc
        Mean over the baseline's cells.
    """

    seed: int
    sweep_id: str
    verdicts: dict[str, str]
    roc_auc: float


def judged(seed: int, folder: Path, settings: dict[str, object]) -> SweepVerdicts:
    """Run the sweep of one seed, or read its rows where it is done, and judge it."""
    fixed = {
        "data.market_noise": 0,
        "data.market_seed": seed,
        "training.seed": seed,
        "training.trials": 0,
        "training.seed_check": False,
    }
    sweep = open_sweep(sweep_settings({**fixed, **settings}))
    file = folder / f"{sweep.sweep_id}_{code_version()}.parquet"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        pd.concat([_rows(sweep, crypto) for crypto in sweep.cryptos], ignore_index=True).to_parquet(file)
    rows = with_contract_dtypes(finetune_results_contract(), pd.read_parquet(file))
    baseline = rows[(rows["variant"] == "baseline") & (rows["status"] == OK)]
    return SweepVerdicts(
        seed=seed,
        sweep_id=sweep.sweep_id,
        verdicts=_by_level(decide_sweep(SweepRows(rows), sweep.settings, sweep.sweep_id)),
        roc_auc=float(baseline["roc_auc"].mean()),
    )


def _rows(sweep: Sweep, crypto: str) -> pd.DataFrame:
    """The rows of one crypto by the functions of the graph's assets, in their order."""
    plan, settings = sweep.plan(crypto), sweep.settings
    cache, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
    arrays = coerce_feature_cache(cache, crypto=crypto, missing=settings.data.missing)
    engine = FitEngine(_Fits(), settings.run.workers or len(os.sched_getaffinity(0)), lambda _: None)
    labels = plan.soft_labels(arrays.y)
    baselines = fit_baselines(plan, arrays, engine)
    masks = make_masks(plan, arrays, labels, baselines, engine)
    models = train_cells(plan, arrays, labels, baselines, masks, engine)
    return crypto_results(sweep, crypto, arrays, masks, models, run_id="benchmark").cells


class _Fits(dict[str, FitResult]):
    """Finished fits in memory: the baseline's is the baseline cell's too."""

    def put(self, key: str, result: FitResult) -> None:
        self[key] = result


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
@click.option("--folder", default=".ftf/zero_noise", show_default=True, help="Where the rows are kept.")
@click.option("--seconds", default=0.0, show_default=True, help="Start no sweep after so long; 0 = run all.")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting.")
def main(seeds: int, first: int, folder: str, seconds: float, assignments: tuple[str, ...]) -> None:
    """Print each sweep's verdicts, then the table, then the same as JSON."""
    texts = dict(one.split("=", 1) for one in assignments)
    settings = {name: setting_from_text(name, text) for name, text in texts.items()}
    found = []
    begin = time.monotonic()
    for seed in range(first, first + seeds):
        if seconds and time.monotonic() - begin > seconds:
            click.echo(f"{seed - first} of {seeds} sweeps are done; the same command goes on", err=True)
            break
        found.append(judged(seed, Path(folder), settings))
        one = found[-1]
        counts = ", ".join(f"{n} {verdict}" for verdict, n in sorted(Counter(one.verdicts.values()).items()))
        click.echo(
            f"seed {seed}: {counts}; baseline AUC {one.roc_auc:.3f}",
            err=True,
        )
    if not found:
        return
    mean = sum(one.roc_auc for one in found) / len(found)
    click.echo(f"{len(found)} sweeps; the baseline's mean AUC: {mean:.4f}")
    click.echo("\n".join(table([one.verdicts for one in found])))
    click.echo(json.dumps([asdict(one) for one in found]))


if __name__ == "__main__":
    main()
