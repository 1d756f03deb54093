"""What the Dagster UI shows of the label ceiling of one crypto."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftf_assets.graph.metadata import Metadata, table
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ["noise", "exposure", "models", "failed", "changed", "roc_auc", "average_precision"]


def ceiling_metadata(sweep: Sweep, rows: pd.DataFrame) -> Metadata:
    """Show the mean scores of the crypto's folds at each dose of noise.

    Parameters
    ----------
    sweep, rows
        The sweep, and the crypto's rows of ``label_ceiling``.
    """
    common: Metadata = {"sweep_id": sweep.sweep_id, "dagster/row_count": len(rows)}
    if not sweep.settings.ceiling.on:
        return {**common, "label_ceiling": "off: ceiling.on is false, so no model was trained"}
    by_dose = rows.groupby(["noise", "exposure"], sort=False).agg(
        models=("status", "size"),
        failed=("status", lambda statuses: int((statuses == "training_failed").sum())),
        changed=("changed", "mean"),
        roc_auc=("roc_auc", "mean"),
        average_precision=("average_precision", "mean"),
    )
    failed = rows.loc[rows["status"] == "training_failed", "reason"]
    return {
        **common,
        "means_over_folds": table(by_dose.reset_index()[_SHOWN].to_dict("records")),
        **({"first_failure": str(failed.iloc[0])} if len(failed) else {}),
    }
