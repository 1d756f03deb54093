"""Symbols of cryptos: base asset, quote currency, and which quotes may stand for each other."""

from __future__ import annotations

import re

DOLLAR_QUOTES = ("USDC", "USDT", "FDUSD", "BUSD", "TUSD", "PYUSD", "GUSD", "RLUSD", "USDP", "USD", "DAI")
#: Quote currencies that names may end with. A longer one stands before any that it ends with.
QUOTES = (
    *DOLLAR_QUOTES, "EURI", "EURC", "EUR", "GBP", "TRY", "JPY", "KRW", "AUD", "CAD", "CHF", "BRL",
    "INR", "SGD", "MXN", "UAH", "PLN", "RUB", "ZAR", "IDRT", "BIDR", "IDR", "NGN", "BVND", "VND", "THB",
    "CZK", "HKD", "NZD", "CNY", "AED", "BTC", "ETH", "BNB", "SOL", "TRX",
)  # fmt: skip
#: Other names of an asset, as Kraken and others write them.
OTHER_NAMES = {"XBT": "BTC", "XDG": "DOGE"}


def split_symbol(crypto: str) -> tuple[str, str]:
    """Split a crypto's name into base asset and quote currency; the quote is "" where none is known.

    >>> split_symbol("AAVEUSDC")
    ('AAVE', 'USDC')
    >>> split_symbol("op-fdusd")
    ('OP', 'FDUSD')
    >>> split_symbol("AAVE")
    ('AAVE', '')
    """
    name = re.sub(r"[^A-Z0-9]", "", crypto.upper())
    for quote in () if name in QUOTES else QUOTES:
        if name.endswith(quote):
            return name.removesuffix(quote), quote
    return name, ""


def quote_rank(wanted: str, found: str, allowed: tuple[str, ...] = ()) -> int | None:
    """Rank a file's quote currency, the best first; None where its prices are not those that are wanted.

    Parameters
    ----------
    wanted
        Quote of the crypto; "" where its name has none.
    found
        Quote that a file's name states; "" where it states none.
    allowed
        Quotes that may serve although they are not wanted.

    Examples
    --------
    >>> [quote_rank("USDC", found) for found in ("USDC", "USDT", "", "BTC")]
    [0, 1, 2, None]
    >>> quote_rank("USDC", "BTC", ("BTC",))
    3
    """
    if found == wanted:
        return 0
    if found in DOLLAR_QUOTES and (wanted in DOLLAR_QUOTES or not wanted):
        return 1
    if not found:
        return 2
    return 3 if found in allowed else None
