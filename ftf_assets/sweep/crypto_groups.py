"""Names of cryptos, and the crypto groups of ``crypto_groups.toml``."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path

from ftf_assets.contracts.errors import input_error

_NAME = re.compile(r"[A-Z0-9]{2,20}")
_NAME_RULE = "A-Z and 0-9, 2 to 20 of them"


def crypto_name(text: str) -> str:
    """Write a pair as the name of a crypto: in capitals, without the sign between base and quote.

    Raises
    ------
    InputError
        Anything but letters and digits, with at most one of ``/``, ``-`` and ``_`` between them.

    Examples
    --------
    >>> crypto_name("doge/usdt"), crypto_name("OPUSDC")
    ('DOGEUSDT', 'OPUSDC')
    """
    upper = text.strip().upper()
    name = re.sub(r"(?<=[A-Z0-9])[/_-](?=[A-Z0-9])", "", upper, count=1)
    if not _NAME.fullmatch(name):
        raise input_error(
            "unknown crypto: a pair is written in letters and digits",
            found=repr(upper),
            allowed=f"{_NAME_RULE}, with at most one /, - or _ before the quote currency, such as DOGE/USDT",
        )
    return name


@functools.cache
def crypto_groups() -> dict[str, tuple[str, ...]]:
    """Give the crypto groups of ``crypto_groups.toml``, name to cryptos.

    Raises
    ------
    InputError
        As :func:`read_crypto_groups`.
    """
    return read_crypto_groups(Path(__file__).with_name("crypto_groups.toml"))


def read_crypto_groups(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a TOML file of crypto groups: one list of cryptos per line, ``name = ["UNIUSDC", "OPUSDC"]``.

    Raises
    ------
    InputError
        Not TOML, no group, or a group that is not a list of different names in capitals and digits.
    """
    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise input_error("the crypto groups cannot be read", file=path.name, found=error) from None
    if not groups:
        raise input_error("there must be a crypto group", file=path.name, allowed='name = ["UNIUSDC"]')
    for name, members in groups.items():
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", name):
            raise input_error("a group's name must be one word", file=path.name, column=name)
        if not isinstance(members, list) or not members:
            raise input_error(
                "a crypto group must be a list of names",
                file=path.name,
                column=name,
                found=repr(members),
                allowed=f'{name} = ["UNIUSDC"]',
            )
        for position, crypto in enumerate(members):
            if not isinstance(crypto, str) or not _NAME.fullmatch(crypto):
                raise input_error(
                    "crypto names must be capital letters and digits",
                    file=path.name,
                    column=name,
                    found=repr(crypto),
                    allowed=_NAME_RULE,
                )
            if crypto in members[:position]:
                raise input_error(
                    "a crypto must be in its group only once", file=path.name, column=name, found=crypto
                )
    return {name: tuple(members) for name, members in groups.items()}


def all_cryptos() -> tuple[str, ...]:
    """Every crypto of every group, once: partitions of the asset graph from the start."""
    return tuple(dict.fromkeys(crypto for members in crypto_groups().values() for crypto in members))
