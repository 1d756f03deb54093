"""Does the label ceiling hold? Its bound against the gain from training on the truth, on embedded markets.

A market is five cryptos and five folds, as a sweep is. Edges and noises are a grid that was fixed before any
market was run; every market has its own seed. The extrapolation is chosen on 40 markets and confirmed on 40
others. A bound holds where it is not below the gain of training on the true labels, scored on the observed
test labels of the same cells. Nothing is tuned.

Scores are kept in a file a market: a killed benchmark goes on where it stopped.

    python -m benchmarks.label_ceiling
"""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click
import numpy as np
import pandas as pd

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.protocol import KnowsTruth
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.ceiling_plan import CeilingPlan
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.label_ceiling import CeilingScore, measure_label_ceiling

Half = Literal["chosen on", "confirmed on"]

#: The grid, fixed before the first market was run.
EDGES = (0.3, 0.8)
NOISES = (0.05, 0.10, 0.15, 0.20, 0.25)
SEEDS: dict[Half, range] = {"chosen on": range(5_000, 5_004), "confirmed on": range(6_000, 6_004)}
#: Once more with another seed, so that the gain of the truth is less a matter of luck.
_AGAIN = CeilingPlan(patterns=(), repeats=2, truth=True)
#: What is measured: the doses of every candidate where one is chosen, also in bursts to see whether the
#: pattern matters; the asset's own doses where it is confirmed.
MEASURED: dict[Half, tuple[CeilingPlan, ...]] = {
    "chosen on": (
        CeilingPlan(exposures=(0.2, 0.4, 0.8, 1.6)),
        CeilingPlan(patterns=("bursts",), exposures=(0.4, 0.8, 1.6)),
        _AGAIN,
    ),
    "confirmed on": (CeilingPlan(), _AGAIN),
}


class Market(NamedTuple):
    """One market of the grid."""

    half: Half
    edge: float
    noise: float
    seed: int

    @property
    def file(self) -> str:
        """Name of the file that keeps its scores."""
        return f"edge{self.edge:g}_noise{self.noise:g}_seed{self.seed}.parquet"


def markets() -> list[Market]:
    """All markets: a half at a time, both edges and all noises of a seed before the next seed."""
    return [
        Market(half, edge, noise, seed)
        for half, seeds in SEEDS.items()
        for seed in seeds
        for edge in EDGES
        for noise in NOISES
    ]


def scores_of(market: Market, folder: Path) -> pd.DataFrame:
    """Measure a market, or read its scores where it is done."""
    file = folder / market.file
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        sweep = open_sweep(
            sweep_settings(
                {
                    "data.market_noise": market.noise,
                    "data.market_edge": market.edge,
                    "data.market_seed": market.seed,
                    "training.seed": market.seed,
                    "training.trials": 0,
                }
            )
        )
        doses = MEASURED[market.half]
        rows = [row for crypto in sweep.cryptos for row in _scores(sweep, crypto, doses)]
        partial = file.with_suffix(".partial")
        pd.DataFrame(rows).to_parquet(partial)
        partial.replace(file)
    return pd.read_parquet(file)


def _scores(sweep: Sweep, crypto: str, measured: tuple[CeilingPlan, ...]) -> list[dict[str, Any]]:
    cache, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
    arrays = coerce_feature_cache(cache, crypto=crypto, missing="refuse")
    assert isinstance(sweep.source, KnowsTruth)
    truth: Array = sweep.source.truth(crypto)["true_label"].to_numpy().astype(np.int8)
    engine = FitEngine(_Fits(), int(os.environ.get("FTF_BENCHMARK_WORKERS", "1")), lambda _: None)
    rows: list[CeilingScore] = []
    for doses in measured:
        plan = dataclasses.replace(sweep.plan(crypto), ceiling=doses)
        baselines = fit_baselines(plan, arrays, engine)
        rows += measure_label_ceiling(plan, arrays, baselines, engine, truth)
    return [
        {
            "crypto": crypto,
            **{name: getattr(one, name) for name in ("fold", "noise", "exposure", "repeat", "rounds")},
            "status": one.outcome.status,
            **{name: getattr(one, name) for name in ("n_fit", "n_test", "buy_rate", "changed")},
            **(one.metrics or {}),
        }
        for one in {(one.fold, one.noise, one.exposure, one.repeat): one for one in rows}.values()
    ]


class _Fits(dict[str, FitResult]):
    """Finished fits in memory."""

    def put(self, key: str, result: FitResult) -> None:
        self[key] = result


@click.command()
@click.option("--folder", default=".ftf/label_ceiling", show_default=True, help="Where scores are kept.")
@click.option("--seconds", default=0.0, show_default=True, help="Start no market after so long; 0 = all.")
@click.option("--stride", default=1, show_default=True, help="Run every so manieth market.")
@click.option("--first", default=0, show_default=True, help="Number of the first market.")
def main(folder: str, seconds: float, stride: int, first: int) -> None:
    """Measure the markets."""
    begin = time.monotonic()
    for market in markets()[first::stride]:
        if seconds and time.monotonic() - begin > seconds:
            break
        scores_of(market, Path(folder))
        click.echo(f"{time.monotonic() - begin:.0f} s {market}", err=True)


if __name__ == "__main__":
    main()
