#!/usr/bin/env python3
"""What the embedded market is like: BUY rate, label noise, bursts and learnable edge, one line a crypto.

    python benchmarks/market_properties.py [--seed 2024] [--noise 0.10] [--edge 0.3]

The edge is the out-of-fold ROC AUC of XGBoost on the true and on the observed labels: 5 purged and embargoed
time blocks, default parameters, 300 rounds. Prints one JSON object a crypto, and one with their means.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from sklearn.metrics import roc_auc_score

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sweep.crypto_groups import all_cryptos
from ftf_assets.training.boosting import bin_features, fit_booster
from ftf_assets.training.folds.label_intervals import bar_length
from ftf_assets.training.folds.out_of_fold_blocks import out_of_fold_blocks
from ftf_assets.training.parameters import DEFAULT_PARAMETERS

ROUNDS, EMBARGO_BARS = 300, 24


def out_of_fold_auc(arrays, labels) -> float:
    rows = np.arange(arrays.n_rows)
    embargo = EMBARGO_BARS * bar_length(arrays.start)
    probability = np.empty(arrays.n_rows)
    for block in out_of_fold_blocks(arrays.start, arrays.end, rows, embargo=embargo):
        parameters = dict(DEFAULT_PARAMETERS)
        fitted = fit_booster(
            bin_features(arrays.X[block.train], parameters),
            labels[block.train].astype(np.float32),
            arrays.base_weight[block.train],
            parameters=parameters,
            rounds=ROUNDS,
            seed=0,
        )
        probability[block.held_out] = fitted.predict(arrays.X[block.held_out])
    return float(roc_auc_score(labels, probability))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--noise", type=float, default=0.10)
    parser.add_argument("--edge", type=float, default=0.3)
    options = parser.parse_args()
    market = MarketSource(seed=options.seed, noise=options.noise, edge=options.edge)
    rows = []
    for crypto in all_cryptos():
        frame, _ = market.feature_cache(crypto, market.candles(crypto))
        truth = market.truth(crypto)
        arrays = coerce_feature_cache(frame, crypto=crypto)
        true_label = truth["true_label"].to_numpy(np.int8)
        flipped = truth["flipped"].to_numpy()
        properties = {
            "crypto": crypto,
            "rows": arrays.n_rows,
            "features": len(arrays.feature_names),
            "buy_rate_true": round(float(true_label.mean()), 4),
            "buy_rate_observed": round(float(arrays.y.mean()), 4),
            "wrong_labels": round(float(flipped.mean()), 4),
            "wrong_in_bursts": round(float(truth["in_burst"].to_numpy()[flipped].mean()), 3)
            if flipped.any()
            else None,
            "auc_true": round(out_of_fold_auc(arrays, true_label), 4),
            "auc_observed": round(out_of_fold_auc(arrays, arrays.y), 4),
        }
        rows.append(properties)
        print(json.dumps(properties))
    names = [name for name, value in rows[0].items() if isinstance(value, float)]
    means = {name: round(float(np.mean([row[name] for row in rows])), 4) for name in names}
    print(json.dumps({"crypto": "mean", "edge": options.edge, **means}))


if __name__ == "__main__":
    main()
