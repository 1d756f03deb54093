"""What the Dagster UI shows of the assets from labels to report: tables, pictures, numbers and lineage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleanlabMasks, SmoothedLabels, TrainedModels
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.graph.column_lineage import (
    lineage_of_baselines,
    lineage_of_labels,
    lineage_of_masks,
    lineage_of_models,
    lineage_of_results,
)
from ftf_assets.graph.metadata import Metadata, markdown_table, table
from ftf_assets.graph.plotted_numbers import (
    decision_numbers,
    mask_numbers,
    model_numbers,
    result_numbers,
)
from ftf_assets.graph.thumbnails import gains_in_place
from ftf_assets.serving.report_address import report_address, reports_address
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.plan import TrainingPlan

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.gate.decision import Decision
    from ftf_assets.gate.selection import Selection
    from ftf_assets.rows.finetune_results import CryptoResults


def labels_metadata(plan: TrainingPlan, labels: SmoothedLabels, arrays: TrainingArrays) -> Metadata:
    """Show the mean soft label of each class, per treatment."""
    treatments = [
        {
            "treatment": name,
            "BUY": float(soft[arrays.y == 1].mean()),
            "HOLD": float(soft[arrays.y == 0].mean()),
        }
        for name, soft in labels.levels.items()
    ]
    return {
        "dagster/row_count": arrays.n_rows,
        "treatments": table(treatments),
        **lineage_of_labels(plan),
    }


def baselines_metadata(sweep: Sweep, baselines: BaselineParameters) -> Metadata:
    """Show rounds, parameters and outcome of each fold's baseline, and what tuning gained."""
    shown = {name for one in baselines.folds for name in one.parameters}
    rows = [
        {
            "fold": one.fold,
            "status": one.outcome.status,
            "rounds": one.rounds,
            "provenance": one.provenance if one.parameters else "",
            "trials": one.n_trials,
            "best_trial": one.best_trial if one.n_trials else None,
            "roc_auc": one.roc_auc,
            "roc_auc_of_defaults": one.default_roc_auc,
            **{name: one.parameters.get(name) for name in sorted(shown)},
            "reason": one.outcome.error_message,
        }
        for one in baselines.folds
    ]
    return {
        "folds": len(baselines.folds),
        "tuning": sweep.tuning.in_words,
        "baselines": table(rows),
        **lineage_of_baselines(),
    }


def masks_metadata(
    log: dg.DagsterLogManager,
    home: Home,
    sweep: Sweep,
    crypto: str,
    arrays: TrainingArrays,
    masks: CleanlabMasks,
) -> Metadata:
    """Show what each cleaner flagged and estimated and what the cap left of it, and draw the suspects."""
    from ftf_assets.graph.picture_metadata import pictures
    from ftf_assets.report.collect import suspects_of_crypto
    from ftf_assets.report.pictures_in_dagster_ui import cleaning_pictures

    rows = [
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
            "relabelled": int(np.count_nonzero(mask.label != arrays.y[mask.rows])),
            "missed BUY": mask.flip_rates.missed_buy if mask.flip_rates else None,
            "false BUY": mask.flip_rates.false_buy if mask.flip_rates else None,
            "estimated noise rate": mask.noise.noise_rate if mask.noise else None,
            "weight of features": mask.noise.temper if mask.noise else None,
            "reason": mask.outcome.error_message,
        }
        for mask in masks.masks
    ]
    return {
        **mask_numbers(arrays.y, masks),
        "cap_per_class": sweep.settings.treatment.suspect_cap,
        "cap_by": sweep.settings.treatment.cap_by,
        "label_quality": sweep.settings.treatment.label_quality,
        "masks": table(rows),
        **pictures(log, lambda: cleaning_pictures(suspects_of_crypto(home, sweep, crypto, arrays, masks))),
        **lineage_of_masks(sweep.plan(crypto)),
    }


def models_metadata(
    log: dg.DagsterLogManager, sweep: Sweep, crypto: str, arrays: TrainingArrays, models: TrainedModels
) -> Metadata:
    """Show status, rounds and threshold of every cell, and draw the curves of the models."""
    from ftf_assets.graph.picture_metadata import pictures
    from ftf_assets.report.collect import curves_of_crypto
    from ftf_assets.report.pictures_in_dagster_ui import model_pictures

    rows = [
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
    return {
        **model_numbers(models),
        "all_cells": table(rows),
        **pictures(log, lambda: model_pictures(curves_of_crypto(sweep, crypto, arrays, models))),
        **lineage_of_models(sweep.plan(crypto)),
    }


def results_metadata(
    log: dg.DagsterLogManager,
    sweep: Sweep,
    crypto: str,
    arrays: TrainingArrays,
    models: TrainedModels,
    results: CryptoResults,
) -> Metadata:
    """Show the numbers of every cell that people look at first, break them down, and draw the trades."""
    from ftf_assets.graph.picture_metadata import pictures
    from ftf_assets.report.collect import curves_of_crypto
    from ftf_assets.report.pictures_in_dagster_ui import confidence_pictures, trade_pictures
    from ftf_assets.rows.confidence_curve import mean_confidence_curve
    from ftf_assets.rows.records import plain_records
    from ftf_assets.rows.regime_results import pooled_by_regime

    cells = ["fold", "variant", "status", "roc_auc", "average_precision", "f1_buy", "f1_always_buy"]
    cells += ["predicted_buy_rate", "trade_precision", "breakeven_precision", "n_trades", "expectancy_net"]
    cells += ["ece_debiased", "error_message"]
    regimes = ["regime", "variant", "n", "n_buy", "f1_buy", "f1_always_buy", "precision_buy"]
    confidence = mean_confidence_curve(results.details["confidence_curve"], results.cells)
    return {
        "dagster/row_count": len(results.cells),
        "sweep_id": sweep.sweep_id,
        "label_suspects": len(results.details["label_suspects"]),
        "variants": table(_means_by_variant(results.cells)),
        **result_numbers(results.cells),
        "all_cells": table(results.cells[cells].to_dict("records")),
        "by_regime": table(pooled_by_regime(results.details["regime_results"])[regimes].to_dict("records")),
        "most_confident_calls_in_numbers": table(plain_records(confidence)),
        **pictures(log, lambda: confidence_pictures(confidence, results.cells)),
        **pictures(log, lambda: trade_pictures(curves_of_crypto(sweep, crypto, arrays, models))),
        **lineage_of_results(sweep.plan(crypto)),
    }


def decision_metadata(
    log: dg.DagsterLogManager,
    sweep: Sweep,
    rows: pd.DataFrame,
    decision: Decision,
    selection: Selection | None,
) -> Metadata:
    """Give the answer first, then the verdicts, in words too, the pictures, and every number behind them.

    What is in place is narrow, because a wide table would take the answer out of the page.

    Parameters
    ----------
    log
        Gets a warning where a picture cannot be drawn.
    sweep, rows
        The sweep and its rows of ``finetune_results``.
    decision
        The gate's decision on them.
    selection
        What picking the best of their variants promises too much.
    """
    from ftf_assets.gate.level_lines import level_lines
    from ftf_assets.gate.seed_noise import seed_noise_in_words
    from ftf_assets.gate.selection import selection_in_words
    from ftf_assets.gate.tuning import tuning_in_words
    from ftf_assets.graph.picture_metadata import pictures
    from ftf_assets.report.collect import decision_of_run
    from ftf_assets.report.pictures_in_dagster_ui import gate_pictures
    from ftf_assets.report.sections.verdict import answer_as_paragraphs

    data = decision_of_run(sweep, rows, decision)
    levels = [
        {"level": one.level, "verdict": one.verdict, "gain (p)": f"{one.gain} ({one.p})"}
        for one in level_lines(decision)
    ]
    return {
        "answer": decision.summary.headline,
        "levels": markdown_table(levels),
        **gains_in_place(decision),
        "sweep_id": sweep.sweep_id,
        "ending": decision.summary.ending,
        "in_words": dg.MetadataValue.md("\n\n".join(answer_as_paragraphs(decision))),
        **pictures(log, lambda: gate_pictures(data)),
        "metrics": markdown_table(decision.metric_rows()),
        "tuning": tuning_in_words(decision.tuning, decision.n_trials),
        "seed_noise": seed_noise_in_words(decision.metric_rows()),
        "selection": " ".join(selection_in_words(selection)) if selection else "nothing to pick from",
        "fingerprint": decision.rows_fingerprint,
        **decision_numbers(decision),
    }


def report_metadata(sweep: Sweep, headline: str, file: Path) -> Metadata:
    """Give the answer that the report begins with, its path, and a link to it where it is served.

    The link is stored for good, and the server may move to another port or end: the path stays true.
    """
    address = report_address(sweep.sweep_id)
    return {
        **({"report": dg.MetadataValue.url(address)} if address else {}),
        "path": dg.MetadataValue.path(str(file)),
        # Browsers follow no link from a web page to a file, so a link here would do nothing.
        "how to open it": "on the machine of the run: double-click the file, or paste its path into the "
        "address bar",
        "answer": headline,
        "sweep_id": sweep.sweep_id,
        "bytes": file.stat().st_size,
    }


def reports_metadata() -> dict[str, dg.MetadataValue]:
    """Link the reports of the home, where they are served: also those of sweeps of the command are there.

    Raises
    ------
    InputError
        As :func:`~ftf_assets.serving.report_address.reports_address`.
    """
    address = reports_address()
    return {"all reports": dg.MetadataValue.url(address)} if address else {}


def audit_metadata(
    log: dg.DagsterLogManager, audit_id: str, rounds: int, found: pd.DataFrame, effects: pd.DataFrame
) -> Metadata:
    """Give the answer line by line, then what each detector found and cleaning recovered, and draw the lifts.

    Parameters
    ----------
    log
        Gets a warning where a picture cannot be drawn.
    audit_id, rounds
        The audit, and the boosting rounds of its models.
    found, effects
        Its rows of ``noise_audit`` and ``noise_audit_effects``.
    """
    from ftf_assets.graph.picture_metadata import pictures
    from ftf_assets.report.data import AuditData
    from ftf_assets.report.pictures_in_dagster_ui import audit_pictures
    from ftf_assets.report.sections.noise_audit import audit_section
    from ftf_assets.rows.records import plain_records

    section = audit_section(AuditData(plain_records(found), plain_records(effects)))
    shown = ["detector", "kind", "beats_buy", "beats_hold"]
    return {
        **dict(section["answer"]),
        "found": table([{name: one[name] for name in shown} for one in section["found"]]),
        "audit_id": audit_id,
        "rounds": rounds,
        **pictures(log, lambda: audit_pictures(section["chart"])),
        "found_in_full": markdown_table(section["found"]),
        "effects": markdown_table(section["effects"]),
    }


def _means_by_variant(cells: pd.DataFrame) -> list[dict[str, Any]]:
    """Give the means of each variant over its measured folds, few enough to be seen at once."""
    from ftf_assets.rows.records import plain_records

    shown = ["roc_auc", "f1_buy", "f1_always_buy", "expectancy_net"]
    means = cells[cells["status"] == OK].groupby("variant", sort=False)[shown].mean()
    return plain_records(means.round(4).reset_index())
