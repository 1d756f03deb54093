"""Cells of a time column as instants: epochs by their magnitude, ISO 8601, other dates by their stated order.

Between 2000 and 2100 an epoch in seconds, milliseconds, microseconds and nanoseconds never looks like one in
another unit, so each cell is read on its own and the unit may change within a file. Every other form is read
only where it can mean one instant.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.cells import Cells
from ftf_assets.sources.epochs import FIRST_TIME, LAST_TIME, UNITS, compact_dates, unit_of
from ftf_assets.sources.readers.options import DateOrder

_ALLOWED = "ISO 8601 text, or an epoch in s, ms, us or ns, from 2000 to 2100"
#: Digits that an epoch lost, such as in Excel's 1.67253E+12.
_SHORTENED = re.compile(r"\s*(\d)(?:\.(\d+))?[eE]\+?(\d+)\s*")
_LAST_INSTANT = re.compile(r"\s*(\d{9,10})\.9{7,}\s*")
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.]?)(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?P<rest>.*)", re.DOTALL
)
_YEAR_LAST = re.compile(r"(?P<one>\d{1,2})([-/.])(?P<two>\d{1,2})\2(?P<year>\d{4})(?P<rest>.*)", re.DOTALL)
_CLOCK = re.compile(
    r"(?:[T ]\s*)?(?P<hour>\d{1,2})(?::?(?P<minute>\d{2}))?(?::?(?P<second>\d{2})(?P<part>[.,]\d{1,9})?)?"
    r"(?:[ -]?(?P<half>[AP]M))?",
    re.IGNORECASE,
)
_OFFSET = re.compile(
    r"\s*(?:(?P<utc>Z|UTC|GMT)|(?:UTC|GMT)?(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?)",
    re.IGNORECASE,
)


#: What a zone of times is called that only the user can know, and why nobody else does.
UNKNOWN_ZONES = {
    "stated": "this writer takes that of its server",
    "several": "their column of zones names several of them, or none that is known",
}


@dataclass(frozen=True)
class Times:
    """A time column.

    Attributes
    ----------
    instants
        int64 nanoseconds since the epoch, UTC, shape (n_rows,). Arbitrary where a cell is no time, which is
        a fault.
    units
        Forms that occur: ``s``, ``ms``, ``us``, ``ns``, ``text`` or ``datetime``.
    zone
        Zone that times without an offset were read in; None where there was none.
    """

    instants: Array
    units: tuple[str, ...]
    zone: str | None


def looks_like_times(cells: Cells, position: int) -> bool:
    """Whether the first cells of a column could be times, without a fault."""
    column = cells.column(position).iloc[:20]
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    if (unit_of(_epochs(column)[0]) >= 0).any():
        return True
    return any(_text_instant(_as_text(cell), "day_first") is not None for cell in column)


def holds_epochs(cells: Cells, position: int) -> bool:
    """Whether the first cells of a column are epochs, which no zone and no order of dates can change."""
    first = cells.column(position).iloc[:20]
    if pd.api.types.is_datetime64_any_dtype(first.dtype):
        return False
    return bool((unit_of(_epochs(first)[0]) >= 0).all())


def read_times(
    cells: Cells, positions: tuple[int, ...], *, zone: str | None = None, date_order: DateOrder = "auto"
) -> Times:
    """Read one time column, or a column of dates and one of times of day together.

    Parameters
    ----------
    cells
        The columns of the file. Cells that are no time between 2000 and 2100, and cells that are two instants
        or none in their zone, become faults.
    positions
        The column, or date and time of day.
    zone
        A key of ``UNKNOWN_ZONES`` where only the user can know the zone, otherwise the zone of times without
        an offset, UTC for None. ``data.zone`` comes before both, except for times known to be ``UTC``.
    date_order
        Order of day and month that the writer always uses; ``auto`` takes ``data.date_order``.
    """
    options = cells.options
    if date_order == "auto":
        date_order = options.date_order
    used_zone = zone if zone == "UTC" else (options.zone or zone)
    column = cells.column(positions[0])
    if pd.api.types.is_datetime64_any_dtype(column.dtype) and len(positions) == 1:
        naive, aware, units = _typed(column)
    else:
        if len(positions) == 2:
            column = column.map(_date_text) + " " + cells.column(positions[1]).map(_as_text)
        naive, aware, units = _mixed(cells, column, positions[0], date_order)
    instants = _localized(cells, naive, aware, positions[0], used_zone)
    known = used_zone or "UTC"
    return Times(instants, units, known if not np.isnat(naive).all() else None)


def _typed(column: pd.Series[Any]) -> tuple[Array, Array, tuple[str, ...]]:
    nothing = np.full(len(column), np.datetime64("NaT", "ns"))
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return (
            nothing,
            column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ns]"),
            ("datetime",),
        )
    return _within_ns(column), nothing, ("datetime",)


def _within_ns(column: pd.Series[Any]) -> Array:
    inside = column.between(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01"))
    times: Array = column.where(inside).to_numpy("datetime64[ns]")
    return times


def _mixed(
    cells: Cells, column: pd.Series[Any], position: int, date_order: DateOrder
) -> tuple[Array, Array, tuple[str, ...]]:
    """Read epochs and text of one column: naive and aware instants, each NaT where the other has the cell."""
    naive = np.full(len(column), np.datetime64("NaT", "ns"))
    aware = naive.copy()
    numbers, shortened = _epochs(column)
    cells.find(
        shortened,
        "the time has lost digits",
        position,
        allowed="every digit of the epoch",
        fix="Export the file again without opening it in a spreadsheet.",
    )
    unit = unit_of(numbers)
    forms = []
    for number, (name, nanoseconds) in enumerate(UNITS.items()):
        mine = unit == number
        if mine.any():
            forms.append(name)
            aware[mine] = _scaled(column[mine], numbers[mine], nanoseconds).astype("datetime64[ns]")
    rest = np.flatnonzero((unit < 0) & ~shortened)
    compact = compact_dates(numbers)
    if len(rest):
        text = column.iloc[rest].astype(object)
        text[compact[rest]] = [f"{number:.0f}" for number in numbers[rest][compact[rest]]]
        fast = _iso(text)
        if fast is None:
            order = _proven_order(text, date_order)
            if order is None:
                _refuse_order(cells, column, position)
                return naive, aware, tuple(forms)
            fast = _slow(text, order)
        naive[rest], aware[rest] = fast
        if not (np.isnat(naive[rest]) & np.isnat(aware[rest])).all():
            forms.append("text")
    outside = (np.isnat(naive) & np.isnat(aware) & ~shortened) | _outside(naive) | _outside(aware)
    cells.find(
        outside & compact,
        "the year of the time has two digits, or the time is after 2033",
        position,
        allowed=_ALLOWED,
        fix="Write all four digits of the year, such as 202303110900.",
    )
    cells.find(outside & ~compact, "the time cannot be read", position, allowed=_ALLOWED)
    return naive, aware, tuple(forms)


def _outside(times: Array) -> Array:
    first, last = FIRST_TIME.tz_localize(None).to_datetime64(), LAST_TIME.tz_localize(None).to_datetime64()
    # One day more on either side: a naive time may belong to a zone.
    day = np.timedelta64(1, "D")
    outside: Array = ~np.isnat(times) & ((times < first - day) | (times > last + day))
    return outside


def _epochs(column: pd.Series[Any]) -> tuple[Array, Array]:
    """Return epochs as float64, NaN for other cells, and which cells are shortened numbers."""
    shortened = np.zeros(len(column), dtype=bool)
    if pd.api.types.is_bool_dtype(column.dtype):
        return np.full(len(column), np.nan), shortened
    numbers = pd.to_numeric(column, errors="coerce").astype("float64").to_numpy()
    if column.dtype == object:
        text = column.map(str)
        exponent = text.str.contains("e", case=False, regex=False) & ~np.isnan(numbers)
        for row in np.flatnonzero(exponent.to_numpy(dtype=bool)):
            match = _SHORTENED.fullmatch(text.iloc[row])
            shortened[row] = match is None or len(match[2] or "") < int(match[3])
        # Compact dates such as 20240131 and 20240131093000 are text; no epoch of this span looks like them.
        compact = text.str.fullmatch(r"\s*(?:20\d{6}|20\d{12})\s*").to_numpy(dtype=bool)
        numbers = np.where(compact, np.nan, numbers)
        # A float cannot tell the seventh digit of 1678496399.9999999 from the next second.
        for row in np.flatnonzero(text.str.contains(".9999999", regex=False).to_numpy(dtype=bool)):
            match = _LAST_INSTANT.fullmatch(text.iloc[row])
            numbers[row] = float(match[1]) + 0.999999 if match else numbers[row]
    return numbers, shortened


def _scaled(column: pd.Series[Any], numbers: Array, nanoseconds: int) -> Array:
    """Return epochs of one unit in nanoseconds: exact for whole numbers, to the microsecond otherwise."""
    whole = pd.to_numeric(column, errors="coerce")
    if pd.api.types.is_integer_dtype(whole.dtype):
        exact: Array = whole.to_numpy(dtype=np.int64) * nanoseconds
        return exact
    count = np.floor(numbers)
    part = np.rint((numbers - count) * nanoseconds / 1_000).astype(np.int64) * 1_000
    if nanoseconds == 1:  # a float holds nanoseconds of today to 256 only
        return np.rint(numbers / 1_000).astype(np.int64) * 1_000
    scaled: Array = count.astype(np.int64) * nanoseconds + part
    return scaled


def _iso(text: pd.Series[Any]) -> tuple[Array, Array] | None:
    """Read a column that is ISO 8601 throughout, all cells with or all without offset; None for any other."""
    cells = text.map(_as_text)
    if not cells.str.fullmatch(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?").all():
        return None
    nothing = np.full(len(cells), np.datetime64("NaT", "ns"))
    aware = cells.str.contains(r":\d\d.*(?:Z|[+-]\d\d(?::?\d\d)?)$")
    if aware.any() != aware.all():
        return None
    times = pd.to_datetime(cells, format="ISO8601", utc=True, errors="coerce")
    if times.isna().any():
        return None
    instants = times.dt.tz_localize(None).to_numpy("datetime64[ns]")
    return (nothing, instants) if aware.all() else (instants, nothing)


def _slow(text: pd.Series[Any], order: DateOrder) -> tuple[Array, Array]:
    naive = np.full(len(text), np.datetime64("NaT", "ns"))
    aware = naive.copy()
    for row, cell in enumerate(text):
        read = _text_instant(_as_text(cell), order)
        if read is not None:
            (aware if read[1] else naive)[row] = read[0]
    return naive, aware


def _proven_order(text: pd.Series[Any], stated: DateOrder) -> DateOrder | None:
    """Return the order of day and month that reads every date; None where both do and differ."""
    if stated != "auto":
        return stated
    year_last = [match for cell in text if (match := _YEAR_LAST.fullmatch(_as_text(cell)))]
    if not year_last:
        return "day_first"
    day_first = all(int(match["two"]) <= 12 for match in year_last)
    month_first = all(int(match["one"]) <= 12 for match in year_last)
    if day_first and month_first:
        same = all(match["one"].zfill(2) == match["two"].zfill(2) for match in year_last)
        return "day_first" if same else None
    return "month_first" if month_first else "day_first"


def _refuse_order(cells: Cells, column: pd.Series[Any], position: int) -> None:
    broken = column.map(lambda cell: bool(_YEAR_LAST.fullmatch(_as_text(cell)))).to_numpy(dtype=bool)
    cells.find(
        broken,
        "the date can be read day first and month first",
        position,
        allowed="ISO 8601 text such as 2023-02-01",
        fix="State which: --set data.date_order=day_first or --set data.date_order=month_first",
    )


def _text_instant(cell: str, order: DateOrder) -> tuple[np.datetime64, bool] | None:
    """Read one text: the time and whether it states its offset, which is then taken off; None for no time."""
    match = _YEAR_FIRST.fullmatch(cell)
    if match:
        if not match["mark"] and (len(match["month"]) < 2 or len(match["day"]) < 2):
            return None
        year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    elif match := _YEAR_LAST.fullmatch(cell):
        one, two = int(match["one"]), int(match["two"])
        year, day, month = int(match["year"]), *((one, two) if order == "day_first" else (two, one))
    else:
        return None
    rest = match["rest"].strip()
    clocked = _CLOCK.match(rest) if rest else None
    hour = minute = second = 0
    part = 0
    if clocked:
        hour, minute, second = (int(clocked[name] or 0) for name in ("hour", "minute", "second"))
        if clocked["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if clocked["half"].upper() == "PM" else 0)
        part = int(clocked["part"][1:].ljust(9, "0")) if clocked["part"] else 0
        rest = rest[clocked.end() :]
    elif rest:
        return None
    offset = _OFFSET.fullmatch(rest) if rest else None
    if rest and not offset:
        return None
    try:
        # Python's datetime has no nanoseconds, so they are added afterwards.
        moment = dt.datetime(year, month, day, hour, minute, second)
        if offset and offset["sign"]:
            away = dt.timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
            moment += -away if offset["sign"] == "+" else away
        time = np.datetime64(moment, "ns") + np.timedelta64(part, "ns")
    except (ValueError, OverflowError):
        return None
    return time, offset is not None


def _localized(cells: Cells, naive: Array, aware: Array, position: int, zone: str | None) -> Array:
    """Return all instants in UTC; times that are two instants or none in their zone become faults."""
    has_naive = ~np.isnat(naive)
    if has_naive.any() and zone in UNKNOWN_ZONES:
        cells.find(
            has_naive,
            f"the zone of the times is not known: {UNKNOWN_ZONES[zone]}",
            position,
            allowed="a stated zone",
            fix="State it, such as --set data.zone=Europe/Athens, or --set data.zone=UTC",
        )
    elif has_naive.any() and zone not in (None, "UTC"):
        inside = has_naive & ~_outside(naive)
        local = pd.DatetimeIndex(np.where(inside, naive, np.datetime64("2020-01-01T12", "ns")))
        key = ZoneInfo(str(zone))
        once = local.tz_localize(key, ambiguous="NaT", nonexistent="shift_forward")
        twice = once.isna() & inside
        missing = local.tz_localize(key, ambiguous=twice, nonexistent="NaT").isna() & inside
        cells.find(
            np.asarray(twice),
            f"the time occurs twice in {zone}, where clocks were set back",
            position,
            fix="Write the times in UTC or with their offset.",
        )
        cells.find(
            np.asarray(missing),
            f"the time does not exist in {zone}, where clocks were set forward",
            position,
            fix="State the zone that the times are in: --set data.zone=…",
        )
        naive = np.where(inside, once.tz_convert("UTC").tz_localize(None).to_numpy("datetime64[ns]"), naive)
    instants: Array = np.where(has_naive, naive, aware).astype("datetime64[ns]")
    span = ~np.isnat(instants)
    first, last = FIRST_TIME.value, LAST_TIME.value
    values = instants.astype(np.int64)
    reported = _outside(instants)
    cells.find(
        span & ~reported & ((values < first) | (values > last)),
        "the time cannot be read",
        position,
        allowed=_ALLOWED,
    )
    return values


def _as_text(cell: object) -> str:
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    return str(cell).strip()


def _date_text(cell: object) -> str:
    return str(cell.date()) if isinstance(cell, dt.datetime) else str(cell).strip()
