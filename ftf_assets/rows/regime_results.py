"""From trained cells to rows of ``regime_results``, and from these to the breakdown of a whole sweep."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.regime_results import RegimeResults
from ftf_assets.training.regimes import regime_rows, regime_scores

_COUNTS = ["n", "n_buy", "n_called", "n_correct"]


def rows_by_regime(
    sweep_id: str, crypto: str, arrays: TrainingArrays, models: TrainedModels, rows: pd.DataFrame
) -> pd.DataFrame:
    """Break the measured cells of a crypto down by market regime.

    Parameters
    ----------
    sweep_id, crypto
        The sweep and the crypto of the cells.
    arrays, models
        The crypto's rows with their regimes, and its cells.
    rows
        The crypto's rows of ``finetune_results``; a cell that is not ``ok`` gets no regime rows.

    Returns
    -------
    DataFrame
        Satisfies ``RegimeResults``.
    """
    good = rows[rows["status"] == OK]
    measured = set(zip(good["fold"], good["variant"], strict=True))
    return contract_frame(
        RegimeResults,
        [
            {"sweep_id": sweep_id, "crypto": crypto, **row}
            for row in regime_rows(arrays, models)
            if (row["fold"], row["variant"]) in measured
        ],
    )


def pooled_by_regime(rows: pd.DataFrame) -> pd.DataFrame:
    """Add up rows of ``regime_results`` over cryptos and folds, one row a regime and variant.

    Parameters
    ----------
    rows
        Rows of ``regime_results`` of one sweep.

    Returns
    -------
    DataFrame
        ``regime``, ``variant``, ``n_cells``, the counts, and the scores of BUY computed from the summed
        counts: every test row has the same weight, so a cell with three rows in a regime does not count as
        much as one with three hundred. Sorted by regime, then the baseline first, then by f1.
    """
    records: list[dict[str, Any]] = []
    for (regime, variant), cells in rows.groupby(["regime", "variant"]):
        counts = {name: int(cells[name].sum()) for name in _COUNTS}
        records.append(
            {
                "regime": str(regime),
                "variant": str(variant),
                "n_cells": len(cells),
                **counts,
                **regime_scores(**counts),
            }
        )
    columns = ["regime", "variant", "n_cells", *_COUNTS, *regime_scores(0, 0, 0, 0)]
    scores = dict.fromkeys(regime_scores(0, 0, 0, 0), "float64")
    frame = pd.DataFrame(records, columns=columns).astype(scores)
    frame = frame.assign(treated=frame["variant"] != "baseline")
    order = ["regime", "treated", "f1_buy", "variant"]
    ordered = frame.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
    return ordered.drop(columns="treated")
