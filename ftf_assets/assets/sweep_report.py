"""``sweep_report``: one HTML file that a team can read, print and pass on."""

import dagster as dg

from ftf_assets.assets.gate_decision import gate_decision
from ftf_assets.graph.partitioned import OWNERS
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.storage.content_version import content_version
from ftf_assets.training.keys import code_version


@dg.asset(
    deps=[gate_decision],
    group_name="decision",
    kinds={"html", "matplotlib"},
    owners=OWNERS,
    code_version=code_version(),
)
def sweep_report(sweep: SweepResource, home: HomeResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """The verdict in words, the gate's numbers and pictures, what cleaning removed, suspects to judge by eye.

    One file without a network: it opens by double click and prints well.
    """
    from ftf_assets.report.file import write_report

    sweep_id = sweep.open().sweep_id
    file = write_report(home.home, sweep_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content_version(home.results.decision(sweep_id))),
        metadata={
            "sweep_id": sweep_id,
            "path": dg.MetadataValue.path(str(file)),
            # Browsers follow no link from a web page to a file, so a link here would do nothing.
            "how to open it": "double-click the file, or paste its path into the address bar",
            "bytes": file.stat().st_size,
        },
    )
