"""From a sweep's rows to what picking its best variant promises too much."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.contracts.typed import Array
from ftf_assets.gate.selection import Selection, select
from ftf_assets.training.variants import BASELINE_VARIANT

#: Metrics that may pick, the first that every measured cell has.
_METRICS = ("roc_auc", "average_precision", "f1_buy")


def selection_of(cells: pd.DataFrame, weekly: pd.DataFrame) -> Selection | None:
    """Pick the best variant of a sweep by its mean over cells, and measure how much of that is luck.

    Parameters
    ----------
    cells
        Rows of ``finetune_results`` of one sweep. Only the cells (crypto, fold) in which every variant was
        measured take part.
    weekly
        Its rows of ``weekly_results``. A portfolio holds every crypto of these cells with the same weight, so
        its return in a week is the mean over them of the net return of trades that exit in the week.

    Returns
    -------
    Selection or None
        None where no cell was measured in the baseline.
    """
    measured = cells[cells["status"] == OK]
    present = list(measured["variant"].unique())
    if BASELINE_VARIANT.name not in present:
        return None
    variants = [BASELINE_VARIANT.name, *sorted(set(present) - {BASELINE_VARIANT.name})]
    metric = next((name for name in _METRICS if measured[name].notna().all()), None)
    if metric is None:
        return None
    scores = measured.pivot_table(metric, ["fold", "crypto"], "variant", sort=False)[variants].dropna()
    if scores.empty:
        return None
    scores = scores.sort_index()  # by fold: neighbours in time stay together
    returns = _weekly_returns(weekly, scores.index, variants)
    return select(metric, tuple(variants), _matrix(scores), None if returns is None else _matrix(returns))


def _weekly_returns(weekly: pd.DataFrame, cells: pd.Index[Any], variants: list[str]) -> pd.DataFrame | None:
    """Average the weekly net returns of each variant over the cryptos that have test rows or exits then."""
    chosen = weekly.set_index(["fold", "crypto"])
    chosen = chosen[chosen.index.isin(cells) & chosen["variant"].isin(variants)].reset_index()
    if chosen.empty:
        return None
    n_cryptos = chosen.groupby("week")["crypto"].nunique()
    total = chosen.pivot_table("net_return", "week", "variant", aggfunc="sum", fill_value=0.0)
    return total.reindex(columns=variants, fill_value=0.0).div(n_cryptos, axis=0).sort_index()


def _matrix(frame: pd.DataFrame) -> Array:
    return np.array(list(frame.itertuples(index=False, name=None)), np.float64)
