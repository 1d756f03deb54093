"""The source of candle files: one OHLCV file per crypto."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import pandas as pd

from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.sources.candles.bars import candles_from_bars
from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.table import read_bar_table
from ftf_assets.sources.find_crypto_file import CryptoFile, find_crypto_file, open_directory
from ftf_assets.sources.protocol import FeatureCacheReport, Provenance, Span


@dataclass(frozen=True)
class CandleFileSource:
    """A directory of OHLCV files whose times are the **open** of each bar.

    Parameters
    ----------
    path
        Directory; each crypto's file is found by its base asset
        (:func:`~ftf_assets.sources.find_crypto_file.find_crypto_file`).
    label
        Triple-barrier settings of the feature cache.
    options
        How the files are found and read.
    """

    has_candles: ClassVar[bool] = True
    #: Table formats that candle files may have, by suffix.
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".parquet")

    path: str
    label: BarrierSettings = field(default_factory=BarrierSettings)
    options: CandleOptions = field(default_factory=CandleOptions)

    def provenance(self, crypto: str) -> Provenance:
        """Return the file name, its quote currency, the content's fingerprint and the files passed over."""
        file = self._file(crypto)
        return Provenance("candles", file.name, file.quote_currency, file.fingerprint(), file.passed_over)

    def span(self, crypto: str) -> Span:
        """Return the close of the first and last bar. A process reads an unchanged file only once."""
        file = self._file(crypto)
        state = file.path.stat()
        return _span(file, crypto, self.options, state.st_size, state.st_mtime_ns)

    def candles(self, crypto: str) -> pd.DataFrame:
        """Read and check the crypto's candles.

        Raises
        ------
        InputError
            As :func:`~ftf_assets.sources.candles.table.read_bar_table` and
            :func:`~ftf_assets.sources.candles.bars.candles_from_bars` raise it, with row and column.
            The row of a CSV file is the line of the file; the header is line 1.
        """
        return _read(self._file(crypto), crypto, self.options)

    def feature_cache(self, crypto: str, candles: pd.DataFrame) -> tuple[pd.DataFrame, FeatureCacheReport]:
        """Compute indicators and labels of ``candles``."""
        return feature_cache_from_candles(
            candles,
            crypto,
            stop_multiple=self.label.stop_multiple,
            target_multiple=self.label.target_multiple,
            horizon=self.label.horizon,
        )

    def _file(self, crypto: str) -> CryptoFile:
        directory = open_directory(self.path, source="candle")
        return find_crypto_file(
            directory, crypto, suffixes=self.suffixes, allow_quote=self.options.allow_quote
        )


@lru_cache(maxsize=256)
def _span(file: CryptoFile, crypto: str, options: CandleOptions, size: int, modified: int) -> Span:
    # Size and time of modification are only part of the cache key: a changed file is read again.
    del size, modified
    times = _read(file, crypto, options).index
    return Span(times[0], times[-1], len(times))


def _read(file: CryptoFile, crypto: str, options: CandleOptions) -> pd.DataFrame:
    return candles_from_bars(read_bar_table(file.path, crypto=crypto, options=options.reading), crypto=crypto)
