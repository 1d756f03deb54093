"""Bar lengths as text: ``1h``, ``15m``, ``1d`` and the other spellings that tools put into file names."""

from __future__ import annotations

import re

from ftf_assets.contracts.errors import input_error

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

_UNITS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
_UNIT_WORDS = {
    "s": SECOND, "sec": SECOND, "secs": SECOND, "second": SECOND, "seconds": SECOND,
    "m": MINUTE, "t": MINUTE, "min": MINUTE, "mins": MINUTE, "minute": MINUTE, "minutes": MINUTE,
    "h": HOUR, "hr": HOUR, "hrs": HOUR, "hour": HOUR, "hours": HOUR,
    "d": DAY, "day": DAY, "days": DAY,
    "w": WEEK, "wk": WEEK, "week": WEEK, "weeks": WEEK,
}  # fmt: skip
_MONTH_WORDS = ("M", "mo", "mon", "mn", "month", "months")
_WORDS = {
    "minutely": MINUTE, "minute": MINUTE, "min": MINUTE, "hourly": HOUR, "hour": HOUR, "h": HOUR,
    "daily": DAY, "day": DAY, "d": DAY, "weekly": WEEK, "week": WEEK, "w": WEEK,
}  # fmt: skip
#: Bar lengths that tools write as a bare number of minutes, and as one of seconds.
_MINUTES = (1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 4320, 10080)
_SECONDS = (60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600, 28800, 43200, 86400, 604800)

#: Months of the longest bar that tools write and that could be minutes too: quarters.
_MOST_MONTHS = 3

#: What a calendar month counts as: it has no length, so no bar may have it.
CALENDAR_MONTHS = 0


def timeframes_of(word: str) -> tuple[int, ...]:
    """Return the bar lengths in nanoseconds that a word of a file name may mean; empty if it means none.

    A bare number is minutes (Kraken, TradingView, MetaTrader) or seconds (Coinbase); where both are usual,
    both are returned. Calendar months have no length and give ``CALENDAR_MONTHS``: ``1M``, ``3M``. No tool
    writes bars of 15 months, so ``15M`` is minutes.

    Examples
    --------
    >>> [timeframes_of(word) == (HOUR,) for word in ("1h", "60m", "1H", "H1", "1hour", "3600", "hourly")]
    [True, True, True, True, True, True, True]
    >>> timeframes_of("60") == (HOUR, MINUTE), timeframes_of("1d") == timeframes_of("D") == (DAY,)
    (True, True)
    >>> timeframes_of("1M") == timeframes_of("MN1") == (CALENDAR_MONTHS,), timeframes_of("UNIUSDT")
    (True, ())
    >>> timeframes_of("15M") == (15 * MINUTE,), timeframes_of("3M") == (CALENDAR_MONTHS,)
    (True, True)
    """
    if word.isdecimal() and word.isascii():
        number = int(word) if not word.startswith("0") and len(word) <= 6 else 0
        minutes = (number * MINUTE,) if number in _MINUTES else ()
        seconds = (number * SECOND,) if number in _SECONDS else ()
        return tuple(dict.fromkeys(minutes + seconds))
    if word.lower() in _WORDS:
        return (_WORDS[word.lower()],)
    if word in ("monthly", "Monthly", "month", "M"):
        return (CALENDAR_MONTHS,)
    counted = re.fullmatch(r"([1-9]\d{0,4})([A-Za-z]+)", word)
    metatrader = re.fullmatch(r"([MHDWmhdw]|MN|mn)([1-9]\d{0,2})", word)
    if counted:
        number, unit = int(counted[1]), counted[2]
    elif metatrader:
        number, unit = int(metatrader[2]), metatrader[1].lower()
    else:
        return ()
    if unit == "M" and number in _MINUTES and number > _MOST_MONTHS:
        return (number * MINUTE,)
    if unit in _MONTH_WORDS or unit.lower() in _MONTH_WORDS:
        return (CALENDAR_MONTHS,)
    length = _UNIT_WORDS.get(unit.lower())
    return () if length is None else (number * length,)


def parse_timeframe(text: str, *, setting: str) -> int:
    """Read a stated bar length, in nanoseconds.

    Parameters
    ----------
    text
        A number and its unit, such as ``1h``, ``15m``, ``1d``, ``4H`` or ``30min``.
    setting
        Name of the setting that the error names.

    Raises
    ------
    InputError
        Anything else, also a bare number, which could be minutes or seconds, and months.

    Examples
    --------
    >>> parse_timeframe("60m", setting="data.bar") == HOUR
    True
    """
    word = text.strip()
    found = () if word.isdecimal() else timeframes_of(word)
    if not found or found == (CALENDAR_MONTHS,):
        raise input_error(
            "a bar length is a number and its unit",
            column=setting,
            found=repr(text),
            allowed="such as 30s, 15m, 1h, 4h, 1d or 1w; months have no fixed length",
        )
    return found[0]


def timeframe_text(length: int) -> str:
    """Write a bar length in nanoseconds as the settings take it, in its largest whole unit.

    >>> timeframe_text(HOUR), timeframe_text(90 * MINUTE), timeframe_text(DAY), timeframe_text(7 * DAY)
    ('1h', '90m', '1d', '1w')
    """
    for unit, of_unit in _UNITS.items():
        if length and length % of_unit == 0:
            return f"{length // of_unit}{unit}"
    return "months" if length == CALENDAR_MONTHS else f"{length / SECOND:g}s"
