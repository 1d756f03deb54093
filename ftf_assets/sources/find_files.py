"""Which files of a folder hold the data of which crypto, and the fingerprint of their content.

A crypto's data are one file or the parts of one history, such as the monthly files of Binance Vision. Where
several histories could serve, the choice is refused: the error names them and how to say which is meant.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ftf_assets.contracts.errors import InputError, MissingDataError, input_error, shown
from ftf_assets.contracts.names import NAME_RULE, broken_name_rule
from ftf_assets.sources.file_names import FileName, read_file_name
from ftf_assets.sources.symbols import DOLLAR_QUOTES, QUOTES, quote_rank, split_symbol
from ftf_assets.sources.timeframes import CALENDAR_MONTHS, timeframe_text

#: Files below a data folder beyond which the folder is refused: it is hardly one of data files.
MOST_FILES = 100_000
_OTHER_INSTRUMENT = "in its name means another instrument than the spot pair"
_OTHER_PAIR = "its name says"
#: Names of files that an error lists for one reason.
_MOST_NAMES = 8


@dataclass(frozen=True)
class DataFile:
    """One file of a crypto's data.

    Attributes
    ----------
    path
        The file.
    name
        Its path below the data folder, with ``/``: the name that errors and reports show.
    suffix
        Suffix of its format, lower case, such as ``.csv``.
    """

    path: Path
    name: str
    suffix: str


@dataclass(frozen=True)
class CryptoFiles:
    """The files that hold one crypto's data, in the order of their names.

    Attributes
    ----------
    files
        One file, or the parts of one history.
    quote_currency
        Quote currency that the names state; "" if they state none.
    timeframes
        Bar lengths in nanoseconds that the names may mean; empty where they state none.
    passed_over
        Names of other files of the crypto, which match less well.
    """

    files: tuple[DataFile, ...]
    quote_currency: str
    timeframes: tuple[int, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the file; of several, the first and the last one and how many they are."""
        first, last = self.files[0].name, self.files[-1].name
        return first if len(self.files) == 1 else f"{first} to {last} ({len(self.files)} files)"

    def fingerprint(self) -> str:
        """Return the first 16 hex digits of the content's SHA-256; of several files, of all their hashes.

        The names and the order of the files do not count.
        """
        parts = sorted(_digest(file.path) for file in self.files)
        return (parts[0] if len(parts) == 1 else hashlib.sha256("\n".join(parts).encode()).hexdigest())[:16]

    def state(self) -> tuple[tuple[int, int], ...]:
        """Return size and time of modification of each file, which tell a changed file from an unchanged."""
        states = [file.path.stat() for file in self.files]
        return tuple((state.st_size, state.st_mtime_ns) for state in states)


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


@dataclass(frozen=True)
class _Candidate:
    file: DataFile
    name: FileName
    quote: str
    rank: int


def find_crypto_files(
    directory: Path,
    crypto: str,
    *,
    suffixes: tuple[str, ...],
    allow_quote: tuple[str, ...] = (),
    bar: int | None = None,
) -> CryptoFiles:
    """Find the files of a crypto by its base asset, in the directory and below it.

    The best match for ``AAVEUSDC`` is ``AAVEUSDC_1h.csv``, then a file in another dollar quote
    (``AAVEUSDT_1h.csv``, ``AAVE_USDT-1h.parquet``), then one without a quote (``AAVE.csv``), then one in a
    quote of ``allow_quote``. A file in any other quote holds other prices and serves no one, and so does one
    that its name calls a perpetual, a future or an index.

    Parameters
    ----------
    directory
        Directory to search. Hidden files and folders are left out, links to folders are not followed.
    crypto
        Name of the crypto.
    suffixes
        Suffixes of the accepted table formats, lower case; files match them in any case.
    allow_quote
        Quote currencies, upper case, whose files may serve a crypto in another one.
    bar
        Bar length in nanoseconds that is wanted; a file whose name states another one does not serve.

    Raises
    ------
    MissingDataError
        No file serves; the error names what lies there and why it does not.
    InputError
        Several timeframes or histories serve equally well, or the name of a file breaks the rule of names.
    """
    base, quote = split_symbol(crypto)
    reasons: dict[str, list[str]] = {}
    serving: list[_Candidate] = []
    priced: list[tuple[str, str]] = []
    other_lengths: set[int] = set()
    plain = ", ".join(suffix for suffix in suffixes if suffix.count(".") == 1)
    for name in files_below(directory):
        suffix = suffix_of(name, suffixes)
        if not suffix:
            reasons.setdefault(f"not of the suffixes {plain}", []).append(name)
            continue
        read = read_file_name(name, suffix)
        found = read.quote_of(base)
        if found is None:
            pair = " in ".join(read.pair or ()) if base in read.words else ""
            reasons.setdefault(f"{_OTHER_PAIR} {pair}" if pair else f"its name has no {base}", []).append(
                name
            )
        elif not (path := directory / name).is_file():  # a dangling link, or a pipe, which would never end
            reasons.setdefault("not a file", []).append(name)
        elif read.other_instrument:
            reasons.setdefault(f"{read.other_instrument} {_OTHER_INSTRUMENT}", []).append(name)
        elif read.timeframes == (CALENDAR_MONTHS,):
            reasons.setdefault("bars of calendar months have no fixed length", []).append(name)
        elif bar and read.timeframes and bar not in read.timeframes:
            other_lengths.update(read.timeframes)
            stated = " or ".join(map(timeframe_text, read.timeframes))
            reasons.setdefault(f"bars of {stated}, wanted {timeframe_text(bar)}", []).append(name)
        elif (rank := quote_rank(quote, found, allow_quote)) is None:
            priced.append((name, found))
            reasons.setdefault(f"priced in {found}", []).append(name)
        else:
            serving.append(_Candidate(DataFile(path, name, suffix), read, found, rank))
    if not serving:
        raise _nothing_serves(crypto, base, quote, reasons, priced, suffixes, bar, other_lengths)
    best = min(candidate.rank for candidate in serving)
    chosen = _one_history([one for one in serving if one.rank == best], crypto, bar)
    for candidate in chosen:
        if broken := broken_name_rule(candidate.file.path.name):
            raise input_error(
                broken, crypto=crypto, file=candidate.file.name, allowed=NAME_RULE, fix="Rename the file."
            )
    others = {one.file.name for one in serving} | {name for name, _ in priced}
    return CryptoFiles(
        files=tuple(candidate.file for candidate in chosen),
        quote_currency=chosen[0].quote,
        timeframes=chosen[0].name.timeframes,
        passed_over=tuple(sorted(others - {candidate.file.name for candidate in chosen})),
    )


def _one_history(serving: list[_Candidate], crypto: str, bar: int | None) -> list[_Candidate]:
    """Return the candidates that are parts of one history, or refuse to choose between several."""
    if bar and any(one.name.timeframes for one in serving):  # a stated timeframe is better than none
        serving = [one for one in serving if one.name.timeframes]
    stated = {one.name.timeframes for one in serving if one.name.timeframes}
    if len(stated) > 1:
        lengths = sorted(min(lengths) for lengths in stated)
        raise input_error(
            f"files of {len(lengths)} timeframes match equally well",
            crypto=crypto,
            found=_names(one.file.name for one in serving),
            allowed="one timeframe a sweep: " + ", ".join(map(timeframe_text, lengths)),
            fix=f"Say which, such as --timeframe {timeframe_text(lengths[0])} (data.bar).",
        )
    histories: dict[str, list[_Candidate]] = {}
    for one in serving:
        # Without a period in its name a file is a whole history, whatever else has its name.
        whole = "" if one.name.periods or _has_parts(one, serving) else one.file.name
        histories.setdefault(f"{one.name.history}\n{whole}", []).append(one)
    if len(histories) > 1:
        first = [parts[0].file.name for parts in histories.values()]
        folders = {name.rpartition("/")[0] for name in first}
        quotes = sorted({parts[0].quote for parts in histories.values()})
        raise input_error(
            "two files match equally well" if len(first) == 2 else f"{len(first)} files match equally well",
            crypto=crypto,
            found=" and ".join(map(shown, first[:_MOST_NAMES])) + (", …" if len(first) > _MOST_NAMES else ""),
            allowed="one file, or parts of one history whose names differ in their period only, "
            "such as UNIUSDT-1h-2024-01.csv and UNIUSDT-1h-2024-02.csv",
            fix=_which_history(
                pairs=[split_symbol(crypto)[0] + quote for quote in quotes] if all(quotes) else [],
                one_folder_each=len(folders) == len(first) and "" not in folders,
            ),
        )
    (parts,) = histories.values()
    return sorted(parts, key=lambda one: (one.name.periods, one.file.name))


def _which_history(*, pairs: list[str], one_folder_each: bool) -> str:
    """Say how to choose between histories: by quote currency where that differs, else by folder."""
    if len(pairs) > 1:
        return f"Name the pair that is meant: --crypto {' or --crypto '.join(pairs)}."
    if one_folder_each:
        return "They lie in several folders: give the one that is meant as the path."
    return "Move all but the one that is meant into a folder that is not below this one."


def _has_parts(one: _Candidate, serving: list[_Candidate]) -> bool:
    """Whether dated files continue this undated one, and no other undated file has the same name."""
    alike = [other for other in serving if other.name.history == one.name.history]
    return any(other.name.periods for other in alike) and sum(not other.name.periods for other in alike) == 1


def _nothing_serves(
    crypto: str,
    base: str,
    quote: str,
    reasons: dict[str, list[str]],
    priced: list[tuple[str, str]],
    suffixes: tuple[str, ...],
    bar: int | None,
    other_lengths: set[int],
) -> InputError:
    found = "; ".join(f"{_names(names)} ({reason})" for reason, names in reasons.items())
    if priced:
        other = sorted({found_quote for _, found_quote in priced})[0]
        dollars = not quote or quote in DOLLAR_QUOTES
        return input_error(
            f"the data of base asset {base} are priced in another currency",
            crypto=crypto,
            found=", ".join(f"{shown(name)} in {found_quote}" for name, found_quote in priced[:_MOST_NAMES]),
            allowed=f"{'a dollar quote' if dollars else quote}, or a file name without a quote",
            fix=f"Add such a file, or accept these prices with --allow-quote {other} "
            f"(data.allow_quote={other})."
            + ("" if other in QUOTES else f" If {other} is no currency, leave it out of the name."),
            kind=MissingDataError,
        )
    wanted = timeframe_text(bar) if bar else "1h"
    return input_error(
        f"no file for base asset {base}",
        crypto=crypto,
        found=found or "an empty folder",
        allowed=f"a name such as {crypto}_{wanted}{suffixes[0]}, {base}_USDT-{wanted}{suffixes[0]} or "
        f"{base}USDT-{wanted}-2024-01{suffixes[0]}, also in subfolders",
        fix=_fix(other_lengths, base, reasons),
        kind=MissingDataError,
    )


def _fix(other_lengths: set[int], base: str, reasons: Iterable[str]) -> str | None:
    if other_lengths:
        lengths = " or ".join(map(timeframe_text, sorted(other_lengths)))
        return f"Take one of the timeframes that are there: --timeframe {lengths} (data.bar)."
    if any(reason.endswith(_OTHER_INSTRUMENT) for reason in reasons):
        return "If its prices are those that you mean, leave the word out of the name."
    if any(reason.startswith(_OTHER_PAIR) for reason in reasons):
        return f"If it holds the bars of {base}, rename it."
    return None


def _names(names: Iterable[str]) -> str:
    listed = [shown(name) for name in names]
    more = len(listed) - _MOST_NAMES
    return ", ".join(listed[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def files_below(directory: Path) -> list[str]:
    """List the files below a directory by their path below it, with ``/``, sorted."""
    found: list[str] = []
    root = os.fspath(directory)
    for folder, subfolders, names in os.walk(root, onerror=_refuse_folder(directory)):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        # As text: a folder is listed once for each crypto, and a path takes ten times as long to make.
        below = "" if folder == root else os.path.relpath(folder, root).replace(os.sep, "/") + "/"
        found += [below + name for name in names if not name.startswith(".")]
        if len(found) > MOST_FILES:
            raise input_error(
                f"more than {MOST_FILES:,} files lie in the folder and below it",
                file=str(directory),
                fix="Give the folder that holds the data files alone.",
            )
    return sorted(found)


def _refuse_folder(directory: Path) -> Callable[[OSError], None]:
    def refuse(error: OSError) -> None:
        if error.filename != str(directory):
            return  # a folder below that nobody may read, such as lost+found, holds nobody's data
        raise input_error("the folder cannot be read", file=error.filename or str(directory), found=error)

    return refuse


@lru_cache(maxsize=20_000)  # a plan looks through a folder many times
def suffix_of(file_name: str, suffixes: tuple[str, ...]) -> str:
    """Return the longest of the suffixes that the name ends with, in any case; "" for none."""
    matching = (suffix for suffix in suffixes if file_name.lower().endswith(suffix))
    return max(matching, key=len, default="")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
