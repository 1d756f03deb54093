"""IO managers: artifacts under keyed paths, results in DuckDB, and no input whose blocking check is red."""

# Dagster reads the fields of its resources as they stand: no annotations from the future here.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from ftf_assets.contracts.errors import StoreBusyError, StoreError
from ftf_assets.graph.check_history import ARTIFACT_KEY, refuse_failed_input
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.storage.artifact_types import artifact_types
from ftf_assets.storage.artifacts import read_artifact, write_artifact

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.gate.decision import Decision
    from ftf_assets.rows.cells import CryptoResults

#: Before a step that met a busy store runs again; the store has been waited for already.
SECONDS_TO_WAIT = 10


@contextmanager
def retried_while_busy() -> Iterator[None]:
    """Ask Dagster to run the step again where another process holds the store: bad input never is.

    Everything else that can go wrong here goes wrong again. Nothing of the step is lost: its fits are kept.
    """
    try:
        yield
    except StoreBusyError as error:
        raise dg.RetryRequested(max_retries=2, seconds_to_wait=SECONDS_TO_WAIT) from error


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
        sweep = self.sweep.open(crypto)
        key = sweep.artifact_key(asset, crypto)
        folder = self.home.home.artifact(asset, crypto, key)
        write_artifact(folder, obj, sweep.artifact_identity(asset, crypto))
        context.add_output_metadata({"path": dg.MetadataValue.path(str(folder)), ARTIFACT_KEY: key})

    def load_input(self, context: dg.InputContext) -> Any:
        """Read the upstream value of the same settings, unless its contract or leak check is red.

        Raises
        ------
        StoreError
            Nothing there for these settings, or damaged.
        InputError
            The latest blocking check of exactly this artifact has failed.
        """
        asset, crypto = context.asset_key.path[-1], context.asset_partition_key
        refuse_failed_input(context.step_context.instance, self.sweep.open(crypto), asset, crypto)
        return self.read(asset, crypto)

    def read(self, asset: str, crypto: str) -> Any:
        """Read an asset's value under these settings, whatever its checks say: how the checks read it.

        Raises
        ------
        StoreError
            Nothing there for these settings, or damaged.
        """
        key = self.sweep.open(crypto).artifact_key(asset, crypto)
        folder, kind = self.home.home.artifact(asset, crypto, key), artifact_types()[asset]
        try:
            return read_artifact(folder, kind)
        except StoreError as error:
            raise StoreError(f"{crypto}: {asset} cannot be read under these settings: {error}") from None


class ResultsIOManager(dg.ConfigurableIOManager):
    """Replace a crypto's rows of this sweep, cells, regimes and suspects, in one transaction."""

    sweep: SweepResource
    home: HomeResource

    def handle_output(self, context: dg.OutputContext, obj: "CryptoResults") -> None:
        """Delete the partition's rows and insert the new ones."""
        sweep = self.sweep.open(context.partition_key)
        with retried_while_busy():
            self.home.results.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
            self.home.results.write_partition(
                obj.cells,
                sweep.sweep_id,
                context.partition_key,
                regimes=obj.regimes,
                suspects=obj.suspects,
            )
        context.add_output_metadata({"path": dg.MetadataValue.path(str(self.home.home.results))})

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        """Read the partition's rows of this sweep."""
        crypto = context.asset_partition_key
        return self.home.results.read(self.sweep.open(crypto).sweep_id, crypto)


class AuditIOManager(dg.ConfigurableIOManager):
    """Replace a crypto's rows of one noise audit in its two tables, all or nothing."""

    sweep: SweepResource
    home: HomeResource

    def handle_output(self, context: dg.OutputContext, obj: "tuple[pd.DataFrame, pd.DataFrame]") -> None:
        """Delete the audit's rows of the crypto and insert the new ones."""
        self.home.audits.write_audit(*obj)
        context.add_output_metadata({"path": dg.MetadataValue.path(str(self.home.home.results))})

    def load_input(self, context: dg.InputContext) -> "tuple[pd.DataFrame, pd.DataFrame]":
        """Read the newest audit of the crypto's rows: of ``noise_audit`` and ``noise_audit_effects``."""
        crypto = context.asset_partition_key
        return self.home.audits.audits([self.sweep.open(crypto).artifact_key("coerced_arrays", crypto)])


class DecisionIOManager(dg.ConfigurableIOManager):
    """Replace the gate's decision on this sweep in ``gate_metrics`` and ``gate_verdicts``, all or nothing."""

    sweep: SweepResource
    home: HomeResource

    def handle_output(self, context: dg.OutputContext, obj: "Decision") -> None:
        """Delete the sweep's old decision and insert the new one."""
        from ftf_assets.rows.decision import decision_rows

        with retried_while_busy():
            self.home.results.write_decision(*decision_rows(obj), obj.sweep_id)
        context.add_output_metadata({"path": dg.MetadataValue.path(str(self.home.home.results))})

    def load_input(self, context: dg.InputContext) -> "tuple[pd.DataFrame, pd.DataFrame]":  # noqa: ARG002
        """Read the decision on this sweep: rows of ``gate_metrics`` and of ``gate_verdicts``."""
        return self.home.results.decision(self.sweep.open().sweep_id)
