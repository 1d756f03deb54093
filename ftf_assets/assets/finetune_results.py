"""``finetune_results``: one row per cell, in DuckDB."""

import dagster as dg

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.graph.asset_decorator import EVERY_WEEK, partitioned_asset
from ftf_assets.graph.asset_metadata import results_metadata
from ftf_assets.graph.fit_events import log_failed_cells
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.graph.table_types import CRYPTO_RESULTS


@partitioned_asset(
    "results",
    {"duckdb", "pandas"},
    io_manager_key="results_io_manager",
    dagster_type=CRYPTO_RESULTS.dagster_type,
    metadata=CRYPTO_RESULTS.definition_metadata,
    freshness_policy=EVERY_WEEK,
)
def finetune_results(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    home: HomeResource,
    coerced_arrays: TrainingArrays,
    cleanlab_masks: CleanlabMasks,
    trained_models: TrainedModels,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One row per cell (fold × variant), scored on hard test labels; a re-run of its settings replaces it.

    f1_always_buy, predicted_buy_rate and breakeven_precision stand beside f1_buy: on weak signal the
    F1-optimal threshold calls BUY on most bars, and its f1 is hardly more than that of always saying BUY.
    More tables are written with it and break the cells down: regime_results by market regime, weekly_results
    by UTC week (the clusters of the gate's tests), seed_scores by fit, confidence_curve by how confident the
    calls are; label_suspects lists the rows that the cleaners suspect.
    """
    from ftf_assets.rows.finetune_results import crypto_results

    crypto, run = sweep.open_partition(context.partition_key)
    results = crypto_results(
        run,
        crypto,
        coerced_arrays,
        cleanlab_masks,
        trained_models,
        run_id=context.run.run_id,
        store=home.score_store,
    )
    log_failed_cells(context.log, results.cells)
    return dg.MaterializeResult(
        value=results,
        metadata=results_metadata(context.log, run, crypto, coerced_arrays, trained_models, results),
    )
