"""How candle files are found and read: the settings of ``data`` that concern them, in one record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CandleOptions:
    """The user's choices about candle files.

    Attributes
    ----------
    allow_quote
        Quote currencies other than dollars whose files may serve a crypto, upper case.
    """

    allow_quote: tuple[str, ...] = ()
