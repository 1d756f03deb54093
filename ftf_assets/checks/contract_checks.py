"""One blocking contract check an asset, generated from its contract: check and contract cannot drift apart.

The Dagster type refuses a bad value before it is stored; these checks read back what was stored. Each carries
the assets' partitions, so that one crypto's green never hides another's red.
"""

import warnings
from collections.abc import Callable
from typing import Any

import dagster as dg
import pandera.pandas as pa

from ftf_assets.assets.metadata import table
from ftf_assets.assets.partitioned import CRYPTOS
from ftf_assets.contracts.errors import FtfError, InputError
from ftf_assets.contracts.frames import Candles, FeatureCache
from ftf_assets.storage.check_history import ARTIFACT_KEY, CONTRACT_CHECK, SWEEP_ID
from ftf_assets.storage.io_managers import ArtifactIOManager
from ftf_assets.storage.results_table import finetune_results
from ftf_assets.sweep import Sweep

Validate = Callable[[ArtifactIOManager, Sweep, str], None]


def validate_candles(io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:  # noqa: ARG001
    """Candles keep their table contract."""
    Candles.validate(io.read("candles", crypto), lazy=True)


def validate_feature_cache(io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:  # noqa: ARG001
    """The feature cache keeps its table contract."""
    FeatureCache.validate(io.read("feature_cache", crypto), lazy=True)


def validate_coerced_arrays(io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:
    """The arrays have their dtypes and shapes, are aligned, ordered and finite."""
    io.read("coerced_arrays", crypto).validate(crypto, missing=sweep.settings.missing)


def validate_smoothed_labels(io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:
    """Every treatment of the labels is what it should be and keeps their classes; the baseline is hard."""
    arrays = io.read("coerced_arrays", crypto)
    expected = sweep.plan(crypto).soft_labels(arrays.y)
    io.read("smoothed_labels", crypto).validate(crypto, arrays.y, expected.levels)


def validate_baseline_parameters(io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:
    """One baseline a fold, within its bounds, of known provenance, no worse than the defaults."""
    io.read("baseline_parameters", crypto).validate(
        crypto,
        n_folds=sweep.settings.n_folds,
        min_rounds=sweep.settings.min_rounds,
        max_rounds=sweep.settings.max_rounds,
        n_trials=sweep.tuning.trials,
        space=dict(sweep.tuning.space),
    )


def validate_cleanlab_masks(io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:
    """Masks cover exactly the fit part, keep the cap per class and drop nothing but suspects."""
    arrays = io.read("coerced_arrays", crypto)
    fit_parts = {fold.index: fold.fit for fold in sweep.plan(crypto).folds(arrays)}
    io.read("cleanlab_masks", crypto).validate(crypto, arrays.y, fit_parts, sweep.settings.suspect_cap)


def validate_finetune_results(io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:
    """The stored rows keep their table contract, one row a cell."""
    rows = io.home.results.read(sweep.sweep_id, crypto)
    finetune_results().validate(rows, lazy=True)
    expected = sweep.settings.n_folds * len(sweep.variants)
    if len(rows) != expected:
        raise InputError(f"{crypto}: {len(rows)} rows where {expected} cells are expected")


VALIDATORS: dict[str, Validate] = {
    "candles": validate_candles,
    "feature_cache": validate_feature_cache,
    "coerced_arrays": validate_coerced_arrays,
    "smoothed_labels": validate_smoothed_labels,
    "baseline_parameters": validate_baseline_parameters,
    "cleanlab_masks": validate_cleanlab_masks,
    "finetune_results": validate_finetune_results,
}


def contract_check(asset: str, validate: Validate) -> dg.AssetChecksDefinition:
    """Generate the blocking contract check of an asset."""

    @dg.asset_check(
        asset=asset,
        name=CONTRACT_CHECK,
        blocking=True,
        description=validate.__doc__,
        required_resource_keys={"sweep", "io_manager"},
        partitions_def=CRYPTOS,
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        crypto = context.partition_key
        sweep = context.resources.sweep.open(crypto)
        judged: dict[str, Any] = {SWEEP_ID: sweep.sweep_id}
        if asset != "finetune_results":
            judged[ARTIFACT_KEY] = sweep.artifact_key(asset, crypto)
        try:
            validate(context.resources.io_manager, sweep, crypto)
        except pa.errors.SchemaErrors as error:
            failures = error.failure_cases.head(20).astype(str).to_dict("records")
            return dg.AssetCheckResult(
                passed=False,
                description=f"{crypto}: {len(failures)} broken rules, first: {failures[0]['check']}",
                metadata={**judged, "failures": table(failures)},
            )
        except FtfError as error:
            return dg.AssetCheckResult(passed=False, description=str(error), metadata=judged)
        return dg.AssetCheckResult(passed=True, description=validate.__doc__, metadata=judged)

    return check


def contract_checks() -> list[dg.AssetChecksDefinition]:
    """Generate all of them."""
    with warnings.catch_warnings():
        # Partitioned checks are a preview feature; the version is pinned and a test holds them.
        warnings.simplefilter("ignore")
        return [contract_check(asset, validate) for asset, validate in VALIDATORS.items()]
