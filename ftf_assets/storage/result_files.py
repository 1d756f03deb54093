"""Result files of others, CSV or Parquet, as results that the gate can judge."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.rows.published_results import PublishedResults, published_results
from ftf_assets.sources.readers.file_formats import read_table


def read_result_file(
    path: Path | str, *, factor: str | None = None, baseline: str | None = None
) -> PublishedResults:
    """Read results of one sweep, as :func:`~ftf_assets.rows.published_results.published_results` takes them.

    Parameters
    ----------
    path
        A ``.csv`` or ``.parquet`` file. Results without a ``sweep_id`` are called ``file_`` and 12 hex digits
        of its content.
    factor, baseline
        As :func:`~ftf_assets.rows.published_results.published_results` takes them.

    Raises
    ------
    InputError
        The file cannot be read, or what that function refuses.
    """
    path = Path(path).expanduser()
    frame = _read(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return published_results(
        frame, sweep_id=f"file_{digest}", file=path.name, factor=factor, baseline=baseline
    )


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise input_error("the results file does not exist", file=str(path))
    suffixes = (".csv", ".parquet")
    if path.suffix.lower() not in suffixes:
        raise input_error("results come as CSV or Parquet", file=path.name, allowed=", ".join(suffixes))
    table = read_table(path)
    # "none" and "off" are levels and "NA" might be a crypto: only an empty field is a missing value.
    return table.frame.astype(object).mask(table.frame == "", None) if table.is_text else table.frame
