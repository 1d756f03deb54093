#!/usr/bin/env python3
"""How far the leak checks are from honest data: strongest single columns, and what a lag of one bar takes.

    python -m benchmarks.column_leaks [--path DIR] [--edges 0.3,0.6,1.2] [--market-seeds 1,2,3]
        [--horizons 2,24] [--fits 1] [--next-bar]

For each crypto of the embedded market, at each edge, and of the candle files in DIR: the feature whose AUC
alone is furthest from 0.5, the largest correlation of a feature with the label's return, and the median daily
move that tells shares from per cent. Then the baseline's AUC, a mean over the folds of an untuned sweep, with
features as they are and one bar older. Prints one JSON object a crypto. With --next-bar the candle files have
one more feature, the return of the next bar, which the lag test must find.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json

import numpy as np

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.label_returns import median_daily_move
from ftf_assets.invariants.column_leaks import auc_of, column_strengths
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.lagged_features import lagged


class Probabilities:
    """A fit store that keeps the probabilities of the test rows."""

    def __init__(self) -> None:
        self.test: dict[str, np.ndarray] = {}

    def get(self, key: str) -> None:
        return None

    def put(self, key: str, result) -> None:
        self.test[key] = result.probabilities["test"]


def mean_auc(sweep, crypto: str, arrays) -> float:
    """Fit the baseline of every fold and average its AUC on the test rows."""
    plan, store = sweep.plan(crypto), Probabilities()
    baselines = fit_baselines(plan, arrays, FitEngine(store, ThreadFitExecutor(2), lambda _: None))
    tests = {fold.index: fold.test for fold in plan.folds(arrays)}
    return float(
        np.mean([auc_of(store.test[one.fit_key], arrays.y[tests[one.fold]] == 1) for one in baselines.folds])
    )


def describe(sweep, crypto: str, *, next_bar: bool = False) -> dict[str, object]:
    candles = sweep.source.candles(crypto)
    frame, _ = sweep.source.feature_cache(crypto, candles)
    if next_bar:
        frame["next_bar"] = candles["close"].pct_change().shift(-1).reindex(frame.index)
    arrays = coerce_feature_cache(frame, crypto=crypto)
    strengths = column_strengths(arrays)
    alone = max(strengths, key=lambda one: abs(one.auc - 0.5))
    correlated = max(strengths, key=lambda one: abs(one.correlation))
    auc = mean_auc(sweep, crypto, arrays)
    X = np.nan_to_num(lagged(arrays.X))  # only the first row has no row before it
    older = mean_auc(sweep, crypto, dataclasses.replace(arrays, X=X))
    return {
        "crypto": crypto,
        "column": alone.column,
        "column_auc": round(alone.auc, 4),
        "correlated": correlated.column,
        "correlation": round(correlated.correlation, 4),
        "daily_move": round(median_daily_move(arrays.start, arrays.end, arrays.label_return) or 0.0, 4),
        "auc": round(auc, 4),
        "auc_lagged": round(older, 4),
        "lag_takes": round(1 - (older - 0.5) / (auc - 0.5), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--path", help="folder of candle files; the market alone without it")
    parser.add_argument("--edges", default="0.3,0.6,1.2", help='values of data.market_edge; "" for none')
    parser.add_argument("--market-seeds", default="2024", help="values of data.market_seed")
    parser.add_argument("--horizons", default="4", help="values of labels.horizon_bars on the candle files")
    parser.add_argument("--fits", type=int, help="fits that a cell averages, training.seeds")
    parser.add_argument("--next-bar", action="store_true", help="let the candle files know their next bar")
    options = parser.parse_args()
    data = {"training.trials": 0} | ({"training.seeds": options.fits} if options.fits else {})
    for horizon in options.horizons.split(",") if options.path else ():
        files = {"data.source": "candles", "data.path": options.path, "labels.horizon_bars": int(horizon)}
        sweep = open_sweep(sweep_settings({**data, **files}))
        for crypto in sweep.cryptos:
            found = describe(sweep, crypto, next_bar=options.next_bar)
            print(json.dumps({"source": f"candles, {horizon} bars", **found}), flush=True)
    for edge, seed in itertools.product(
        filter(None, options.edges.split(",")), options.market_seeds.split(",")
    ):
        market = {"data.market_edge": float(edge), "data.market_seed": int(seed)}
        sweep = open_sweep(sweep_settings({**data, **market}))
        for crypto in sweep.cryptos:
            print(
                json.dumps({"source": f"market {seed}, edge {edge}", **describe(sweep, crypto)}), flush=True
            )


if __name__ == "__main__":
    main()
