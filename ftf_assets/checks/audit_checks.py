"""The check that warns before cleaning is locked which no noise audit has shown to find wrong labels."""

import dagster as dg

from ftf_assets.audit.trust import untrusted_cleaning
from ftf_assets.contracts.tables.gate_decision import LOCK
from ftf_assets.graph.check_history import SWEEP_ID, TABLE_VERSIONS
from ftf_assets.graph.jobs import AUDIT_JOB
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB


def audit_checks() -> list[dg.AssetChecksDefinition]:
    """Build the check of ``gate_decision``."""

    @dg.asset_check(
        asset="gate_decision",
        description="No cleaner becomes the default (LOCK) before a noise audit of the same data shows that "
        f"it finds wrong labels better than the controls do. The job {AUDIT_JOB} runs the audit.",
        required_resource_keys={"sweep", "home"},
    )
    def cleaners_audited(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from ftf_assets.rows.records import plain_records
        from ftf_assets.storage.table_versions import audit_versions

        sweep = context.resources.sweep.open()
        keys = {crypto: sweep.artifact_key("coerced_arrays", crypto) for crypto in sweep.cryptos}
        found, _ = context.resources.home.audits.audits(keys)
        warnings = untrusted_cleaning(sweep.levels.get(CLEANLAB.name, ()), keys, plain_records(found))
        verdicts = context.resources.home.results.decision(sweep.sweep_id).verdicts
        locked = verdicts[(verdicts["factor"] == CLEANLAB.name) & (verdicts["verdict"] == LOCK)]
        return dg.AssetCheckResult(
            passed=not warnings or locked.empty,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(warnings)
            or "the sweep compares no cleaner, or each of its cleaners beats the controls for some kind of "
            "noise in the noise audit",
            metadata={SWEEP_ID: sweep.sweep_id, TABLE_VERSIONS: audit_versions(found)},
        )

    return [cleaners_audited]
