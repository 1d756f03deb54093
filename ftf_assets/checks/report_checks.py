"""The check of the report: the file opens and shows every number of the gate."""

import dagster as dg

from ftf_assets.graph.check_history import SWEEP_ID
from ftf_assets.storage.blobs.protocol import BlobMissing


def report_checks() -> list[dg.AssetChecksDefinition]:
    """Build the check of ``sweep_report``."""

    @dg.asset_check(
        asset="sweep_report",
        description="The report is an HTML file and shows every number of the decision (gate_metrics).",
        required_resource_keys={"sweep", "home"},
    )
    def opens(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from ftf_assets.report.page_check import missing_from_page

        sweep_id = context.resources.sweep.open().sweep_id
        home = context.resources.home
        metrics = home.results.decision(sweep_id).metrics
        try:
            page = home.home.blobs.get(home.home.report_name(sweep_id))
            missing = missing_from_page(page.decode(errors="replace"), metrics)
        except BlobMissing:
            missing = ["the file"]
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return dg.AssetCheckResult(
            passed=not missing,
            description=f"The report lacks {missing[0]}{more}: materialise sweep_report again"
            if missing
            else f"the report shows {len(metrics)} comparisons",
            metadata={SWEEP_ID: sweep_id},
        )

    return [opens]
