"""Noise audits among the results: replaced by audit and crypto, found by the rows that were audited."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pandera.pandas as pa

from ftf_assets.contracts.tables.frames import unvalidated_frame, with_contract_dtypes
from ftf_assets.contracts.tables.noise_audit import NoiseAudit, NoiseAuditEffects
from ftf_assets.storage.result_objects import Contents, Partition, Version
from ftf_assets.storage.results_database import ResultsDatabase


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
            The store cannot be written; the old rows stay as they were.
        """
        audit_id, crypto = str(found["audit_id"].iloc[0]), str(found["crypto"].iloc[0])
        frames = {"noise_audit": found, "noise_audit_effects": effects}
        self.objects.write(Partition("audits", audit_id, crypto), frames, {})

    def audits(self, arrays_keys: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Read the newest audit of each of these rows, whatever its settings.

        Parameters
        ----------
        arrays_keys
            Key of ``coerced_arrays`` of each crypto; a key that was never audited has no rows.

        Returns
        -------
        tuple of DataFrame
            Rows of ``noise_audit`` and of ``noise_audit_effects``, in the order in which they were measured.

        Raises
        ------
        StoreError
            As :meth:`~ftf_assets.storage.results_database.ResultsDatabase.select`.
        """
        newest = self.objects.listed_again(lambda: self._newest(arrays_keys))
        found = [audit.tables["noise_audit"].to_pandas() for audit in newest]
        effects = [audit.tables["noise_audit_effects"].to_pandas() for audit in newest]
        return _of(NoiseAudit, found), _of(NoiseAuditEffects, effects)

    def _newest(self, arrays_keys: Mapping[str, str]) -> list[Contents]:
        """Read audits of each crypto, the last that was written first, until one is of the crypto's rows."""
        left: dict[str, list[Version]] = {}
        for version in self.objects.of_kind("audits"):
            if version.partition.crypto in arrays_keys:
                left.setdefault(version.partition.crypto, []).append(version)
        found = []
        while left:
            contents = self.objects.read([versions.pop() for versions in left.values()])
            for version, audit in contents.items():
                crypto = version.partition.crypto
                if arrays_keys[crypto] in audit.tables["noise_audit"]["arrays_key"].to_pylist()[:1]:
                    found.append(audit)
                    del left[crypto]
            left = {crypto: versions for crypto, versions in left.items() if versions}
        return found


def _of(model: type[pa.DataFrameModel], frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        return unvalidated_frame(model, [])
    by_crypto = sorted(frames, key=lambda rows: str(rows["crypto"].iloc[0]) if len(rows) else "")
    return with_contract_dtypes(model, pd.concat(by_crypto, ignore_index=True))
