#!/usr/bin/env python3
"""How many labels the confident joint calls wrong, beside how many are, where that is known.

    python benchmarks/confident_joint.py                                  # the embedded market
    python benchmarks/confident_joint.py --source candles --path DIR      # candle files

Out-of-fold P(BUY) of all rows of one crypto (5 purged and embargoed time blocks, default parameters, 300
rounds), then cleanlab's confident joint. Prints one JSON object a data set.
"""

from __future__ import annotations

import json
from itertools import product

import click
import numpy as np

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.labels.cleaning.confident_learning import confident_joint, flip_rates, limits_of_joint
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.training.boosting import bin_features, fit_booster
from ftf_assets.training.folds.label_intervals import bar_length
from ftf_assets.training.folds.out_of_fold_blocks import out_of_fold_blocks
from ftf_assets.training.parameters import DEFAULT_PARAMETERS

ROUNDS, EMBARGO_BARS = 300, 24


def measured(source, crypto: str) -> dict[str, float]:
    frame, _ = source.feature_cache(crypto, source.candles(crypto))
    arrays = coerce_feature_cache(frame, crypto=crypto)
    probability = np.empty(arrays.n_rows)
    embargo = EMBARGO_BARS * bar_length(arrays.start)
    for block in out_of_fold_blocks(arrays.start, arrays.end, np.arange(arrays.n_rows), embargo=embargo):
        fitted = fit_booster(
            bin_features(arrays.X[block.train], DEFAULT_PARAMETERS),
            arrays.y[block.train].astype(np.float32),
            arrays.base_weight[block.train],
            parameters=dict(DEFAULT_PARAMETERS),
            rounds=ROUNDS,
            seed=0,
        )
        probability[block.held_out] = fitted.predict(arrays.X[block.held_out])
    joint = confident_joint(arrays.y, probability)
    rates = flip_rates(joint, limits_of_joint(joint))
    found = {"missed_buy": rates.missed_buy, "false_buy": rates.false_buy, "kept": rates.kept}
    if isinstance(source, MarketSource):
        truth = source.truth(crypto)["true_label"].to_numpy()
        found |= {
            "true_missed_buy": float((arrays.y[truth == 1] == 0).mean()),
            "true_false_buy": float((arrays.y[truth == 0] == 1).mean()),
        }
    return {name: round(value, 3) for name, value in found.items()}


@click.command()
@click.option("--source", type=click.Choice(["market", "candles"]), default="market", show_default=True)
@click.option("--path", default=None)
@click.option("--crypto", default="OPUSDC", show_default=True)
def main(source: str, path: str | None, crypto: str) -> None:
    if source == "candles":
        print(json.dumps({"crypto": crypto, **measured(CandleFileSource(path=str(path)), crypto)}))
        return
    for edge, noise in product((0.3, 1.0), (0.0, 0.1, 0.25)):
        found = measured(MarketSource(edge=edge, noise=noise), crypto)
        print(json.dumps({"crypto": crypto, "edge": edge, "noise": noise, **found}))


if __name__ == "__main__":
    main()
