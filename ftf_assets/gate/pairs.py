"""Pairs: a level's cells beside the baseline's cells of the same (crypto, fold) [1]_ [2]_, and nothing else.

A level is compared with its factor's baseline while every other factor stays at its own, so the baseline of
all levels is one variant: the one with every factor at its baseline. Of a factorial design only the cells
that differ from it in one factor take part.

References
----------
.. [1] Fisher (1935), *The Design of Experiments*, chapter IV: what differs between blocks, here crypto and
   weeks, leaves the comparison where both treatments stand in every block.
.. [2] Demšar (2006), "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7: classifiers
   are compared by their paired scores over data sets, of which a cell is one.
.. [3] Cameron & Miller (2015), "A Practitioner's Guide to Cluster-Robust Inference", Journal of Human
   Resources 50: observations that share a period share its shocks and count as one cluster.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.results import OK, SKIPPED_SHORT_HISTORY
from ftf_assets.contracts.typed import Array, Float64, typed
from ftf_assets.gate.settings import ALWAYS_BUY, SHOWN_METRICS, TRADES, VERDICT_METRICS

Row: TypeAlias = Mapping[str, object]
Cell: TypeAlias = tuple[str, int | str]
"""(crypto, fold); every cell of rows without a fold has fold 0."""

#: A number of the row that a person can find again, where the rows come from a file.
ROW_NUMBER = "row"


@dataclass(frozen=True)
class LevelPairs:
    """One level beside the baseline.

    Attributes
    ----------
    factor, level
        What is compared with its factor's baseline.
    expected
        Cells that should make a pair, in order of crypto and fold; short histories are none of them.
    cells
        Those of them where level and baseline were both measured.
    level_rows, baseline_rows
        The rows of ``cells``, in their order.
    """

    factor: str
    level: str
    expected: tuple[Cell, ...]
    cells: tuple[Cell, ...]
    level_rows: tuple[Row, ...]
    baseline_rows: tuple[Row, ...]

    @property
    def missing(self) -> tuple[Cell, ...]:
        """Expected cells that make no pair."""
        paired = set(self.cells)
        return tuple(cell for cell in self.expected if cell not in paired)

    def values(self, metric: str) -> tuple[Float64[Array, " pairs"], Float64[Array, " pairs"]]:
        """Give the metric of the level and of the baseline, pair by pair."""
        return _numbers(self.level_rows, metric), _numbers(self.baseline_rows, metric)


@dataclass(frozen=True)
class Pairing:
    """All levels of a sweep beside its baseline.

    Attributes
    ----------
    levels
        In the order of the factors, then of the levels' names.
    baseline_rows
        The measured cells of the baseline, in order of crypto and fold.
    columns
        Metrics, always-BUY and trade counts that the rows have.
    used_rows
        Every row that belongs to the baseline or to a compared level, measured or not, in a fixed order.
    unused
        Number of rows left out: cells of a factorial design that differ in more than one factor.
    """

    levels: tuple[LevelPairs, ...]
    baseline_rows: tuple[Row, ...]
    columns: tuple[str, ...]
    used_rows: tuple[Row, ...]
    unused: int

    @property
    def has_folds(self) -> bool:
        """Whether the rows name folds; per-crypto means have none."""
        return any(row.get("fold") is not None for row in self.used_rows)

    def metrics(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of ``names`` that the rows have."""
        return tuple(name for name in names if name in self.columns)


@typed
def pair_levels(
    rows: Sequence[Row], baselines: Mapping[str, str], *, expected: Collection[Cell] | None = None
) -> Pairing:
    """Pair every level with the baseline by (crypto, fold).

    Parameters
    ----------
    rows
        One mapping a cell, in any order: ``crypto``, ``fold`` (in all rows or in none), one key a factor,
        ``status`` (left out: ok), and the metrics, numbers in every row whose status is ok.
    baselines
        Baseline level per factor: the factors whose columns the rows have.
    expected
        Every (crypto, fold) that the sweep set out to measure; None takes those of the baseline's rows, whose
        status may be anything. Cells with too short a history are taken out either way.

    Raises
    ------
    InputError
        No rows, no factor, no level beside the baseline, no row of the baseline; a missing column; a
        duplicate; a cell that is not expected, or measured for a level where the baseline has no row; a
        metric that is no finite number. Each names crypto, fold and level, or the row number.
    """
    if not rows:
        raise InputError("the gate has nothing to judge: no results. Run a sweep first: ftf sweep")
    if not baselines:
        raise input_error("the gate needs at least one factor column with its baseline level")
    _require_columns(rows, baselines)
    columns = tuple(
        name
        for name in (*VERDICT_METRICS, *SHOWN_METRICS, ALWAYS_BUY, TRADES)
        if any(name in row for row in rows)
    )
    if not set(columns) & set(VERDICT_METRICS):
        raise input_error(
            "the gate needs at least one verdict metric in the results", allowed=", ".join(VERDICT_METRICS)
        )
    variants: dict[tuple[str, str] | None, dict[Cell, Row]] = {}
    unused = 0
    for row in rows:
        moved = [(factor, str(row[factor])) for factor in baselines if row[factor] != baselines[factor]]
        if len(moved) > 1:
            unused += 1
            continue
        cells = variants.setdefault(moved[0] if moved else None, {})
        if _cell(row) in cells:
            raise input_error(
                f"two rows for one cell: {_name(row, baselines)}",
                crypto=str(row["crypto"]),
                row=row.get(ROW_NUMBER),
                fix="Keep one row a (crypto, fold, variant).",
            )
        cells[_cell(row)] = row
        if _status(row) == OK:
            _require_numbers(row, columns, baselines)
    baseline = variants.pop(None, {})
    _require_comparison(baseline, variants, baselines)
    wanted = _expected(baseline, expected)
    order = list(baselines)
    levels = sorted(variants, key=lambda key: (order.index(key[0]), key[1]) if key else (0, ""))
    pairs = tuple(
        _paired(*key, variants[key], baseline, wanted, strict=expected is None) for key in levels if key
    )
    used = [baseline, *(variants[key] for key in levels)]
    return Pairing(
        levels=pairs,
        baseline_rows=tuple(baseline[cell] for cell in _ordered(baseline) if _status(baseline[cell]) == OK),
        columns=columns,
        used_rows=tuple(cells[cell] for cells in used for cell in _ordered(cells)),
        unused=unused,
    )


@typed
def calendar_clusters(spans: Mapping[Cell, tuple[int, int]]) -> dict[Cell, int]:
    """Group cells whose test spans overlap most [3]_, for folds that each crypto cuts for itself.

    "Fold 3" is then not the same weeks for every crypto, but cells still share a market while their spans
    overlap. The period of all spans is cut into as many equal parts as a crypto has folds, and a cell belongs
    to the part that holds its midpoint.

    Parameters
    ----------
    spans
        First and last instant of each cell's test rows, nanoseconds.

    Returns
    -------
    dict
        Number of the part, from 0, by cell.
    """
    if not spans:
        return {}
    cryptos = [crypto for crypto, _ in spans]
    n_parts = max(cryptos.count(crypto) for crypto in set(cryptos))
    first, last = min(start for start, _ in spans.values()), max(end for _, end in spans.values())
    return {
        cell: min(n_parts * (start + end - 2 * first) // max(2 * (last - first), 1), n_parts - 1)
        for cell, (start, end) in spans.items()
    }


def _paired(
    factor: str,
    level: str,
    cells: Mapping[Cell, Row],
    baseline: Mapping[Cell, Row],
    expected: Collection[Cell],
    *,
    strict: bool,
) -> LevelPairs:
    skipped = {cell for cell, row in cells.items() if _status(row) == SKIPPED_SHORT_HISTORY}
    skipped |= {cell for cell, row in baseline.items() if _status(row) == SKIPPED_SHORT_HISTORY}
    for cell in _ordered(cells):
        if cell not in expected and cell not in skipped:
            raise input_error(
                f"a cell of {level} without a partner: {_name(cells[cell], [factor])}",
                crypto=cell[0],
                row=cells[cell].get(ROW_NUMBER),
                found="no such row of the baseline" if strict else "a cell not in the sweep",
                fix="Add the baseline's row or remove this one.",
            )
    wanted = tuple(cell for cell in _ordered(expected) if cell not in skipped)
    both = tuple(
        cell
        for cell in wanted
        if all(cell in side and _status(side[cell]) == OK for side in (cells, baseline))
    )
    return LevelPairs(
        factor=factor,
        level=level,
        expected=wanted,
        cells=both,
        level_rows=tuple(cells[cell] for cell in both),
        baseline_rows=tuple(baseline[cell] for cell in both),
    )


def _expected(baseline: Mapping[Cell, Row], expected: Collection[Cell] | None) -> set[Cell]:
    return set(baseline) if expected is None else set(expected)


def _require_columns(rows: Sequence[Row], baselines: Mapping[str, str]) -> None:
    for row in rows:
        for column in ("crypto", *baselines):
            if row.get(column) is None:
                raise input_error(
                    "the gate pairs results by this column, and it is missing",
                    column=column,
                    row=row.get(ROW_NUMBER),
                    fix="Every row needs crypto and a level for every factor.",
                )
    with_fold = [row.get("fold") is not None for row in rows]
    if any(with_fold) and not all(with_fold):
        first = rows[with_fold.index(False)]
        raise input_error(
            "some rows have a fold and this one has none",
            crypto=str(first["crypto"]),
            column="fold",
            row=first.get(ROW_NUMBER),
            allowed="a fold in every row or in none",
        )


def _require_numbers(row: Row, columns: Sequence[str], baselines: Mapping[str, str]) -> None:
    for column in columns:
        if not _is_number(row.get(column)):
            raise input_error(
                f"a measured cell without a finite number: {_name(row, baselines)}",
                crypto=str(row["crypto"]),
                column=column,
                row=row.get(ROW_NUMBER),
                found=row.get(column),
                fix="Fill it in, remove the column, or remove the cell from every variant.",
            )


def _require_comparison(
    baseline: Mapping[Cell, Row],
    variants: Mapping[tuple[str, str] | None, object],
    baselines: Mapping[str, str],
) -> None:
    named = ", ".join(f"{factor} = {level}" for factor, level in baselines.items())
    levels = sorted(f"{key[0]} = {key[1]}" for key in variants if key)
    if not baseline:
        raise input_error(
            "a level needs a baseline to be compared with, and no row has every factor at its baseline",
            found=", ".join(levels) or "interactions only",
            allowed=named,
        )
    if not levels:
        raise input_error(
            "the gate compares levels with their baseline, and there is no level beside it",
            found=f"only {named}",
            fix="Run a sweep of a factor's levels: ftf sweep --factor label_smoothing",
        )


def _is_number(value: object) -> bool:
    try:
        return math.isfinite(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _numbers(rows: Sequence[Row], column: str) -> Float64[Array, " rows"]:
    return np.array([row[column] for row in rows], dtype=np.float64)


def _status(row: Row) -> str:
    return str(row.get("status") or OK)


def _cell(row: Row) -> Cell:
    fold = row.get("fold")
    return str(row["crypto"]), 0 if fold is None else fold if isinstance(fold, str) else int(fold)  # type: ignore[call-overload]


def _ordered(cells: Iterable[Cell]) -> list[Cell]:
    return sorted(cells, key=lambda cell: (cell[0], isinstance(cell[1], str), cell[1]))


def _name(row: Row, factors: Iterable[str]) -> str:
    levels = ", ".join(f"{factor} = {row[factor]}" for factor in factors)
    return levels if row.get("fold") is None else f"fold {row['fold']}, {levels}"
