"""Sweeps as the home holds them: their frozen settings, and whether the gate has spoken on their rows."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pandas as pd

from ftf_assets.contracts.errors import InputError
from ftf_assets.gate.decision import Decision
from ftf_assets.graph.check_history import red_checks
from ftf_assets.report.collect import load_audit
from ftf_assets.report.stamp import stamp, stamp_of
from ftf_assets.report.written_page import missing_from_page
from ftf_assets.rows.decision import decide_sweep, sweep_fingerprints
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SweepSettings, stored_sweep_settings


def stored_settings(store: ResultsStore, sweep_id: str) -> SweepSettings:
    """Read the resolved settings that a sweep's rows were made with.

    Raises
    ------
    InputError
        A sweep that the store does not know; names those that it does.
    StoreError
        No store, or one that cannot be read.
    """
    settings = store.sweeps().set_index("sweep_id")["settings"]
    if sweep_id not in settings:
        raise InputError(f"no rows of sweep {sweep_id!r}; known: {', '.join(settings.index)}")
    return stored_sweep_settings(sweep_id, settings[sweep_id])


def newest_comparisons(store: ResultsStore) -> Iterator[SweepSettings]:
    """Give the settings of the sweeps that compare variants, the one that wrote last first.

    A ``single`` sweep, such as the smoke, has nothing to compare and is passed over.

    Raises
    ------
    StoreError
        As :func:`stored_settings`.
    """
    for sweep_id in store.sweep_ids():
        settings = stored_settings(store, sweep_id)
        if settings.compares_variants:
            yield settings


def decide_stored(home: Home, instance: dg.DagsterInstance, sweep_id: str) -> Decision:
    """Judge the rows of a sweep as the home holds them now, red checks included.

    Raises
    ------
    InputError
        An unknown sweep, or rows that hold no level to judge.
    StoreError
        No store, or one that cannot be read.
    """
    settings, rows, broken = _judged(home, instance, sweep_id)
    return decide_sweep(rows, settings, sweep_id, broken_checks=broken)


def why_undecided(home: Home, instance: dg.DagsterInstance, sweep_id: str) -> str | None:
    """Say why gate and report owe a sweep an answer, or None where both cover its rows as they are.

    The stored decision names the rows and bounds that it was made from by their fingerprints; the report must
    show every number of that decision and the newest audit, and be drawn by the code that stands.

    Raises
    ------
    InputError, StoreError
        As :func:`decide_stored`.
    """
    metrics, verdicts = ResultsStore(home.results).decision(sweep_id)
    if verdicts.empty:
        return "never judged"
    settings, rows, broken = _judged(home, instance, sweep_id)
    fingerprints = sweep_fingerprints(rows, settings, broken_checks=broken)
    stored = verdicts[["rows_fingerprint", "settings_fingerprint"]].drop_duplicates()
    if list(stored.itertuples(index=False, name=None)) != [fingerprints]:
        return "rows, checks or bounds have changed since it was judged"
    report = home.report(sweep_id)
    # Damaged bytes are no text: what they hid is then missing, and the report is written anew.
    page = report.read_text(encoding="utf-8", errors="replace") if report.is_file() else ""
    if missing_from_page(page, metrics):
        return "the report does not show the decision"
    if stamp_of(page) != stamp(load_audit(home, settings)):
        return "the report is of other code, or of an older noise audit"
    return None


def _judged(
    home: Home, instance: dg.DagsterInstance, sweep_id: str
) -> tuple[SweepSettings, pd.DataFrame, list[str]]:
    """What a decision is made from: the sweep's settings, its rows and its red checks."""
    store = ResultsStore(home.results)
    settings = stored_settings(store, sweep_id)
    return settings, store.read(sweep_id), red_checks(instance, sweep_id, settings.data.crypto_names)
