"""Columns of times of a feature file: datetimes, dates, text or an epoch become instants."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from ftf_assets.contracts.errors import first_value
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.epochs import FIRST_TIME, LAST_TIME, UNITS, compact_dates, unit_of
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features.cells import (
    RowNames,
    is_missing,
    is_object,
    is_text,
    is_times,
    plain_numbers,
)

_OFFSET = re.compile(r"(?:[zZ]|[+-]\d\d:?(?:\d\d)?)\s*$")
_FIRST_TIME, _LAST_TIME = FIRST_TIME.value, LAST_TIME.value
#: A missing time, in nanoseconds.
NO_TIME = np.iinfo(np.int64).min


class Instants(Sequence[pd.Timestamp]):
    """Times as errors show them and name rows by, made only where an error does.

    Parameters
    ----------
    nanoseconds
        Since the epoch, UTC, int64 of shape (n_rows,).
    """

    def __init__(self, nanoseconds: Array) -> None:
        self.nanoseconds = nanoseconds

    def __len__(self) -> int:
        return len(self.nanoseconds)

    def __getitem__(self, row: Any) -> Any:
        return pd.Timestamp(int(self.nanoseconds[row]), tz="UTC")


@dataclass(frozen=True)
class Times:
    """A column of times.

    Attributes
    ----------
    nanoseconds
        int64 since the epoch, UTC, shape (n_rows,); ``NaT`` of NumPy where missing.
    form
        ``datetime``, ``text``, or the unit of an epoch.
    naive
        Whether the times state no zone.
    """

    nanoseconds: Array
    form: str
    naive: bool

    @property
    def missing(self) -> Array:
        """True where a time is missing."""
        missing: Array = self.nanoseconds == NO_TIME
        return missing

    @property
    def names(self) -> Instants:
        """Names of rows at these times."""
        return Instants(self.nanoseconds)

    @property
    def index(self) -> pd.DatetimeIndex:
        """The same as UTC instants."""
        return pd.DatetimeIndex(self.nanoseconds.view("datetime64[ns]"), tz="UTC")


def read_times(
    name: str,
    values: pd.Series[Any],
    *,
    zone: str | None,
    faults: Faults,
    rows: RowNames,
) -> Times | None:
    """Read a column of times: datetimes, dates, ISO 8601 text, or an epoch in s, ms, us or ns.

    None adds a fault: cells that are no times from 2000 to 2100, dates in ten digits, or times without a
    zone where ``zone`` is None.
    """
    if is_times(values):
        given, form = _datetimes(values), "datetime"
    elif _is_compact(values):
        year = "%Y%m%d%H" if str(values.dropna().iloc[0]).strip().startswith("20") else "%y%m%d%H%M"
        faults.add(
            "the times are dates in ten digits, which an epoch may look like",
            column=name,
            found=values.iloc[0],
            allowed="datetimes with a zone, ISO 8601 text, or an epoch in s, ms, us or ns, before 2033",
            fix=f"Write the instants: pd.to_datetime(frame[{name!r}].astype('int64').astype(str), "
            f"format={year!r}, utc=True).",
        )
        return None
    elif (found := _epoch(values)) is not None:
        given, form = found
    elif is_text(values):
        read = _times_of_text(name, values, faults, rows)
        if read is None:
            return None
        given, form = read, "text"
    else:
        faults.add(
            "the column does not hold times",
            column=name,
            found=f"dtype {values.dtype}, first value {first_value(values.iloc[0])}",
            allowed="datetimes with a zone, ISO 8601 text, or an epoch in s, ms, us or ns",
            fix="Write the instants: pd.to_datetime(…, utc=True).",
        )
        return None
    naive = given.dt.tz is None
    if naive and zone is None:
        faults.add(
            "timestamps must have a timezone",
            column=name,
            row=rows[0],
            found=given.iloc[0],
            allowed="datetimes with a timezone",
            fix="Say which zone they are in: --set data.zone=UTC, or tz_localize('UTC') before writing.",
        )
        return None
    local = given.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT") if naive else given
    instants = local.dt.tz_convert("UTC")
    # A coarser unit holds times that nanoseconds cannot.
    instants = instants.where((instants >= FIRST_TIME) & (instants < LAST_TIME)).dt.as_unit("ns")
    nanoseconds = instants.to_numpy("datetime64[ns]").view(np.int64)
    missing = given.isna().to_numpy() & is_missing(values)
    unread = ~missing & ((nanoseconds < _FIRST_TIME) | (nanoseconds >= _LAST_TIME))
    if unread.any():
        faults.add_rows(
            unread,
            "the time cannot be read",
            column=name,
            cells=values.to_numpy(dtype=object),
            rows=rows,
            allowed="a time from 2000 to 2100"
            + (f" that the clocks of {zone} show exactly once" if naive else ", one form a column"),
        )
        return None
    return Times(nanoseconds, form, naive)


def _datetimes(values: pd.Series[Any]) -> pd.Series[Any]:
    dtype = values.dtype
    if isinstance(dtype, pd.ArrowDtype):
        arrow = dtype.pyarrow_dtype
        unit, zone = getattr(arrow, "unit", "s"), getattr(arrow, "tz", None)
        unit = unit if unit in UNITS else "s"  # dates count days or milliseconds
        name = f"datetime64[{unit}, {zone}]" if zone else f"datetime64[{unit}]"
        return values.astype(pandas_types.pandas_dtype(name))
    if is_object(dtype):
        if any(isinstance(one, datetime.datetime) and one.tzinfo for one in values):
            return pd.to_datetime(values, utc=True, errors="coerce")
        return pd.to_datetime(values, errors="coerce")
    return values


def _is_compact(values: pd.Series[Any]) -> bool:
    counts = _whole_numbers(values)
    return counts is not None and bool(compact_dates(counts.dropna().to_numpy(np.float64)).any())


def _epoch(values: pd.Series[Any]) -> tuple[pd.Series[Any], str] | None:
    """Read numbers as an epoch, in the unit that puts their median between 2000 and 2100; None otherwise."""
    counts = _whole_numbers(values)
    if counts is None or counts.isna().all():
        return None
    median = float(counts.dropna().astype(np.float64).median())
    found = int(unit_of(np.array([median]))[0])
    if found < 0:
        return None
    unit = list(UNITS)[found]
    factor = UNITS[unit]
    nanoseconds = [
        int(count) * factor if known and _is_in_range(float(count) * factor) else NO_TIME
        for count, known in zip(counts, counts.notna(), strict=True)
    ]
    instants = pd.DatetimeIndex(np.array(nanoseconds, np.int64).view("datetime64[ns]"), tz="UTC")
    return pd.Series(instants, values.index), unit


def _whole_numbers(values: pd.Series[Any]) -> pd.Series[Any] | None:
    """Read a column as whole numbers, missing where a cell is; None if a cell is something else."""
    if is_text(values):
        cells = values.astype(str).str.strip().mask(is_missing(values), None)
        if not cells.dropna().str.fullmatch(r"\d{9,19}(\.0*)?").all():
            return None
        return cells.map(lambda cell: int(cell.partition(".")[0]), na_action="ignore")
    if pandas_types.is_bool_dtype(values.dtype):
        return None
    if pandas_types.is_integer_dtype(values.dtype):
        return values.astype(object).mask(values.isna(), None)
    plain = plain_numbers(values)
    return None if plain is None else pd.Series(plain, values.index).replace([np.inf, -np.inf], np.nan)


def _is_in_range(nanoseconds: float) -> bool:
    return _FIRST_TIME <= nanoseconds < _LAST_TIME


def _times_of_text(
    name: str, values: pd.Series[Any], faults: Faults, rows: RowNames
) -> pd.Series[Any] | None:
    cells = values.astype(str).str.strip()
    cells = cells.mask(is_missing(values), None)
    with_offset = cells.dropna().map(lambda cell: bool(_OFFSET.search(cell[10:])))
    if with_offset.any() and not with_offset.all():
        odd = with_offset != with_offset.mode()[0]
        broken = odd.reindex(values.index, fill_value=False).to_numpy(np.bool_)
        faults.add_rows(
            broken,
            "some times state a zone and others do not",
            column=name,
            cells=values.to_numpy(dtype=object),
            rows=rows,
            allowed="one form a column",
        )
        return None
    naive = not with_offset.any()
    parsed: pd.Series[Any] = pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce")
    return parsed.dt.tz_localize(None) if naive else parsed
