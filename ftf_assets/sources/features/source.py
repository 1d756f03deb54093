"""Ready feature caches from Parquet files, one file a crypto."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.frames import Candles
from ftf_assets.sources.crypto_files import CryptoFile, find_crypto_file, open_directory
from ftf_assets.sources.features.table import feature_cache_from_table
from ftf_assets.sources.protocol import FeatureCacheReport, Provenance, Span
from ftf_assets.sources.table_files import read_parquet_table


@dataclass(frozen=True)
class FeatureFileSource:
    """A directory of feature caches that another system has built.

    Parameters
    ----------
    path
        Directory of Parquet files, named by crypto or base asset
        (:func:`~ftf_assets.sources.crypto_files.find_crypto_file`).
    missing
        What to do with missing features: ``refuse`` trims and counts the head, ``allow`` keeps everything.
    """

    has_candles: ClassVar[bool] = False

    path: str
    missing: str = "refuse"

    def provenance(self, crypto: str) -> Provenance:
        """Name the file, its quote currency, its content's fingerprint and the files passed over for it."""
        file = self._file(crypto)
        return Provenance("features", file.name, file.quote_currency, file.fingerprint(), file.passed_over)

    def span(self, crypto: str) -> Span:
        """Return the first and last timestamp kept; an unchanged file is read once a process."""
        file = self._file(crypto)
        state = file.path.stat()
        return _span(file, crypto, self.missing, state.st_size, state.st_mtime_ns)

    def candles(self, crypto: str) -> pd.DataFrame:  # noqa: ARG002
        """Return an empty frame: a feature cache comes without candles ("not provided")."""
        none: pd.DataFrame = Candles.empty()
        return none

    def feature_cache(
        self,
        crypto: str,
        candles: pd.DataFrame,  # noqa: ARG002
    ) -> tuple[pd.DataFrame, FeatureCacheReport]:
        """Read and check the crypto's feature cache; ``candles`` play no part.

        Raises
        ------
        InputError
            Everything that :func:`~ftf_assets.sources.features.table.feature_cache_from_table` refuses.
        """
        cache, trimmed = _read(self._file(crypto), crypto, self.missing)
        report = FeatureCacheReport(
            rows=len(cache),
            warm_up_rows=trimmed,
            gap_rows=None,
            end_rows=None,
            gaps=None,
            longest_gap=None,
            restarts=None,
            buy_rate=float(cache["label"].mean()),
        )
        return cache, report

    def _file(self, crypto: str) -> CryptoFile:
        directory = open_directory(self.path, source="feature")
        return find_crypto_file(directory, crypto, suffixes=(".parquet",))


@lru_cache(maxsize=256)
def _span(file: CryptoFile, crypto: str, missing: str, size: int, modified: int) -> Span:
    # size and modified are part of the key only: a changed file is read again.
    del size, modified
    times = _read(file, crypto, missing)[0].index
    return Span(times[0], times[-1], len(times))


def _read(file: CryptoFile, crypto: str, missing: str) -> tuple[pd.DataFrame, int]:
    table = read_parquet_table(file.path, crypto=crypto)
    if table.empty:
        raise input_error("the file is empty", crypto=crypto, file=file.name)
    return feature_cache_from_table(table, crypto=crypto, file=file.name, missing=missing)
