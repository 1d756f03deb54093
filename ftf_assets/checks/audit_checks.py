"""The check that ties the gate to the noise audit: cleaning is judged where a cleaner can be trusted."""

import dagster as dg

from ftf_assets.audit.trust import untrusted_cleaning
from ftf_assets.graph.check_history import SWEEP_ID
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB


def audit_checks() -> list[dg.AssetChecksDefinition]:
    """Build the check of ``gate_decision``."""

    @dg.asset_check(
        asset="gate_decision",
        description="The noise audit shows that the sweep's cleaners beat the controls on its data.",
        required_resource_keys={"sweep", "home"},
    )
    def cleaners_audited(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from ftf_assets.rows.records import plain_records

        sweep = context.resources.sweep.open()
        keys = {crypto: sweep.artifact_key("coerced_arrays", crypto) for crypto in sweep.cryptos}
        found, _ = context.resources.home.audits.audits(list(keys.values()))
        warnings = untrusted_cleaning(sweep.levels.get(CLEANLAB.name, ()), keys, plain_records(found))
        return dg.AssetCheckResult(
            passed=not warnings,
            severity=dg.AssetCheckSeverity.WARN,
            description="; ".join(warnings) or "no cleaning level, or cleaners that beat the controls",
            metadata={SWEEP_ID: sweep.sweep_id},
        )

    return [cleaners_audited]
