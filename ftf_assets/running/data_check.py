"""What a sweep or the gate would make of a path: candles, features or results, told by content.

Nothing is written, and what a sweep would refuse is part of the answer. ``ftf check`` prints it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.rows.result_columns import meaning
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features.source import panel_file, panel_symbols
from ftf_assets.sources.find_files import open_directory
from ftf_assets.sources.found_pairs import NO_PAIR, found_pairs
from ftf_assets.sources.protocol import Source
from ftf_assets.sources.readers.file_formats import TABLE_SUFFIXES, read_table
from ftf_assets.sweep.crypto_check import CryptoCheck, as_in_its_folder, check_crypto
from ftf_assets.sweep.crypto_groups import crypto_name
from ftf_assets.sweep.setting_text import text_of_setting
from ftf_assets.sweep.settings import SweepSettings, sweep_settings

if TYPE_CHECKING:
    from ftf_assets.gate.decision import Decision

Kind = Literal["candles", "features", "results"]
KINDS: tuple[Kind, ...] = ("candles", "features", "results")

#: Files of a folder that are opened to find out what it holds.
_LOOKED_AT = 5
_FIRST_LINES = 100
#: Cryptos that the next command names.
_MOST_NAMED = 5
#: Settings that the path and its cryptos replace.
_OF_THE_PATH = ("data.source", "data.path", "data.cryptos", "data.crypto_group")
_METRICS = ("roc_auc", "average_precision", "f1_buy", "log_loss")


@dataclass(frozen=True)
class ResultsCheck:
    """What the gate would make of a file of results.

    Attributes
    ----------
    file
        Its name.
    rows
        Number of rows.
    cryptos, folds
        Names of the cryptos; number of folds, 0 for means of a crypto.
    levels
        Levels of each factor, its baseline first.
    pairs
        Pairs of crypto and fold that each level has with its baseline, by ``factor=level``.
    metric
        The metric that decides; "" where nothing could be judged.
    read
        What was read, as the gate says it; "" where it could not be read.
    refused
        The error of the gate, in one line; "" where it accepts the file.
    """

    file: str
    rows: int = 0
    cryptos: tuple[str, ...] = ()
    folds: int = 0
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)
    metric: str = ""
    read: str = ""
    refused: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the gate takes the file."""
        return not self.refused


@dataclass(frozen=True)
class DataCheck:
    """What was found at a path.

    Attributes
    ----------
    path
        The path, absolute.
    kind
        What it holds.
    cryptos
        One check per crypto, in the order of their names; empty for results.
    results
        The check of each file of results.
    others
        Files that are of no pair, with the reason.
    settings
        The settings that were assumed.
    run_next
        The command to run next.
    """

    path: str
    kind: Kind
    cryptos: tuple[CryptoCheck, ...] = ()
    results: tuple[ResultsCheck, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    settings: SweepSettings | None = None
    run_next: str = ""

    @property
    def accepted(self) -> bool:
        """Whether everything would be accepted that is not skipped."""
        checks: Sequence[CryptoCheck | ResultsCheck] = (
            *(one for one in self.cryptos if not one.skipped),
            *self.results,
        )
        return bool(checks) and all(one.accepted for one in checks)

    def as_json(self) -> dict[str, Any]:
        """Give the check as plain values: instants as ISO 8601 text, durations in seconds."""
        return {
            "path": self.path,
            "kind": self.kind,
            "accepted": self.accepted,
            "cryptos": [one.as_json() for one in self.cryptos],
            "results": [{"accepted": one.accepted, **asdict(one)} for one in self.results],
            "others": dict(self.others),
            "settings": None if self.settings is None else _assumed(self.settings),
            "run_next": self.run_next,
        }


def check_data(
    path: str | Path,
    settings: Mapping[str, Any] | None = None,
    *,
    kind: Kind | None = None,
    on_crypto: Callable[[str, int, int], None] = lambda _crypto, _number, _of: None,
) -> DataCheck:
    """Check what lies at a path as a sweep, or the gate, would read it.

    Parameters
    ----------
    path
        A folder, or one file.
    settings
        Settings by dotted name, as :func:`~ftf_assets.sweep.settings.sweep_settings` takes them. Cryptos that
        are named are checked alone; otherwise every pair that the names of the files show.
    kind
        What lies there; None tells it by content.
    on_crypto
        Called before each crypto is checked, with its name, its number from 1, and the number of cryptos.

    Raises
    ------
    InputError
        The path cannot be read or holds no table, its content is ambiguous, or a setting is not allowed.
    """
    given = dict(settings or {})
    path = _existing(path)
    files = [path] if path.is_file() else _data_files(path)
    kind = kind or _kind_of(files, path, given)
    if kind == "results":
        judged = tuple(_check_results(file) for file in files)
        taken = [file for file, one in zip(files, judged, strict=True) if one.accepted]
        command = f"ftf gate --results {shlex.quote(str(taken[0]))}" if taken else ""
        return DataCheck(str(path), kind, results=judged, run_next=command)
    folder = path.parent if path.is_file() else path
    found, others = found_pairs(folder)
    if kind == "features" and (panel := _panel(path, found, others)):
        pairs, others = _cryptos_of(panel, given, folder), {}
    else:
        pairs = tuple(found) if path.is_dir() else _pair_of_file(found, others, path)
    asked = given.get("data.cryptos") or ("data.crypto_group" not in given and pairs) or None
    own = _settings(given | {"data.cryptos": asked}, kind, folder)
    checks: list[CryptoCheck] = []
    names = own.data.crypto_names
    for number, crypto in enumerate(names, 1):
        on_crypto(crypto, number, len(names))
        checks.append(check_crypto(own, crypto, source_of=_only(path)))
    if path.is_file():
        checks = [as_in_its_folder(own, one, path) for one in checks]
    return DataCheck(
        str(path),
        kind,
        tuple(checks),
        others=others if path.is_dir() else {},
        settings=own,
        run_next=_next_command(kind, checks, folder, given),
    )


def _settings(given: Mapping[str, Any], kind: str, folder: Path) -> SweepSettings:
    return sweep_settings({**given, "data.source": kind, "data.path": str(folder)})


def _existing(path: str | Path) -> Path:
    try:
        found = Path(path).expanduser().resolve()
        exists = found.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise input_error("the path cannot be read", file=str(path), found=error) from None
    if not exists:
        raise input_error(
            "the path does not exist",
            file=str(path),
            fix="Give a folder or file of candles, features or results.",
        )
    if found.is_file() and not found.name.lower().endswith(TABLE_SUFFIXES):
        raise input_error(
            "the ending of the file is not that of a table, so a sweep does not look at it",
            file=found.name,
            allowed=", ".join(suffix for suffix in TABLE_SUFFIXES if suffix.count(".") == 1),
            fix="Rename the file.",
        )
    return found


def _data_files(folder: Path) -> list[Path]:
    pairs, others = found_pairs(open_directory(str(folder), source="data"))
    named = [folder / name for names in pairs.values() for name in names]
    tables = [folder / name for name in others if name.lower().endswith(TABLE_SUFFIXES)]
    if not named and not tables:
        raise input_error(
            "no file that could be a table",
            file=str(folder),
            found=", ".join([*others][:8]) or "an empty folder",
            allowed="CSV, JSON, Parquet, Feather or Arrow files, also packed with gzip or zip",
        )
    return [*named, *tables]


def _kind_of(files: Sequence[Path], path: Path, given: Mapping[str, Any]) -> Kind:
    """Tell what files hold from the columns of the first that can be read; several kinds are ambiguous."""
    options = _settings({**given, "data.cryptos": None}, "features", path.parent).data.reading_options
    kinds: dict[Kind, str] = {}
    error: InputError | None = None
    for file in files[:_LOOKED_AT]:
        try:
            ignored = Faults()  # of lines; the check of each crypto names them
            frame = read_table(file, options=options, faults=ignored, first_lines=_FIRST_LINES).frame
        except InputError as unreadable:
            error = unreadable
            continue
        kinds.setdefault(
            kind_of_columns([str(name) for name in (*frame.columns, *frame.index.names)]), file.name
        )
    if not kinds:
        assert error is not None  # noqa: S101  there is at least one file
        raise error
    if len(kinds) > 1:
        raise input_error(
            "the folder holds several kinds of tables",
            file=str(path),
            found=", ".join(f"{kind} ({name})" for kind, name in kinds.items()),
            fix=f"Say which to check: --as {' or --as '.join(kinds)}.",
        )
    return next(iter(kinds))


def kind_of_columns(columns: Sequence[str]) -> Kind:
    """Tell what a table with these columns holds.

    >>> kind_of_columns(["timestamp", "rsi_14", "label", "label_end"])
    'features'
    >>> kind_of_columns(["crypto", "fold", "cleanlab", "roc_auc"])
    'results'
    """
    names = {name.strip().lower() for name in columns}
    meant = {meaning(name, (*_METRICS, *FACTORS, "crypto"))[0] for name in columns}
    if meant & set(_METRICS) and (meant & set(FACTORS) or "crypto" in meant):
        return "results"
    if names & {"label", "label_end", "label_return"}:
        return "features"
    return "candles"


def _panel(path: Path, pairs: Mapping[str, Sequence[str]], others: Mapping[str, str]) -> Path | None:
    """Find the table that may hold features of several cryptos: its name says no pair."""
    if path.is_dir():
        return panel_file(path)
    return path if others.get(path.name) == NO_PAIR and not pairs else None


def _cryptos_of(panel: Path, given: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    options = _settings({**given, "data.cryptos": None}, "features", folder).data.feature_options
    symbols = panel_symbols(panel, options)
    if not symbols:
        raise input_error(
            "neither the name of the file nor a column says of which crypto it is",
            file=panel.name,
            allowed="a name such as OPUSDC.parquet, or a column symbol",
            fix="Rename the file.",
        )
    return tuple(crypto_name(symbol) for symbol in symbols)


def _pair_of_file(
    pairs: Mapping[str, Sequence[str]], others: Mapping[str, str], file: Path
) -> tuple[str, ...]:
    """Name the pair of one file by its name; where that says none, the file is called by it."""
    own = next((pair for pair, names in pairs.items() if file.name in names), None)
    if own is None:
        raise input_error(
            "the name of the file says no pair",
            file=file.name,
            found=None if others.get(file.name) == NO_PAIR else others.get(file.name),
            allowed="a name such as UNIUSDT_1h.csv or OPUSDC.parquet",
            fix="Name the pair, such as --crypto UNI/USDT, and rename the file before a sweep.",
        )
    return (own,)


def _only(path: Path) -> Callable[[Source], Source]:
    """Restrict a source to one file; a folder is searched as a sweep searches it."""
    if not path.is_file():
        return lambda source: source

    def restricted(source: Any) -> Source:
        return replace(source, file=path)  # type: ignore[no-any-return]

    return restricted


def _check_results(file: Path) -> ResultsCheck:
    from ftf_assets.gate.decide import decide
    from ftf_assets.storage.result_files import read_result_file

    try:
        published = read_result_file(file)
        rows = published.rows
        decision = decide(rows, published.baselines, sweep_id=published.sweep_id)
    except InputError as error:
        return ResultsCheck(file.name, refused=str(error))
    levels = {
        factor: tuple(
            sorted(map(str, rows.factors[factor].names), key=lambda level: (level != baseline, level))
        )
        for factor, baseline in published.baselines.items()
    }
    return ResultsCheck(
        file.name,
        rows=len(rows),
        cryptos=tuple(map(str, rows.crypto.names)),
        folds=len(rows.fold.names) if rows.has_folds else 0,
        levels=levels,
        pairs={f"{one.factor}={one.level}": _n_pairs(decision, one.level) for one in decision.verdicts},
        metric=decision.primary_metric or "",
        read=published.in_words,
    )


def _n_pairs(decision: Decision, level: str) -> int:
    return max((metric.n_pairs for metric in decision.metrics if metric.level == level), default=0)


def _next_command(kind: str, checks: Sequence[CryptoCheck], folder: Path, given: Mapping[str, Any]) -> str:
    """Write the plan of a sweep of what is accepted, with the settings that it was checked with."""
    taken = [one.crypto for one in checks if one.accepted]
    if not taken:
        return ""
    kept = {name: value for name, value in given.items() if name not in _OF_THE_PATH}
    words = ["ftf", "plan", "--source", kind, "--path", str(folder)]
    words += [word for crypto in taken[:_MOST_NAMED] for word in ("--crypto", crypto)]
    words += ["--trials", str(kept.pop("training.trials", 0))]
    for name, value in kept.items():
        words += ["--set", f"{name}={text_of_setting(name, value)}"]
    return shlex.join(words)


def _assumed(settings: SweepSettings) -> dict[str, Any]:
    folds, labels = settings.folds, settings.labels
    return {
        "folds.n_folds": folds.n_folds,
        "folds.validation_fraction": folds.validation_fraction,
        "folds.embargo_bars": folds.embargo_bars,
        "labels.horizon_bars": labels.horizon_bars,
        "labels.stop_atr": labels.stop_atr,
        "labels.target_atr": labels.target_atr,
    }
