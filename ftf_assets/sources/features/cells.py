"""Single columns of a feature file: text, Arrow, nullable or decimal cells become numbers, labels, times."""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from ftf_assets.contracts.names import NAME_RULE, broken_name_rule
from ftf_assets.contracts.row_rules import LABEL_IS_BUY_OR_HOLD
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.faults import Faults

#: Cells of text that hold no number, as CSV writers write them.
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "<na>", "nat"})
_BOOLEANS = {"true": 1.0, "false": 0.0}
_LABEL_WORDS = {**_BOOLEANS, "buy": 1.0, "hold": 0.0}
_OFFSET = re.compile(r"(?:[zZ]|[+-]\d\d:?(?:\d\d)?)\s*$")
_FIRST, _LAST = pd.Timestamp("2000-01-01", tz="UTC"), pd.Timestamp("2100-01-01", tz="UTC")
_FIRST_TIME, _LAST_TIME = _FIRST.value, _LAST.value
#: A missing time, in nanoseconds.
NO_TIME = np.iinfo(np.int64).min
#: Units of an epoch and their nanoseconds. The years 2000 to 2100 do not overlap in them.
_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


#: Names of rows in errors, by position.
RowNames = Sequence[Any]


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


def is_object(dtype: Any) -> bool:
    """Whether cells are Python objects, of any type."""
    return bool(pandas_types.is_object_dtype(dtype))


def is_text(values: pd.Series[Any]) -> bool:
    """Whether the cells are text, in any of the dtypes that text has; categories of text count."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return is_text(values.cat.categories.to_series())
    if not is_object(values.dtype):
        return pandas_types.is_string_dtype(values.dtype)
    return pd.api.types.infer_dtype(values, skipna=True) == "string"


def is_times(values: pd.Series[Any]) -> bool:
    """Whether the dtype of the column is that of times or dates."""
    if isinstance(values.dtype, pd.ArrowDtype):
        return values.dtype.kind == "M" or str(values.dtype).startswith("date")
    if is_object(values.dtype):
        return pd.api.types.infer_dtype(values, skipna=True) in ("date", "datetime", "datetime64")
    return pandas_types.is_datetime64_any_dtype(values.dtype)


def numbers(
    name: str, values: pd.Series[Any], *, faults: Faults, rows: RowNames, decimal_sign: str = "."
) -> Array | None:
    """Read a column of numbers or booleans: float64 of shape (n_rows,), NaN where missing.

    None adds a fault: text that is no number, categories, times, durations, complex numbers, lists.
    """
    found = _plain_numbers(values)
    if found is not None:
        return found
    if is_text(values) and not isinstance(values.dtype, pd.CategoricalDtype):
        return _numbers_of_text(name, values, faults, rows, decimal_sign)
    first = repr(values.iloc[0]) if len(values) else "nothing"
    faults.add(
        f"the {'column' if name in RESERVED_COLUMNS else 'feature'} is not numeric",
        column=name,
        found=f"dtype {values.dtype}, first value {first}",
        allowed="float, int or bool",
        fix=_numeric_remedy(name, values),
    )
    return None


def labels(values: pd.Series[Any], *, faults: Faults, rows: RowNames) -> Array | None:
    """Read labels: float64 of shape (n_rows,), 1 = BUY, 0 = HOLD, NaN where missing; None adds a fault."""
    found = _plain_numbers(values)
    if found is None and is_text(values):
        cells = values.astype(str).str.strip().str.lower().where(values.notna(), "")
        found = cells.map(_label_of).to_numpy(np.float64)
        unread = np.isnan(found) & ~cells.isin(_MISSING).to_numpy()
        if unread.any():
            faults.add_rows(
                unread,
                LABEL_IS_BUY_OR_HOLD.says,
                column="label",
                cells=values.to_numpy(dtype=object),
                rows=rows,
                allowed="0, 1, true, false, BUY, HOLD",
                fix="Write frame['label'] = (frame['label'] == 'the word for BUY').astype(int).",
            )
            return None
    if found is None:
        return numbers("label", values, faults=faults, rows=rows)
    broken = ~(LABEL_IS_BUY_OR_HOLD.holds(found) | np.isnan(found))
    if broken.any():
        faults.add_rows(
            broken,
            LABEL_IS_BUY_OR_HOLD.says,
            column="label",
            cells=values.to_numpy(dtype=object),
            rows=rows,
            allowed=LABEL_IS_BUY_OR_HOLD.allowed,
            fix=_label_remedy(found),
        )
        return None
    return found


def regimes(values: pd.Series[Any], *, faults: Faults, rows: RowNames) -> Array:
    """Read names of regimes, dtype object of shape (n_rows,); names that mislead are faults."""
    names = values.astype(object).to_numpy()
    distinct = {name for name in names if isinstance(name, str) and name}
    rules = {name: broken_name_rule(name) for name in distinct}
    for rule in sorted({rule for rule in rules.values() if rule}):
        faults.add_rows(
            np.array([isinstance(name, str) and rules.get(name) == rule for name in names], np.bool_),
            rule,
            column="regime",
            cells=names,
            rows=rows,
            allowed=NAME_RULE,
        )
    return names


def times(
    name: str,
    values: pd.Series[Any],
    *,
    zone: str | None,
    faults: Faults,
    rows: RowNames,
) -> Times | None:
    """Read a column of times: datetimes, dates, ISO 8601 text, or an epoch in s, ms, us or ns.

    None adds a fault: cells that are no times from 2000 to 2100, or times without a zone where ``zone`` is
    None.
    """
    if is_times(values):
        given, form = _datetimes(values), "datetime"
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
            found=f"dtype {values.dtype}, first value {values.iloc[0]!r}",
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
    instants = instants.where((instants >= _FIRST) & (instants < _LAST)).dt.as_unit("ns")
    nanoseconds = instants.to_numpy("datetime64[ns]").view(np.int64)
    missing = given.isna().to_numpy() & _is_missing(values)
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


def _plain_numbers(values: pd.Series[Any]) -> Array | None:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype) or pandas_types.is_complex_dtype(dtype):
        return None
    if is_object(dtype):
        kind = pd.api.types.infer_dtype(values, skipna=True)
        if kind in ("integer", "floating", "mixed-integer-float", "decimal", "boolean"):
            whole = values.where(values.notna(), np.nan)
            return np.array([float(one) for one in whole], np.float64)
        return None
    if isinstance(dtype, pd.ArrowDtype) and dtype.type is decimal.Decimal:
        return np.array([np.nan if one is pd.NA or one is None else float(one) for one in values], np.float64)
    if pandas_types.is_numeric_dtype(dtype) or pandas_types.is_bool_dtype(dtype):
        return values.to_numpy(np.float64, na_value=np.nan)
    return None


def _numbers_of_text(
    name: str, values: pd.Series[Any], faults: Faults, rows: RowNames, decimal_sign: str
) -> Array | None:
    if decimal_sign != ".":
        # A point in such a file separates thousands: it must not become a decimal point.
        values = values.str.replace(".", "?", regex=False).str.replace(decimal_sign, ".", regex=False)
    cells = values.to_numpy(dtype=object)
    try:
        return cells.astype(np.float64)  # correctly rounded, which pandas.to_numeric is not
    except (TypeError, ValueError):
        pass
    words = [str(cell).strip() if isinstance(cell, str) else "" for cell in cells]
    lower = [word.lower() for word in words]
    found = np.full(len(cells), np.nan)
    unread = np.zeros(len(cells), np.bool_)
    for place, word in enumerate(lower):
        if word in _MISSING:
            continue
        try:
            found[place] = _BOOLEANS[word] if word in _BOOLEANS else float(word)
        except ValueError:
            unread[place] = True
        else:
            unread[place] = "_" in word  # Python reads 1_000 as a number, other programs do not
    if unread.any():
        faults.add_rows(
            unread,
            "the cell is not a number",
            column=name,
            cells=cells,
            rows=rows,
            allowed="a number with a decimal point and no thousands separator, true or false",
            fix=_text_remedy([word for word, bad in zip(words, unread, strict=True) if bad]),
        )
        return None
    return found


def _text_remedy(unread: Sequence[str]) -> str:
    if all(re.fullmatch(r"[-+]?\d+,\d+", word) for word in unread):
        return "If the comma is the decimal sign, say --set data.decimal=comma."
    return "Correct the cells, or drop the column."


def _label_of(word: str) -> float:
    if word in _LABEL_WORDS:
        return _LABEL_WORDS[word]
    try:
        return float(word)
    except ValueError:
        return np.nan


def _label_remedy(found: Array) -> str:
    distinct = set(np.unique(found[~np.isnan(found)]).tolist())
    if distinct <= {-1.0, 0.0, 1.0}:
        return "Labels of -1 are a third class: write frame['label'] = (frame['label'] == 1).astype(int)."
    if distinct and min(distinct) >= 0 and max(distinct) <= 1:
        return "Write hard labels: ftf softens them itself."
    return "Write frame['label'] = (frame['label'] == the number of BUY).astype(int)."


def _numeric_remedy(name: str, values: pd.Series[Any]) -> str:
    at = f"frame[{name!r}]"
    if isinstance(values.dtype, pd.CategoricalDtype):
        return f"Write numbers: {at} = {at}.cat.codes if the categories have an order, else one column each."
    if is_times(values):
        return f"A time is no feature: drop the column, or write a number such as {at}.dt.hour."
    if pandas_types.is_timedelta64_dtype(values.dtype):
        return f"Write the duration as a number: {at} = {at}.dt.total_seconds()."
    return "Convert or drop the column."


def _is_missing(values: pd.Series[Any]) -> Array:
    missing = values.isna().to_numpy(np.bool_)
    if is_text(values):
        missing |= values.astype(str).str.strip().str.lower().isin(_MISSING).to_numpy(np.bool_)
    return missing


def _datetimes(values: pd.Series[Any]) -> pd.Series[Any]:
    dtype = values.dtype
    if isinstance(dtype, pd.ArrowDtype):
        arrow = dtype.pyarrow_dtype
        unit, zone = getattr(arrow, "unit", "s"), getattr(arrow, "tz", None)
        unit = unit if unit in _UNITS else "s"  # dates count days or milliseconds
        name = f"datetime64[{unit}, {zone}]" if zone else f"datetime64[{unit}]"
        return values.astype(pandas_types.pandas_dtype(name))
    if is_object(dtype):
        if any(isinstance(one, datetime.datetime) and one.tzinfo for one in values):
            return pd.to_datetime(values, utc=True, errors="coerce")
        return pd.to_datetime(values, errors="coerce")
    return values


def _epoch(values: pd.Series[Any]) -> tuple[pd.Series[Any], str] | None:
    """Read numbers as an epoch, in the unit that puts their median between 2000 and 2100; None otherwise."""
    counts = _whole_numbers(values)
    if counts is None or counts.isna().all():
        return None
    median = float(counts.dropna().astype(np.float64).median())
    unit = next((unit for unit, factor in _UNITS.items() if _is_in_range(median * factor)), None)
    if unit is None:
        return None
    factor = _UNITS[unit]
    nanoseconds = [
        int(count) * factor if known and _is_in_range(float(count) * factor) else NO_TIME
        for count, known in zip(counts, counts.notna(), strict=True)
    ]
    instants = pd.DatetimeIndex(np.array(nanoseconds, np.int64).view("datetime64[ns]"), tz="UTC")
    return pd.Series(instants, values.index), unit


def _whole_numbers(values: pd.Series[Any]) -> pd.Series[Any] | None:
    """Read a column as whole numbers, missing where a cell is; None if a cell is something else."""
    if is_text(values):
        cells = values.astype(str).str.strip().mask(_is_missing(values), None)
        if not cells.dropna().str.fullmatch(r"\d{9,19}(\.0*)?").all():
            return None
        return cells.map(lambda cell: int(cell.partition(".")[0]), na_action="ignore")
    if pandas_types.is_bool_dtype(values.dtype):
        return None
    if pandas_types.is_integer_dtype(values.dtype):
        return values.astype(object).mask(values.isna(), None)
    plain = _plain_numbers(values)
    return None if plain is None else pd.Series(plain, values.index).replace([np.inf, -np.inf], np.nan)


def _is_in_range(nanoseconds: float) -> bool:
    return _FIRST_TIME <= nanoseconds < _LAST_TIME


def _times_of_text(
    name: str, values: pd.Series[Any], faults: Faults, rows: RowNames
) -> pd.Series[Any] | None:
    cells = values.astype(str).str.strip()
    cells = cells.mask(_is_missing(values), None)
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
