"""Metadata that people read in the Dagster UI: counts, small tables, where a value came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleanlabMasks, SmoothedLabels, TrainedModels
from ftf_assets.sources.protocol import Provenance

if TYPE_CHECKING:
    import pandas as pd

Metadata = dict[str, Any]


def table(records: Sequence[Mapping[Any, Any]]) -> dg.TableMetadataValue:
    """Show records as a table; times as text, numbers to six digits."""
    shown = [{name: _cell(value) for name, value in record.items()} for record in records]
    columns = list(shown[0]) if shown else ["nothing"]
    return dg.MetadataValue.table(
        [dg.TableRecord(record) for record in shown],
        schema=dg.TableSchema([dg.TableColumn(name, _type_of(shown, name)) for name in columns]),
    )


def preview(frame: pd.DataFrame, rows: int = 5) -> dg.TableMetadataValue:
    """Show the last rows of a frame with its index."""
    return table(frame.tail(rows).reset_index().to_dict("records"))


def column_schema(frame: pd.DataFrame, descriptions: Mapping[str, str]) -> dg.TableSchema:
    """Give every column its dtype and what the contract says of it."""
    return dg.TableSchema(
        [
            dg.TableColumn(str(name), str(dtype), descriptions.get(str(name)))
            for name, dtype in frame.reset_index().dtypes.items()
        ]
    )


def provenance(source: Provenance) -> Metadata:
    """Say which file and quote currency the data really are."""
    return {
        "source": source.source,
        "source_file": source.file or "none",
        "quote_currency": source.quote_currency or "none",
        "data_fingerprint": source.fingerprint,
        **({"files_passed_over": ", ".join(source.passed_over)} if source.passed_over else {}),
    }


def optional_columns(arrays: TrainingArrays) -> Metadata:
    """Say what the source provided beyond labels: mean label stability, and the rows of each regime."""
    stability, regime = arrays.label_stability, arrays.regime
    rows = [] if regime is None else np.bincount(regime, minlength=len(arrays.regime_names)).tolist()
    named = dict(zip(arrays.regime_names, rows, strict=True))
    return {
        "mean_label_stability": "unavailable" if stability is None else float(stability.mean()),
        "rows_by_regime": "unavailable" if regime is None else dg.MetadataValue.json(named),
    }


def soft_labels_table(labels: SmoothedLabels, arrays: TrainingArrays) -> dg.TableMetadataValue:
    """Mean soft label of each class, per treatment."""
    return table(
        [
            {
                "treatment": name,
                "BUY": float(soft[arrays.y == 1].mean()),
                "HOLD": float(soft[arrays.y == 0].mean()),
            }
            for name, soft in labels.levels.items()
        ]
    )


def baselines_table(baselines: BaselineParameters) -> dg.TableMetadataValue:
    """Rounds, parameters and outcome of each fold's baseline; what tuning gained on its own objective."""
    shown = {name for one in baselines.folds for name in one.parameters}
    return table(
        [
            {
                "fold": one.fold,
                "status": one.outcome.status,
                "rounds": one.rounds,
                "provenance": one.provenance if one.parameters else "",
                "trials": one.n_trials,
                "best_trial": one.best_trial if one.n_trials else None,
                "average_precision": one.average_precision,
                "average_precision_of_defaults": one.default_average_precision,
                **{name: one.parameters.get(name) for name in sorted(shown)},
                "reason": one.outcome.error_message,
            }
            for one in baselines.folds
        ]
    )


def masks_table(masks: CleanlabMasks) -> dg.TableMetadataValue:
    """What each cleaner flagged and estimated, and what the cap left of it, per fold and cleaner."""
    return table(
        [
            {
                "fold": mask.fold,
                "variant": mask.variant,
                "cleaner": mask.cleaner,
                "status": mask.outcome.status,
                "rows": len(mask.rows),
                "flagged BUY": mask.n_flagged_buy,
                "flagged HOLD": mask.n_flagged_hold,
                "suspects": int(mask.suspect.sum()),
                "dropped": int((~mask.keep).sum()),
                "estimated noise rate": mask.noise.noise_rate if mask.noise else None,
                "weight of features": mask.noise.temper if mask.noise else None,
                "reason": mask.outcome.error_message,
            }
            for mask in masks.masks
        ]
    )


def cells_table(models: TrainedModels) -> dg.TableMetadataValue:
    """Status, rounds and threshold of every cell."""
    return table(
        [
            {
                "fold": cell.fold,
                "variant": cell.variant,
                "status": cell.outcome.status,
                "rounds": cell.rounds,
                "threshold": cell.threshold,
                "rows": cell.n_kept,
                "seconds": cell.fit_seconds,
                "reason": cell.outcome.error_message,
            }
            for cell in models.cells
        ]
    )


def regimes_table(rows: pd.DataFrame) -> dg.TableMetadataValue:
    """Rows, f1 of BUY and precision of each variant by market regime, added up over the folds."""
    from ftf_assets.rows.regimes import pooled_by_regime

    shown = ["regime", "variant", "n", "n_buy", "f1_buy", "f1_always_buy", "precision_buy"]
    return table(pooled_by_regime(rows)[shown].to_dict("records"))


def results_table(rows: pd.DataFrame) -> dg.TableMetadataValue:
    """The numbers of every cell that people look at first."""
    shown = ["fold", "variant", "status", "f1_buy", "f1_always_buy", "average_precision", "roc_auc"]
    shown += ["predicted_buy_rate", "ece_debiased", "n_trades", "expectancy_net", "error_message"]
    return table(rows[shown].to_dict("records"))


def _cell(value: Any) -> Any:
    import pandas as pd

    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, bool):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return None if pd.isna(value) else float(f"{value:.6g}")
    return value


def _type_of(records: Sequence[Mapping[str, Any]], name: str) -> str:
    kinds = {type(record[name]) for record in records if record.get(name) is not None}
    names = {bool: "bool", int: "int", float: "float"}
    return names.get(kinds.pop(), "string") if len(kinds) == 1 else "string"
