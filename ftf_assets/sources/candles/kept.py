"""Candles that a process has read, kept so that unchanged files are read once, within a bound of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import pandas as pd

from ftf_assets.sources.candles.reading import CandlesReading

Read = Callable[[], tuple[pd.DataFrame, CandlesReading]]

#: Bars that are kept: 48 bytes each, so about 100 MB. A group of hourly histories has a tenth of them.
MOST_BARS = 2_000_000
#: Readings without their bars that are kept, some kB each. A plan reads those of all cryptos again and again.
MOST_READINGS = 10_000


class KeptCandles:
    """Candles by key; the least recently used go first.

    Parameters
    ----------
    most_bars
        Bars of all candles together that are kept. The candles that were read last are kept in any case.
    most_readings
        Readings that are kept; those of kept candles in any case.
    """

    def __init__(self, most_bars: int = MOST_BARS, most_readings: int = MOST_READINGS) -> None:
        self._most_bars, self._most_readings = most_bars, most_readings
        self._candles: OrderedDict[Hashable, pd.DataFrame] = OrderedDict()
        self._readings: OrderedDict[Hashable, CandlesReading] = OrderedDict()
        self._lock = threading.RLock()

    def candles(self, key: Hashable, read: Read) -> pd.DataFrame:
        """Return the candles of a key, a copy; ``read`` makes them where they are not kept."""
        with self._lock:
            if key not in self._candles:
                self._candles[key], self._readings[key] = read()
                while len(self._candles) > 1 and sum(map(len, self._candles.values())) > self._most_bars:
                    self._candles.popitem(last=False)
                if (n_over := len(self._readings) - self._most_readings) > 0:
                    without_candles = [one for one in self._readings if one not in self._candles]
                    for one in without_candles[:n_over]:
                        del self._readings[one]
            self._candles.move_to_end(key)
            return self._candles[key].copy()

    def reading(self, key: Hashable, read: Read) -> CandlesReading:
        """Return the reading of a key, which is kept longer than its candles."""
        with self._lock:
            if key not in self._readings:
                self.candles(key, read)
            return self._readings[key]
