"""Numbers as epochs: their unit by their magnitude, and compact dates that look like one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array

FIRST_TIME = pd.Timestamp("2000-01-01", tz="UTC")
LAST_TIME = pd.Timestamp("2100-01-01", tz="UTC")

#: Nanoseconds of each unit of an epoch. The years 2000 to 2100 do not overlap in them.
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}

#: An epoch of the year 2033. Data are from before, so later ones are more likely dates.
_IN_2033 = 2_000_000_000
#: Ten-digit numbers, and hundreds among them, that are no epochs if all of them can be dates: the seconds
#: of a step of any usual bar soon make an hour or a minute that does not exist.
_FEWEST_DATES, _FEWEST_HUNDREDS = 10, 3


def unit_of(numbers: Array) -> Array:
    """Return the position in ``UNITS`` of each epoch from 2000 to 2100; -1 for any other number.

    Parameters
    ----------
    numbers
        float64, NaN where a cell is no number. Hours such as 2023031105 count as none
        (:func:`compact_dates`).
    """
    unit = np.full(len(numbers), -1)
    for number, nanoseconds in enumerate(UNITS.values()):
        first, last = FIRST_TIME.value / nanoseconds, LAST_TIME.value / nanoseconds
        unit[(numbers >= first) & (numbers < last)] = number
    unit[compact_dates(numbers)] = -1
    return unit


def compact_dates(numbers: Array) -> Array:
    """Tell which numbers are a date of ten digits, 2023031105 or 2303110500, and no epoch in seconds.

    All ten-digit numbers of a column are where most of them can be dates and are epochs of 2033 or later, or
    where all are dates of two-digit years and too many for chance.

    >>> compact_dates(np.array([2023031122.0, 2023031123.0, 2023031200.0])).tolist()
    [True, True, True]
    >>> compact_dates(np.array([2023031100.0, 2023034700.0, 2023038300.0])).tolist()
    [False, False, False]
    """
    nothing = np.zeros(len(numbers), np.bool_)
    with np.errstate(invalid="ignore"):
        ten = (numbers >= 10**9) & (numbers < 10**10) & (numbers == np.floor(numbers))
    if not ten.any():
        return nothing
    digits = numbers[ten].astype(np.int64)
    pairs = [digits // 100**place % 100 for place in (4, 3, 2, 1, 0)]
    whole_year = (pairs[0] == 20) & _is_date(*pairs[2:])
    short_year = _is_date(*pairs[1:4]) & (pairs[4] < 60)
    if digits.min() >= _IN_2033:
        found = max(whole_year.mean(), short_year.mean()) > 0.5
    else:
        many = len(digits) >= _FEWEST_DATES and len(np.unique(digits // 100)) >= _FEWEST_HUNDREDS
        found = many and short_year.all()
    return ten if found else nothing


def _is_date(month: Array, day: Array, hour: Array) -> Array:
    is_date: Array = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour < 24)
    return is_date
