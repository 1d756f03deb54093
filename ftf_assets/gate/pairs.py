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

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.result_rows import Names, ResultRows, names_in_order
from ftf_assets.contracts.results import OK, SKIPPED_SHORT_HISTORY
from ftf_assets.contracts.typed import Array, Bool, Float64, Int64, typed
from ftf_assets.gate.settings import ALWAYS_BUY, SHOWN_METRICS, TRADES, VERDICT_METRICS

Cell: TypeAlias = tuple[str, int | str]
"""(crypto, fold); every cell of rows without a fold has fold 0."""

#: Number of the variant of a row that differs from the baseline in several factors.
_INTERACTION = -1


@typed
@dataclass(frozen=True, eq=False)
class Cells:
    """Every cell that the rows or the design name, numbered from 0 in order of crypto and fold.

    Attributes
    ----------
    crypto, fold
        Of each cell, shape (n_cells,).
    """

    crypto: Names
    fold: Names

    def __len__(self) -> int:
        return len(self.crypto.codes)

    def named(self, numbers: Int64[Array, " cells"]) -> tuple[Cell, ...]:
        """Give the cells of these numbers by name."""
        return tuple(
            (str(self.crypto.names[crypto]), self.fold.names[fold])
            for crypto, fold in zip(
                self.crypto.codes[numbers].tolist(), self.fold.codes[numbers].tolist(), strict=True
            )
        )


@typed
@dataclass(frozen=True, eq=False)
class LevelPairs:
    """One level beside the baseline.

    Attributes
    ----------
    factor, level
        What is compared with its factor's baseline.
    expected
        Numbers of the cells that should make a pair, increasing; short histories are none of them.
    cells
        Those of them where level and baseline were both measured.
    level_rows, baseline_rows
        Places of the rows of ``cells`` among the rows that take part, in their order.
    """

    factor: str
    level: str
    expected: Int64[Array, " expected"]
    cells: Int64[Array, " pairs"]
    level_rows: Int64[Array, " pairs"]
    baseline_rows: Int64[Array, " pairs"]

    @property
    def missing(self) -> Int64[Array, " missing"]:
        """Numbers of the expected cells that make no pair."""
        return np.setdiff1d(self.expected, self.cells, assume_unique=True)


@typed
@dataclass(frozen=True, eq=False)
class Pairing:
    """All levels of a sweep beside its baseline.

    Attributes
    ----------
    levels
        In the order of the factors, then of the levels' names.
    rows
        Every row that belongs to the baseline or to a compared level, measured or not: the baseline first,
        then the levels, each in order of its cells.
    baseline_rows
        Places in ``rows`` of the measured cells of the baseline.
    cells
        What the numbers of cells stand for.
    columns
        Metrics, always-BUY and trade counts that the rows have.
    unused
        Number of rows left out: cells of a factorial design that differ in more than one factor.
    """

    levels: tuple[LevelPairs, ...]
    rows: ResultRows
    baseline_rows: Int64[Array, " measured"]
    cells: Cells
    columns: tuple[str, ...]
    unused: int

    def metrics(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of ``names`` that the rows have."""
        return tuple(name for name in names if name in self.columns)

    def values(
        self, pairs: LevelPairs, metric: str
    ) -> tuple[Float64[Array, " pairs"], Float64[Array, " pairs"]]:
        """Give the metric of the level and of the baseline, pair by pair."""
        values = self.rows.values(metric)
        return values[pairs.level_rows], values[pairs.baseline_rows]


@typed
def pair_levels(
    rows: ResultRows, baselines: Mapping[str, str], *, expected: Collection[Cell] | None = None
) -> Pairing:
    """Pair every level with the baseline by (crypto, fold).

    Parameters
    ----------
    rows
        One a cell and variant, in any order: a crypto and a level of every factor in all of them, a fold in
        all or in none, and the metrics, numbers in every row whose status is ok.
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
    if not len(rows):
        raise InputError("the gate has nothing to judge: no results. Run a sweep first: ftf sweep")
    if not baselines:
        raise input_error("the gate needs at least one factor column with its baseline level")
    _require_names(rows, baselines)
    columns = tuple(
        name for name in (*VERDICT_METRICS, *SHOWN_METRICS, ALWAYS_BUY, TRADES) if name in rows.numbers
    )
    if not set(columns) & set(VERDICT_METRICS):
        raise input_error(
            "the gate needs at least one verdict metric in the results", allowed=", ".join(VERDICT_METRICS)
        )
    variant_of_row, levels = _variants(rows, baselines)
    cells, cell_of_row, wanted = _cells(rows, expected)
    taking_part = np.flatnonzero(variant_of_row != _INTERACTION)
    key = variant_of_row[taking_part] * len(cells) + cell_of_row[taking_part]
    by_key = np.argsort(key, kind="stable")
    order = taking_part[by_key]
    again = order[1:][np.diff(key[by_key]) == 0]
    _require_single_measured_rows(rows, taking_part, again, columns, baselines)

    used = rows.take(order)
    variants = variant_of_row[order]
    present = np.unique(variants).tolist()
    _require_comparison(0 in present, [levels[variant] for variant in present if variant], baselines)

    def laid_out(variant: int) -> _Variant:
        first, end = np.searchsorted(variants, [variant, variant + 1]).tolist()
        return _Variant(used, cell_of_row[order[first:end]], first, len(cells))

    baseline = laid_out(0)
    is_expected = baseline.row != -1
    if expected is not None:
        is_expected = np.zeros(len(cells), np.bool_)
        is_expected[wanted] = True
    return Pairing(
        levels=tuple(
            _paired(levels[variant], laid_out(variant), baseline, is_expected, used, strict=expected is None)
            for variant in present
            if variant
        ),
        rows=used,
        baseline_rows=baseline.row[baseline.measured],
        cells=cells,
        columns=columns,
        unused=len(rows) - len(taking_part),
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
    n_parts = max(Counter(crypto for crypto, _ in spans).values())
    first, last = min(start for start, _ in spans.values()), max(end for _, end in spans.values())
    return {
        cell: min(n_parts * (start + end - 2 * first) // max(2 * (last - first), 1), n_parts - 1)
        for cell, (start, end) in spans.items()
    }


class _Variant:
    """The rows of one variant by the number of their cell, shape (n_cells,).

    ``row`` is their place among the rows that take part, -1 for none; ``measured`` and ``skipped`` say how
    the cell ended, ``cells`` which there are, increasing.
    """

    def __init__(self, used: ResultRows, cells: Int64[Array, " rows"], first: int, n_cells: int) -> None:
        rows = np.arange(first, first + len(cells))
        status = used.status.codes[rows]
        self.cells = cells
        self.row = np.full(n_cells, -1, np.int64)
        self.row[cells] = rows
        self.measured, self.skipped = np.zeros((2, n_cells), np.bool_)
        self.measured[cells] = _is_ok(used.status)[status]
        self.skipped[cells] = status == used.status.code_of(SKIPPED_SHORT_HISTORY)


def _is_ok(status: Names) -> Bool[Array, " codes"]:
    """Whether a code means ok; the last place is that of -1, no status."""
    return np.array([name in ("", OK) for name in status.names] + [True], np.bool_)


def _variants(
    rows: ResultRows, baselines: Mapping[str, str]
) -> tuple[Int64[Array, " rows"], list[tuple[str, str]]]:
    """Number of each row's variant, 0 for the baseline, and (factor, level) by number."""
    variant = np.zeros(len(rows), np.int64)
    n_moved = np.zeros(len(rows), np.int64)
    levels = [("", "")]
    for factor, baseline in baselines.items():
        of = rows.factors[factor]
        moved = of.codes != of.code_of(baseline)
        n_moved += moved
        variant[moved] = len(levels) + of.codes[moved]
        levels += [(factor, str(level)) for level in of.names]
    variant[n_moved > 1] = _INTERACTION
    return variant, levels


def _cells(
    rows: ResultRows, expected: Collection[Cell] | None
) -> tuple[Cells, Int64[Array, " rows"], Int64[Array, " expected"]]:
    """Every cell there is, the number of each row's, and the numbers of those that are expected."""
    wanted = list(set(expected or ()))
    folds = rows.fold if rows.has_folds else Names(np.zeros(len(rows), np.int64), (0,))
    crypto, cryptos = _together(rows.crypto, [crypto for crypto, _ in wanted])
    fold, folds_of = _together(folds, [fold for _, fold in wanted])
    place, number = np.unique(crypto * max(len(folds_of), 1) + fold, return_inverse=True)
    crypto_of_cell, fold_of_cell = np.divmod(place, max(len(folds_of), 1))
    cells = Cells(Names(crypto_of_cell, cryptos), Names(fold_of_cell, folds_of))
    return cells, number[: len(rows)], number[len(rows) :]


def _together(
    column: Names, more: Sequence[int | str]
) -> tuple[Int64[Array, " both"], tuple[int | str, ...]]:
    """Codes of the rows and of further names behind them, and the names of both."""
    if not more:
        return column.codes, column.names
    names = names_in_order([*column.names, *more])
    place = {name: code for code, name in enumerate(names)}
    moved = np.array([place[name] for name in column.names], np.int64)
    further = np.array([place[name] for name in more], np.int64)
    return np.concatenate([moved[column.codes], further]), names


def _paired(
    name: tuple[str, str],
    of_level: _Variant,
    of_baseline: _Variant,
    is_expected: Bool[Array, " cells"],
    used: ResultRows,
    *,
    strict: bool,
) -> LevelPairs:
    factor, level = name
    skipped = of_level.skipped | of_baseline.skipped
    alone = of_level.cells[~(is_expected | skipped)[of_level.cells]]
    if len(alone):
        row = int(of_level.row[alone[0]])
        raise input_error(
            f"a cell of {level} without a partner: {_name(used, row, [factor])}",
            crypto=str(used.crypto.name(row)),
            row=used.number_of(row),
            found="no such row of the baseline" if strict else "a cell not in the sweep",
            fix="Add the baseline's row or remove this one.",
        )
    wanted = is_expected & ~skipped
    both = np.flatnonzero(wanted & of_level.measured & of_baseline.measured)
    return LevelPairs(
        factor=factor,
        level=level,
        expected=np.flatnonzero(wanted),
        cells=both,
        level_rows=of_level.row[both],
        baseline_rows=of_baseline.row[both],
    )


def _require_names(rows: ResultRows, baselines: Mapping[str, str]) -> None:
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
            "the gate pairs results by this column, and it is missing",
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


def _require_single_measured_rows(
    rows: ResultRows,
    taking_part: Int64[Array, " used"],
    again: Int64[Array, " repeated"],
    columns: Sequence[str],
    baselines: Mapping[str, str],
) -> None:
    """Refuse the first row, in the order given, that repeats a cell or is measured without a number."""
    ok = np.zeros(len(rows), np.bool_)
    ok[taking_part] = _is_ok(rows.status)[rows.status.codes[taking_part]]
    no_number = _first({column: ok & ~np.isfinite(rows.numbers[column].floats) for column in columns})
    repeated = int(again.min()) if len(again) else None
    if repeated is not None and (no_number is None or repeated <= no_number[0]):
        raise input_error(
            f"two rows for one cell: {_name(rows, repeated, baselines)}",
            crypto=str(rows.crypto.name(repeated)),
            row=rows.number_of(repeated),
            fix="Keep one row a (crypto, fold, variant).",
        )
    if no_number:
        row, column = no_number
        raise input_error(
            f"a measured cell without a finite number: {_name(rows, row, baselines)}",
            crypto=str(rows.crypto.name(row)),
            column=column,
            row=rows.number_of(row),
            found=rows.numbers[column].found(row),
            fix="Fill it in, remove the column, or remove the cell from every variant.",
        )


def _require_comparison(
    has_baseline: bool, levels: Sequence[tuple[str, str]], baselines: Mapping[str, str]
) -> None:
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
            "the gate compares levels with their baseline, and there is no level beside it",
            found=f"only {named}",
            fix="Run a sweep of a factor's levels: ftf sweep --factor label_smoothing",
        )


def _first(faults: Mapping[str, Bool[Array, " rows"]]) -> tuple[int, str] | None:
    """The first row with a fault, and of its columns the first; None where there is none."""
    rows = {column: int(at.argmax()) for column, at in faults.items() if at.any()}
    column = min(rows, key=rows.__getitem__, default=None)
    return None if column is None else (rows[column], column)


def _name(rows: ResultRows, row: int, factors: Iterable[str]) -> str:
    levels = ", ".join(f"{factor} = {rows.factors[factor].name(row)}" for factor in factors)
    fold = rows.fold.name(row)
    return levels if fold is None else f"fold {fold}, {levels}"
