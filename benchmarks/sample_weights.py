"""What each level of the factor sample_weight does to the rows of the longest fit part.

python -m benchmarks.sample_weights                                   # the embedded market
python -m benchmarks.sample_weights --source candles --path DIR       # candle files
"""

from __future__ import annotations

import click
import numpy as np

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.labels.apply_factors import treated_weight
from ftf_assets.labels.sample_weight import SAMPLE_WEIGHT, average_uniqueness
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.fit_rows import rows_of_fold


def described(sweep: Sweep, crypto: str) -> dict[str, tuple[float, float]]:
    """Effective share of the rows, and BUY's share of the weight, by level."""
    frame, _ = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
    arrays, plan = coerce_feature_cache(frame, crypto=crypto), sweep.plan(crypto)
    rows = rows_of_fold(arrays, plan.folds(arrays)[-1])
    print(f"{crypto}: {len(rows.y):,} rows, mean uniqueness "
          f"{average_uniqueness(rows.start, rows.end, rows.bar).mean():.3f}")  # fmt: skip
    found = {}
    for level in SAMPLE_WEIGHT.levels:
        moved = () if level == SAMPLE_WEIGHT.baseline else ((SAMPLE_WEIGHT.name, level),)
        weight = treated_weight(moved, rows, plan).astype(np.float64)
        effective = weight.sum() ** 2 / (weight**2).sum() / len(weight)
        found[level] = (effective, weight[rows.y == 1].sum() / weight.sum())
    return found


@click.command()
@click.option("--source", default="market", show_default=True)
@click.option("--path", default=None)
def main(source: str, path: str | None) -> None:
    """Print a table of the means over the cryptos of the default group."""
    sweep = open_sweep(sweep_settings({"data.source": source, "data.path": path, "training.trials": 0}))
    by_crypto = [described(sweep, crypto) for crypto in sweep.cryptos]
    print("\n| level | effective rows | BUY's share of the weight |\n|---|--:|--:|")
    for level in SAMPLE_WEIGHT.levels:
        effective, buy = np.mean([one[level] for one in by_crypto], axis=0)
        print(f"| `{level}` | {effective:.0%} | {buy:.1%} |")


if __name__ == "__main__":
    main()
