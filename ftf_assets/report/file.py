"""The file of a sweep's report: written whole or not at all, and found again on any machine."""

from __future__ import annotations

from pathlib import Path

from ftf_assets.report.collect import load_report_data
from ftf_assets.report.page import render_report
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.home import Home


def write_report(home: Home, sweep_id: str = "", output: Path | None = None) -> Path:
    """Write the report of a sweep from what the home holds.

    Parameters
    ----------
    home
        Where the sweep's tables and artifacts are stored.
    sweep_id
        The sweep; empty takes the one that wrote last.
    output
        The file; None takes ``reports/<sweep_id>.html`` of the home. An old one is replaced in one step.

    Returns
    -------
    Path
        The file; where the home is a bucket, this machine's copy of it.

    Raises
    ------
    InputError, StoreError
        As :func:`~ftf_assets.report.collect.load_report_data`, and where the file cannot be written.
    """
    data = load_report_data(home, sweep_id)
    page = render_report(data).encode()
    if output is not None:
        file = output.resolve()
        LocalBlobs(file.parent).replace(file, page)
        return file
    home.blobs.put(home.report_name(data.sweep_id), page)
    return report_file(home, data.sweep_id)


def report_file(home: Home, sweep_id: str) -> Path:
    """Give the file of a report that was written; where the home is a bucket, after copying it here.

    Raises
    ------
    StoreError
        There is no report, or it cannot be read.
    """
    if home.bucket is not None:
        name = home.report_name(sweep_id)
        LocalBlobs(home.path).put(name, home.blobs.get(name))
    return home.report(sweep_id)
