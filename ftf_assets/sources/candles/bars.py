"""From the bar tables of a history to a ``Candles`` frame: joined, stamped with the close, on one grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.validation import validated
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_lengths import find_bar_length, off_grid, refuse_off_grid
from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS, BarTable
from ftf_assets.sources.candles.history import join
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.reading import CandlesReading
from ftf_assets.sources.candles.stamps import most_common_step, refuse_other_closes, stamped

#: The longest stretch of missing bars that ``no_trade_bars=flat`` fills. Candles do not tell an hour without
#: trade from an outage. A stretch over which the indicators go on is taken for the first, a longer one
#: for the second.
LONGEST_FILLED = 12


def candles_from_bars(
    tables: Sequence[BarTable], options: CandleOptions, *, crypto: str, named: Sequence[int] = ()
) -> tuple[pd.DataFrame, CandlesReading]:
    """Make the candles of one history.

    Parameters
    ----------
    tables
        The bars of its files, one or several, in any order.
    options
        What the user states about bar length, open or close, missing bars and rows off the grid.
    crypto
        Crypto that errors name.
    named
        Bar lengths in nanoseconds that the file names may mean; empty where they name none.

    Returns
    -------
    candles : pandas.DataFrame
        Satisfies ``Candles``: stamped with the instant of each bar's close, exactly one bar after its open.
        Steps are whole bars, and one step at least is one bar.
    reading : CandlesReading
        What was decided, and what was left out or filled.

    Raises
    ------
    InputError
        There are fewer than two bars; the files disagree; the bar length is not what was stated or changes;
        opens and closes are not one bar apart; or rows lie off the grid.
    """
    with_bars = [table for table in tables if len(table)]
    step = options.bar or most_common_step(with_bars)
    parts = [stamped(table, options.stamp, step, crypto=crypto) for table in with_bars]
    n_rows = sum(len(one.time) for one in parts)
    if n_rows < 2:
        raise input_error(
            "a candle history needs at least two bars",
            crypto=crypto,
            file=tables[0].file if len(tables) == 1 else None,
            found=n_rows,
        )
    history = join(parts, crypto=crypto)
    if len(history) < 2:
        raise input_error(
            "a candle history needs at least two bars", crypto=crypto, file=history.name, found=1
        )
    bar = find_bar_length(history, options.bar, named, crypto=crypto)
    off = off_grid(history, bar.length)
    phase = int(history.time[~off][0]) % bar.length if options.off_grid == "leave_out" else None
    for one in parts:
        refuse_other_closes(one, bar.length, phase, crypto=crypto)
    if options.off_grid == "refuse":
        refuse_off_grid(history, off, bar.length, crypto=crypto)
    n_off = int(off.sum())
    history = history.only(~off) if n_off else history
    times, values = history.time, history.bars
    if options.no_trade_bars == "flat":
        times, values = _filled(times, values, bar.length)
    steps = np.diff(times)
    if not (steps == bar.length).any():
        raise input_error(
            "no two bars follow each other",
            crypto=crypto,
            file=history.name,
            found=f"{len(times)} bars, none one step of {bar.length} ns after another",
            fix="Take a denser history.",
        )
    missing = steps // bar.length - 1
    closes = times + bar.length if history.stamp == "open" else times
    frame = pd.DataFrame(values, columns=list(VALUE_COLUMNS))
    frame.index = pd.DatetimeIndex(closes, tz="UTC", name="timestamp")
    reading = CandlesReading(
        files=tuple(table.understood for table in history.tables),
        bar=bar.length,
        bar_share=bar.share,
        bar_from=bar.source,
        stamp=history.stamp,
        stamp_from=parts[0].why,
        bars=len(frame),
        first_open=int(closes[0]) - bar.length,
        first_close=int(closes[0]),
        last_open=int(closes[-1]) - bar.length,
        last_close=int(closes[-1]),
        gaps=int((missing > 0).sum()),
        missing_bars=int(missing.sum()),
        longest_gap=int(missing.max()),
        filled=len(times) - len(history),
        off_grid=n_off,
        repeated=history.repeated,
        overlapping=history.overlapping,
    )
    return validated(Candles, frame, crypto=crypto, file=history.name), reading


def _filled(times: Array, values: Array, bar: int) -> tuple[Array, Array]:
    """Fill short stretches of missing bars: open, high, low and close are the last close, the volume is 0."""
    missing = np.append(np.diff(times) // bar - 1, 0)
    missing[missing > LONGEST_FILLED] = 0
    source = np.repeat(np.arange(len(times)), missing + 1)
    number = np.arange(len(source)) - np.repeat(np.cumsum(missing + 1) - (missing + 1), missing + 1)
    filled = values[source]
    flat = number > 0
    close = VALUE_COLUMNS.index("close")
    filled[flat] = filled[flat, close][:, None]
    filled[flat, VALUE_COLUMNS.index("volume")] = 0.0
    return times[source] + number * bar, filled
