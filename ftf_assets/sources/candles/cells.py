"""Cells of one file as numbers; every cell that is none becomes part of a fault."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.readers.options import ReadingOptions

_COMMA_NUMBER = r"[+-]?\d+(?:,\d+)?(?:[eE][+-]?\d+)?"


class Cells:
    """The columns of one file by position, with the numbers of its rows and a place for faults.

    Parameters
    ----------
    frame
        One row per bar; columns are addressed by position, so that names may repeat.
    names
        Names of the columns, as errors quote them; ``column 3`` for the third of a file without names.
    rows
        Row numbers that errors name, int64 of shape (n_rows,).
    options
        What the user states about the file.
    faults
        Gets the faults.
    """

    def __init__(
        self, frame: pd.DataFrame, names: list[str], rows: Array, options: ReadingOptions, faults: Faults
    ) -> None:
        self.frame = frame
        self.names = names
        self.rows = rows
        self.options = options
        self.faults = faults
        self._numbers: dict[int, Array] = {}

    def __len__(self) -> int:
        return len(self.frame)

    def only(self, rows: Array) -> Cells:
        """Return the rows where ``rows``, boolean of shape (n_rows,), is true, with the same faults."""
        frame = self.frame[rows].set_axis(range(int(rows.sum())), axis="index")
        return Cells(frame, self.names, self.rows[rows], self.options, self.faults)

    def column(self, position: int) -> pd.Series[Any]:
        """Return the cells of a column as they came; Arrow-backed ones as objects."""
        cells = self.frame.iloc[:, position]
        if isinstance(cells.dtype, pd.ArrowDtype | pd.CategoricalDtype):
            cells = cells.astype(object)
        return cells

    def numbers(self, position: int) -> Array:
        """Return a column as float64, NaN where a cell is no finite number, without a fault."""
        if position not in self._numbers:
            self._numbers[position] = self._read_numbers(position)
        return self._numbers[position]

    def _read_numbers(self, position: int) -> Array:
        cells = self._with_point(self.column(position))
        numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
        finite = numbers.abs().lt(float("inf"))
        # to_numeric is off by the last digit for one long decimal in seven, so the cells are converted anew.
        exact: Array = cells.where(finite, float("nan")).astype("float64").to_numpy()
        return exact

    def checked_numbers(self, position: int) -> Array:
        """Return a column as float64; cells that are no finite number are a fault."""
        numbers = self.numbers(position)
        broken = np.isnan(numbers)
        if broken.any():
            comma = broken & self._has_comma(position)
            self.find(
                comma,
                "the number has a comma",
                position,
                allowed="a decimal point, no thousands separator",
                fix="If every comma is a decimal sign, add --set data.decimal=comma."
                if self.options.decimal == "point"
                else "With data.decimal=comma a number has one comma and no point.",
            )
            self.find(
                broken & ~comma,
                "the cell is not a number",
                position,
                allowed="a finite number without thousands separator",
            )
        return numbers

    def find(
        self, broken: Array, rule: str, position: int, *, allowed: str | None = None, fix: str | None = None
    ) -> None:
        """Add the fault of the rows where ``broken`` is true."""
        if broken.any():
            cells = self.frame.iloc[:, position].to_numpy(dtype=object)
            self.faults.add_rows(
                broken,
                rule,
                column=self.names[position],
                cells=cells,
                rows=self.rows,
                allowed=allowed,
                fix=fix,
            )

    def _with_point(self, cells: pd.Series[Any]) -> pd.Series[Any]:
        if pd.api.types.is_bool_dtype(cells.dtype):
            return cells.astype(object).map(str)
        if self.options.decimal == "comma" and cells.dtype == object:
            text = cells.map(str).str.strip()
            return text.where(text.str.fullmatch(_COMMA_NUMBER), "").str.replace(",", ".")
        return cells

    def _has_comma(self, position: int) -> Array:
        cells = self.column(position)
        if cells.dtype != object:
            return np.zeros(len(cells), dtype=bool)
        has: Array = cells.map(str).str.fullmatch(r"\s*[+-]?[\d.]*,[\d.,]*\s*").to_numpy(dtype=bool)
        return has
