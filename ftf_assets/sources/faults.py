"""All faults of one file, collected before one error names them.

A reader adds each broken rule to a :class:`Faults` and goes on as far as the file allows.
:meth:`Faults.raise_if_any` then words one :class:`FaultsError`: every rule with its count and first rows. The
error keeps the faults as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ftf_assets.contracts.errors import InputError, input_error, shown
from ftf_assets.contracts.row_rules import RowRule
from ftf_assets.contracts.typed import Array

#: Rows of one fault that are named. Its count says how many there are in all.
FIRST_ROWS = 5


@dataclass(frozen=True)
class Fault:
    """One broken rule of one file.

    Attributes
    ----------
    rule
        The rule as a plain sentence, without a full stop.
    column
        Column that breaks it; None where it is not one column.
    count
        Number of rows that break it; 0 where it is not about rows.
    first
        The first rows that break it, at most ``FIRST_ROWS``: row or line number, and the cell as text.
    found
        What came where the fault is not about rows; None otherwise.
    allowed, fix
        What would be accepted, and what to do.
    """

    rule: str
    column: str | None = None
    count: int = 0
    first: tuple[tuple[str, str], ...] = ()
    found: str | None = None
    allowed: str | None = None
    fix: str | None = None

    def error(self, *, crypto: str | None = None, file: str | None = None) -> InputError:
        """Word this fault alone."""
        row, found = self.first[0] if self.first else (None, self.found)
        if self.count > 1:
            others = ", ".join(other for other, _ in self.first[1:])
            more = ", …" if self.count > len(self.first) else ""
            row = f"{row} ({self.count} rows in all: {row}, {others}{more})"
        return input_error(
            self.rule,
            crypto=crypto,
            file=file,
            column=self.column,
            row=row,
            found=found,
            allowed=self.allowed,
            fix=self.fix,
        )


class FaultsError(InputError):
    """Bad input with everything that is wrong with it.

    Attributes
    ----------
    crypto, file
        Where the faults are.
    faults
        Every fault, in the order in which they were found.
    """

    def __init__(self, message: str, crypto: str | None, file: str | None, faults: tuple[Fault, ...]) -> None:
        super().__init__(message)
        self.crypto = crypto
        self.file = file
        self.faults = faults

    def __reduce__(self) -> tuple[type[FaultsError], tuple[str, str | None, str | None, tuple[Fault, ...]]]:
        """Cross to another process with all arguments: an exception repeats its message only."""
        return type(self), (str(self), self.crypto, self.file, self.faults)


@dataclass
class Faults:
    """Collects the faults of one file.

    Attributes
    ----------
    crypto, file
        Crypto and file that the error names.
    found
        The faults so far.

    Examples
    --------
    >>> faults = Faults(crypto="OPUSDC", file="OP.csv")
    >>> faults.add("no volume column")
    >>> broken = np.array([True, False, True])
    >>> faults.add_rows(broken, "not a number", column="close", cells=["x", "1", "y"], rows=[2, 3, 4])
    >>> for fault in faults.error().faults:
    ...     print(fault.error())
    no volume column
    column 'close', row 2 (2 rows in all: 2, 4): not a number (found 'x')
    """

    crypto: str | None = None
    file: str | None = None
    found: list[Fault] = field(default_factory=list)

    def add(
        self,
        rule: str,
        *,
        column: str | None = None,
        row: object = None,
        found: object = None,
        allowed: str | None = None,
        fix: str | None = None,
    ) -> None:
        """Add a fault of the whole file, of a column, or of the one ``row`` that is given."""
        cell = None if found is None else _cell_text(found, quoted=False)
        if row is None:
            self.found.append(Fault(rule, column, 0, (), cell, allowed, fix))
        else:
            self.found.append(Fault(rule, column, 1, ((str(row), cell or ""),), None, allowed, fix))

    def add_rows(
        self,
        broken: Array,
        rule: str,
        *,
        cells: Sequence[object] | Array,
        rows: Sequence[object] | Array,
        column: str | None = None,
        allowed: str | None = None,
        fix: str | None = None,
    ) -> None:
        """Add a fault of the rows where ``broken`` is true, boolean of shape (n_rows,); none adds nothing.

        ``cells`` and ``rows``, of the same length, hold what came and the row numbers that errors name. Text
        is quoted; other cells are shown as they are.
        """
        positions = np.flatnonzero(broken)
        if len(positions):
            first = tuple((str(rows[one]), _cell_text(cells[one])) for one in positions[:FIRST_ROWS])
            self.found.append(Fault(rule, column, len(positions), first, None, allowed, fix))

    def add_rule(
        self,
        rule: RowRule,
        *columns: Array,
        rows: Sequence[object] | Array,
        column: str | None = None,
        leave: Array | None = None,
    ) -> None:
        """Add the rows that break a rule of the contracts; none adds nothing.

        ``columns`` are those of the rule, in its order; ``rows`` holds the row names that errors show,
        ``column`` the column that they name (the first of the rule by default), and ``leave`` is true for
        rows that are no fault of this rule.
        """
        broken = ~rule.holds(*columns) if leave is None else ~(rule.holds(*columns) | leave)
        positions = np.flatnonzero(broken)
        if len(positions):
            first = tuple(
                (str(rows[one]), _cell_text(rule.found(int(one), *columns), quoted=False))
                for one in positions[:FIRST_ROWS]
            )
            at = column or rule.columns[0]
            self.found.append(Fault(rule.says, at, len(positions), first, None, rule.allowed, rule.fix))

    def error(self) -> FaultsError:
        """Word all faults as one error of one line."""
        if len(self.found) == 1:
            said = self.found[0].error(crypto=self.crypto, file=self.file)
            message = str(said)
        else:
            each = " ".join(f"({number}) {fault.error()}" for number, fault in enumerate(self.found, 1))
            said = input_error(f"{len(self.found)} faults", crypto=self.crypto, file=self.file)
            message = f"{said}: {each}"
        error = FaultsError(message, self.crypto, self.file, tuple(self.found))
        error.details = said.details
        return error

    def raise_if_any(self) -> None:
        """Raise the error of all faults.

        Raises
        ------
        FaultsError
            There is a fault.
        """
        if self.found:
            raise self.error()


def _cell_text(cell: object, *, quoted: bool = True) -> str:
    return shown(repr(cell) if quoted and isinstance(cell, str) else cell)
