"""How candle files are found and read: the settings of ``data`` that concern them, in one record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftf_assets.sources.readers.options import DEFAULT_OPTIONS, ReadingOptions

StampChoice = Literal["open", "close", "auto"]
NoTradeBars = Literal["flat", "gap"]
OffGrid = Literal["refuse", "leave_out"]


@dataclass(frozen=True)
class CandleOptions:
    """The user's choices about candle files.

    Attributes
    ----------
    allow_quote
        Quote currencies other than dollars whose files may serve a crypto, upper case.
    bar
        Length of a bar in nanoseconds; None takes the most common step between bars.
    stamp
        What a time is: the open or the close of its bar; auto decides by what the files show.
    no_trade_bars
        What a bar that a history lacks is: a gap, or, of a short stretch, a flat bar without volume.
    off_grid
        What to do with rows off the bar grid: refuse them, or leave them out and count them.
    reading
        What the user states about the text of the files: separator, decimal sign, order of dates, zone.
    """

    allow_quote: tuple[str, ...] = ()
    bar: int | None = None
    stamp: StampChoice = "auto"
    no_trade_bars: NoTradeBars = "gap"
    off_grid: OffGrid = "refuse"
    reading: ReadingOptions = DEFAULT_OPTIONS
