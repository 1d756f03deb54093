"""How candle files are found and read: the settings of ``data`` that concern them, in one record."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.sources.readers.options import DEFAULT_OPTIONS, ReadingOptions


@dataclass(frozen=True)
class CandleOptions:
    """The user's choices about candle files.

    Attributes
    ----------
    allow_quote
        Quote currencies other than dollars whose files may serve a crypto, upper case.
    reading
        What the user states about the text of the files: separator, decimal sign, order of dates, zone.
    """

    allow_quote: tuple[str, ...] = ()
    reading: ReadingOptions = DEFAULT_OPTIONS
