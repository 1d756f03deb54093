"""The source of ready feature caches: one file per crypto."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import pandas as pd

from ftf_assets.contracts.errors import MissingDataError, input_error
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features.columns import symbols_of
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.features.reading import FeatureReading
from ftf_assets.sources.features.table import feature_cache_from_table
from ftf_assets.sources.find_files import CryptoFiles, DataFile, find_crypto_files, open_directory
from ftf_assets.sources.found_pairs import NO_PAIR, found_pairs, single_file
from ftf_assets.sources.protocol import FeatureCacheReport, Provenance, Span
from ftf_assets.sources.readers.file_formats import TABLE_SUFFIXES, read_table


def panel_file(directory: Path) -> Path | None:
    """Find the one table of a folder whose name says no pair; None where there is none, or another table."""
    pairs, others = found_pairs(directory)
    tables = [name for name, reason in others.items() if reason == NO_PAIR]
    return directory / tables[0] if not pairs and len(tables) == 1 else None


def panel_symbols(file: Path, options: FeatureOptions) -> tuple[str, ...]:
    """Name the cryptos that the rows of a feature file say they are of, as they are written there.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    return symbols_of(read_table(file, options=options.reading, faults=Faults(file=file.name)))


@dataclass(frozen=True)
class FeatureFileSource:
    """A directory of feature caches that another system has built.

    Parameters
    ----------
    path
        Directory; each crypto's file is found by its base asset
        (:func:`~ftf_assets.sources.find_files.find_crypto_files`). A folder with a single table whose name
        says no pair may hold all cryptos in it, told by a column or index level such as ``symbol``.
    options
        What to do with missing features, price levels, times without a zone and other quote currencies.
    file
        The one file to read, whatever the crypto; None finds the file of each crypto in the directory.
    """

    has_candles: ClassVar[bool] = False
    #: Table formats that feature caches may have, by suffix.
    suffixes: ClassVar[tuple[str, ...]] = TABLE_SUFFIXES

    path: str
    options: FeatureOptions = field(default_factory=FeatureOptions)
    file: Path | None = None

    def provenance(self, crypto: str) -> Provenance:
        """Return the file name, its quote currency, the content's fingerprint and the files passed over."""
        files = self.files(crypto)
        return Provenance(
            "features", files.name, files.quote_currency, files.fingerprint(), files.passed_over
        )

    def span(self, crypto: str) -> Span:
        """Return the first and last timestamp kept. A process reads an unchanged file only once."""
        times = self._read(crypto)[0].index
        return Span(times[0], times[-1], len(times))

    def bar_length(self, crypto: str) -> int | None:  # noqa: ARG002
        """Return the bar length that the user states; None where the rows have to tell it."""
        return self.options.bar

    def reading(self, crypto: str) -> None:
        """Return None: there are no candles to understand."""

    def understood(self, crypto: str) -> FeatureReading:
        """Return what was understood of the crypto's file. A process reads an unchanged file only once.

        Raises
        ------
        InputError
            As :meth:`feature_cache`.
        """
        return self._read(crypto)[1]

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
        cache, reading = self._read(crypto)
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
        return cache.copy(), report

    def _read(self, crypto: str) -> tuple[pd.DataFrame, FeatureReading]:
        files = self.files(crypto)
        return _read(files.files[0], crypto, self.options, files.state())

    def files(self, crypto: str) -> CryptoFiles:
        """Find the files of a crypto.

        Raises
        ------
        InputError
            No file serves the crypto, or several do equally well.
        """
        if self.file is not None:
            return single_file(self.file)
        directory = open_directory(self.path, source="feature")
        try:
            files = find_crypto_files(
                directory,
                crypto,
                suffixes=self.suffixes,
                allow_quote=self.options.allow_quote,
                bar=self.options.bar,
            )
        except MissingDataError:
            # One table of all cryptos, whose rows say which crypto they are of.
            panel = panel_file(directory)
            if panel is None or not panel_symbols(panel, self.options):
                raise
            return single_file(panel)
        if len(files.files) > 1:
            raise input_error(
                "a feature cache is one file",
                crypto=crypto,
                found=files.name,
                fix="Write the parts into one file, in the order of their times.",
            )
        return files


# A cache of a crypto is a few megabytes; a plan asks for each of them three times.
@lru_cache(maxsize=32)
def _read(
    file: DataFile, crypto: str, options: FeatureOptions, state: tuple[tuple[int, int], ...]
) -> tuple[pd.DataFrame, FeatureReading]:
    del state  # size and time of modification are part of the cache's key: a changed file is read again
    faults = Faults(crypto=crypto, file=file.name)
    table = read_table(file.path, crypto=crypto, options=options.reading, faults=faults)
    if table.frame.empty:
        raise input_error("the file is empty", crypto=crypto, file=file.name)
    return feature_cache_from_table(table, crypto=crypto, file=file.name, options=options, faults=faults)
