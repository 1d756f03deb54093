"""The source of ready feature caches: one file per crypto."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.features.reading import FeatureReading
from ftf_assets.sources.features.table import feature_cache_from_table
from ftf_assets.sources.find_crypto_file import CryptoFile, find_crypto_file, open_directory
from ftf_assets.sources.protocol import FeatureCacheReport, Provenance, Span
from ftf_assets.sources.readers.file_formats import TABLE_SUFFIXES, read_table


@dataclass(frozen=True)
class FeatureFileSource:
    """A directory of feature caches that another system has built.

    Parameters
    ----------
    path
        Directory; each crypto's file is found by its base asset
        (:func:`~ftf_assets.sources.find_crypto_file.find_crypto_file`).
    options
        What to do with missing features, price levels, times without a zone and other quote currencies.
    """

    has_candles: ClassVar[bool] = False
    #: Table formats that feature caches may have, by suffix.
    suffixes: ClassVar[tuple[str, ...]] = TABLE_SUFFIXES

    path: str
    options: FeatureOptions = field(default_factory=FeatureOptions)

    def provenance(self, crypto: str) -> Provenance:
        """Return the file name, its quote currency, the content's fingerprint and the files passed over."""
        file = self._file(crypto)
        return Provenance("features", file.name, file.quote_currency, file.fingerprint(), file.passed_over)

    def span(self, crypto: str) -> Span:
        """Return the first and last timestamp kept. A process reads an unchanged file only once."""
        file = self._file(crypto)
        state = file.path.stat()
        return _span(file, crypto, self.options, state.st_size, state.st_mtime_ns)

    def candles(self, crypto: str) -> pd.DataFrame:  # noqa: ARG002
        """Return an empty frame: feature caches come without candles."""
        empty: pd.DataFrame = Candles.empty()
        return empty

    def feature_cache(
        self,
        crypto: str,
        candles: pd.DataFrame,  # noqa: ARG002
    ) -> tuple[pd.DataFrame, FeatureCacheReport]:
        """Read and check the crypto's feature cache; ``candles`` are ignored.

        Raises
        ------
        InputError
            As :func:`~ftf_assets.sources.features.table.feature_cache_from_table` raises it.
        """
        cache, reading = self.read(crypto)
        report = FeatureCacheReport(
            rows=len(cache),
            warm_up_rows=reading.head_rows,
            gap_rows=None,
            end_rows=reading.unlabelled_rows,
            gaps=None,
            longest_gap=None,
            restarts=None,
            buy_rate=float(cache["label"].mean()),
        )
        return cache, report

    def read(self, crypto: str) -> tuple[pd.DataFrame, FeatureReading]:
        """Read and check the crypto's feature cache; also say what was understood.

        Raises
        ------
        InputError
            As :meth:`feature_cache`.
        """
        return _read(self._file(crypto), crypto, self.options)

    def _file(self, crypto: str) -> CryptoFile:
        directory = open_directory(self.path, source="feature")
        return find_crypto_file(
            directory, crypto, suffixes=self.suffixes, allow_quote=self.options.allow_quote
        )


@lru_cache(maxsize=256)
def _span(file: CryptoFile, crypto: str, options: FeatureOptions, size: int, modified: int) -> Span:
    # Size and time of modification are only part of the cache key: a changed file is read again.
    del size, modified
    times = _read(file, crypto, options)[0].index
    return Span(times[0], times[-1], len(times))


def _read(file: CryptoFile, crypto: str, options: FeatureOptions) -> tuple[pd.DataFrame, FeatureReading]:
    faults = Faults(crypto=crypto, file=file.name)
    table = read_table(file.path, crypto=crypto, options=options.reading, faults=faults)
    if table.frame.empty:
        raise input_error("the file is empty", crypto=crypto, file=file.name)
    return feature_cache_from_table(table, crypto=crypto, file=file.name, options=options, faults=faults)
