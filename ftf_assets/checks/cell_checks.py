"""Checks of the cells: every expected one is there, and none has failed."""

import warnings
from collections import Counter

import dagster as dg

from ftf_assets.assets.partitioned import CRYPTOS
from ftf_assets.contracts.bundles import TrainedModels


def cell_checks() -> list[dg.AssetChecksDefinition]:
    """Build the checks of ``trained_models``."""
    with warnings.catch_warnings():
        # Partitioned checks are a preview feature; the version is pinned and a test holds them.
        warnings.simplefilter("ignore")

        @dg.asset_check(
            asset="trained_models",
            description="Every expected cell is there: trained, skipped or failed with its error.",
            required_resource_keys={"sweep", "io_manager"},
            partitions_def=CRYPTOS,
        )
        def cells_complete(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
            crypto = context.partition_key
            sweep = context.resources.sweep.open(crypto)
            models: TrainedModels = context.resources.io_manager.read("trained_models", crypto)
            missing = models.missing_cells(sweep.settings.n_folds, tuple(v.name for v in sweep.variants))
            statuses = Counter(cell.outcome.status for cell in models.cells)
            failed = [
                f"fold {cell.fold} {cell.variant}: {cell.outcome.error_type}: {cell.outcome.error_message}"
                for cell in models.cells
                if cell.outcome.status == "training_failed"
            ]
            return dg.AssetCheckResult(
                passed=not missing and not failed,
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{len(failed)} failed, {len(missing)} missing"
                + (f"; first: {(failed or missing)[0]}" if failed or missing else ""),
                metadata={
                    "sweep_id": sweep.sweep_id,
                    **{str(status): n for status, n in statuses.items()},
                    "failed": failed,
                    "missing": str(missing),
                },
            )

    return [cells_complete]
