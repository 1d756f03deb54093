"""``finetune_results``: one row a cell, in DuckDB."""

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.graph import metadata
from ftf_assets.graph.contract_types import CRYPTO_RESULTS
from ftf_assets.graph.partitioned import partitioned_asset
from ftf_assets.graph.resources import HomeResource, SweepResource


@partitioned_asset(
    "results",
    {"duckdb", "pandas"},
    io_manager_key="results_io_manager",
    dagster_type=CRYPTO_RESULTS.dagster_type,
    metadata=CRYPTO_RESULTS.definition_metadata,
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
    In the same transaction the table regime_results gets the cells by market regime, and label_suspects the
    rows that the cleaners suspect.
    """
    from ftf_assets.graph.pictures import pictures
    from ftf_assets.report.asset_pictures import trade_pictures
    from ftf_assets.report.collect import curves_of_crypto
    from ftf_assets.rows.cells import crypto_results

    crypto = context.partition_key
    run = sweep.open(crypto)
    results = crypto_results(
        run,
        crypto,
        coerced_arrays,
        cleanlab_masks,
        trained_models,
        run_id=context.run.run_id,
        store=home.score_store,
    )
    rows = results.cells
    for row in rows[rows["status"] == "training_failed"].itertuples():
        context.log.error(
            f"event=cell_failed variant={row.variant} crypto={row.crypto} fold={row.fold} "
            f"stage={row.error_stage} error={row.error_type}: {row.error_message}"
        )
    return dg.MaterializeResult(
        value=results,
        metadata={
            "dagster/row_count": len(rows),
            "sweep_id": run.sweep_id,
            "label_suspects": len(results.suspects),
            **{f"cells_{status}": int(n) for status, n in rows["status"].value_counts().items()},
            "cells": metadata.results_table(rows),
            "by_regime": metadata.regimes_table(results.regimes),
            **pictures(
                context.log,
                lambda: trade_pictures(curves_of_crypto(run, crypto, coerced_arrays, trained_models)),
            ),
        },
    )
