"""From the bars of a file to a ``Candles`` frame: order, bar length, and the close as timestamp."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.validation import validated
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.candles.bar_table import VALUE_COLUMNS, BarTable
from ftf_assets.sources.faults import Faults


def candles_from_bars(bars: BarTable, *, crypto: str) -> pd.DataFrame:
    """Stamp the bars of one file with their close.

    Parameters
    ----------
    bars
        The bars; their times are those of the **open**.
    crypto
        Crypto that errors name.

    Returns
    -------
    pandas.DataFrame
        Satisfies ``Candles``. The bar length is the median step between the times. Gaps of whole bars stay.

    Raises
    ------
    InputError
        There are fewer than two bars, or times repeat, go back or are not whole bars apart.
    """
    if len(bars) < 2:
        raise input_error(
            "a candle file needs at least two bars", crypto=crypto, file=bars.file, found=len(bars)
        )
    faults = Faults(crypto=crypto, file=bars.file)
    steps = np.diff(bars.time)
    _find(faults, bars, _later(steps == 0), "the time repeats", fix="Remove the repeated bar.")
    _find(faults, bars, _later(steps < 0), "the time goes back", fix="Sort the file by time, oldest first.")
    faults.raise_if_any()
    bar = int(np.median(steps))
    _find(
        faults,
        bars,
        (bars.time - bars.time[0]) % bar != 0,
        "the timestamp is not a whole number of bars after the first one",
        allowed=f"whole bars of {pd.Timedelta(bar)} from {utc_text(bars.time[0])} on",
    )
    faults.raise_if_any()
    frame = pd.DataFrame(bars.values, columns=list(VALUE_COLUMNS))
    # A close such as 23:59:59.999 is that of the next whole second.
    closes = -(-bars.time // 10**9) * 10**9 if bars.open_time is None else bars.time + bar
    frame.index = pd.DatetimeIndex(closes, tz="UTC", name="timestamp")
    return validated(Candles, frame, crypto=crypto, file=bars.file)


def _later(broken: Array) -> Array:
    return np.concatenate([[False], broken])


def _find(
    faults: Faults,
    bars: BarTable,
    broken: Array,
    rule: str,
    *,
    allowed: str | None = None,
    fix: str | None = None,
) -> None:
    cells = [utc_text(time) for time in bars.time] if broken.any() else []
    faults.add_rows(
        broken,
        rule,
        column=bars.understood.time_columns[0],
        cells=cells,
        rows=bars.rows,
        allowed=allowed,
        fix=fix,
    )
