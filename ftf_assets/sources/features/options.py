"""What the settings say about feature files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.row_rules import Missing
from ftf_assets.sources.readers.options import DEFAULT_OPTIONS, ReadingOptions

#: What to do with price levels, amounts and times among the features.
RawColumns = Literal["refuse", "leave_out", "keep"]


@dataclass(frozen=True)
class FeatureOptions:
    """How feature files are read.

    Attributes
    ----------
    missing
        ``refuse`` makes a missing feature below the warm-up head an error; ``allow`` keeps every row.
    raw_columns
        ``refuse`` makes price levels, amounts and times among the features an error, ``leave_out`` drops
        them, ``keep`` takes those that are numbers as features.
    reading
        What the user states about text and about times without a zone. Such times are refused where
        ``reading.zone`` is None.
    allow_quote
        Quote currencies other than dollars whose files may serve a crypto, upper case.
    bar
        Length of a bar in nanoseconds, as the user states it; None takes the median step between rows.
    """

    missing: Missing = "refuse"
    raw_columns: RawColumns = "refuse"
    reading: ReadingOptions = DEFAULT_OPTIONS
    allow_quote: tuple[str, ...] = ()
    bar: int | None = None

    @property
    def decimal_sign(self) -> str:
        """The sign between whole and fraction in text."""
        return "," if self.reading.decimal == "comma" else "."
