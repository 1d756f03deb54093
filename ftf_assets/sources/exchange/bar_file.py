"""The file of one pair, and the pages that a fetch keeps beside it until the file is whole.

A file appears whole or not at all: it is written beside its place, synced and moved. Pages lie in a hidden
folder, one file each, which no reader looks at; the name of a page is the stretch that it covers.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ftf_assets.contracts.errors import StoreError, input_error
from ftf_assets.sources.exchange.bars import NUMBERS, Bars
from ftf_assets.sources.exchange.coverage import Stretch

#: Key of the file's own metadata: exchange, pair, timeframe, and the stretch that it covers.
METADATA = b"ftf_fetch"
_SCHEMA = pa.schema(
    [pa.field("open_time", pa.timestamp("ms", "UTC")), *(pa.field(name, pa.float64()) for name in NUMBERS)]
)


@dataclass(frozen=True)
class BarFile:
    """The candles of one pair of one exchange, such as ``UNI_USDT-1h.parquet``.

    Attributes
    ----------
    folder
        Folder of the candles.
    exchange, pair, timeframe
        Whose bars, such as ``binance``, ``UNI/USDT``, ``1h``.
    """

    folder: Path
    exchange: str
    pair: str
    timeframe: str

    @property
    def stem(self) -> str:
        """Name without its ending."""
        return f"{self.pair.replace('/', '_')}-{self.timeframe}"

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / f"{self.stem}.parquet"

    @property
    def pages(self) -> Path:
        """Folder of the pages."""
        return self.folder / f".{self.stem}.pages"

    @property
    def lock(self) -> Path:
        """Lock of the fetch that writes the file."""
        return self.folder / f".{self.stem}.lock"

    def read(self) -> tuple[Bars, Stretch] | None:
        """Read the file and the stretch that it covers; None if there is none.

        Raises
        ------
        InputError
            A file that is damaged, or that another exchange or another program wrote.
        """
        if not self.path.exists():
            return None
        try:
            table = pq.read_table(self.path, page_checksum_verification=True)
            bars = _bars(table)
            written: dict[str, Any] = json.loads((table.schema.metadata or {}).get(METADATA, b"{}"))
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise input_error(
                "the file is damaged", file=str(self.path), found=error, fix="Delete it and fetch it again."
            ) from None
        mine = {"exchange": self.exchange, "pair": self.pair, "timeframe": self.timeframe}
        if {name: written.get(name) for name in mine} != mine:
            raise input_error(
                "a file of another origin has this name",
                file=str(self.path),
                found=f"{written['exchange']} {written['pair']}" if written else "a file of another program",
                allowed=f"{self.exchange} {self.pair} {self.timeframe}",
                fix="Name another folder with --folder.",
            )
        return bars, Stretch(written["begin"], written["end"])

    def write(self, bars: Bars, covered: Stretch) -> None:
        """Write the file in place of the one before.

        Raises
        ------
        StoreError
            The file system refuses.
        """
        words = {"exchange": self.exchange, "pair": self.pair, "timeframe": self.timeframe}
        note = json.dumps({**words, **covered._asdict()}).encode()
        _write(self.path, bars, {METADATA: note})

    def remove_pages(self) -> None:
        """Remove the pages: the file holds them."""
        shutil.rmtree(self.pages, ignore_errors=True)

    def add_page(self, bars: Bars, covered: Stretch) -> None:
        """Keep a page.

        Raises
        ------
        StoreError
            The file system refuses.
        """
        self.pages.mkdir(parents=True, exist_ok=True)
        _write(
            self.pages / f"{covered.begin}-{covered.end}.parquet", bars, {METADATA: self.exchange.encode()}
        )

    def read_pages(self) -> Iterator[tuple[Bars, Stretch]]:
        """Read the pages that are whole; one that is not, or is of another exchange, is fetched again."""
        for path in sorted(self.pages.glob("[0-9]*.parquet")):
            begin, _, end = path.stem.partition("-")
            try:
                table = pq.read_table(path, page_checksum_verification=True)
                if (table.schema.metadata or {}).get(METADATA) == self.exchange.encode():
                    yield _bars(table), Stretch(int(begin), int(end))
            except (OSError, pa.ArrowException, KeyError, ValueError):
                continue


def _bars(table: pa.Table) -> Bars:
    columns = [table[name].to_numpy() for name in NUMBERS]
    opens = table["open_time"].cast(pa.timestamp("ms", "UTC")).cast(pa.int64()).to_numpy()
    values = np.stack(columns, axis=1) if len(opens) else np.empty((0, len(NUMBERS)))
    return Bars(opens.astype(np.int64), values.astype(np.float64))


def _write(path: Path, bars: Bars, metadata: dict[bytes, bytes]) -> None:
    columns = [
        pa.array(bars.opens).cast(pa.timestamp("ms", "UTC")),
        *(pa.array(one) for one in bars.values.T),
    ]
    table = pa.table(columns, schema=_SCHEMA.with_metadata(metadata))
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as stream:
            pq.write_table(table, stream, write_page_checksum=True)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from None
