"""Which file of a directory holds the data of which crypto, and the fingerprint of its content."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ftf_assets.contracts.errors import MissingDataError, input_error
from ftf_assets.contracts.names import NAME_RULE, broken_name_rule

DOLLAR_QUOTES = ("USDC", "USDT", "FDUSD", "BUSD", "TUSD", "USD", "DAI")
#: Quote currencies that names may end with. A longer one stands before any that it ends with.
QUOTES = (*DOLLAR_QUOTES, "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")


@dataclass(frozen=True)
class CryptoFile:
    """A file that holds one crypto's data.

    Attributes
    ----------
    path
        The file.
    suffix
        Suffix of its table format, lower case, such as ``.csv``.
    quote_currency
        Quote currency that the file name states; "" if it states none.
    passed_over
        Names of other files of the crypto, which match less well.
    """

    path: Path
    suffix: str
    quote_currency: str
    passed_over: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the file without its folder."""
        return self.path.name

    def fingerprint(self) -> str:
        """Return the first 16 hex digits of the content's SHA-256."""
        with self.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


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
    for quote in QUOTES:
        if name.endswith(quote) and name != quote:
            return name.removesuffix(quote), quote
    return name, ""


def open_directory(path: str, *, source: str) -> Path:
    """Return the directory of a file source.

    Raises
    ------
    InputError
        The path does not exist, cannot be read or is not a directory.
    """
    try:
        directory = Path(path).expanduser()
        exists = directory.exists()
    except (OSError, RuntimeError) as error:  # not permitted, too long, an unknown user
        raise input_error("the path cannot be read", file=path, found=error) from None
    if not exists:
        raise input_error(
            "the path does not exist",
            file=path,
            fix=f"Give the directory that holds the {source} files.",
        )
    if not directory.is_dir():
        raise input_error(
            "the path is not a directory",
            file=path,
            fix="Give the directory, not a file: each crypto is looked up in it by name.",
        )
    return directory


def find_crypto_file(
    directory: Path, crypto: str, *, suffixes: tuple[str, ...], allow_quote: tuple[str, ...] = ()
) -> CryptoFile:
    """Find the file of a crypto by its base asset.

    The best match for ``AAVEUSDC`` is ``AAVEUSDC_1h.csv``, then a file in another dollar quote
    (``AAVEUSDT_1h.csv``, ``AAVE_USDT-1h.parquet``), then one without a quote (``AAVE.csv``), then one in a
    quote of ``allow_quote``. A file in any other quote holds other prices and serves no one.

    Parameters
    ----------
    directory
        Directory to search, without its subdirectories.
    crypto
        Name of the crypto.
    suffixes
        Suffixes of the accepted table formats, lower case; files match them in any case.
    allow_quote
        Quote currencies, upper case, whose files may serve a crypto in another one.

    Raises
    ------
    MissingDataError
        No file matches, or all that match are in another quote currency.
    InputError
        Two files match equally well, or the name of the best match breaks the rule of names.
    """
    files = sorted(
        (file, suffix)
        for file in directory.iterdir()
        if not file.name.startswith(".") and (suffix := _suffix_of(file.name, suffixes))
    )
    base, quote = split_symbol(crypto)
    of_base = [
        (_rank(quote, file_quote, allow_quote), CryptoFile(file, suffix, file_quote))
        for file, suffix in files
        if (file_quote := _quote_in_name(file.name[: -len(suffix)], base)) is not None
    ]
    ranked = [(rank, file) for rank, file in of_base if rank is not None]
    if of_base and not ranked:
        quotes = sorted({file.quote_currency for _, file in of_base})
        raise input_error(
            f"the data of base asset {base} are priced in another currency",
            crypto=crypto,
            found=", ".join(f"{file.name} in {file.quote_currency}" for _, file in of_base),
            allowed=f"{quote or 'a dollar quote'} or a file name without a quote"
            if quote not in DOLLAR_QUOTES
            else "a dollar quote, or a file name without a quote",
            fix=f"Add such a file, or accept these prices with --allow-quote {quotes[0]} "
            f"(data.allow_quote={quotes[0]}).",
            kind=MissingDataError,
        )
    if not ranked:
        there = ", ".join(file.name for file, _ in files) or f"no {' or '.join(suffixes)} file"
        raise input_error(
            f"no file for base asset {base}",
            crypto=crypto,
            found=there,
            allowed=f"a file named like {crypto}{suffixes[0]} or {base}USDT_1h{suffixes[0]}",
            kind=MissingDataError,
        )
    best = min(rank for rank, _ in ranked)
    candidates = [file for rank, file in ranked if rank == best]
    if len(candidates) > 1:
        raise input_error(
            "two files match equally well",
            crypto=crypto,
            found=" and ".join(file.name for file in candidates),
            fix="Keep one of them in the directory.",
        )
    chosen = candidates[0]
    broken = broken_name_rule(chosen.name)
    if broken:
        raise input_error(broken, crypto=crypto, file=chosen.name, allowed=NAME_RULE, fix="Rename the file.")
    passed_over = tuple(file.name for _, file in of_base if file is not chosen)
    return replace(chosen, passed_over=passed_over)


def _suffix_of(file_name: str, suffixes: tuple[str, ...]) -> str:
    """Return the longest of the suffixes that the name ends with, in any case; "" for none."""
    matching = (suffix for suffix in suffixes if file_name.lower().endswith(suffix))
    return max(matching, key=len, default="")


def _quote_in_name(stem: str, base: str) -> str | None:
    """Return the quote that follows ``base`` in a file name, "" for none; ``None`` if ``base`` is absent."""
    words = re.split(r"[^A-Z0-9]+", stem.upper())
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == base:
            return following if following in QUOTES else ""
        if word.startswith(base) and word.removeprefix(base) in QUOTES:
            return word.removeprefix(base)
    return None


def _rank(wanted: str, found: str, allowed: tuple[str, ...]) -> int | None:
    """Rank a file's quote currency, best first; None where its prices are not those that are wanted."""
    if found == wanted:
        return 0
    if found in DOLLAR_QUOTES and (wanted in DOLLAR_QUOTES or not wanted):
        return 1
    if not found:
        return 2
    return 3 if found in allowed else None
