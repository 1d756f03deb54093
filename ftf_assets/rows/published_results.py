"""Results of others, from a file or a frame, as rows that the gate can judge."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
from ftf_assets.rows.result_columns import ColumnReading, understood_columns


@dataclass(frozen=True)
class PublishedResults:
    """Results as a file or a frame has them.

    Attributes
    ----------
    rows
        The columns that the gate reads, with each row's number: 1 is the first.
    baselines
        Baseline level of every factor whose column there is.
    sweep_id
        The one of the rows, or what the reader calls them.
    columns
        What was understood of the columns.
    format
        Format of the file in words; "" for a frame.
    """

    rows: ResultRows
    baselines: Mapping[str, str]
    sweep_id: str
    columns: ColumnReading
    format: str = ""

    @property
    def in_words(self) -> str:
        """What was read, in one sentence."""
        rows = f"{len(self.rows)} rows" + (f" of {self.format}" if self.format else "")
        return "; ".join((rows, *self.columns.in_words))


def published_results(
    frame: pd.DataFrame,
    *,
    sweep_id: str,
    file: str | None = None,
    factor: str | None = None,
    baseline: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> PublishedResults:
    """Check a table of results of one sweep.

    It has ``crypto``, ``fold`` if there are folds, factor columns and metrics. Means per crypto, without a
    fold, are allowed: the gate then clusters by crypto. Where a column ``status`` says that a cell failed, as
    ``ftf results`` exports it, its metrics may be missing. Spellings of other tools are those of
    :mod:`~ftf_assets.rows.result_columns`. Other columns are ignored.

    Parameters
    ----------
    frame
        One row per cell. A named index counts as columns.
    sweep_id
        What the results are called where they have no column ``sweep_id``.
    file
        Named in every error.
    factor
        Judge this factor alone, on the rows where the registry's other factors are at their baseline; None
        judges every factor of the registry whose column there is.
    baseline
        Baseline level of ``factor``; None takes the registry's. A factor that is not in the registry needs
        one.
    columns
        Our column to the column of the table, where the user states one.

    Raises
    ------
    InputError
        A factor has no column or no baseline, or a baseline no factor; the rows are of several sweeps; a
        crypto, factor or metric column is missing or has a gap; a name is not a plain name; a metric is not a
        number or out of its range; or :func:`~ftf_assets.gate.pairs.pair_levels` refuses a row.
    """
    if baseline is not None and factor is None:
        raise input_error(
            "a baseline is that of a factor, and none is named",
            found=repr(baseline),
            fix="Name the factor, too: factor='cleanlab'",  # the command has refused its flags before
        )
    factors = [*FACTORS, *([] if factor is None or factor in FACTORS else [factor])]
    frame, understood = understood_columns(frame, factors, columns or {}, file)
    frame = _plain(frame, file)
    if factor is None:
        baselines = _registered_baselines(frame, file)
    else:
        baselines = {factor: _baseline_of(factor, baseline, file)}
        others = [name for name in FACTORS if name != factor and name in frame.columns]
        _require_columns(frame, (factor, *others), file)
        frame = _others_at_baseline(frame, factor, others, file)
    _require_columns(frame, baselines, file)
    distinct = _distinct_names(frame, baselines)
    _require_names(distinct, file)
    rows = coerce_result_rows(_as_meant(frame, distinct), baselines)
    _require_shares(rows, file)
    try:
        tuning_of(pair_levels(rows, baselines).rows)
    except InputError as error:
        raise InputError(f"file {file}: {error}" if file else str(error)) from None
    return PublishedResults(rows, dict(baselines), _own_sweep_id(distinct, file) or sweep_id, understood)


def content_hash(frame: pd.DataFrame) -> str:
    """Hash the column names and values of a table of results to 12 hex digits; its index does not count."""
    text = frame.map(repr).to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(frame: pd.DataFrame, file: str | None) -> pd.DataFrame:
    if frame.empty:
        raise input_error("there are no rows", file=file)
    # Lists and dicts are unhashable, so compare their text.
    mixed = [name for name, values in frame.items() if infer_dtype(values) == "mixed"]
    return frame.assign(**{str(name): frame[name].map(str, na_action="ignore") for name in mixed})


def _registered_baselines(frame: pd.DataFrame, file: str | None) -> dict[str, str]:
    baselines = {name: factor.baseline for name, factor in FACTORS.items() if name in frame.columns}
    if not baselines:
        raise input_error(
            "the results have no factor column",
            file=file,
            found=f"columns {', '.join(map(str, frame.columns))}",
            allowed=", ".join(f"{name} (baseline {factor.baseline})" for name, factor in FACTORS.items()),
            fix="Name a factor of your own with its baseline level: "
            + ("--factor denoiser --baseline off" if file else "factor='denoiser', baseline='off'"),
        )
    return baselines


def _baseline_of(factor: str, baseline: str | None, file: str | None) -> str:
    if baseline is not None:
        return baseline
    if factor not in FACTORS:
        raise input_error(
            "the baseline level of this factor is not known",
            file=file,
            column=factor,
            allowed=", ".join(FACTORS),
            fix="Name its baseline level, too: " + ("--baseline off" if file else "baseline='off'"),
        )
    return FACTORS[factor].baseline


def _others_at_baseline(
    frame: pd.DataFrame, factor: str, others: Sequence[str], file: str | None
) -> pd.DataFrame:
    """Keep the rows where nothing but one factor is moved. They keep their places in the index."""
    moved = pd.Series(False, frame.index)
    for name in others:
        moved |= frame[name].map(_text) != FACTORS[name].baseline
    if moved.all():
        raise input_error(f"every row moves another factor than {factor}", file=file, found=", ".join(others))
    return frame[~moved]


def _require_columns(frame: pd.DataFrame, factors: Iterable[str], file: str | None) -> None:
    for column in ("crypto", *factors):
        if column not in frame.columns:
            raise input_error("the results lack a column", file=file, column=column)
        missing = frame[column].isna()
        if missing.any():
            raise input_error("a value is missing", file=file, column=column, row=int(missing.idxmax()) + 1)
    if not set(PRIMARY_METRICS) & set(frame.columns):
        raise input_error(
            "the results have no metric that can decide",
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


def _require_names(distinct: Mapping[str, Mapping[object, int]], file: str | None) -> None:
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


def _require_shares(rows: ResultRows, file: str | None) -> None:
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


def _own_sweep_id(distinct: Mapping[str, Mapping[object, int]], file: str | None) -> str | None:
    ids = sorted({str(value) for value in distinct.get("sweep_id", ())})
    if len(ids) > 1:
        raise input_error(
            "the results are of several sweeps, and the gate judges one",
            file=file,
            found=", ".join(ids),
            fix="Keep the rows of one sweep_id.",
        )
    return ids[0] if ids else None


def _as_meant(frame: pd.DataFrame, distinct: Mapping[str, Mapping[object, int]]) -> pd.DataFrame:
    """Strip the spaces around names, and read folds as numbers where they are numbers."""
    columns: dict[str, pd.Series] = {ROW_NUMBER: pd.Series(frame.index + 1, frame.index)}
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
