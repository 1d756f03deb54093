"""How to read a text file where its content alone does not say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decimal = Literal["point", "comma"]
DateOrder = Literal["auto", "day_first", "month_first"]

#: Separators of CSV files that are found, by their names.
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


@dataclass(frozen=True)
class ReadingOptions:
    """What the user states about the files, settings of the group ``data``.

    Attributes
    ----------
    separator
        Separator of cells in CSV files: one of ``SEPARATORS`` or the sign itself; None finds it and refuses
        where two fit.
    decimal
        Decimal sign of numbers; ``point`` refuses numbers with a comma.
    date_order
        Order of day and month in dates such as 01/02/2023; ``auto`` refuses a file where both orders fit.
    zone
        Zone of times without an offset, such as ``Europe/Berlin``; None is UTC.
    flag
        What errors write before the name of such an option, so that the remedy can be copied.
    """

    separator: str | None = None
    decimal: Decimal = "point"
    date_order: DateOrder = "auto"
    zone: str | None = None
    flag: str = "--set data."


DEFAULT_OPTIONS = ReadingOptions()
