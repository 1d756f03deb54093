"""``finetune_results``: one row a cell, in DuckDB."""

import dagster as dg

from ftf_assets.assets import metadata
from ftf_assets.assets.contract_types import FINETUNE_RESULTS
from ftf_assets.assets.partitioned import partitioned_asset
from ftf_assets.assets.pictures import pictures
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.report.data import crypto_data
from ftf_assets.report.pictures import trade_pictures
from ftf_assets.resources import HomeResource, SweepResource
from ftf_assets.sweep_results import sweep_results
from ftf_assets.sweep_suspects import sweep_suspects


@partitioned_asset(
    "results",
    {"duckdb", "pandas"},
    io_manager_key="results_io_manager",
    dagster_type=FINETUNE_RESULTS.dagster_type,
    metadata=FINETUNE_RESULTS.definition_metadata,
)
def finetune_results(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    home: HomeResource,
    coerced_arrays: TrainingArrays,
    cleanlab_masks: CleanlabMasks,
    trained_models: TrainedModels,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row a cell, scored on hard test labels; a re-run of the same settings replaces its rows.

    f1_always_buy, predicted_buy_rate and breakeven_precision stand beside f1_buy: on weak signal the
    F1-optimal threshold calls BUY on most bars, and its f1 is hardly more than that of always saying BUY.
    The rows that the cleaners suspect go into the table label_suspects beside it.
    """
    crypto = context.partition_key
    run = sweep.open(crypto)
    rows = sweep_results(
        run,
        crypto,
        coerced_arrays,
        cleanlab_masks,
        trained_models,
        run_id=context.run.run_id,
        store=home.score_store,
    )
    suspects = sweep_suspects(run.sweep_id, crypto, coerced_arrays, cleanlab_masks)
    home.results.write_suspects(suspects, run.sweep_id, crypto)
    for row in rows[rows["status"] == "training_failed"].itertuples():
        context.log.error(
            f"event=cell_failed variant={row.variant} crypto={row.crypto} fold={row.fold} "
            f"stage={row.error_stage} error={row.error_type}: {row.error_message}"
        )
    return dg.MaterializeResult(
        value=rows,
        metadata={
            "dagster/row_count": len(rows),
            "sweep_id": run.sweep_id,
            "label_suspects": len(suspects),
            **{f"cells_{status}": int(n) for status, n in rows["status"].value_counts().items()},
            "cells": metadata.results_table(rows),
            **pictures(
                context.log,
                lambda: trade_pictures(
                    crypto_data(home.home, run, crypto, coerced_arrays, models=trained_models)
                ),
            ),
        },
    )
