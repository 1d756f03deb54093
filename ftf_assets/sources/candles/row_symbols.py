"""Whether the symbol that the rows of a candle file name is that of the crypto."""

from __future__ import annotations

from ftf_assets.sources.faults import Faults
from ftf_assets.sources.file_names import read_file_name, symbol_quote
from ftf_assets.sources.find_files import suffix_of
from ftf_assets.sources.readers.file_formats import TABLE_SUFFIXES
from ftf_assets.sources.symbols import DOLLAR_QUOTES, quote_rank, split_symbol

_RENAME = "Name the file after what it holds, or drop the column."


def refuse_symbol(
    symbols: set[str], *, column: str, crypto: str, allow_quote: tuple[str, ...], faults: Faults
) -> None:
    """Add a fault for bars of several symbols, of another asset or instrument, or in another currency.

    Parameters
    ----------
    symbols
        The symbols in the column.
    column
        Name of the column.
    crypto
        The crypto that the bars are to serve.
    allow_quote
        Quote currencies other than dollars whose prices may serve it.
    faults
        Gets the fault, and knows the name of the file, whose quote currency must not be another one.
    """
    if len(symbols) > 1:
        faults.add(
            "the rows hold bars of more than one symbol",
            column=column,
            found=", ".join(sorted(symbols)[:8]),
            fix="Write one file for each symbol.",
        )
    for symbol in symbols if len(symbols) == 1 else ():
        if broken := _broken_rule(symbol, crypto, faults.file or "", allow_quote):
            rule, allowed, fix = broken
            faults.add(rule, column=column, found=symbol, allowed=allowed, fix=fix)


def _broken_rule(
    symbol: str, crypto: str, file: str, allow_quote: tuple[str, ...]
) -> tuple[str, str, str] | None:
    base, wanted = split_symbol(crypto)
    quote = symbol_quote(symbol, base)
    named = read_file_name(file, suffix_of(file, TABLE_SUFFIXES)).quote_of(base)
    if quote is None:
        return "the rows hold bars of another asset", f"a symbol of {base} on the spot market", _RENAME
    if quote and named and quote != named and not {quote, named} <= set(DOLLAR_QUOTES):
        rule = f"the rows are priced in {quote}, and the name of the file says {named}"
        return rule, "one quote currency", _RENAME
    if quote_rank(wanted, quote, allow_quote) is None:
        fix = f"Accept these prices with --allow-quote {quote} (data.allow_quote={quote})."
        dollars = not wanted or wanted in DOLLAR_QUOTES
        return f"the rows are priced in {quote}", "a dollar quote" if dollars else wanted, fix
    return None
