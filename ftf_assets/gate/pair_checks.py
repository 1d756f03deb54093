"""Refuse rows that cannot be paired: each error names crypto, fold and level, or the row number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.gate_rows import Names, Numbers, ResultRows
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.contracts.tables.gate_decision import PRIMARY_METRICS
from ftf_assets.contracts.typed import Array, Bool, Int64, typed


@typed
def is_ok(status: Names) -> Bool[Array, " codes"]:
    """Whether each code of a status column means ok; the last place stands for -1, a row without a status."""
    return np.array([name in ("", OK) for name in status.names] + [True], np.bool_)


@typed
def require_results(rows: ResultRows, baselines: Mapping[str, str], columns: Sequence[str]) -> None:
    """Refuse an empty table, no factor, and rows without a metric that can decide.

    Parameters
    ----------
    rows, baselines
        As :func:`~ftf_assets.gate.pairs.pair_levels` takes them.
    columns
        Columns of the gate that the rows have.
    """
    if not len(rows):
        raise InputError("the gate has nothing to judge: no results. Run a sweep first: ftf sweep")
    if not baselines:
        raise input_error("the gate needs at least one factor column with its baseline level")
    require_names(rows, baselines)
    if not set(columns) & set(PRIMARY_METRICS):
        raise input_error(
            "the gate needs at least one metric in the results that can decide",
            allowed=", ".join(PRIMARY_METRICS),
        )


@typed
def require_names(rows: ResultRows, baselines: Mapping[str, str]) -> None:
    """Refuse a row without a crypto or a factor's level, and folds in some rows only."""
    absent = {
        column: (names.codes == -1) if names is not None else np.ones(len(rows), np.bool_)
        for column, names in {
            "crypto": rows.crypto,
            **{factor: rows.factors.get(factor) for factor in baselines},
        }.items()
    }
    found = _first(absent)
    if found:
        row, column = found
        raise input_error(
            "the gate pairs results by this column, and its value is missing",
            column=column,
            row=rows.number_of(row),
            fix="Every row needs crypto and a level for every factor.",
        )
    without = rows.fold.codes == -1
    if without.any() and not without.all():
        row = int(without.argmax())
        raise input_error(
            "some rows have a fold and this one has none",
            crypto=str(rows.crypto.name(row)),
            column="fold",
            row=rows.number_of(row),
            allowed="a fold in every row or in none",
        )


@typed
def require_single_measured_rows(
    rows: ResultRows,
    taking_part: Int64[Array, " used"],
    again: Int64[Array, " repeated"],
    columns: Sequence[str],
    optional: Sequence[str],
    baselines: Mapping[str, str],
) -> None:
    """Refuse the first row, in the order given, that repeats a cell or is measured without a number.

    Parameters
    ----------
    rows
        All rows.
    taking_part, again
        Places of the rows that take part, and of those among them whose cell came before.
    columns
        Columns that a measured row needs a finite number in.
    optional
        Columns that may be empty in a measured row, but hold a finite number where they are not.
    baselines
        The factors, which name a row.
    """
    ok = np.zeros(len(rows), np.bool_)
    ok[taking_part] = is_ok(rows.status)[rows.status.codes[taking_part]]
    wrong = {column: ok & ~np.isfinite(rows.numbers[column].floats) for column in columns}
    wrong |= {column: ok & _is_no_number(rows.numbers[column]) for column in optional}
    no_number = _first(wrong)
    repeated = int(again.min()) if len(again) else None
    if repeated is not None and (no_number is None or repeated <= no_number[0]):
        raise input_error(
            f"two rows for one cell: {_cell_name(rows, repeated, baselines)}",
            crypto=str(rows.crypto.name(repeated)),
            row=rows.number_of(repeated),
            fix="Keep one row per (crypto, fold, variant).",
        )
    if no_number:
        row, column = no_number
        raise input_error(
            f"the metric is missing or not finite: {_cell_name(rows, row, baselines)}",
            crypto=str(rows.crypto.name(row)),
            column=column,
            row=rows.number_of(row),
            found=rows.numbers[column].found(row),
            fix="Fill it in, remove the column, or remove the cell from every variant.",
        )


@typed
def require_comparison(
    has_baseline: bool, levels: Sequence[tuple[str, str]], baselines: Mapping[str, str]
) -> None:
    """Refuse rows without the baseline, or with nothing beside it."""
    named = ", ".join(f"{factor} = {level}" for factor, level in baselines.items())
    found = sorted(f"{factor} = {level}" for factor, level in levels)
    if not has_baseline:
        raise input_error(
            "a level needs a baseline to be compared with, and no row has every factor at its baseline",
            found=", ".join(found) or "interactions only",
            allowed=named,
        )
    if not found:
        raise input_error(
            "the results hold only the baseline; there is nothing to compare",
            found=f"only {named}",
            fix="Run a sweep of a factor's levels: ftf sweep --factor label_smoothing",
        )


@typed
def refuse_without_partner(rows: ResultRows, row: int, factor: str, *, found: str) -> None:
    """Refuse a row of a level for whose crypto and fold the baseline has no row.

    Parameters
    ----------
    rows, row
        The rows, and the position of the one without a baseline row.
    factor
        The factor whose level it has.
    found
        What was found instead of the baseline row.
    """
    level = rows.factors[factor].name(row)
    raise input_error(
        f"no baseline result for this crypto and fold, so {level} cannot be compared: "
        f"{_cell_name(rows, row, [factor])}",
        crypto=str(rows.crypto.name(row)),
        row=rows.number_of(row),
        found=found,
        fix="Add the baseline's row or remove this one.",
    )


def _is_no_number(column: Numbers) -> Bool[Array, " rows"]:
    """Whether a row holds something that is neither empty nor a finite number."""
    infinite: Array = np.isinf(column.floats)
    if column.given is None:
        return infinite
    # NaN is the one value that differs from itself.
    empty = np.array([value is None or value != value for value in column.given], np.bool_)
    wrong: Array = infinite | (np.isnan(column.floats) & ~empty)
    return wrong


def _first(faults: Mapping[str, Bool[Array, " rows"]]) -> tuple[int, str] | None:
    """Find the first row with a fault, and of its columns the first; None if there is none."""
    rows = {column: int(at.argmax()) for column, at in faults.items() if at.any()}
    column = min(rows, key=rows.__getitem__, default=None)
    return None if column is None else (rows[column], column)


def _cell_name(rows: ResultRows, row: int, factors: Iterable[str]) -> str:
    levels = ", ".join(f"{factor} = {rows.factors[factor].name(row)}" for factor in factors)
    fold = rows.fold.name(row)
    return levels if fold is None else f"fold {fold}, {levels}"
