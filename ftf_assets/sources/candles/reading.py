"""What was understood of a crypto's candle files: which bars they hold and what was decided about them."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.sources.candles.bar_table import FileReading, Stamp
from ftf_assets.sources.timeframes import timeframe_text


@dataclass(frozen=True)
class CandlesReading:
    """What the candles of one crypto were made from.

    Attributes
    ----------
    files
        What was understood of each file, in the order of their times.
    bar
        Length of a bar in nanoseconds.
    bar_share
        Share of the steps between bars that have this length, 0 to 1.
    bar_from
        Where the length comes from: ``data.bar``, ``file name`` or ``most common step``.
    stamp
        What the times of the files are: the open or the close of each bar.
    stamp_from
        Why: ``data.stamp``, ``open and close compared``, ``spelling``, ``ends such as 23:59:59`` or
        ``assumed``.
    bars
        Number of candles, filled ones included.
    first_open, first_close, last_open, last_close
        Instants of the first and the last bar, int64 nanoseconds since the epoch, UTC. A bar is known at its
        close.
    gaps, missing_bars, longest_gap
        Stretches of missing bars that remain, the bars missing in them, and in the longest one.
    filled
        Bars without trade that ``data.no_trade_bars=flat`` has filled.
    off_grid
        Rows off the bar grid that ``data.off_grid=leave_out`` has left out.
    repeated
        Rows that repeat another row of the same file, number by number, and were dropped.
    overlapping
        Rows that repeat a bar of another file, number by number, and were dropped.
    """

    files: tuple[FileReading, ...]
    bar: int
    bar_share: float
    bar_from: str
    stamp: Stamp
    stamp_from: str
    bars: int
    first_open: int
    first_close: int
    last_open: int
    last_close: int
    gaps: int
    missing_bars: int
    longest_gap: int
    filled: int = 0
    off_grid: int = 0
    repeated: int = 0
    overlapping: int = 0

    @property
    def timeframe(self) -> str:
        """The bar length as text, such as ``1h``."""
        return timeframe_text(self.bar)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, filled or dropped, in words; empty where nothing was."""
        gaps = f"{self.gaps:,} gap{'' if self.gaps == 1 else 's'}"
        counted = (
            (self.missing_bars, f"missing in {gaps}, the longest {self.longest_gap:,}"),
            (self.filled, "without trade filled"),
            (self.off_grid, "off the grid left out"),
            (self.repeated, "repeated and dropped"),
            (self.overlapping, "in two files, equal"),
        )
        return tuple(f"{_bars(count)} {words}" for count, words in counted if count)


def _bars(count: int) -> str:
    return f"{count:,} bar{'' if count == 1 else 's'}"
