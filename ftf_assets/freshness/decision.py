"""Whether the stored decision and report match the stored rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftf_assets.freshness.reason import NEVER_MADE, Reason, upstream_out_of_date
from ftf_assets.storage.blobs.protocol import BlobMissing
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep

if TYPE_CHECKING:
    import dagster as dg

    from ftf_assets.storage.results_store import ResultsStore


def decision_reasons(sweep: Sweep, home: Home, instance: dg.DagsterInstance | None) -> dict[str, Reason]:
    """Say why ``gate_decision`` or ``sweep_report`` does not match the stored rows.

    Assets not in the result are current. This does not check the rows;
    :mod:`~ftf_assets.freshness.current` does.

    Parameters
    ----------
    sweep, home
        The sweep, and the home that stores its decision.
    instance
        Dagster's records of the checks; None if there are none yet.

    Raises
    ------
    InputError
        Rows that hold no level to judge.
    StoreError
        A results store that is missing or cannot be read.
    """
    from ftf_assets.storage.results_store import ResultsStore

    store = ResultsStore(home)
    decision = _why_not_decided(sweep, home, store, instance)
    if decision is not None:
        return {"gate_decision": decision, "sweep_report": upstream_out_of_date(["gate_decision"])}
    report = _why_not_reported(sweep, home, store, instance)
    return {} if report is None else {"sweep_report": report}


def _why_not_decided(
    sweep: Sweep, home: Home, store: ResultsStore, instance: dg.DagsterInstance | None
) -> Reason | None:
    from ftf_assets.freshness.checks import check_reason, latest_on_value, sweep_checks
    from ftf_assets.storage.audit_store import AuditStore
    from ftf_assets.storage.table_versions import audit_versions, decision_versions

    decision = store.decision(sweep.sweep_id)
    verdicts = decision.verdicts
    if verdicts.empty or instance is None:
        return NEVER_MADE
    from ftf_assets.graph.decision_inputs import decision_inputs

    inputs = decision_inputs(store, instance, sweep.sweep_id, sweep.settings)
    stored = verdicts[["rows_fingerprint", "settings_fingerprint"]].drop_duplicates()
    if list(stored.itertuples(index=False, name=None)) != [inputs.fingerprints()]:
        return Reason("outdated", "rows, checks or settings have changed since the decision")
    audits = AuditStore(home)
    keys = {crypto: sweep.artifact_key("coerced_arrays", crypto) for crypto in sweep.cryptos}
    versions = {
        "contract": decision_versions(decision),
        "cleaners_audited": audit_versions(audits.audits(keys)[0]),
    }
    for check in sweep_checks("gate_decision"):
        result = latest_on_value(sweep, instance, "gate_decision", check, None)
        reason = check_reason(check, result, versions.get(check))
        if reason is not None:
            return reason
    return None


def _why_not_reported(
    sweep: Sweep, home: Home, store: ResultsStore, instance: dg.DagsterInstance | None
) -> Reason | None:
    from ftf_assets.freshness.checks import check_reason, latest_on_value, sweep_checks
    from ftf_assets.report.code_stamp import stamp, stamp_of
    from ftf_assets.report.collect import load_audit
    from ftf_assets.report.page_check import missing_from_page

    try:
        # Invalid UTF-8 is replaced, so damaged text counts as missing and the report is rewritten.
        page = home.blobs.get(home.report_name(sweep.sweep_id)).decode(errors="replace")
    except BlobMissing:
        return NEVER_MADE
    metrics = store.decision(sweep.sweep_id).metrics
    if missing_from_page(page, metrics):
        return Reason("damaged", "the report does not show the decision")
    if stamp_of(page) != stamp(load_audit(home, sweep.settings)):
        return Reason("outdated", "the report was drawn by other code or from an older noise audit")
    for check in sweep_checks("sweep_report"):
        result = latest_on_value(sweep, instance, "sweep_report", check, None)
        reason = check_reason(check, result)
        if reason is not None:
            return reason
    return None
