"""Checks of one crypto's values that only the domain knows, such as leaks, caps, calibration and trades.

Each check hands stored values to a function of ``invariants``, which recomputes what must hold. The docstring
of a check is its description in the UI.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Any

import dagster as dg

from ftf_assets.checks.partition_checks import Finding, PartitionCheck
from ftf_assets.checks.stored import Stored
from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.graph.check_history import COLUMN_LEAK_CHECK, LAG_CHECK, LEAK_CHECK
from ftf_assets.graph.metadata import table
from ftf_assets.invariants.calibration import calibration_breaches
from ftf_assets.invariants.ceiling import ceiling_breaches
from ftf_assets.invariants.cleaning import cleaning_breaches, suspect_shares, weighted_masks
from ftf_assets.invariants.column_leaks import column_leaks, column_strengths
from ftf_assets.invariants.details import detail_breaches
from ftf_assets.invariants.lag_loss import lag_loss
from ftf_assets.invariants.leaks import overlapping_rows, walk_forward_leaks
from ftf_assets.invariants.off_path import off_path_breaches
from ftf_assets.invariants.reproduction import cell_to_repeat, refit_differences, treatment_differences
from ftf_assets.storage.fit_store import fit_store
from ftf_assets.sweep.asset_inputs import CEILING
from ftf_assets.sweep.true_labels import truth_for_labels
from ftf_assets.training.folds.out_of_fold_blocks import out_of_fold_blocks

#: Tables that break a cell down and are recomputed from its model.
_DETAILS = ("weekly_results", "seed_scores", "confidence_curve")
_WARN = dg.AssetCheckSeverity.WARN
#: Number of features that the metadata of a check lists.
_SHOWN = 10


def no_leaking_column(stored: Stored) -> Finding:
    """No feature alone gives away the label or its return. One that does makes every verdict INVALID."""
    strengths = column_strengths(stored.value("coerced_arrays"))
    strongest = strengths[0]
    return Finding(
        column_leaks(strengths),
        f"strongest of {len(strengths)} features: {strongest.column}, AUC {strongest.auc:.3f}, correlation "
        f"with label_return {strongest.correlation:+.3f}",
        {"strongest_features": table([dataclasses.asdict(one) for one in strengths[:_SHOWN]])},
    )


def survives_a_lag(stored: Stored) -> Finding:
    """With features one bar older a strong baseline keeps half of its AUC above 0.5, else all is INVALID."""
    loss = lag_loss(
        stored.sweep.plan(stored.crypto),
        stored.value("coerced_arrays"),
        stored.value("fold_baselines"),
        stored.value("trained_models"),
        stored.fit_engine(),
    )
    numbers = {"auc": loss.auc, "auc_with_lagged_features": loss.lagged_auc}
    return Finding(
        loss.breaches, loss.in_words, {name: one for name, one in numbers.items() if one is not None}
    )


def caps_held(stored: Stored) -> Finding:
    """Cleaners suspect no more of a class than the cap allows, and change weights by their rules only."""
    arrays, cap = stored.value("coerced_arrays"), stored.sweep.settings.treatment.suspect_cap
    plan = stored.sweep.plan(stored.crypto)
    masks = weighted_masks(plan, arrays, stored.value("cleanlab_masks"))
    breaches = [
        f"fold {mask.fold} {mask.cleaner} of variant {mask.variant}: {breach}"
        for mask, given in masks
        for breach in cleaning_breaches(
            mask, arrays.y, given, 1.0 if mask.cleaner in plan.uncapped_cleaners else cap
        )
    ]
    shares = [
        {
            "fold": mask.fold,
            "variant": mask.variant,
            "cleaner": mask.cleaner,
            **suspect_shares(mask, arrays.y),
        }
        for mask, _ in masks
    ]
    return Finding(
        breaches, f"{len(masks)} masks within the cap of {cap:.0%}", {"suspect_share": table(shares)}
    )


def no_leak(stored: Stored) -> Finding:
    """No training row overlaps in time the rows that its model is judged on; recomputed from the labels."""
    arrays, plan = stored.value("coerced_arrays"), stored.sweep.plan(stored.crypto)
    start, end, embargo = arrays.start, arrays.end, plan.embargo(arrays)
    cells = stored.value("trained_models").cells
    tests = {cell.fold: cell.test_rows for cell in cells if len(cell.test_rows)}
    masks = [mask for mask in stored.value("cleanlab_masks").masks if len(mask.rows)]
    breaches, blocks = [], 0
    for fold in plan.folds(arrays):
        test = tests.get(fold.index, fold.test)
        found = walk_forward_leaks(
            start, end, fit=fold.fit, validation=fold.validation, test=test, embargo=embargo
        )
        for mask in (one for one in masks if one.fold == fold.index):
            found += walk_forward_leaks(
                start, end, fit=mask.rows, validation=fold.validation, test=test, embargo=embargo
            )
        if any(mask.fold == fold.index for mask in masks):
            for block in out_of_fold_blocks(
                start, end, fold.fit, n_blocks=plan.out_of_fold_blocks, embargo=embargo
            ):
                blocks += 1
                overlapping = overlapping_rows(start, end, block.train, block.held_out, embargo)
                found += (
                    [f"{len(overlapping)} rows overlap the out-of-fold block"] if len(overlapping) else []
                )
        breaches += [f"{stored.crypto} fold {fold.index}: {one}" for one in dict.fromkeys(found)]
    return Finding(
        breaches,
        f"no overlap in {plan.n_folds} folds and {blocks} out-of-fold blocks",
        {"folds": plan.n_folds, "out_of_fold_blocks": blocks},
    )


def off_path_is_identity(stored: Stored) -> Finding:
    """Without a treatment the labels are the hard ones, bit for bit, and the model is the baseline's."""
    arrays = stored.value("coerced_arrays")
    return Finding(
        off_path_breaches(
            arrays,
            stored.value("smoothed_labels"),
            stored.value("fold_baselines"),
            stored.value("cleanlab_masks"),
            stored.value("trained_models"),
            {fold.index: fold.fit for fold in stored.sweep.plan(stored.crypto).folds(arrays)},
        )
    )


def cells_complete(stored: Stored) -> Finding:
    """Every cell (fold × variant) of the sweep is there, and none has failed."""
    models: TrainedModels = stored.value("trained_models")
    names = tuple(variant.name for variant in stored.sweep.variants)
    missing = models.missing_cells(stored.sweep.settings.folds.n_folds, names)
    failed = [
        f"fold {cell.fold} {cell.variant}: {cell.outcome.error_type}: {cell.outcome.error_message}"
        for cell in models.cells
        if cell.outcome.status == "training_failed"
    ]
    statuses = Counter(str(cell.outcome.status) for cell in models.cells)
    return Finding(
        [*failed, *(f"fold {fold} {variant}: missing" for fold, variant in missing)],
        ", ".join(f"{n} {status}" for status, n in statuses.items()),
        dict(statuses),
    )


def reproducible(stored: Stored) -> Finding:
    """Labels treated, rows cleaned and one cell fitted again have the same bits as what is stored."""
    models, plan = stored.value("trained_models"), stored.sweep.plan(stored.crypto)
    arrays = stored.value("coerced_arrays")
    treated = (
        *(plan, arrays, stored.value("smoothed_labels"), stored.value("fold_baselines")),
        stored.value("cleanlab_masks"),
    )
    store, cell = fit_store(stored.home), cell_to_repeat(models)
    bars = coerce_candles(stored.value("candles"), crypto=stored.crypto) if plan.needs_candles else None
    truth = truth_for_labels(stored.sweep, stored.crypto, arrays)
    return Finding(
        [
            *treatment_differences(*treated, store, bars, truth),
            *refit_differences(*treated, models, store),
        ],
        f"fold {cell.fold} {cell.variant} has the same bits" if cell else "no cell was trained",
    )


def calibration_on_hard_labels(stored: Stored) -> Finding:
    """The calibration error is plausible, and is that of the stored probabilities against the hard labels."""
    y = stored.value("coerced_arrays").y
    cells = {(cell.fold, cell.variant): cell for cell in stored.value("trained_models").cells}
    good = [row for row in _records(stored) if row["status"] == "ok"]
    breaches = [
        f"fold {row['fold']} {row['variant']}: {breach}"
        for row in good
        for cell in (cells[row["fold"], row["variant"]],)
        for breach in calibration_breaches(
            y[cell.test_rows], cell.test_probability, ece=row["ece"], ece_debiased=row["ece_debiased"]
        )
    ]
    mean_ece = {"mean_ece": sum(row["ece"] for row in good) / len(good)} if good else {}
    return Finding(
        breaches, f"calibration error recomputed for {len(good)} cells", {"cells": len(good), **mean_ece}
    )


def statuses_explained(stored: Stored) -> Finding:
    """Every cell that was not measured says why, and one that was skipped has too short a history."""
    from ftf_assets.invariants.outcomes import unexplained_cells

    rows = _records(stored)
    counts = Counter(str(row["status"]) for row in rows)
    return Finding(unexplained_cells(rows), f"every status of {len(rows)} cells is explained", dict(counts))


def details_add_up(stored: Stored) -> Finding:
    """Weeks, single fits and most confident calls of a cell are those of its model and add up to its row."""
    from ftf_assets.rows.records import plain_records

    tables = {name: plain_records(frame) for name, frame in stored.results().items() if name in _DETAILS}
    of_cell = {
        name: {cell: list(rows) for cell, rows in groupby(sorted(tables[name], key=_cell), key=_cell)}
        for name in _DETAILS
    }
    models = {(cell.fold, cell.variant): cell for cell in stored.value("trained_models").cells}
    measured = {_cell(row): row for row in _records(stored) if row["status"] == "ok"}
    breaches = [
        f"fold {fold} {variant}: {name} has rows of a cell that was not measured"
        for name, cells in of_cell.items()
        for fold, variant in cells.keys() - measured.keys()
    ]
    for cell, row in measured.items():
        weeks, fits, curve = (of_cell[name].get(cell, []) for name in _DETAILS)
        found = detail_breaches(
            stored.value("coerced_arrays"), models[cell], row, weeks=weeks, fits=fits, curve=curve
        )
        breaches += [f"fold {cell[0]} {cell[1]}: {one}" for one in found]
    return Finding(breaches, f"recomputed for {len(measured)} cells")


def enough_trades(stored: Stored) -> Finding:
    """Each variant has this crypto's share of the trades that the gate needs, in all and in each fold."""
    from ftf_assets.invariants.outcomes import variants_short_of_trades

    rows = _records(stored)
    breaches = variants_short_of_trades(rows, len(stored.sweep.cryptos))
    trades = [row["n_trades"] for row in rows if row["status"] == "ok"]
    fewest = {"fewest_trades_of_a_cell": min(trades)} if trades else {}
    return Finding(breaches, "every variant has enough trades, in all and in each fold", fewest)


def added_noise_only(stored: Stored) -> Finding:
    """Without added noise the scores are the baseline's own; noise changed training labels only, as drawn."""
    from ftf_assets.rows.records import plain_records

    rows = plain_records(stored.ceiling())
    good = [row for row in rows if row["status"] == "ok"]
    breaches = ceiling_breaches(
        stored.sweep.plan(stored.crypto),
        stored.value("coerced_arrays"),
        stored.value("fold_baselines"),
        good,
        fit_store(stored.home),
    )
    off = "" if rows else ": the label ceiling is off (ceiling.enabled)"
    return Finding(breaches, f"recomputed for {len(good)} of {len(rows)} models{off}")


def ceiling_complete(stored: Stored) -> Finding:
    """No model on noisier labels has failed: one that has is left out of what correct labels are worth."""
    from ftf_assets.rows.records import plain_records

    rows = plain_records(stored.ceiling())
    failed = [
        f"label ceiling, fold {row['fold']}, noise {row['noise']}, exposure {row['exposure']:g}: "
        f"{row['reason']}"
        for row in rows
        if row["status"] == "training_failed"
    ]
    return Finding(failed, f"none of {len(rows)} models has failed")


DOMAIN_CHECKS: dict[str, list[PartitionCheck]] = {
    "coerced_arrays": [PartitionCheck(COLUMN_LEAK_CHECK, no_leaking_column)],
    "cleanlab_masks": [PartitionCheck("caps_held", caps_held)],
    "trained_models": [
        PartitionCheck(LEAK_CHECK, no_leak, blocking=True),
        PartitionCheck(LAG_CHECK, survives_a_lag),
        PartitionCheck("off_path_is_identity", off_path_is_identity),
        PartitionCheck("cells_complete", cells_complete, severity=_WARN),
        PartitionCheck("reproducible", reproducible),
    ],
    CEILING: [
        PartitionCheck("added_noise_only", added_noise_only),
        PartitionCheck("ceiling_complete", ceiling_complete, severity=_WARN),
    ],
    "finetune_results": [
        PartitionCheck("calibration_on_hard_labels", calibration_on_hard_labels),
        PartitionCheck("statuses_explained", statuses_explained),
        PartitionCheck("details_add_up", details_add_up),
        PartitionCheck("enough_trades", enough_trades, severity=_WARN),
    ],
}


def _cell(row: Mapping[str, Any]) -> tuple[int, str]:
    return row["fold"], row["variant"]


def _records(stored: Stored) -> list[dict[str, Any]]:
    """Rows as mappings, missing values None, whatever their dtype calls them."""
    import pandas as pd

    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in stored.rows().to_dict("records")
    ]
