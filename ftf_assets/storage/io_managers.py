"""IO managers: artifacts under keyed paths, results in DuckDB, and no input whose contract check is red."""

from typing import Any

import dagster as dg
import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleanlabMasks, SmoothedLabels, TrainedModels
from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.resources import HomeResource, SweepResource
from ftf_assets.storage.artifacts import read_artifact, write_artifact

#: What each asset's artifact is read back as.
ARTIFACT_TYPES: dict[str, type[Any]] = {
    "candles": pd.DataFrame,
    "feature_cache": pd.DataFrame,
    "coerced_arrays": TrainingArrays,
    "smoothed_labels": SmoothedLabels,
    "baseline_parameters": BaselineParameters,
    "cleanlab_masks": CleanlabMasks,
    "trained_models": TrainedModels,
}

#: Name of the contract check that every asset has.
CONTRACT_CHECK = "contract"
ARTIFACT_KEY = "artifact_key"


class ArtifactIOManager(dg.ConfigurableIOManager):
    """Keep each value under the hash of the settings and inputs that it depends on.

    Two sweeps with different settings never meet in one path: it is derived alike on store and on load, and a
    downstream asset that is run under other settings finds nothing instead of another sweep's values.
    """

    sweep: SweepResource
    home: HomeResource

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Write the value and name its place."""
        asset, crypto = context.asset_key.path[-1], context.partition_key
        key = self.sweep.open(crypto).artifact_key(asset, crypto)
        folder = self.home.home.artifact(asset, crypto, key)
        write_artifact(folder, obj)
        context.add_output_metadata({"path": dg.MetadataValue.path(str(folder)), ARTIFACT_KEY: key})

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the upstream value of the same settings, unless its contract check is red.

        Raises
        ------
        StoreError
            Nothing there for these settings, or damaged.
        InputError
            The latest blocking check of exactly this artifact has failed.
        """
        asset, crypto = context.asset_key.path[-1], context.asset_partition_key
        key = self.sweep.open(crypto).artifact_key(asset, crypto)
        _refuse_red(context.step_context.instance, context.asset_key, crypto, key)
        return self.read(asset, crypto)

    def read(self, asset: str, crypto: str) -> Any:
        """Read an asset's value under these settings, whatever its checks say: how the checks read it.

        Raises
        ------
        StoreError
            Nothing there for these settings, or damaged.
        """
        key = self.sweep.open(crypto).artifact_key(asset, crypto)
        try:
            return read_artifact(self.home.home.artifact(asset, crypto, key), ARTIFACT_TYPES[asset])
        except StoreError as error:
            raise StoreError(f"{crypto}: {asset} cannot be read under these settings: {error}") from None


class ResultsIOManager(dg.ConfigurableIOManager):
    """Replace a crypto's rows of this sweep in ``finetune_results``, one transaction a partition."""

    sweep: SweepResource
    home: HomeResource

    def handle_output(self, context: dg.OutputContext, obj: pd.DataFrame) -> None:
        """Delete the partition's rows and insert the new ones."""
        sweep = self.sweep.open(context.partition_key)
        self.home.results.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
        self.home.results.write_partition(obj, sweep.sweep_id, context.partition_key)
        context.add_output_metadata({"path": dg.MetadataValue.path(str(self.home.home.results))})

    def load_input(self, context: dg.InputContext) -> pd.DataFrame:
        """Read the partition's rows of this sweep."""
        crypto = context.asset_partition_key
        return self.home.results.read(self.sweep.open(crypto).sweep_id, crypto)


def _refuse_red(instance: dg.DagsterInstance, asset_key: dg.AssetKey, crypto: str, key: str) -> None:
    # A blocking check stops its own run only; a later run of just the downstream would pass without this.
    evaluation = _latest_evaluation(instance, dg.AssetCheckKey(asset_key, CONTRACT_CHECK), crypto)
    if evaluation is None or evaluation.passed:
        return
    judged = evaluation.metadata.get(ARTIFACT_KEY)
    if judged is None or judged.value == key:
        raise InputError(
            f"{crypto}: the contract check of {asset_key.to_user_string()} is red: {evaluation.description}. "
            f"Mend the input and materialise {asset_key.to_user_string()} again"
        )


def _latest_evaluation(
    instance: dg.DagsterInstance, check: dg.AssetCheckKey, crypto: str, page: int = 20
) -> dg.AssetCheckEvaluation | None:
    cursor = None
    while True:
        records = instance.event_log_storage.get_asset_check_execution_history(
            check, limit=page, cursor=cursor
        )
        for record in records:
            if record.partition == crypto and record.evaluation is not None:
                return record.evaluation
        if len(records) < page:
            return None
        cursor = records[-1].id
