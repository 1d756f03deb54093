"""Results of others from a CSV or Parquet file, as rows that the gate can judge."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from pandas.api.types import infer_dtype

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.gate_rows import NUMBER_COLUMNS, ROW_NUMBER, ResultRows
from ftf_assets.contracts.gate_rows_coercion import coerce_result_rows
from ftf_assets.contracts.names import NAME_RULE, broken_name_rule
from ftf_assets.contracts.tables.finetune_results import SHARE_COLUMNS, STATUSES
from ftf_assets.contracts.tables.gate_decision import PRIMARY_METRICS
from ftf_assets.gate.pairs import pair_levels
from ftf_assets.gate.thresholds import TRADES
from ftf_assets.gate.tuning import tuning_of
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.sources.readers.file_formats import read_table


@dataclass(frozen=True)
class ResultFile:
    """Results as a file has them.

    Attributes
    ----------
    rows
        The columns that the gate reads, with each row's number in the file: 1 is the first below the header.
    baselines
        Baseline level of every factor whose column the file has.
    sweep_id
        The file's own, or ``file_`` and 12 hex digits of its content.
    """

    rows: ResultRows
    baselines: Mapping[str, str]
    sweep_id: str


def read_result_file(path: Path | str, baselines: Mapping[str, str] | None = None) -> ResultFile:
    """Read results of one sweep: ``crypto``, ``fold`` if there are folds, factor columns, metrics.

    Means per crypto, without a fold, are allowed: the gate then clusters by crypto. Where a column ``status``
    says that a cell failed, as ``ftf results`` exports it, its metrics may be missing. Other columns are
    ignored.

    Parameters
    ----------
    path
        A ``.csv`` or ``.parquet`` file.
    baselines
        Baseline level per factor, for factors that are not in the registry; None takes the registry's
        factors whose columns the file has.

    Raises
    ------
    InputError
        The file cannot be read or holds several sweeps; a crypto, factor or metric column is missing; a name
        is not a plain name; a metric is not a number or out of its range; or
        :func:`~ftf_assets.gate.pairs.pair_levels` refuses a row.
    """
    path = Path(path).expanduser()
    frame = _read(path)
    baselines = _baselines(frame, baselines, path.name)
    _require_columns(frame, baselines, path.name)
    distinct = _distinct_names(frame, baselines)
    _require_names(distinct, path.name)
    sweep_id = _sweep_id(distinct, path)
    rows = coerce_result_rows(_as_meant(frame, distinct), baselines)
    _require_shares(rows, path.name)
    try:
        tuning_of(pair_levels(rows, baselines).rows)
    except InputError as error:
        raise InputError(f"file {path.name}: {error}") from None
    return ResultFile(rows, dict(baselines), sweep_id)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise input_error("the results file does not exist", file=str(path))
    suffixes = (".csv", ".parquet")
    if path.suffix.lower() not in suffixes:
        raise input_error("results come as CSV or Parquet", file=path.name, allowed=", ".join(suffixes))
    table = read_table(path)
    frame = _with_missing(table.frame) if table.is_text else _hashable(table.frame)
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise input_error("a column is there twice", file=path.name, column=str(twice))
    if frame.empty:
        raise input_error("the file holds no rows", file=path.name)
    frame.index = pd.RangeIndex(len(frame))
    return frame


def _with_missing(text: pd.DataFrame) -> pd.DataFrame:
    # "none" and "off" are levels and "NA" might be a crypto: only an empty field is a missing value.
    return text.astype(object).mask(text == "", None)


def _hashable(frame: pd.DataFrame) -> pd.DataFrame:
    # Lists and dicts are unhashable, so compare their text.
    for name in [name for name, values in frame.items() if infer_dtype(values) == "mixed"]:
        frame[name] = frame[name].map(str, na_action="ignore")
    return frame


def _baselines(frame: pd.DataFrame, baselines: Mapping[str, str] | None, file: str) -> Mapping[str, str]:
    if baselines is None:
        baselines = {name: factor.baseline for name, factor in FACTORS.items() if name in frame.columns}
    if not baselines:
        raise input_error(
            "the file has no factor column",
            file=file,
            found=f"columns {', '.join(map(str, frame.columns))}",
            allowed=", ".join(f"{name} (baseline {factor.baseline})" for name, factor in FACTORS.items()),
        )
    return baselines


def _require_columns(frame: pd.DataFrame, baselines: Mapping[str, str], file: str) -> None:
    for column in ("crypto", *baselines):
        if column not in frame.columns:
            raise input_error("the file lacks a column", file=file, column=column)
        missing = frame[column].isna()
        if missing.any():
            raise input_error("a value is missing", file=file, column=column, row=int(missing.argmax()) + 1)
    if not set(PRIMARY_METRICS) & set(frame.columns):
        raise input_error(
            "the file has no metric that can decide",
            file=file,
            allowed=f"at least one of {', '.join(PRIMARY_METRICS)}",
        )


def _distinct_names(frame: pd.DataFrame, baselines: Mapping[str, str]) -> dict[str, dict[object, int]]:
    """Give the distinct values of each column of names, each with the number of its first row."""
    columns = ("crypto", *baselines, "fold", "sweep_id", "status", "tuning")
    firsts = {name: frame[name].drop_duplicates().dropna() for name in columns if name in frame.columns}
    return {
        name: {value: place + 1 for place, value in zip(first.index.tolist(), first, strict=True)}
        for name, first in firsts.items()
    }


def _require_names(distinct: Mapping[str, Mapping[object, int]], file: str) -> None:
    """Refuse names that could mislead in tables, JSON and terminals."""
    for column, values in distinct.items():
        for value, row in values.items():
            word = str(value).strip()
            if column == "status" and word not in STATUSES:
                rule, allowed = "unknown status", ", ".join(STATUSES)
            elif column not in ("status", "tuning") and (broken := broken_name_rule(word)):
                rule, allowed = broken, NAME_RULE
            else:
                continue
            raise input_error(rule, file=file, column=column, row=row, found=repr(value), allowed=allowed)


def _require_shares(rows: ResultRows, file: str) -> None:
    """Refuse a share outside [0, 1] or a negative count.

    An out-of-range value means that the column holds another quantity.
    """
    bounds = dict.fromkeys(SHARE_COLUMNS, (0.0, 1.0)) | {TRADES: (0.0, float("inf"))}
    first, column = len(rows), ""
    for name, (low, high) in bounds.items():
        # The gate checks later whether the value may be missing.
        outside = (rows.values(name) < low) | (rows.values(name) > high)
        if outside[:first].any():
            first, column = int(outside.argmax()), name
    if column:
        low, high = bounds[column]
        raise input_error(
            f"{column} is out of range",
            file=file,
            column=column,
            row=rows.number_of(first),
            found=float(rows.values(column)[first]),
            allowed=f"{low:g} to {high:g}" if math.isfinite(high) else f">= {low:g}",
        )


def _sweep_id(distinct: Mapping[str, Mapping[object, int]], path: Path) -> str:
    ids = sorted({str(value) for value in distinct.get("sweep_id", ())})
    if len(ids) > 1:
        raise input_error(
            "the file holds several sweeps, and the gate judges one",
            file=path.name,
            found=", ".join(ids),
            fix="Keep the rows of one sweep_id.",
        )
    return ids[0] if ids else "file_" + hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _as_meant(frame: pd.DataFrame, distinct: Mapping[str, Mapping[object, int]]) -> pd.DataFrame:
    """Strip the spaces around names, and read folds as numbers where they are numbers."""
    columns: dict[str, pd.Series | range] = {ROW_NUMBER: range(1, len(frame) + 1)}
    for name, values in distinct.items():
        meaning = _fold if name == "fold" else _text
        columns[name] = frame[name].map({value: meaning(value) for value in values})
    for name in frame.columns.intersection(list(NUMBER_COLUMNS)):
        absent = frame[name].isna()
        # An empty field is nothing that an error could show, whatever the file's format made of it.
        columns[name] = frame[name].astype(object).mask(absent, None) if absent.any() else frame[name]
    return pd.DataFrame(columns, copy=False)


def _text(value: object) -> str:
    return str(value).strip()


def _fold(value: object) -> int | str:
    word = _text(value).removesuffix(".0")
    return int(word) if word.isdecimal() else word
