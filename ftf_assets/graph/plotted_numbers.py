"""The numbers of each asset that the Dagster UI plots over time: ints and floats under names that stay.

The UI draws one plot a name, over the materialisations of an asset or over its partitions, so a name is
given whatever the outcome was, and means the same in every sweep. A number that is undefined, such as the
expectancy without a trade, is left out: the plot then has no point there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.tables.finetune_results import OK, STATUSES
from ftf_assets.contracts.typed import Array, Int8
from ftf_assets.graph.metadata import Metadata
from ftf_assets.training.variants import BASELINE

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.gate.decision import Decision
    from ftf_assets.sources.candles.reading import CandlesReading


def reading_numbers(reading: CandlesReading | None) -> Metadata:
    """Count the stretches of missing bars of candle files; nothing for a source without files."""
    if reading is None:
        return {}
    return {
        "gaps": reading.gaps,
        "missing_bars": reading.missing_bars,
        "longest_gap": reading.longest_gap,
    }


def mask_numbers(y: Int8[Array, " rows"], masks: CleanlabMasks) -> Metadata:
    """Give the share of suspects among the rows that cleaners judged, in all and per class.

    Parameters
    ----------
    y
        Hard labels of all rows, shape (n_rows,), 1 = BUY.
    masks
        The masks of the crypto.

    Returns
    -------
    dict
        ``suspect_share``, ``suspect_share_buy`` and ``suspect_share_hold``, 0 to 1: suspects over rows of all
        masks of the crypto that did not fail. Empty for a sweep without cleaners.
    """
    judged = [mask for mask in masks.masks if len(mask.rows)]
    if not judged:
        return {}
    suspect = np.concatenate([mask.suspect for mask in judged])
    label = np.concatenate([y[mask.rows] for mask in judged])
    return _defined(
        suspect_share=_mean(suspect),
        suspect_share_buy=_mean(suspect[label == 1]),
        suspect_share_hold=_mean(suspect[label == 0]),
    )


def model_numbers(models: TrainedModels) -> Metadata:
    """Count the cells by status, and the one-thread seconds that their fits took when they were made."""
    statuses: list[str] = [cell.outcome.status for cell in models.cells]
    return {
        "cells": len(models.cells),
        **{f"cells_{status}": statuses.count(status) for status in STATUSES},
        "fit_seconds": round(sum(cell.fit_seconds for cell in models.cells), 3),
    }


def result_numbers(cells: pd.DataFrame) -> Metadata:
    """Give the baseline's numbers, means over its measured folds: what the crypto offers without a treatment.

    The levels are compared over all cryptos, so their gains are numbers of the decision. A sweep without a
    baseline (the smoke, a single variant) gives its cells alone: a treatment's numbers in the same plot would
    look like a jump of the market.

    Parameters
    ----------
    cells
        The crypto's rows of ``finetune_results``.

    Returns
    -------
    dict
        Cells by status; of the baseline ``f1_buy``, ``average_precision``, ``roc_auc``,
        ``expectancy_net`` (over the folds with a trade) and ``n_trades``; ``base_rate`` (share of BUY among
        the test rows); ``average_precision_gain`` over that rate, and ``f1_buy_gain`` over the F1 of calling
        every row BUY.
    """
    counts = cells["status"].value_counts()
    good = cells[(cells["variant"] == BASELINE) & (cells["status"] == OK)]
    shown = ["f1_buy", "average_precision", "roc_auc", "expectancy_net", "n_trades"]
    base_rate = good["buy_rate_test"]
    return {
        "cells": len(cells),
        **{f"cells_{status}": int(counts.get(status, 0)) for status in STATUSES},
        **_defined(
            **{name: _mean(good[name]) for name in shown},
            base_rate=_mean(base_rate),
            average_precision_gain=_mean(good["average_precision"] - base_rate),
            f1_buy_gain=_mean(good["f1_buy"] - good["f1_always_buy"]),
        ),
    }


def ceiling_numbers(rows: pd.DataFrame) -> Metadata:
    """Count the models of the label ceiling, and give the mean scores on labels without added noise."""
    given = rows[(rows["noise"] == "none") & (rows["status"] == OK)]
    return {
        "models": len(rows),
        "models_training_failed": int((rows["status"] == "training_failed").sum()),
        **_defined(roc_auc=_mean(given["roc_auc"]), average_precision=_mean(given["average_precision"])),
    }


def decision_numbers(decision: Decision) -> Metadata:
    """Give the numbers of the answer, and each level's gain beside its p-value.

    Returns
    -------
    dict
        Of the sweep ``signal`` (the baseline's ranking metric) and its ``signal_p``, ``f1_buy``,
        ``f1_buy_gain``, ``net_bps``, ``visible_gain`` (the smallest that the sweep finds), ``label_ceiling``
        and counts of cryptos. Of each level ``gain_LEVEL``, in the unit of the primary metric, and its
        corrected ``p_LEVEL``.
    """
    summary = decision.summary
    over_always = (
        None
        if summary.f1_buy is None or summary.f1_always_buy is None
        else summary.f1_buy - summary.f1_always_buy
    )
    of_levels: dict[str, float | None] = {}
    for one in decision.metrics:
        if one.metric == decision.primary_metric:
            of_levels[f"gain_{one.level}"] = one.mean_difference
            of_levels[f"p_{one.level}"] = one.p_corrected
    return {
        "cryptos": summary.n_cryptos,
        "cryptos_skipped": summary.n_skipped,
        **_defined(
            signal=summary.signal_value,
            signal_p=summary.signal_p,
            f1_buy=summary.f1_buy,
            f1_buy_gain=over_always,
            net_bps=summary.net_bps,
            visible_gain=summary.smallest_visible,
            label_ceiling=summary.ceiling_bound,
            **of_levels,
        ),
    }


def _mean(values: Any) -> float | None:
    return float(values.mean()) if len(values) else None


def _defined(**numbers: float | None) -> Metadata:
    return {name: value for name, value in numbers.items() if value is not None and math.isfinite(value)}
