"""Which pairs the files of a folder are of, by their names; and one file taken by itself."""

from __future__ import annotations

import re
from pathlib import Path

from ftf_assets.sources.file_names import read_file_name
from ftf_assets.sources.find_files import CryptoFiles, DataFile, files_below, suffix_of
from ftf_assets.sources.readers.file_formats import TABLE_SUFFIXES
from ftf_assets.sources.symbols import QUOTES

#: Why a table is of no pair.
NO_PAIR = "its name says no pair"
_NAME = re.compile(r"[A-Z0-9]{2,20}")


def found_pairs(directory: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Find the pairs of a folder and of those below it.

    Parameters
    ----------
    directory
        The folder.

    Returns
    -------
    pairs : dict
        Pair, such as ``UNIUSDT``, to the names of its files below the folder; sorted by pair. The quote is
        left out where no name states it.
    others : dict
        Name of each other file to the reason why it is of no pair.
    """
    pairs: dict[str, list[str]] = {}
    others: dict[str, str] = {}
    for name in files_below(directory):
        suffix = suffix_of(name, TABLE_SUFFIXES)
        if not suffix:
            others[name] = "no accepted format"
            continue
        read = read_file_name(name, suffix)
        pair = "".join(read.pair or ())
        if read.other_instrument:
            others[name] = f"{read.other_instrument} in its name means another instrument than the spot pair"
        elif read.pair and read.pair[1] not in ("", *QUOTES):
            base, quote = read.pair
            others[name] = (
                f"{quote} beside {base} in its name may be a currency: rename the file, or take these prices "
                f"with --crypto {base} --allow-quote {quote}"
            )
        elif not _NAME.fullmatch(pair):
            others[name] = NO_PAIR
        else:
            pairs.setdefault(pair, []).append(name)
    return dict(sorted(pairs.items())), others


def single_file(file: Path) -> CryptoFiles:
    """Take one file, whatever its name says."""
    suffix = suffix_of(file.name, TABLE_SUFFIXES) or file.suffix.lower()
    read = read_file_name(file.name, suffix)
    quote = read.pair[1] if read.pair else ""
    return CryptoFiles((DataFile(file, file.name, suffix),), quote, read.timeframes)
