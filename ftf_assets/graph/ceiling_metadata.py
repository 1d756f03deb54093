"""What the Dagster UI shows of the label ceiling of one crypto."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.graph.metadata import Metadata, table
from ftf_assets.graph.plotted_numbers import ceiling_numbers
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = ["noise", "exposure", "models", "failed", "changed", "roc_auc", "average_precision"]


def ceiling_metadata(log: dg.DagsterLogManager, sweep: Sweep, rows: pd.DataFrame) -> Metadata:
    """Show the mean scores of the crypto's folds at each dose of noise, and draw them.

    Parameters
    ----------
    log
        Gets a warning where the picture cannot be drawn.
    sweep, rows
        The sweep, and the crypto's rows of ``label_ceiling``.
    """
    from ftf_assets.gate.label_ceiling import summarise_ceiling
    from ftf_assets.graph.picture_metadata import pictures
    from ftf_assets.report.pictures_in_dagster_ui import ceiling_pictures
    from ftf_assets.rows.records import plain_records

    common: Metadata = {"sweep_id": sweep.sweep_id, "dagster/row_count": len(rows)}
    if not sweep.settings.ceiling.enabled:
        return {**common, "label_ceiling": "off: ceiling.enabled is false, so no model was trained"}
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
        **ceiling_numbers(rows),
        "means_over_folds": table(by_dose.reset_index()[_SHOWN].to_dict("records")),
        **({"first_failure": str(failed.iloc[0])} if len(failed) else {}),
        **pictures(log, lambda: ceiling_pictures(summarise_ceiling(plain_records(rows)))),
    }
