"""How to read a text file where its content alone does not say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decimal = Literal["point", "comma"]
DateOrder = Literal["day_first", "month_first"]


@dataclass(frozen=True)
class ReadingOptions:
    """What the user states about the files, settings of the group ``data``.

    Attributes
    ----------
    separator
        Separator of cells in CSV files; None finds it and refuses where two fit.
    decimal
        Decimal sign of numbers; None takes the point and refuses what could be a comma.
    date_order
        Order of day and month in dates such as 01/02/2023; None refuses such dates.
    zone
        Zone of times without an offset, such as ``Europe/Berlin``; None is UTC.
    """

    separator: str | None = None
    decimal: Decimal | None = None
    date_order: DateOrder | None = None
    zone: str | None = None


DEFAULT_OPTIONS = ReadingOptions()
