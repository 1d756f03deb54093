"""Feature files in the shapes that people have: each written from one good frame, with what the reader says.

``docs/data.md`` shows this table; ``sources/features/test_shapes.py`` holds every row of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from ftf_assets.sources.faults import FaultsError
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets.sources.readers.options import ReadingOptions

CRYPTO = "OPUSDC"
DEFAULTS = FeatureOptions()
N_ROWS = 48
TIMES = pd.date_range("2024-01-01 01:00", periods=N_ROWS, freq="h", tz="UTC", name="timestamp")


def good_frame() -> pd.DataFrame:
    """48 hourly rows with two features, exact in float64 and as text; labels end after 1 to 4 hours."""
    random = np.random.default_rng(11)
    label = np.array(([1, 0, 0, 0] * N_ROWS)[:N_ROWS], np.int8)
    return pd.DataFrame(
        {
            "rsi_14": random.integers(20, 80, N_ROWS) + 0.25,
            "return_1": random.integers(-64, 64, N_ROWS) / 4096,
            "label": label,
            "label_end": TIMES + pd.to_timedelta(1 + np.arange(N_ROWS) % 4, unit="h"),
            "label_return": np.where(label == 1, 0.015625, -0.0078125),
        },
        index=TIMES,
    )


Change = Callable[[pd.DataFrame], pd.DataFrame]


def unchanged(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


@dataclass(frozen=True)
class FeatureShape:
    """A shape of feature file.

    Attributes
    ----------
    name
        What it is, as the documentation names it.
    change
        Gives the good frame this shape, before it is written.
    suffix
        Ending of the file.
    rows
        First and end of the rows of the good frame that an accepted file gives.
    options
        What it is read with.
    how
        How a CSV file is written, as pandas takes it.
    mend
        Does to the frame what the error says.
    mended_by
        Options that the error names, with which the file is accepted.
    """

    name: str
    change: Change
    suffix: str = ".parquet"
    rows: tuple[int | None, int | None] = (None, None)
    options: FeatureOptions = DEFAULTS
    how: Mapping[str, str] = field(default_factory=dict)
    mend: Change | None = None
    mended_by: FeatureOptions | None = None

    def write(self, folder: Path, change: Change = unchanged) -> None:
        """Write the file into a folder, after one more change."""
        frame, file = change(self.change(good_frame())), folder / f"{CRYPTO}{self.suffix}"
        match self.suffix:
            case ".parquet":
                frame.to_parquet(file)
            case ".feather":
                frame.to_feather(file)
            case ".jsonl":
                frame.reset_index().to_json(file, orient="records", lines=True, date_format="iso")
            case _:
                frame.to_csv(file, **self.how)


def _zoned(zone: str) -> FeatureOptions:
    return FeatureOptions(reading=ReadingOptions(zone=zone))


def _epoch(frame: pd.DataFrame, unit: int) -> pd.DataFrame:
    """Every time as whole numbers of a unit in nanoseconds."""
    end = frame["label_end"].astype("int64") // unit
    return frame.assign(label_end=end).set_axis(
        pd.Index(frame.index.astype("int64") // unit, name="timestamp")
    )


def _naive(frame: pd.DataFrame, zone: str = "UTC") -> pd.DataFrame:
    end = frame["label_end"].dt.tz_convert(zone).dt.tz_localize(None)
    return frame.assign(label_end=end).set_axis(frame.index.tz_convert(zone).tz_localize(None))


def _with_nan(rows: slice, *columns: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def changed(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.astype({name: "float64" for name in columns if name != "label_end"})
        for name in columns:
            frame.iloc[rows, frame.columns.get_loc(name)] = pd.NaT if name == "label_end" else np.nan
        return frame

    return changed


def _panel(frame: pd.DataFrame, *symbols: str) -> pd.DataFrame:
    parts = dict.fromkeys(symbols, frame) | {"AAVE/USDT": frame.assign(rsi_14=7.0)}
    return pd.concat(parts, names=["symbol", "timestamp"])


UTC = _zoned("UTC")
LEAVE_OUT = FeatureOptions(raw_columns="leave_out")
ALLOW = FeatureOptions(missing="allow")
COMMA = FeatureOptions(reading=ReadingOptions(decimal="comma"))

ACCEPTED = [
    FeatureShape("Parquet, time index `timestamp`", unchanged),
    FeatureShape("Parquet, unnamed time index", lambda f: f.rename_axis(None)),
    FeatureShape("Parquet, time index of another name", lambda f: f.rename_axis("date")),
    FeatureShape("Parquet, column `timestamp`, count of rows as index", lambda f: f.reset_index()),
    FeatureShape(
        "Parquet, column `timestamp`, index of removed rows",
        lambda f: f.reset_index().iloc[5:],
        rows=(5, None),
    ),
    FeatureShape(
        "Parquet, column `date` as the only time",
        lambda f: f.rename_axis("date").reset_index(),
    ),
    FeatureShape("Parquet, times in another zone", lambda f: f.tz_convert("Asia/Tokyo")),
    FeatureShape("Parquet, times in milliseconds", lambda f: f.set_axis(f.index.as_unit("ms"))),
    FeatureShape("Parquet, index of epoch seconds", lambda f: _epoch(f, 10**9)),
    FeatureShape("Parquet, index of epoch milliseconds", lambda f: _epoch(f, 10**6)),
    FeatureShape("Parquet, index of epoch microseconds", lambda f: _epoch(f, 10**3)),
    FeatureShape("Parquet, index of epoch nanoseconds", lambda f: _epoch(f, 1)),
    FeatureShape("Parquet, times without a zone, `--set data.zone=UTC`", _naive, options=_zoned("UTC")),
    FeatureShape(
        "Parquet, times without a zone, `--set data.zone=Asia/Tokyo`",
        lambda f: _naive(f, "Asia/Tokyo"),
        options=_zoned("Asia/Tokyo"),
    ),
    FeatureShape("Parquet, newest row first", lambda f: f.iloc[::-1]),
    FeatureShape(
        "Parquet, (symbol, timestamp) MultiIndex of several cryptos, one of them this one",
        lambda f: _panel(f, "OP/USDC"),
    ),
    FeatureShape("Parquet, column `ticker` of one crypto", lambda f: f.assign(ticker="OPUSDT")),
    FeatureShape(
        "Parquet, several pairs of one crypto, told by their quote",
        lambda f: pd.concat(
            {"OP/BTC": f.assign(rsi_14=1.0), "OP-USDT-SWAP": f.assign(rsi_14=2.0), "OP/USDT": f},
            names=["symbol", "timestamp"],
        ),
    ),
    FeatureShape("Parquet, features as float32", lambda f: f.astype({"rsi_14": "float32"})),
    FeatureShape("Parquet, features as nullable numbers", lambda f: f.convert_dtypes()),
    FeatureShape("Parquet, all columns Arrow-backed", lambda f: f.convert_dtypes(dtype_backend="pyarrow")),
    FeatureShape(
        "Parquet, features as decimals",
        lambda f: f.assign(rsi_14=[Decimal(str(one)) for one in f["rsi_14"]]),
    ),
    FeatureShape("Parquet, numbers as text", lambda f: f.assign(rsi_14=f["rsi_14"].astype(str))),
    FeatureShape("Parquet, labels as booleans", lambda f: f.assign(label=f["label"] == 1)),
    FeatureShape("Parquet, labels 0.0 and 1.0", lambda f: f.astype({"label": "float64"})),
    FeatureShape("Parquet, labels as Int64", lambda f: f.astype({"label": "Int64"})),
    FeatureShape(
        "Parquet, labels as the words BUY and HOLD",
        lambda f: f.assign(label=f["label"].map({1: "BUY", 0: "HOLD"})),
    ),
    FeatureShape(
        "Parquet, labels as categories BUY and HOLD",
        lambda f: f.assign(label=f["label"].map({1: "BUY", 0: "HOLD"}).astype("category")),
    ),
    FeatureShape(
        "missing features at the head, of differing length",
        lambda f: _with_nan(slice(0, 3), "return_1")(_with_nan(slice(0, 9), "rsi_14")(f)),
        rows=(9, None),
    ),
    FeatureShape(
        "no labels yet in the last rows",
        _with_nan(slice(-4, None), "label", "label_end", "label_return"),
        rows=(0, -4),
    ),
    FeatureShape(
        "price levels and a date, `--set data.raw_columns=leave_out`",
        lambda f: f.assign(close=100.0 + f["rsi_14"], volume=10.0 * f["rsi_14"], date=f.index),
        options=FeatureOptions(raw_columns="leave_out"),
    ),
    FeatureShape("Feather, column `timestamp`", lambda f: f.reset_index(), suffix=".feather"),
    FeatureShape("JSON lines, column `timestamp`", unchanged, suffix=".jsonl"),
    FeatureShape("CSV of a frame with its time index", unchanged, suffix=".csv"),
    FeatureShape("CSV, gzip", unchanged, suffix=".csv.gz"),
    FeatureShape("CSV, zip", unchanged, suffix=".csv.zip"),
    FeatureShape("CSV, tabs", unchanged, suffix=".tsv", how={"sep": "\t"}),
    FeatureShape(
        "CSV, semicolons and decimal commas, `--set data.decimal=comma`",
        unchanged,
        suffix=".csv",
        how={"sep": ";", "decimal": ","},
        options=COMMA,
    ),
    FeatureShape("CSV, unnamed time index", lambda f: f.rename_axis(None), suffix=".csv"),
    FeatureShape("CSV, column `timestamp`, count of rows as index", lambda f: f.reset_index(), suffix=".csv"),
    FeatureShape("CSV, epoch milliseconds", lambda f: _epoch(f, 10**6), suffix=".csv"),
    FeatureShape(
        "CSV, times without a zone, `--set data.zone=UTC`", _naive, suffix=".csv", options=_zoned("UTC")
    ),
    FeatureShape("CSV, labels True and False", lambda f: f.assign(label=f["label"] == 1), suffix=".csv"),
    FeatureShape(
        "CSV, empty cells at the head and in labels at the end",
        lambda f: _with_nan(slice(0, 2), "rsi_14")(
            _with_nan(slice(-1, None), "label", "label_end", "label_return")(f)
        ),
        suffix=".csv",
        rows=(2, -1),
    ),
]


def _binary(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(label=(frame["label"] == frame["label"].max()).astype(int))


REFUSED = [
    FeatureShape("times without a zone", _naive, mended_by=UTC),
    FeatureShape(
        "no times",
        lambda f: f.reset_index(drop=True),
        mend=lambda f: f.assign(timestamp=TIMES).set_index("timestamp"),
    ),
    FeatureShape(
        "only the time at which each bar opens",
        lambda f: f.set_axis(f.index - pd.Timedelta("1h")).rename_axis("open_time").reset_index(),
        mend=lambda f: f.assign(timestamp=f["open_time"] + pd.Timedelta("1h")).drop(columns="open_time"),
    ),
    FeatureShape(
        "an index of the times at which bars open",
        lambda f: f.set_axis(f.index - pd.Timedelta("1h")).rename_axis("open_time"),
        mend=lambda f: f.set_axis(f.index + pd.Timedelta("1h")).rename_axis("timestamp"),
    ),
    FeatureShape(
        "two columns that may be the time of the row",
        lambda f: f.rename_axis("date").reset_index().assign(time=TIMES),
        mend=lambda f: f.rename(columns={"date": "timestamp"}).drop(columns="time"),
    ),
    FeatureShape(
        "rows out of order",
        lambda f: f.iloc[[1, 0, *range(2, N_ROWS)]],
        mend=lambda f: f.sort_index(),
    ),
    FeatureShape(
        "times that repeat",
        lambda f: f.iloc[[0, 1, 1, *range(2, N_ROWS)]],
        mend=lambda f: f[~f.index.duplicated()],
    ),
    FeatureShape("several cryptos in one file, none of them this one", lambda f: _panel(f, "UNI/USDT")),
    FeatureShape(
        "a column of another crypto than the name of the file",
        lambda f: f.assign(ticker="UNIUSDT"),
        mend=lambda f: f.drop(columns="ticker"),
    ),
    FeatureShape(
        "a column of a pair in another currency",
        lambda f: f.assign(ticker="OPBTC"),
        mend=lambda f: f.drop(columns="ticker"),
        mended_by=FeatureOptions(allow_quote=("BTC",)),
    ),
    FeatureShape(
        "a column of a perpetual",
        lambda f: f.assign(ticker="OP-USDT-SWAP"),
        mend=lambda f: f.drop(columns="ticker"),
    ),
    FeatureShape(
        "price levels, an amount and a date among the features",
        lambda f: f.assign(date=f.index, open=100.0, close=100.0 + f["rsi_14"], volume=5.5),
        mended_by=LEAVE_OUT,
    ),
    FeatureShape(
        "a time of another name as a feature", lambda f: f.assign(entry=f["label_end"]), mended_by=LEAVE_OUT
    ),
    FeatureShape(
        "a feature missing at the end: a tail",
        _with_nan(slice(-6, None), "rsi_14", "return_1"),
        mend=lambda f: f[f.index < "2024-01-02 19:00:00+00:00"],
    ),
    FeatureShape("a feature missing in the middle", _with_nan(slice(20, 23), "rsi_14"), mended_by=ALLOW),
    FeatureShape(
        "a feature without any value",
        lambda f: f.assign(empty=np.nan),
        mend=lambda f: f.drop(columns="empty"),
    ),
    FeatureShape("an infinite feature", lambda f: f.assign(rsi_14=f["rsi_14"].replace(62.25, np.inf))),
    FeatureShape(
        "a feature beyond float32",
        lambda f: f.assign(rsi_14=f["rsi_14"] * 1e39),
        mend=lambda f: f.assign(rsi_14=f["rsi_14"] / 1e39),
    ),
    FeatureShape(
        "a feature as words",
        lambda f: f.assign(level=np.where(f["rsi_14"] > 50, "high", "low")),
        mend=lambda f: f.drop(columns="level"),
    ),
    FeatureShape(
        "a feature as categories",
        lambda f: f.assign(level=pd.cut(f["rsi_14"], 3, labels=["low", "mid", "high"])),
        mend=lambda f: f.assign(level=f["level"].cat.codes),
    ),
    FeatureShape(
        "a duration",
        lambda f: f.assign(held=f["label_end"] - f.index),
        mend=lambda f: f.assign(held=f["held"].dt.total_seconds()),
    ),
    FeatureShape(
        "lists as a feature",
        lambda f: f.assign(levels=[[1.0]] * N_ROWS),
        mend=lambda f: f.drop(columns="levels"),
    ),
    FeatureShape(
        "CSV, a column twice",
        lambda f: f.rename(columns={"return_1": "rsi_14"}),
        suffix=".csv",
        mend=lambda f: f.set_axis(["rsi_14", "other", *f.columns[2:]], axis=1),
    ),
    FeatureShape(
        "a count of rows among the features", lambda f: f.assign(id=np.arange(N_ROWS)), mended_by=LEAVE_OUT
    ),
    FeatureShape(
        "times, a date, a year and counts under any name",
        lambda f: f.assign(
            hour_ts=f.index.astype("int64") // 10**9,
            signal_date=f.index.strftime("%Y%m%d").astype(int),
            yr=f.index.year,
            row=np.arange(N_ROWS),
            step=np.arange(N_ROWS) * 0.5,
        ),
        mended_by=LEAVE_OUT,
    ),
    FeatureShape(
        "prices that name their quote",
        lambda f: f.assign(close_usdt=100.0 + f["rsi_14"], Open_BTC=1.0 + f["rsi_14"]),
        mended_by=LEAVE_OUT,
    ),
    FeatureShape(
        "no feature",
        lambda f: f[["label", "label_end", "label_return"]],
        mend=lambda f: f.assign(rsi_14=50.0),
    ),
    FeatureShape("no labels", lambda f: f[["rsi_14", "return_1"]]),
    FeatureShape(
        "no label_end",
        lambda f: f.drop(columns="label_end"),
        mend=lambda f: f.assign(label_end=f.index + 4 * pd.Timedelta("1h")),
    ),
    FeatureShape("labels -1, 0 and 1", lambda f: f.assign(label=np.arange(N_ROWS) % 3 - 1), mend=_binary),
    FeatureShape("labels -1 and 1", lambda f: f.assign(label=2 * f["label"] - 1), mend=_binary),
    FeatureShape("labels 1 and 2", lambda f: f.assign(label=1 + f["label"]), mend=_binary),
    FeatureShape("soft labels", lambda f: f.assign(label=0.9 * f["label"]), mend=_binary),
    FeatureShape(
        "labels as other words",
        lambda f: f.assign(label=np.where(f["label"] == 1, "up", "down")),
        mend=lambda f: f.assign(label=(f["label"] == "up").astype(int)),
    ),
    FeatureShape("one class", lambda f: f.assign(label=0)),
    FeatureShape(
        "a label missing in the middle",
        _with_nan(slice(20, 22), "label"),
        mend=lambda f: f[f["label"].notna()],
    ),
    FeatureShape(
        "labels at the end without their return: a tail",
        _with_nan(slice(-2, None), "label_return"),
        mend=lambda f: f[f.index < "2024-01-02 23:00:00+00:00"],
    ),
    FeatureShape(
        "labels at the end without their end: a tail",
        _with_nan(slice(-2, None), "label_end"),
        mend=lambda f: f[f.index < "2024-01-02 23:00:00+00:00"],
    ),
    FeatureShape(
        "label_end is the row's own time",
        lambda f: f.assign(label_end=f.index),
        mend=lambda f: f.assign(label_end=f.index + pd.Timedelta("4h")),
    ),
    FeatureShape(
        "label_end before its row",
        lambda f: f.assign(label_end=f.index - pd.Timedelta("1h")),
        mend=lambda f: f.assign(label_end=f.index + pd.Timedelta("4h")),
    ),
    FeatureShape(
        "returns in per cent",
        lambda f: f.assign(label_return=f["label_return"] * 100),
        mend=lambda f: f.assign(label_return=f["label_return"] / 100),
    ),
    FeatureShape(
        "a column named like the label",
        lambda f: f.rename(columns={"label": "Label"}),
        mend=lambda f: f.rename(columns={"Label": "label"}),
    ),
    FeatureShape(
        "everything at once",
        lambda f: _with_nan(slice(-3, None), "return_1")(f).assign(
            close=f["rsi_14"], label=f["label"] * 2, label_end=f.index, side="long"
        ),
    ),
    FeatureShape("a time that nanoseconds cannot hold", lambda f: _far(f)),
    FeatureShape("CSV, times with and without a zone", lambda f: _mixed(f), suffix=".csv"),
    FeatureShape(
        "CSV, a cell that is no number",
        lambda f: f.assign(rsi_14=["n.a.", *f["rsi_14"][1:]]),
        suffix=".csv",
        mend=lambda f: f.assign(rsi_14=[50.0, *f["rsi_14"][1:]]),
    ),
    FeatureShape(
        "CSV, decimal commas",
        unchanged,
        suffix=".csv",
        how={"sep": ";", "decimal": ","},
        mended_by=COMMA,
    ),
    FeatureShape(
        "CSV, an unnamed column",
        lambda f: f.rename(columns={"return_1": ""}),
        suffix=".csv",
        mend=lambda f: f.rename(columns={"": "return_1"}),
    ),
]


def _far(frame: pd.DataFrame) -> pd.DataFrame:
    seconds = frame["label_end"].to_numpy("datetime64[s]")
    seconds[-1] = np.datetime64("9999-01-01")
    return frame.assign(label_end=pd.Series(seconds, frame.index).dt.tz_localize("UTC"))


def _mixed(frame: pd.DataFrame) -> pd.DataFrame:
    texts = [str(time).removesuffix("+00:00" if row == 3 else "-") for row, time in enumerate(frame.index)]
    return frame.set_axis(pd.Index(texts, name="timestamp"))


def documented() -> str:
    """The shapes as ``docs/data.md`` shows them: what is accepted, and what is refused in which words."""
    accepted = [f"| {shape.name} |" for shape in ACCEPTED]
    refused = [f"| {shape.name} | {'<br>'.join(_said(shape))} |" for shape in REFUSED]
    return "\n".join(
        [*("| accepted |", "|---|"), *accepted, "", *("| refused | in these words |", "|---|---|"), *refused]
    )


def _said(shape: FeatureShape) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        shape.write(Path(folder))
        try:
            FeatureFileSource(folder).understood(CRYPTO)
        except FaultsError as refused:
            return [str(fault.error()).replace("|", "\\|") for fault in refused.faults]
    raise AssertionError(f"{shape.name} was accepted")
