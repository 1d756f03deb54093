"""From cleaning masks to rows of ``label_suspects``, and these rows as people look at them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleaningMask, CleanlabMasks
from ftf_assets.contracts.tables.label_suspects import suspects_frame
from ftf_assets.labels.factor_registry import FACTORS

#: Controls: their suspects are random or follow another rule, so nobody looks at them for wrong labels.
_CONTROLS = tuple(level for factor in FACTORS.values() for level in factor.controls)


def suspect_rows(sweep_id: str, crypto: str, arrays: TrainingArrays, masks: CleanlabMasks) -> pd.DataFrame:
    """List every suspect of every cleaner, fold by fold, worst label quality first.

    Parameters
    ----------
    sweep_id, crypto
        The sweep and the crypto of the masks.
    arrays, masks
        The crypto's rows, and what the cleaners decided about them. A failed mask has no suspects.

    Returns
    -------
    DataFrame
        Satisfies ``LabelSuspects``. A row that several folds or cleaners suspect appears once for each.
    """
    parts = [_suspects(arrays, mask) for mask in masks.masks if mask.outcome.status == "ok"]
    names = ("fold", "variant", "cleaner", "timestamp", "label", "p_buy", "label_quality")
    columns = {
        name: np.concatenate([part[name] for part in parts]) if parts else np.empty(0)
        for name in (*names, "dropped", "relabelled", "weight")
    }
    n_rows = len(columns["fold"])
    return suspects_frame({"sweep_id": [sweep_id] * n_rows, "crypto": [crypto] * n_rows, **columns})


def suspects_once(suspects: pd.DataFrame) -> pd.DataFrame:
    """Give every suspected row once, worst label quality first, as its latest fold judges it.

    Parameters
    ----------
    suspects
        Rows of ``label_suspects``.

    Returns
    -------
    DataFrame
        The same columns, and ``cleaners``, the names of all cleaners that suspect the row in some fold.
        Without the suspects of controls, which are no suspicion.
    """
    judged = suspects[~suspects["cleaner"].isin(_CONTROLS)]
    judged = judged.sort_values(["fold", "label_quality", "cleaner"], ascending=[False, True, True])
    row = ["crypto", "timestamp"]
    cleaners = judged.groupby(row)["cleaner"].agg(lambda names: ", ".join(sorted(set(names))))
    once = judged.drop_duplicates(row).join(cleaners.rename("cleaners"), on=row)
    return once.sort_values(["label_quality", *row])


def _suspects(arrays: TrainingArrays, mask: CleaningMask) -> dict[str, np.ndarray]:
    chosen = np.flatnonzero(mask.suspect)
    chosen = chosen[np.argsort(mask.label_quality[chosen], kind="stable")]
    rows, keep = mask.rows[chosen], mask.keep[chosen]
    return {
        "fold": np.full(len(chosen), mask.fold),
        "variant": np.full(len(chosen), mask.variant, dtype=object),
        "cleaner": np.full(len(chosen), mask.cleaner, dtype=object),
        "timestamp": arrays.start[rows].view("datetime64[ns]"),
        "label": arrays.y[rows].astype(np.int64),
        "p_buy": mask.probability[chosen],
        "label_quality": mask.label_quality[chosen],
        "dropped": ~keep,
        "relabelled": mask.label[chosen] != arrays.y[rows],
        "weight": np.where(keep, mask.weight[chosen], 0.0).astype(np.float64),
    }
