"""Write the report of a sweep to its file: the whole page or none."""

from __future__ import annotations

import uuid
from pathlib import Path

from ftf_assets.contracts.errors import StoreError
from ftf_assets.report.collect import load_report_data
from ftf_assets.report.page import render_report
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
        The file.

    Raises
    ------
    InputError, StoreError
        As :func:`~ftf_assets.report.collect.load_report_data`, and where the file cannot be written.
    """
    data = load_report_data(home, sweep_id)
    page = render_report(data)
    file = output or home.report(data.sweep_id)
    partial = file.with_name(f".{file.name}.{uuid.uuid4().hex}.partial")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(page, encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise StoreError(f"cannot write the report {file}: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return file
