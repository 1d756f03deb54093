"""The source of candle files: a file or the parts of one history for each crypto."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pandas as pd

from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.sources.candles.bars import candles_from_bars
from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles
from ftf_assets.sources.candles.kept import KeptCandles
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.reading import CandlesReading
from ftf_assets.sources.candles.table import read_bar_table
from ftf_assets.sources.find_files import CryptoFiles, find_crypto_files, open_directory
from ftf_assets.sources.found_pairs import single_file
from ftf_assets.sources.protocol import FeatureCacheReport, Provenance, Span
from ftf_assets.sources.readers.file_formats import TABLE_SUFFIXES

_KEPT = KeptCandles()


@dataclass(frozen=True)
class CandleFileSource:
    """A directory of OHLCV files, subfolders included.

    Parameters
    ----------
    path
        Directory; each crypto's files are found by its base asset
        (:func:`~ftf_assets.sources.find_files.find_crypto_files`).
    label
        Triple-barrier settings of the feature cache.
    options
        How the files are found and read.
    file
        The one file to read, whatever the crypto; None finds the files of each crypto in the directory.
    """

    has_candles: ClassVar[bool] = True
    #: Suffixes of the files that are looked at; their content decides what they are.
    suffixes: ClassVar[tuple[str, ...]] = TABLE_SUFFIXES

    path: str
    label: BarrierSettings = field(default_factory=BarrierSettings)
    options: CandleOptions = field(default_factory=CandleOptions)
    file: Path | None = None

    def provenance(self, crypto: str) -> Provenance:
        """Return the files, their quote currency, the content's fingerprint and the files passed over."""
        files = self.files(crypto)
        return Provenance("candles", files.name, files.quote_currency, files.fingerprint(), files.passed_over)

    def span(self, crypto: str) -> Span:
        """Return the close of the first and last bar. A process reads unchanged files only once."""
        reading = self.reading(crypto)
        first, last = (pd.Timestamp(time, tz="UTC") for time in (reading.first_close, reading.last_close))
        return Span(first, last, reading.bars)

    def bar_length(self, crypto: str) -> int:
        """Return the length of the crypto's bars in nanoseconds, stated or found."""
        return self.reading(crypto).bar

    def reading(self, crypto: str) -> CandlesReading:
        """Return what was understood of the crypto's files. A process reads unchanged files only once.

        Raises
        ------
        InputError
            As :meth:`candles`.
        """
        files = self.files(crypto)
        return _KEPT.reading(self._key(files, crypto), lambda: self._read(files, crypto))

    def candles(self, crypto: str) -> pd.DataFrame:
        """Read and check the crypto's candles.

        Raises
        ------
        InputError
            As :func:`~ftf_assets.sources.candles.table.read_bar_table` and
            :func:`~ftf_assets.sources.candles.bars.candles_from_bars` raise it, with row and column.
            The row of a CSV file is the line of the file; the header is line 1.
        """
        files = self.files(crypto)
        return _KEPT.candles(self._key(files, crypto), lambda: self._read(files, crypto))

    def feature_cache(self, crypto: str, candles: pd.DataFrame) -> tuple[pd.DataFrame, FeatureCacheReport]:
        """Compute indicators and labels of ``candles``."""
        return feature_cache_from_candles(
            candles,
            crypto,
            stop_multiple=self.label.stop_multiple,
            target_multiple=self.label.target_multiple,
            horizon=self.label.horizon,
        )

    def files(self, crypto: str) -> CryptoFiles:
        """Find the files of a crypto.

        Raises
        ------
        InputError
            No file serves the crypto, or several do equally well.
        """
        if self.file is not None:
            return single_file(self.file)
        return find_crypto_files(
            open_directory(self.path, source="candle"),
            crypto,
            suffixes=self.suffixes,
            allow_quote=self.options.allow_quote,
            bar=self.options.bar,
        )

    def _key(self, files: CryptoFiles, crypto: str) -> Hashable:
        # Size and time of modification are part of the key: a changed file is read again.
        return files, crypto, self.options, files.state()

    def _read(self, files: CryptoFiles, crypto: str) -> tuple[pd.DataFrame, CandlesReading]:
        tables = [
            read_bar_table(
                file.path,
                crypto=crypto,
                name=file.name,
                options=self.options.reading,
                allow_quote=self.options.allow_quote,
            )
            for file in files.files
        ]
        return candles_from_bars(tables, self.options, crypto=crypto, named=files.timeframes)
