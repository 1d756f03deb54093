"""The stored values that checks read back, each read once for all checks of an asset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import CEILING
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.contracts.tables.gate_decision import DecisionTables
    from ftf_assets.graph.io_managers import ArtifactIOManager
    from ftf_assets.training.fit_engine import FitEngine


class StoredSweep:
    """What a sweep as a whole has stored.

    Attributes
    ----------
    sweep, home
        Which sweep, and the home folder.
    """

    def __init__(self, sweep: Sweep, home: Home) -> None:
        self.sweep = sweep
        self.home = home

    def decision(self) -> DecisionTables:
        """Read the stored decision on the sweep."""
        from ftf_assets.storage.results_store import ResultsStore

        return ResultsStore(self.home).decision(self.sweep.sweep_id)

    def decision_versions(self) -> dict[str, str]:
        """Hash the content of the decision's tables: a check result holds for these."""
        from ftf_assets.storage.table_versions import decision_versions

        return decision_versions(self.decision())


class Stored(StoredSweep):
    """What one crypto of a sweep has stored.

    Attributes
    ----------
    sweep, home, crypto
        Which sweep, the home folder, which crypto.
    """

    def __init__(self, io: ArtifactIOManager, sweep: Sweep, crypto: str) -> None:
        super().__init__(sweep, io.home.home)
        self.crypto = crypto
        self._io = io
        self._read: dict[str, Any] = {}

    def value(self, asset: str) -> Any:
        """Read the artifact of an asset.

        Raises
        ------
        StoreError
            There is none under the settings of the sweep, or it is damaged.
        """
        if asset not in self._read:
            self._read[asset] = self._io.read(asset, self.crypto)
        return self._read[asset]

    def fit_engine(self) -> FitEngine:
        """Make an engine for fits of a check: stored like all fits, but not reported as fits of the sweep."""
        return self._io.home.fit_engine(self.sweep.settings, lambda _: None)

    def rows(self) -> pd.DataFrame:
        """Read the crypto's rows of ``finetune_results``."""
        return self.results()["finetune_results"]

    def results(self) -> dict[str, pd.DataFrame]:
        """Read the crypto's rows of ``finetune_results`` and of the tables that break cells down."""
        from ftf_assets.storage.results_store import ResultsStore

        if "results" not in self._read:
            store = ResultsStore(self.home)
            self._read["results"] = store.partition(self.sweep.sweep_id, self.crypto)
        results: dict[str, pd.DataFrame] = self._read["results"]
        return results

    def row_versions(self) -> dict[str, str]:
        """Hash the content of the crypto's tables: its check results hold for these."""
        from ftf_assets.storage.table_versions import row_versions

        if "row_versions" not in self._read:
            self._read["row_versions"] = row_versions(self.results())
        versions: dict[str, str] = self._read["row_versions"]
        return versions

    def ceiling(self) -> pd.DataFrame:
        """Read the crypto's rows of ``label_ceiling``."""
        from ftf_assets.storage.results_store import ResultsStore

        if "label_ceiling" not in self._read:
            self._read["label_ceiling"] = ResultsStore(self.home).ceiling(self.sweep.sweep_id, self.crypto)
        rows: pd.DataFrame = self._read["label_ceiling"]
        return rows

    def table_versions(self, asset: str) -> dict[str, str]:
        """Hash the content of the tables that an asset writes: its check results hold for these."""
        from ftf_assets.storage.table_versions import ceiling_versions

        if asset == CEILING:
            return ceiling_versions(self.ceiling())
        return self.row_versions() if asset == "finetune_results" else {}

    def audit(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Read the newest noise audit of the crypto's rows: ``noise_audit`` and ``noise_audit_effects``."""
        from ftf_assets.storage.audit_store import AuditStore

        key = self.sweep.artifact_key("coerced_arrays", self.crypto)
        return AuditStore(self.home).audits({self.crypto: key})
