"""Published results from a CSV or Parquet file: rows that the gate can judge, or what is wrong with them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.gate import VERDICT_METRICS
from ftf_assets.contracts.names import NAME_RULE, broken_name_rule
from ftf_assets.contracts.results import SHARE_COLUMNS, STATUSES
from ftf_assets.gate.pairs import ROW_NUMBER, Row, pair_levels
from ftf_assets.gate.settings import TRADES
from ftf_assets.gate.tuning import tuning_of
from ftf_assets.labels.factors import FACTORS
from ftf_assets.sources.table_files import read_csv_table, read_parquet_table


@dataclass(frozen=True)
class ResultFile:
    """Results as a file has them.

    Attributes
    ----------
    rows
        One mapping a row, with its number in the file (1 is the first below the header) under ``row``.
    baselines
        Baseline level of every factor whose column the file has.
    sweep_id
        The file's own, or ``file_`` and 12 hex digits of its content.
    """

    rows: tuple[Row, ...]
    baselines: Mapping[str, str]
    sweep_id: str


def read_result_file(path: Path | str, baselines: Mapping[str, str] | None = None) -> ResultFile:
    """Read results of one sweep: ``crypto``, ``fold`` if there are folds, factor columns, metrics.

    Per-crypto means, without a fold, are as good; the gate then clusters by crypto. A column ``status``,
    as ``ftf results`` exports it, excuses failed cells from having metrics. Other columns are left alone.

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
        A file that cannot be read or holds several sweeps; no crypto, factor or metric column; names that are
        no plain names; metrics that are no numbers or out of their range; and everything that
        :func:`~ftf_assets.gate.pairs.pair_levels` refuses, by row.
    """
    path = Path(path).expanduser()
    frame = _read(path)
    baselines = _baselines(frame, baselines, path.name)
    _require_columns(frame, baselines, path.name)
    _require_names(frame, baselines, path.name)
    sweep_id = _sweep_id(frame, path)
    rows = _rows(frame, baselines)
    _require_shares(rows, path.name)
    try:
        tuning_of(pair_levels(rows, baselines).used_rows)
    except InputError as error:
        raise InputError(f"file {path.name}: {error}") from None
    return ResultFile(rows, dict(baselines), sweep_id)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise input_error("the results file does not exist", file=str(path))
    readers = {".csv": _read_csv, ".parquet": read_parquet_table}
    if path.suffix.lower() not in readers:
        raise input_error("results come as CSV or Parquet", file=path.name, allowed=", ".join(readers))
    frame = readers[path.suffix.lower()](path)
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise input_error("a column is there twice", file=path.name, column=str(twice))
    if frame.empty:
        raise input_error("the file holds no rows", file=path.name)
    return frame.reset_index(drop=True)


def _read_csv(path: Path) -> pd.DataFrame:
    # "none" and "off" are levels and "NA" might be a crypto: only an empty field is a missing value.
    text = read_csv_table(path)
    return text.astype(object).mask(text == "", None)


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
    if not set(VERDICT_METRICS) & set(frame.columns):
        raise input_error(
            "the file has no verdict metric",
            file=file,
            allowed=f"at least one of {', '.join(VERDICT_METRICS)}",
        )


def _require_names(frame: pd.DataFrame, baselines: Mapping[str, str], file: str) -> None:
    """Names of the file end in tables, JSON and terminals: they must be what they look like."""
    for column in ("crypto", *baselines, "fold", "sweep_id"):
        if column not in frame.columns:
            continue
        for row, value in enumerate(frame[column], start=1):
            broken = None if _absent(value) else broken_name_rule(str(value).strip())
            if broken:
                raise input_error(
                    broken, file=file, column=column, row=row, found=repr(value), allowed=NAME_RULE
                )
    for row, value in enumerate(frame.get("status", []), start=1):
        if not _absent(value) and str(value).strip() not in STATUSES:
            raise input_error(
                "unknown status",
                file=file,
                column="status",
                row=row,
                found=repr(value),
                allowed=", ".join(STATUSES),
            )


def _require_shares(rows: tuple[Row, ...], file: str) -> None:
    """A share outside [0, 1] or a negative count is another quantity under a known name."""
    bounds = dict.fromkeys(SHARE_COLUMNS, (0.0, 1.0)) | {TRADES: (0.0, float("inf"))}
    for row in rows:
        for name, (low, high) in bounds.items():
            try:
                value = float(row.get(name, low))  # type: ignore[arg-type]
            except (TypeError, ValueError):
                continue  # whether it must be a number is the gate's question
            if not low <= value <= high and not math.isnan(value):
                raise input_error(
                    f"{name} is out of range",
                    file=file,
                    column=name,
                    row=row[ROW_NUMBER],
                    found=value,
                    allowed=f"{low:g} to {high:g}" if math.isfinite(high) else f">= {low:g}",
                )


def _sweep_id(frame: pd.DataFrame, path: Path) -> str:
    ids = sorted(frame["sweep_id"].dropna().astype(str).unique()) if "sweep_id" in frame.columns else []
    if len(ids) > 1:
        raise input_error(
            "the file holds several sweeps, and the gate judges one",
            file=path.name,
            found=", ".join(ids),
            fix="Keep the rows of one sweep_id.",
        )
    return ids[0] if ids else "file_" + hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _rows(frame: pd.DataFrame, baselines: Mapping[str, str]) -> tuple[Row, ...]:
    text = {"crypto", "status", "tuning", *baselines}
    columns = {
        str(name): [_value(value, text=name in text, fold=name == "fold") for value in frame[name]]
        for name in frame.columns
    }
    return tuple(
        {name: values[i] for name, values in columns.items()} | {ROW_NUMBER: i + 1} for i in range(len(frame))
    )


def _value(value: object, *, text: bool, fold: bool) -> object:
    """What a field means: text for names, an integer for a fold that is one, numbers as they are."""
    if _absent(value):
        return None
    if text:
        return str(value).strip()
    if fold:
        word = str(value).strip().removesuffix(".0")
        return int(word) if word.isdecimal() else word
    return value


def _absent(value: object) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))  # type: ignore[call-overload]
