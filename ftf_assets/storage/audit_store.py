"""Noise audits in the results file: replaced by audit and crypto, found by the rows that were audited."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ftf_assets.contracts.tables.frames import with_contract_dtypes
from ftf_assets.contracts.tables.noise_audit import NoiseAudit, NoiseAuditEffects
from ftf_assets.storage.duckdb_file import ResultsDatabase


class AuditStore(ResultsDatabase):
    """The tables ``noise_audit`` and ``noise_audit_effects``."""

    def write_audit(self, found: pd.DataFrame, effects: pd.DataFrame) -> None:
        """Replace one crypto's rows of one audit, all or nothing.

        Parameters
        ----------
        found, effects
            Rows that satisfy ``NoiseAudit`` and ``NoiseAuditEffects``, of one audit and crypto.

        Raises
        ------
        StoreError
            As :meth:`~ftf_assets.storage.duckdb_file.ResultsDatabase.transaction`.
        """
        partition = [str(found["audit_id"].iloc[0]), str(found["crypto"].iloc[0])]
        with self.transaction() as connection:
            connection.register("new_found", found)
            connection.register("new_effects", effects)
            connection.execute("DELETE FROM noise_audit WHERE audit_id = $1 AND crypto = $2", partition)
            connection.execute(
                "DELETE FROM noise_audit_effects WHERE audit_id = $1 AND crypto = $2", partition
            )
            connection.execute("INSERT INTO noise_audit BY NAME SELECT * FROM new_found")
            connection.execute("INSERT INTO noise_audit_effects BY NAME SELECT * FROM new_effects")

    def audits(self, arrays_keys: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Read the newest audit of each of these rows, whatever its settings.

        Parameters
        ----------
        arrays_keys
            Keys of ``coerced_arrays``, one per crypto; a key that was never audited has no rows.

        Returns
        -------
        tuple of DataFrame
            Rows of ``noise_audit`` and of ``noise_audit_effects``, in the order in which they were measured.

        Raises
        ------
        StoreError
            As :meth:`~ftf_assets.storage.duckdb_file.ResultsDatabase.select`.
        """
        newest = (
            "SELECT * FROM {table} WHERE list_contains($1, arrays_key) QUALIFY created_at = "
            "max(created_at) OVER (PARTITION BY arrays_key) ORDER BY crypto, rowid"
        )
        found, effects = (
            self.select(newest.format(table=table), [list(arrays_keys)])
            for table in ("noise_audit", "noise_audit_effects")
        )
        return with_contract_dtypes(NoiseAudit, found), with_contract_dtypes(NoiseAuditEffects, effects)
