"""The crypto groups of ``crypto_groups.toml``; all of their cryptos are the partitions of the graph."""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path

from ftf_assets.contracts.errors import input_error


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
            if not isinstance(crypto, str) or not re.fullmatch(r"[A-Z0-9]{2,20}", crypto):
                raise input_error(
                    "crypto names must be capital letters and digits",
                    file=path.name,
                    column=name,
                    found=repr(crypto),
                    allowed="A-Z and 0-9, 2 to 20 of them",
                )
            if crypto in members[:position]:
                raise input_error(
                    "a crypto must be in its group only once", file=path.name, column=name, found=crypto
                )
    return {name: tuple(members) for name, members in groups.items()}


def all_cryptos() -> tuple[str, ...]:
    """Every crypto of every group, once: the partitions of the asset graph."""
    return tuple(dict.fromkeys(crypto for members in crypto_groups().values() for crypto in members))
