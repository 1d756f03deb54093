"""Which files serve each crypto of a sweep, and what was understood of them: for plan, sweep and the UI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.sources.symbols import split_symbol
from ftf_assets.sweep.sweep import Sweep

#: Names of ignored files that one line shows.
_MOST_NAMES = 3


def data_read(sweep: Sweep) -> list[dict[str, Any]]:
    """Describe the data of every crypto; empty for the embedded market, which has no files.

    Returns
    -------
    list of dict
        For each crypto ``file``, ``quote_currency`` (that of the file; None if its name states none),
        ``passed_over`` (other files of the crypto) and, for candle files, ``candles``: what
        :func:`candles_read` says. JSON.
    """
    if sweep.settings.data.source == "market":
        return []
    found = []
    for crypto in sweep.cryptos:
        provenance = sweep.provenance(crypto)
        found.append(
            {
                "crypto": crypto,
                "file": provenance.file,
                "quote_currency": provenance.quote_currency or None,
                "passed_over": list(provenance.passed_over),
                "candles": candles_read(sweep, crypto),
            }
        )
    return found


def candles_read(sweep: Sweep, crypto: str) -> dict[str, Any] | None:
    """Say what was understood of a crypto's candle files; None for a source without them.

    Returns
    -------
    dict or None
        ``files`` (number), ``timeframe``, ``bar_share`` (of the steps between bars), ``bar_from``, ``stamp``
        (open or close) and ``stamp_from``, ``bars``, ``first_open`` and ``last_close`` (UTC), ``notes``
        (gaps, and rows that were filled, dropped or left out).
    """
    reading = sweep.source.reading(crypto)
    if reading is None:
        return None
    return {
        "files": len(reading.files),
        "timeframe": reading.timeframe,
        "bar_share": reading.bar_share,
        "bar_from": reading.bar_from,
        "stamp": reading.stamp,
        "stamp_from": reading.stamp_from,
        "bars": reading.bars,
        "first_open": utc_text(reading.first_open),
        "last_close": utc_text(reading.last_close),
        "notes": list(reading.notes),
    }


def data_in_words(one: Mapping[str, Any]) -> str:
    """Write one line of :func:`data_read`.

    Examples
    --------
    >>> candles = {
    ...     "timeframe": "1h", "bar_share": 0.99, "stamp": "open", "stamp_from": "assumed", "bars": 4321,
    ...     "first_open": "2023-01-01 00:00:00+00:00", "last_close": "2023-07-01 00:00:00+00:00", "notes": [],
    ... }
    >>> file = {"crypto": "UNIUSDC", "file": "UNIUSDT_1h.csv", "quote_currency": "USDT", "passed_over": []}
    >>> data_in_words({**file, "candles": candles})
    'UNIUSDC: UNIUSDT_1h.csv, USDT serves USDC; 4,321 bars of 1h (99.0% of steps), 2023-01-01 to 2023-07-01, \
times are opens (assumed)'
    """
    wanted, quote = split_symbol(one["crypto"])[1], one["quote_currency"]
    served = "" if quote == wanted else f", {quote} serves {wanted}" if quote else ", no quote in its name"
    parts = [f"{one['crypto']}: {one['file']}{served}"]
    if candles := one["candles"]:
        share = candles["bar_share"]
        steps = "all steps" if share == 1 else f"{min(share, 0.999):.1%} of steps"
        parts.append(
            f"{candles['bars']:,} bars of {candles['timeframe']} ({steps}), {candles['first_open'][:10]} to "
            f"{candles['last_close'][:10]}, times are {candles['stamp']}s ({candles['stamp_from']})"
        )
        parts += candles["notes"]
    if ignored := one["passed_over"]:
        more = len(ignored) - _MOST_NAMES
        names = ", ".join(ignored[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        parts.append(f"ignores {names}")
    return "; ".join(parts)
