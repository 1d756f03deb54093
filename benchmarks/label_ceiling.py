"""Does the label ceiling hold? Its bound against the gain from training on the truth, on embedded markets.

A market is five cryptos and five folds, as a sweep is. Edges and noises are a grid that was fixed before any
market was run; every market has its own seed. The extrapolation is chosen on 40 markets and confirmed on 40
others. A bound holds where it is not below the gain of training on the true labels, scored on the observed
test labels of the same cells and averaged over two seeds. Nothing is tuned.

Three ways to continue the scores are compared: the curve of ``gate/ceiling_curve``, and a straight line and a
parabola in the exposure. All have the same allowance for what the truth's own fits vary by.

Scores are kept in a file a market: a killed benchmark goes on where it stopped.

    python -m benchmarks.label_ceiling
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click
import numpy as np
import pandas as pd

from benchmarks.measuring import report
from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.typed import Array
from ftf_assets.gate.ceiling_curve import ceiling_gain
from ftf_assets.labels.added_noise import exposure_of_share
from ftf_assets.sources.protocol import KnowsTruth
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.ceiling_plan import CeilingPlan
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
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


#: The asset's own doses.
DOSES = CeilingPlan().exposures


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
    engine = FitEngine(
        _Fits(), ThreadFitExecutor(int(os.environ.get("FTF_BENCHMARK_WORKERS", "1"))), lambda _: None
    )
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


def compare(market: Market, scores: pd.DataFrame) -> list[dict[str, Any]]:
    """Bound the gain of the truth in one market in every way, and say what it was."""
    truth = scores.pivot_table(index=["crypto", "fold", "repeat"], columns="noise", values="roc_auc")
    gain = float((truth["truth"] - truth["none"]).mean())
    exposure = exposure_of_share(market.noise, float(scores["buy_rate"].mean()))
    first = scores[scores["repeat"] == 0].pivot_table(
        index=["crypto", "fold"], columns=["noise", "exposure"], values="roc_auc"
    )
    found = []
    for noise, doses in (("independent", DOSES), ("bursts", DOSES), ("independent", (0.2, *DOSES))):
        columns = [("none", 0.0), *((noise, dose) for dose in doses)]
        if not set(columns) <= set(first.columns):
            continue
        cells, exposures = first[columns].to_numpy(), np.array([0.0, *doses])
        for name, bound in _bounds(cells, exposures, exposure).items():
            label = name if (noise, doses) == ("independent", DOSES) else f"{name}, {noise} {doses[0]:g}+"
            found.append({**market._asdict(), "candidate": label, "bound": bound, "gain": gain})
    return found


def _bounds(cells: Array, exposures: Array, label_exposure: float) -> dict[str, float]:
    """Give the 95 % bound of each candidate."""
    from scipy import stats

    curve = ceiling_gain(cells, exposures, label_exposure)
    assert curve is not None
    n_cells = len(cells)
    line = np.vander(exposures, 2, increasing=True)
    left_over = (cells - cells.mean(axis=0)) @ (np.eye(len(exposures)) - line @ np.linalg.pinv(line))
    of_truth = (left_over**2).sum() / ((n_cells - 1) * (len(exposures) - 2)) / n_cells
    bounds = {"curve": curve.bound}
    for name, degree in (("line", 1), ("parabola", 2)):
        fit = np.linalg.pinv(np.vander(exposures, degree + 1, increasing=True))
        weights = (-label_exposure) ** np.arange(degree + 1) @ fit
        weights[0] -= 1
        gains = cells @ weights
        error = np.sqrt(gains.var(ddof=1) / n_cells + of_truth)
        bounds[name] = float(gains.mean() + stats.t.ppf(0.95, n_cells - 1) * error)
    return bounds


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Count how often each candidate holds in each half, with a Clopper-Pearson interval, and its slack."""
    from scipy import stats

    lines = []
    for (half, candidate), of in pd.DataFrame(rows).groupby(["half", "candidate"], sort=False):
        holds = of["bound"] >= of["gain"]
        interval = stats.binomtest(int(holds.sum()), len(holds)).proportion_ci()
        lines.append(
            {
                "half": half,
                "candidate": candidate,
                "markets": len(of),
                "holds": float(holds.mean()),
                "from": float(interval.low),
                "to": float(interval.high),
                "median slack": float((of["bound"] - of["gain"]).median()),
            }
        )
    return lines


def by_market(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the mean gain of the truth and the mean bound of the curve by edge and noise, both halves."""
    curve = pd.DataFrame(rows).query("candidate == 'curve'")
    lines = []
    for (edge, noise), of in curve.groupby(["edge", "noise"]):
        holds = int((of["bound"] >= of["gain"]).sum())
        means = {"gain of the truth": float(of["gain"].mean()), "bound": float(of["bound"].mean())}
        lines.append({"edge": edge, "noise": noise, "markets": len(of), "holds": holds, **means})
    return lines


@click.command()
@click.option("--folder", default=".ftf/label_ceiling", show_default=True, help="Where scores are kept.")
@click.option("--seconds", default=0.0, show_default=True, help="Start no market after so long; 0 = all.")
def main(folder: str, seconds: float) -> None:
    """Measure the markets, or read their scores, and print how often each bound holds."""
    begin = time.monotonic()
    found: list[dict[str, Any]] = []
    for market in markets():
        if seconds and time.monotonic() - begin > seconds:
            break
        found += compare(market, scores_of(market, Path(folder)))
        click.echo(f"{time.monotonic() - begin:.0f} s {market}", err=True)
    report("bounds on what correct labels would be worth", summary(found))
    report("by market", by_market(found))


if __name__ == "__main__":
    main()
