"""``noise_audit``: how well wrong labels would be found on these data, and whether cleaning them pays."""

import dagster as dg
import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.graph.asset_decorator import partitioned_asset
from ftf_assets.graph.asset_metadata import audit_metadata
from ftf_assets.graph.resources import AuditResource, HomeResource, SweepResource


@partitioned_asset("audit", {"xgboost", "cleanlab", "duckdb"}, io_manager_key="audit_io_manager")
def noise_audit(
    context: dg.AssetExecutionContext,
    sweep: SweepResource,
    audit: AuditResource,
    home: HomeResource,
    candles: pd.DataFrame,
    coerced_arrays: TrainingArrays,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Inject known label errors and measure how well each cleaner finds them, within each observed class.

    The job ftf_audit makes it; no sweep waits for it.
    A cleaner counts only where its lift is above that of all three controls, which look at no model.
    "effects" says what cleaning recovers of the average precision that the noise costs.
    """
    from ftf_assets.audit.runner import run_audit
    from ftf_assets.rows.noise_audit import audit_rows

    crypto, run = sweep.open_partition(context.partition_key)
    opened = audit.open(run)
    bars = opened.candles(crypto, candles)
    labels = opened.labels(crypto, coerced_arrays, bars)
    engine = home.audit_fit_engine(opened, crypto, context.log)
    result = run_audit(opened.plan(crypto), coerced_arrays, labels, engine, bars)
    found, effects = audit_rows(opened, crypto, result, run_id=context.run.run_id)
    return dg.MaterializeResult(
        value=(found, effects),
        metadata=audit_metadata(context.log, opened.audit_id(crypto), result.rounds, found, effects),
    )
