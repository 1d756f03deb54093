"""Pair each level's cells with the baseline's cells of the same (crypto, fold) [1]_ [2]_.

A level is compared with its factor's baseline while every other factor stays at its own, so the baseline of
all levels is one variant: the one with every factor at its baseline. Of a factorial design only the cells
that differ from it in one factor take part.

References
----------
.. [1] Fisher (1935), *The Design of Experiments*, chapter IV: what differs between blocks, here crypto and
   weeks, leaves the comparison when every block has both treatments.
.. [2] Demšar (2006), "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7: classifiers
   are compared by their paired scores over data sets, of which a cell is one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ftf_assets.contracts.gate_rows import Names, ResultRows, names_in_order
from ftf_assets.contracts.tables.finetune_results import SKIPPED_SHORT_HISTORY
from ftf_assets.contracts.tables.gate_decision import OPTIONAL_METRICS, SHOWN_METRICS, VERDICT_METRICS
from ftf_assets.contracts.typed import Array, Bool, Float64, Int64, typed
from ftf_assets.gate.pair_checks import (
    is_ok,
    refuse_without_partner,
    require_comparison,
    require_results,
    require_single_measured_rows,
)
from ftf_assets.gate.thresholds import ALWAYS_BUY, TRADES

Cell: TypeAlias = tuple[str, int | str]
"""(crypto, fold); every cell of rows without a fold has fold 0."""

#: Number of the variant of a row that differs from the baseline in several factors.
_INTERACTION = -1


@typed
@dataclass(frozen=True, eq=False)
class Cells:
    """Every cell of the rows or of the sweep's design, numbered from 0 in order of crypto and fold.

    Attributes
    ----------
    crypto, fold
        Name of each cell, shape (n_cells,).
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
    """One level paired with the baseline.

    Attributes
    ----------
    factor, level
        The level that is compared with its factor's baseline.
    expected
        Numbers of the cells that should make a pair, increasing; cells with too short a history are excluded.
    cells
        Those of them where both level and baseline were measured.
    level_rows, baseline_rows
        Places of the rows of ``cells`` in ``Pairing.rows``, in the order of ``cells``.
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
    """All levels of a sweep, each paired with the baseline.

    Attributes
    ----------
    levels
        In the order of the factors, then of the levels' names.
    rows
        Every row that belongs to the baseline or to a compared level, measured or not: the baseline first,
        then the levels, each in order of its cells.
    baseline_rows, baseline_cells
        Places in ``rows`` of the measured cells of the baseline, and the numbers of those cells.
    cells
        The cells by number.
    columns
        Metrics, always-BUY and trade counts that the rows have.
    unused
        Number of rows left out: cells of a factorial design that differ in more than one factor.
    """

    levels: tuple[LevelPairs, ...]
    rows: ResultRows
    baseline_rows: Int64[Array, " measured"]
    baseline_cells: Int64[Array, " measured"]
    cells: Cells
    columns: tuple[str, ...]
    unused: int

    def metrics(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give those of ``names`` that the rows have."""
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
        One row per cell and variant, in any order. Every row has a crypto and a level of every factor; either
        all rows have a fold or none; the metrics are finite numbers in every row whose status is ok, but for
        the expectancy, which a cell without trades lacks, and the Sortino ratio.
    baselines
        Baseline level of each factor that the rows have a column for.
    expected
        Every (crypto, fold) that the sweep was to measure; None takes the cells of the baseline's rows, of
        any status. Cells with too short a history are excluded either way.

    Raises
    ------
    InputError
        No rows, no factor, no level other than the baseline, no row of the baseline; a missing column; a
        duplicate; a cell that is not expected, or measured for a level where the baseline has no row; a
        metric that is not a finite number. Each names crypto, fold and level, or the row number.
    """
    columns = tuple(
        name for name in (*VERDICT_METRICS, *SHOWN_METRICS, ALWAYS_BUY, TRADES) if name in rows.numbers
    )
    required = [name for name in columns if name not in OPTIONAL_METRICS]
    require_results(rows, baselines, columns)
    variant_of_row, levels = _variants(rows, baselines)
    cells, cell_of_row, wanted = _cells(rows, expected)
    taking_part = np.flatnonzero(variant_of_row != _INTERACTION)
    key = variant_of_row[taking_part] * len(cells) + cell_of_row[taking_part]
    by_key = np.argsort(key, kind="stable")
    order = taking_part[by_key]
    again = order[1:][np.diff(key[by_key]) == 0]
    optional = [name for name in columns if name in OPTIONAL_METRICS]
    require_single_measured_rows(rows, taking_part, again, required, optional, baselines)

    used = rows.take(order)
    variants = variant_of_row[order]
    present = np.unique(variants).tolist()
    require_comparison(0 in present, [levels[variant] for variant in present if variant], baselines)

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
        baseline_cells=np.flatnonzero(baseline.measured),
        cells=cells,
        columns=columns,
        unused=len(rows) - len(taking_part),
    )


class _Variant:
    """The rows of one variant by the number of their cell, shape (n_cells,).

    ``row`` is the place among the rows that take part, -1 for none. ``measured`` and ``skipped`` tell the
    cell's status. ``cells`` are the numbers of the cells that have a row, increasing.
    """

    def __init__(self, used: ResultRows, cells: Int64[Array, " rows"], first: int, n_cells: int) -> None:
        rows = np.arange(first, first + len(cells))
        status = used.status.codes[rows]
        self.cells = cells
        self.row = np.full(n_cells, -1, np.int64)
        self.row[cells] = rows
        self.measured, self.skipped = np.zeros((2, n_cells), np.bool_)
        self.measured[cells] = is_ok(used.status)[status]
        self.skipped[cells] = status == used.status.code_of(SKIPPED_SHORT_HISTORY)


def _variants(
    rows: ResultRows, baselines: Mapping[str, str]
) -> tuple[Int64[Array, " rows"], list[tuple[str, str]]]:
    """Number the variant of each row, 0 for the baseline, and give (factor, level) by number."""
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
    """Give all cells, the number of each row's cell, and the numbers of the expected cells."""
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
    """Give the codes of the rows followed by those of further names, and the names of both."""
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
        refuse_without_partner(
            used, row, factor, found="no such row of the baseline" if strict else "a cell not in the sweep"
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
