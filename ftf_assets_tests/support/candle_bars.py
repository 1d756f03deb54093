"""The bars that the shapes of candle files are written from, and writers that several shapes share."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather

HOUR = 3_600 * 10**9
COLUMNS = ["open", "high", "low", "close", "volume"]


@dataclass(frozen=True)
class Bars:
    """Bars of one length as they are known to be: instants in int64 ns UTC, values of shape (n_bars, 5)."""

    open_time: np.ndarray
    length: int
    values: np.ndarray

    @property
    def close_time(self) -> np.ndarray:
        return self.open_time + self.length

    @property
    def index(self) -> pd.DatetimeIndex:
        """The opens with their zone."""
        return pd.DatetimeIndex(self.open_time, tz="UTC")

    @property
    def frame(self) -> pd.DataFrame:
        """The values, with the opens as unnamed index."""
        return pd.DataFrame(self.values, columns=COLUMNS, index=self.index)

    def named(self, name: str = "date") -> pd.DataFrame:
        """The values, with the opens as first column."""
        return self.frame.rename_axis(name).reset_index()

    def epoch(self, unit: str) -> list[int]:
        """The opens as epochs."""
        return (self.open_time // {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]).tolist()

    def text(self, form: str) -> list[str]:
        """The opens as text, in UTC."""
        return self.index.strftime(form).tolist()

    def rows(self, order: str, times: list[Any], *, extra: tuple[Any, ...] = ()) -> list[list[Any]]:
        """Lists of a time, values in the order of their first letters, and the same further cells each."""
        at = [["o", "h", "l", "c", "v"].index(letter) for letter in order]
        return [
            [time, *(float(row[one]) for one in at), *extra]
            for time, row in zip(times, self.values, strict=True)
        ]


def bars_of(n: int = 48, *, length: int = HOUR, start: str = "2023-03-11", seed: int = 5) -> Bars:
    """A random walk with four decimals, each bar opening near the last close, some bars flat."""
    chance = np.random.default_rng(seed)
    close = np.round(6.2 * np.exp(np.cumsum(chance.normal(0, 0.01, n))), 4)
    opened = np.r_[6.2, close[:-1]]
    high = np.round(np.maximum(opened, close) * (1 + chance.exponential(0.003, n)), 4)
    low = np.round(np.minimum(opened, close) * (1 - chance.exponential(0.003, n)), 4)
    volume = np.round(chance.lognormal(8, 1, n), 2)
    values = np.column_stack([opened, np.maximum(high, close), np.minimum(low, opened), close, volume])
    values[:, 2] = np.minimum(values[:, 2], close)
    values[:, 1] = np.maximum(values[:, 1], opened)
    values[7, :4] = values[6, 3]
    values[8, [0, 1, 2]] = [values[6, 3], max(values[6, 3], values[8, 1]), min(values[6, 3], values[8, 2])]
    first = pd.Timestamp(start, tz="UTC").value
    return Bars(first + np.arange(n) * length, length, values)


def csv_lines(rows: list[list[Any]], separator: str = ",") -> str:
    """Rows of cells as lines."""
    return "".join(separator.join(map(str, row)) + "\n" for row in rows)


def csv(frame: pd.DataFrame, **options: Any) -> bytes:
    return frame.to_csv(**options).encode()


def packed(text: str | bytes) -> bytes:
    return gzip.compress(text if isinstance(text, bytes) else text.encode(), mtime=0)


def zipped(name: str, text: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def feather(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    pa.feather.write_feather(frame, buffer)
    return buffer.getvalue()


def arrow_stream(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(frame)
    with pa.ipc.new_stream(buffer, table.schema) as writer:
        writer.write_table(table)
    return buffer.getvalue()


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def texts(row: list[Any]) -> list[str]:
    """A row as exchanges send it: every number as text."""
    return [str(cell) for cell in row]
