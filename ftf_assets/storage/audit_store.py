"""Noise audits among the results: replaced by audit and crypto, found by the rows that were audited."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import pandera.pandas as pa

from ftf_assets.contracts.tables.frames import unvalidated_frame, with_contract_dtypes
from ftf_assets.contracts.tables.noise_audit import NoiseAudit, NoiseAuditEffects
from ftf_assets.storage.result_objects import Partition
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
            As :meth:`~ftf_assets.storage.results_database.ResultsDatabase.select`.
        """
        wanted = set(arrays_keys)
        found, effects = [], []
        contents = self.objects.listed_again(lambda: self.objects.read(self.objects.of_kind("audits")))
        # The last that was written first; each of the audited rows counts once.
        for _, audit in sorted(contents.items(), key=lambda one: -one[0].counter):
            rows = audit.tables["noise_audit"].to_pandas()
            if len(rows) and rows["arrays_key"].iloc[0] in wanted:
                wanted.remove(rows["arrays_key"].iloc[0])
                found.append(rows)
                effects.append(audit.tables["noise_audit_effects"].to_pandas())
        return _of(NoiseAudit, found), _of(NoiseAuditEffects, effects)


def _of(model: type[pa.DataFrameModel], frames: list[pd.DataFrame]) -> pd.DataFrame:
    if not frames:
        return unvalidated_frame(model, [])
    by_crypto = sorted(frames, key=lambda rows: str(rows["crypto"].iloc[0]) if len(rows) else "")
    return with_contract_dtypes(model, pd.concat(by_crypto, ignore_index=True))
