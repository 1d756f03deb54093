"""Result rows as NumPy columns: what the gate judges, from the results store or from a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ftf_assets.contracts.tables.finetune_results import SEED_SPREAD_COLUMNS, SHARE_COLUMNS
from ftf_assets.contracts.tables.gate_decision import SHOWN_METRICS, VERDICT_METRICS
from ftf_assets.contracts.typed import Array, Float64, Int64, typed

#: Number of the row in its file, for the errors.
ROW_NUMBER = "row"
#: Every number that the gate compares, sums or shows, and every share that it checks for its range.
NUMBER_COLUMNS = tuple(
    dict.fromkeys(
        (
            *(*VERDICT_METRICS, *SHOWN_METRICS, *SHARE_COLUMNS),
            *("n_trades", "n_trials", "n_seeds", *SEED_SPREAD_COLUMNS.values()),
            *("trade_precision", "breakeven_precision", "buy_rate_test"),
        )
    )
)
_ABSENT = -1


def names_in_order(names: Iterable[int | str]) -> tuple[int | str, ...]:
    """Sort names, each once: numbers by size, then texts."""
    distinct = set(names)
    texts = {name for name in distinct if isinstance(name, str)}
    return (*sorted(name for name in distinct if not isinstance(name, str)), *sorted(texts))


@typed
@dataclass(frozen=True, eq=False)
class Names:
    """A column of names, shape (n_rows,).

    Attributes
    ----------
    codes
        Place of each row's name in ``names``; -1 where the row has none.
    names
        The names, each once and in order: numbers before text.
    """

    codes: Int64[Array, " rows"]
    names: tuple[int | str, ...]

    def name(self, row: int) -> int | str | None:
        """Return the name of one row; None if it has none."""
        code = int(self.codes[row])
        return None if code == _ABSENT else self.names[code]

    def code_of(self, name: int | str) -> int:
        """Return the code of a name; for a name that the column does not hold, a code that no row has."""
        return self.names.index(name) if name in self.names else len(self.names)

    def take(self, rows: Int64[Array, " taken"]) -> Names:
        """Take rows by number, in that order. The names stay, even those without a row."""
        return Names(self.codes[rows], self.names)


@typed
@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers, shape (n_rows,).

    Attributes
    ----------
    floats
        NaN where the row holds no number.
    given
        The values as they came, dtype object; None if they came as numbers.
    """

    floats: Float64[Array, " rows"]
    given: Array | None = None

    def found(self, row: int) -> object:
        """Return the value of a row as it came, for an error; None if it is missing."""
        return float(self.floats[row]) if self.given is None else self.given[row]

    def take(self, rows: Int64[Array, " taken"]) -> Numbers:
        """Take rows by number, in that order."""
        return Numbers(self.floats[rows], None if self.given is None else self.given[rows])


@typed
@dataclass(frozen=True, eq=False)
class WeeklyInfluence:
    """What the test rows of each calendar week add to each cell's ``roc_auc``.

    The influence of a row is how far the cell's AUC would move by its weight (DeLong's placements), so the
    weeks of a cell sum to 0, and the spread of their sums says how far the AUC moves with the weeks tested.

    Attributes
    ----------
    weeks
        Monday 00:00 UTC of each week, nanoseconds since 1970, increasing; shape (n_weeks,).
    influence
        Sum over the week's test rows; NaN where the cell has none; shape (n_rows, n_weeks).
    """

    weeks: Int64[Array, " weeks"]
    influence: Float64[Array, "rows weeks"]

    def take(self, rows: Int64[Array, " taken"]) -> WeeklyInfluence:
        """Take rows by number, in that order. The weeks stay, even those that no row has."""
        return WeeklyInfluence(self.weeks, self.influence[rows])


@typed
@dataclass(frozen=True, eq=False)
class ResultRows:
    """One row per cell, whatever its status, in any order; every column has shape (n_rows,).

    :func:`~ftf_assets.contracts.gate_rows_coercion.coerce_result_rows` makes it. If the source lacks a
    column, no row has a name in it, or ``numbers`` does not hold it.

    Attributes
    ----------
    crypto, fold
        The cell. A fold is a number or a name; rows that are means of a crypto have none.
    factors
        Level per factor.
    status
        One of :data:`~ftf_assets.contracts.tables.finetune_results.STATUSES`; a row without one counts as ok.
    tuning
        What was tuned: one of :data:`~ftf_assets.contracts.tables.finetune_results.TUNE_MODES`.
    numbers
        Those of :data:`NUMBER_COLUMNS` that the source has.
    row_number
        Number of each row in its file, -1 for a row without one; None if no row has one.
    weekly
        Influence of each calendar week on ``roc_auc``; None if the source has none.
    repeats
        By metric, the score of each single fit of a cell, shape (n_rows, n_repeats), NaN where there was
        none. The same repeat has the same seed in every variant of a (crypto, fold).
    """

    crypto: Names
    fold: Names
    factors: Mapping[str, Names]
    status: Names
    tuning: Names
    numbers: Mapping[str, Numbers]
    row_number: Int64[Array, " rows"] | None = None
    weekly: WeeklyInfluence | None = None
    repeats: Mapping[str, Float64[Array, "rows repeats"]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.crypto.codes)

    @property
    def has_folds(self) -> bool:
        """Whether any row has a fold; means of a crypto have none."""
        return bool((self.fold.codes != _ABSENT).any())

    def values(self, column: str) -> Float64[Array, " rows"]:
        """Return a column of numbers; all NaN if the source lacks it."""
        return self.numbers[column].floats if column in self.numbers else np.full(len(self), np.nan)

    def number_of(self, row: int) -> int | None:
        """Return the number of a row in its file; None if it has none."""
        if self.row_number is None or self.row_number[row] == _ABSENT:
            return None
        return int(self.row_number[row])

    def take(self, rows: Int64[Array, " taken"]) -> ResultRows:
        """Take rows by number, in that order."""
        return ResultRows(
            crypto=self.crypto.take(rows),
            fold=self.fold.take(rows),
            factors={factor: levels.take(rows) for factor, levels in self.factors.items()},
            status=self.status.take(rows),
            tuning=self.tuning.take(rows),
            numbers={name: numbers.take(rows) for name, numbers in self.numbers.items()},
            row_number=None if self.row_number is None else self.row_number[rows],
            weekly=None if self.weekly is None else self.weekly.take(rows),
            repeats={metric: scores[rows] for metric, scores in self.repeats.items()},
        )
