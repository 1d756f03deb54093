"""The label ceiling of a sweep, from its stored rows and the noise audit of the same data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SweepSettings

if TYPE_CHECKING:
    from ftf_assets.gate.label_ceiling import CeilingSummary


def stored_ceiling(store: ResultsStore, sweep_id: str, settings: SweepSettings) -> CeilingSummary | None:
    """Extrapolate what correct labels would be worth in a sweep.

    Parameters
    ----------
    store
        Where its rows lie.
    sweep_id, settings
        The sweep and its settings: with ``ceiling.enabled`` false, rows of an earlier run do not count.

    Returns
    -------
    CeilingSummary or None
        None where the ceiling is off, a crypto's rows are missing, or too few of its models were measured.

    Raises
    ------
    StoreError
        A results store that cannot be read.
    """
    from ftf_assets.rows.label_ceiling import ceiling_of_sweep

    if not settings.ceiling.enabled:
        return None
    rows = store.ceiling(sweep_id)
    if set(rows["crypto"]) != set(settings.data.crypto_names):
        return None
    audits = AuditStore(store.home)
    found, _ = audits.audits(dict(zip(rows["crypto"], rows["arrays_key"], strict=True)))
    return ceiling_of_sweep(rows, found)
