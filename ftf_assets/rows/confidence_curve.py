"""From rows of ``confidence_curve`` to the mean curve of each variant of a sweep."""

from __future__ import annotations

import pandas as pd

from ftf_assets.contracts.tables.confidence_curve import CURVE_KEY

_CELL = list(CURVE_KEY[:-1])


def mean_confidence_curve(curve: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Average the curves of the cells of each variant, one row per variant and top share.

    Parameters
    ----------
    curve
        Rows of ``confidence_curve`` of one sweep.
    cells
        Its rows of ``finetune_results``.

    Returns
    -------
    DataFrame
        ``variant``, ``top_share``; ``n_cells`` in which a row is called, and over these cells the means of
        ``precision``, ``breakeven_precision`` and ``expectancy_net`` (basis points); ``n_called`` and
        ``n_trades``, summed. A cell in which nothing is called has no precision and no trade, so it is in no
        mean. Sorted by variant, the baseline first, then by share.
    """
    breakeven = cells[[*_CELL, "breakeven_precision"]]
    called = curve[curve["n_called"] > 0].merge(breakeven, on=_CELL, how="left", validate="many_to_one")
    mean = curve.groupby(["variant", "top_share"])[["n_called", "n_trades"]].sum()
    by_share = called.groupby(["variant", "top_share"])
    mean["n_cells"] = by_share.size()
    for name in ("precision", "breakeven_precision", "expectancy_net"):
        mean[name] = by_share[name].mean().astype("float64")
    mean = mean.reset_index().astype({"variant": "object"}).fillna({"n_cells": 0}).astype({"n_cells": int})
    order = mean.assign(treated=mean["variant"] != "baseline")
    order = order.sort_values(["treated", "variant", "top_share"], ignore_index=True)
    columns = ["variant", "top_share", "n_cells", "n_called", "precision", "breakeven_precision"]
    return order[[*columns, "n_trades", "expectancy_net"]]
