"""``sweep_report``: one HTML file that a team can read, print and pass on."""

import dagster as dg

from ftf_assets.assets.gate_decision import gate_decision
from ftf_assets.graph.asset_decorator import OWNERS
from ftf_assets.graph.asset_metadata import report_metadata, reports_metadata
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.graph.step_failures import refusals_as_failures
from ftf_assets.storage.content_version import content_version
from ftf_assets.training.keys import code_version


@dg.asset(
    deps=[gate_decision],
    group_name="decision",
    kinds={"html", "matplotlib"},
    owners=OWNERS,
    code_version=code_version(),
    metadata=reports_metadata(),
)
@refusals_as_failures()
def sweep_report(sweep: SweepResource, home: HomeResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The answer in words, the gate's numbers and pictures, what cleaning removed, suspects to judge by eye.

    One file that needs no network and prints well. `ftf ui` serves it: see `report` and `all reports` below.
    """
    from ftf_assets.report.file import write_report

    run = sweep.open()
    file = write_report(home.home, run.sweep_id)
    decided = home.results.decision(run.sweep_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content_version(decided)),
        metadata=report_metadata(run, str(decided.summary["headline"].iloc[0]), file),
    )
