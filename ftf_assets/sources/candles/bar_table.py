"""The bars of one file before they are joined, stamped and measured: times and values, rules of rows kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ftf_assets.contracts.typed import Array

#: Columns of ``BarTable.values``, in this order.
VALUE_COLUMNS = ("open", "high", "low", "close", "volume")

Stamp = Literal["open", "close"]


@dataclass(frozen=True)
class FileReading:
    """What was understood of one file, in the words that people read.

    Attributes
    ----------
    file
        Name of the file, without its folder.
    format
        ``CSV``, ``JSON array``, ``JSON object``, ``JSON lines``, ``Parquet``, ``Feather`` or
        ``Arrow stream``.
    compression
        ``gzip`` or ``zip``; None for a plain file.
    encoding
        Encoding of a text file, such as ``UTF-8``; None otherwise.
    separator
        Separator of cells in a CSV file; None otherwise.
    decimal
        Decimal sign of a text file: ``point`` or ``comma``; None otherwise.
    header
        Line of the column names, from 1; None where the file has none or is no CSV file.
    left_out
        What was left out and why, such as ``line 1: an address``.
    notes
        What was decided on the way, such as the order of columns without names.
    spelling
        Name of the writer whose column names or order the file has.
    time_columns
        Columns that the times were read from.
    units
        Forms of the times that occur: ``s``, ``ms``, ``us``, ``ns`` (epoch), ``text`` or ``datetime``.
    zone
        Zone of times without an offset; None where every time states its own or is an epoch.
    newest_first
        Whether the file begins with its newest bar.
    """

    file: str
    format: str
    compression: str | None = None
    encoding: str | None = None
    separator: str | None = None
    decimal: str | None = None
    header: int | None = None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    spelling: str = "usual names"
    time_columns: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    zone: str | None = None
    newest_first: bool = False


@dataclass(frozen=True)
class BarTable:
    """The bars of one file: every cell read, every rule of single rows kept.

    Rows are in the order of the file, except that a file which begins with its newest bar is turned round.
    Times may still repeat, go back or lack bars: that is judged where the files of a history are joined.

    Attributes
    ----------
    file
        Name of the file that errors name.
    rows
        Row numbers that errors name, int64 of shape (n_bars,): the line in a text file, else counted from 1.
    open_time
        Instants of the opens, int64 nanoseconds since the epoch, UTC, shape (n_bars,); None where the file
        has only closes. Where ``stamp`` is None and ``close_time`` is None, the one time column of the file,
        of which the file does not say whether it is the open or the close.
    close_time
        Instants of the closes as they were written, such as 23:59:59.999; None where the file has none.
    stamp
        What the single time column of the file is known to be; None where it is unknown and where the file
        has both times.
    values
        float64 of shape (n_bars, 5), columns as in ``VALUE_COLUMNS``: prices in quote currency, volume in
        base units.
    understood
        What was understood of the file.
    """

    file: str
    rows: Array
    open_time: Array | None
    close_time: Array | None
    stamp: Stamp | None
    values: Array
    understood: FileReading

    @property
    def time(self) -> Array:
        """The time column that orders the bars: that of the opens, else that of the closes."""
        times = self.close_time if self.open_time is None else self.open_time
        assert times is not None  # noqa: S101  a reader refuses a file without times
        return times

    def __len__(self) -> int:
        return len(self.rows)

    def value(self, column: str) -> Array:
        """Return one of ``VALUE_COLUMNS``, float64 of shape (n_bars,)."""
        return np.ascontiguousarray(self.values[:, VALUE_COLUMNS.index(column)])
