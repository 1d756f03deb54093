"""IO managers: artifacts under the hash of their inputs, results as objects with an index in DuckDB.

An input of which a blocking check has failed is refused. Whatever an IO manager refuses fails its step with
the sentence of the refusal, as in the body of an asset.
"""

# Dagster evaluates the annotations of resource fields, so `from __future__ import annotations` is left out.
from typing import TYPE_CHECKING, Any

import dagster as dg

from ftf_assets.contracts.errors import StoreError
from ftf_assets.graph.check_history import ARTIFACT_KEY, refuse_failed_input
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.graph.step_failures import refusals_as_failures
from ftf_assets.storage.artifact_types import artifact_types
from ftf_assets.storage.artifacts import read_artifact, write_artifact
from ftf_assets.storage.fit_store import fit_store, score_store
from ftf_assets.storage.home import Home

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.contracts.tables.gate_decision import DecisionTables
    from ftf_assets.gate.decision import Decision
    from ftf_assets.rows.finetune_results import CryptoResults


class ArtifactIOManager(dg.ConfigurableIOManager):
    """Store each value under the hash of the settings and inputs that it depends on.

    Storing and loading derive the path in the same way, so an asset that runs under other settings finds
    nothing rather than another sweep's value.
    """

    sweep: SweepResource
    home: HomeResource

    @refusals_as_failures()
    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Store the value, with its path as metadata."""
        asset, (crypto, sweep) = context.asset_key.path[-1], self.sweep.open_partition(context.partition_key)
        key = sweep.artifact_key(asset, crypto)
        folder = self.home.home.artifact(asset, crypto, key)
        fit_store(self.home.home).finish()  # before the value that names its fits
        write_artifact(folder, obj, sweep.artifact_identity(asset, crypto))
        context.add_output_metadata({"path": dg.MetadataValue.path(str(folder)), ARTIFACT_KEY: key})

    @refusals_as_failures()
    def load_input(self, context: dg.InputContext) -> Any:
        """Read the value under the settings of this run.

        Raises
        ------
        dagster.Failure
            It does not exist or is damaged, or a blocking check of exactly this value has failed.
        """
        crypto, sweep = self.sweep.open_partition(context.asset_partition_key)
        asset = context.asset_key.path[-1]
        refuse_failed_input(context.step_context.instance, sweep, asset, crypto)
        return self.read(asset, crypto)

    def read(self, asset: str, crypto: str) -> Any:
        """Read the value under the settings of this run, as its checks do: also where one has failed.

        Raises
        ------
        StoreError
            It does not exist or is damaged.
        """
        key = self.sweep.open().artifact_key(asset, crypto)
        folder, kind = self.home.home.artifact(asset, crypto, key), artifact_types()[asset]
        try:
            return read_artifact(folder, kind)
        except StoreError as error:
            raise StoreError(f"{crypto}: {asset} cannot be read under these settings: {error}") from None


class ResultsIOManager(dg.ConfigurableIOManager):
    """Replace a crypto's rows of this sweep, cells and what breaks them down, in one step."""

    sweep: SweepResource
    home: HomeResource

    @refusals_as_failures()
    def handle_output(self, context: dg.OutputContext, obj: "CryptoResults") -> None:
        """Write the next version of the partition's rows."""
        crypto, sweep = self.sweep.open_partition(context.partition_key)
        score_store(self.home.home).finish()
        self.home.results.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
        self.home.results.write_partition(obj.cells, sweep.sweep_id, crypto, obj.details)
        context.add_output_metadata(_index_metadata(self.home.home))

    @refusals_as_failures()
    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        """Read the partition's rows of this sweep."""
        crypto, sweep = self.sweep.open_partition(context.asset_partition_key)
        return self.home.results.read(sweep.sweep_id, crypto)


class CeilingIOManager(dg.ConfigurableIOManager):
    """Replace a crypto's rows of the label ceiling in one step."""

    sweep: SweepResource
    home: HomeResource

    @refusals_as_failures()
    def handle_output(self, context: dg.OutputContext, obj: "pd.DataFrame") -> None:
        """Write the next version of the partition's rows; none where the ceiling is off."""
        crypto, sweep = self.sweep.open_partition(context.partition_key)
        fit_store(self.home.home).finish()
        self.home.results.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
        self.home.results.write_ceiling(obj, sweep.sweep_id, crypto)
        context.add_output_metadata({"path": dg.MetadataValue.path(str(self.home.home.results))})

    @refusals_as_failures()
    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        """Read the partition's rows of this sweep."""
        crypto, sweep = self.sweep.open_partition(context.asset_partition_key)
        return self.home.results.ceiling(sweep.sweep_id, crypto)


class AuditIOManager(dg.ConfigurableIOManager):
    """Replace a crypto's rows of one noise audit in its two tables, all or nothing."""

    sweep: SweepResource
    home: HomeResource

    @refusals_as_failures()
    def handle_output(self, context: dg.OutputContext, obj: "tuple[pd.DataFrame, pd.DataFrame]") -> None:
        """Write the next version of the audit's rows of the crypto."""
        fit_store(self.home.home).finish()
        self.home.audits.write_audit(*obj)
        context.add_output_metadata(_index_metadata(self.home.home))

    @refusals_as_failures()
    def load_input(self, context: dg.InputContext) -> "tuple[pd.DataFrame, pd.DataFrame]":
        """Read the newest audit of the crypto's rows: of ``noise_audit`` and ``noise_audit_effects``."""
        crypto, sweep = self.sweep.open_partition(context.asset_partition_key)
        return self.home.audits.audits({crypto: sweep.artifact_key("coerced_arrays", crypto)})


class DecisionIOManager(dg.ConfigurableIOManager):
    """Replace the gate's decision on this sweep in its three tables, all or nothing."""

    sweep: SweepResource
    home: HomeResource

    @refusals_as_failures()
    def handle_output(self, context: dg.OutputContext, obj: "Decision") -> None:
        """Write the next version of the decision, with the settings that it was made with.

        Settings of the gate and of the label ceiling may change and leave the sweep the same.
        """
        from ftf_assets.rows.gate_decision import decision_rows

        self.home.results.write_settings(obj.sweep_id, self.sweep.open().settings.model_dump_json())
        self.home.results.write_decision(decision_rows(obj), obj.sweep_id)
        # Not where: a long path widens the table of values, and the answer beside it is cut.
        context.add_output_metadata(_index_metadata(self.home.home, where=False))

    @refusals_as_failures()
    def load_input(self, context: dg.InputContext) -> "DecisionTables":  # noqa: ARG002
        """Read the decision on this sweep."""
        return self.home.results.decision(self.sweep.open().sweep_id)


def _index_metadata(home: Home, *, where: bool = True) -> dict[str, Any]:
    """Refresh the index, and say where it lies and whether it is behind.

    Where the home is a bucket nobody opens the index of the machine that a run happens to be on: who reads
    the results refreshes that of their own.
    """
    if home.bucket is not None:
        return {"home": dg.MetadataValue.text(home.address)} if where else {}
    from ftf_assets.storage.results_database import refresh_index

    refreshed = refresh_index(home)
    behind = {"index": dg.MetadataValue.text(refreshed.note)} if refreshed.note else {}
    return {**({"path": dg.MetadataValue.path(str(home.results))} if where else {}), **behind}
