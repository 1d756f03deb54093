"""The check of the report: the file opens and shows every number of the gate."""

import dagster as dg

from ftf_assets.graph.check_history import SWEEP_ID


def report_checks() -> list[dg.AssetChecksDefinition]:
    """Build the check of ``sweep_report``."""

    @dg.asset_check(
        asset="sweep_report",
        description="The file exists, parses as HTML and shows every number of gate_metrics.",
        required_resource_keys={"sweep", "home"},
    )
    def opens(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from ftf_assets.report.page_check import missing_from_page

        sweep_id = context.resources.sweep.open().sweep_id
        home = context.resources.home
        metrics = home.results.decision(sweep_id).metrics
        file = home.home.report(sweep_id)
        missing = (
            missing_from_page(file.read_text(encoding="utf-8", errors="replace"), metrics)
            if file.is_file()
            else ["the file"]
        )
        return dg.AssetCheckResult(
            passed=not missing,
            description=f"{len(missing)} missing, first: {missing[0]}"
            if missing
            else f"shows {len(metrics)} comparisons",
            metadata={SWEEP_ID: sweep_id},
        )

    return [opens]
