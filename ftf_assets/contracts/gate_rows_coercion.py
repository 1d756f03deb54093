"""The coercion boundary of the gate: a frame of result rows becomes NumPy columns.

It is apart from :mod:`~ftf_assets.contracts.coercion`, which is part of the key of every fit, because how
results are read back decides no fit. No value is refused here. The code that reads the columns knows which
values it needs and in what range, and names the row of a bad one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
from pandas.api import types as pandas_types

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.gate_rows import (
    NUMBER_COLUMNS,
    ROW_NUMBER,
    Names,
    Numbers,
    ResultRows,
    WeeklyInfluence,
    names_in_order,
)
from ftf_assets.contracts.tables.gate_decision import PRIMARY_METRICS
from ftf_assets.contracts.typed import Array, Float64, Int64, typed


@typed
def coerce_result_rows(
    frame: pd.DataFrame,
    factors: Collection[str],
    *,
    weekly: pd.DataFrame | None = None,
    repeats: pd.DataFrame | None = None,
) -> ResultRows:
    """Turn a table of results into columns.

    Parameters
    ----------
    frame
        One row per cell: ``crypto``, ``fold`` (a number or a text), one column per factor, ``status``,
        ``tuning`` and metrics of any dtype, and ``row`` for the number of the row in a file. Any of them may
        be absent, and other columns are ignored.
    factors
        Names of the factor columns.
    weekly
        Rows of ``weekly_results`` of the same cells; None or no row where there are none.
    repeats
        Rows of ``seed_scores`` of the same cells; None or no row where there are none.

    Returns
    -------
    ResultRows
        In the order of the frame. Numbers are converted by ``float``, and are NaN where it fails.

    Raises
    ------
    InputError
        A row of ``weekly`` or ``repeats`` without its cell in the frame.
    """
    columns = {str(name): position for position, name in enumerate(frame.columns)}

    def names(column: str, meaning: Callable[[object], int | str] = str) -> Names:
        if column not in columns:
            return Names(np.full(len(frame), -1, np.int64), ())
        return _names(frame.iloc[:, columns[column]], meaning)

    return ResultRows(
        crypto=names("crypto"),
        fold=names("fold", _fold),
        factors={factor: names(factor) for factor in factors},
        status=names("status"),
        tuning=names("tuning"),
        numbers={name: _numbers(frame.iloc[:, columns[name]]) for name in NUMBER_COLUMNS if name in columns},
        row_number=_row_number(frame.iloc[:, columns[ROW_NUMBER]]) if ROW_NUMBER in columns else None,
        weekly=None if weekly is None or weekly.empty else _weekly(frame, weekly),
        repeats={} if repeats is None or repeats.empty else _repeats(frame, repeats),
    )


def _weekly(frame: pd.DataFrame, weekly: pd.DataFrame) -> WeeklyInfluence:
    # A week in which only a trade exits has no test row.
    tested = weekly[weekly["n_test"] > 0]
    instants = tested["week"].dt.tz_convert("UTC").to_numpy("datetime64[ns]").astype(np.int64)
    weeks, place = np.unique(instants, return_inverse=True)
    values = np.full((len(frame), len(weeks)), np.nan)
    values[_cells_of(frame, tested, "weekly_results"), place] = tested["auc_influence"].to_numpy(np.float64)
    return WeeklyInfluence(weeks, values)


def _repeats(frame: pd.DataFrame, repeats: pd.DataFrame) -> dict[str, Float64[Array, "rows repeats"]]:
    numbers, place = np.unique(repeats["repeat"].to_numpy(np.int64), return_inverse=True)
    cells = _cells_of(frame, repeats, "seed_scores")
    scores = {}
    for metric in PRIMARY_METRICS:
        scores[metric] = np.full((len(frame), len(numbers)), np.nan)
        scores[metric][cells, place] = repeats[metric].to_numpy(np.float64)
    return scores


def _cells_of(frame: pd.DataFrame, more: pd.DataFrame, table: str) -> Int64[Array, " more"]:
    """Give the place in the frame of the cell of each row of another table."""
    key = ["crypto", "fold", "variant"]
    # Plain objects: the columns of two tables need not have the same dtype to be equal.
    cells = pd.MultiIndex.from_frame(frame[key].astype(object))
    places = cells.get_indexer(pd.MultiIndex.from_frame(more[key].astype(object)))
    if (places == -1).any():
        lost = more.iloc[int((places == -1).argmax())]
        raise input_error(
            f"a row of {table} without its cell",
            crypto=str(lost["crypto"]),
            found=f"fold {lost['fold']}, variant {lost['variant']}",
            fix="Materialise finetune_results again: its tables are written together.",
        )
    return places.astype(np.int64)


def _names(column: pd.Series, meaning: Callable[[object], int | str]) -> Names:
    numbers, distinct = pd.factorize(column)
    found = [meaning(value) for value in distinct]
    names = names_in_order(found)
    place = {name: code for code, name in enumerate(names)}
    # A missing name has the number -1, which is the last place.
    codes = np.array([*(place[name] for name in found), -1], np.int64)
    return Names(codes[numbers], names)


def _fold(value: object) -> int | str:
    return value if isinstance(value, str) else int(value)  # type: ignore[call-overload]


def _row_number(column: pd.Series) -> Int64[Array, " rows"]:
    numbers = _numbers(column)
    return np.where(np.isnan(numbers.floats), -1, numbers.floats).astype(np.int64)


def _numbers(column: pd.Series) -> Numbers:
    numeric = pandas_types.is_numeric_dtype(column.dtype) or pandas_types.is_bool_dtype(column.dtype)
    if not numeric or pandas_types.is_complex_dtype(column.dtype):
        given = column.astype(object).to_numpy()
        return Numbers(_floats(given), given)
    if isinstance(column.dtype, np.dtype):
        return Numbers(column.to_numpy(np.float64))
    return Numbers(column.to_numpy(np.float64, na_value=np.nan), column.astype(object).to_numpy())


def _floats(given: Array) -> Float64[Array, " rows"]:
    try:
        return given.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return np.array([_float(value) for value in given], np.float64)


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return np.nan
