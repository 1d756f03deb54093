"""What a sweep would make of one crypto's data: read as the sweep reads it, and every finding said.

:func:`check_crypto` opens the sweep of one crypto and takes the same steps as a run: files found, read,
features and labels, typed arrays, folds. What the run would refuse is an answer here, not an exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import InputError, MissingDataError
from ftf_assets.contracts.row_rules import utc_text
from ftf_assets.contracts.typed import Array
from ftf_assets.invariants.column_leaks import column_leaks, column_strengths
from ftf_assets.sources.faults import Fault, FaultsError
from ftf_assets.sources.features.column_roles import names_a_target
from ftf_assets.sources.protocol import FeatureCacheReport, Provenance, Source
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.folds.short_history import MIN_FIT_ROWS, short_history
from ftf_assets.training.variants import require_columns

if TYPE_CHECKING:
    from ftf_assets.sources.candles.reading import CandlesReading
    from ftf_assets.sources.features.reading import FeatureReading

#: Share of the rows that may be left out as warm-up head before it is worth a note.
_LONG_HEAD = 0.2
#: Missing bars, as a share of the bars there are, that are worth a note.
_MANY_GAPS = 0.05


@dataclass(frozen=True)
class LabelCheck:
    """The labels of one crypto.

    Attributes
    ----------
    buy_rate
        Share of BUY, 0 to 1.
    horizon, longest_horizon
        Median and longest time from a row to the end of its label, nanoseconds.
    """

    buy_rate: float
    horizon: int
    longest_horizon: int


@dataclass(frozen=True)
class FoldCheck:
    """A walk-forward fold on the crypto's own history.

    Attributes
    ----------
    test_from, test_to
        First timestamp and latest label end of the test rows, nanoseconds.
    fit_rows, test_rows
        Rows that a model is fitted on, and rows that are scored.
    skipped
        Why its cells would be skipped; "" if they are trained.
    """

    test_from: int
    test_to: int
    fit_rows: int
    test_rows: int
    skipped: str


@dataclass(frozen=True)
class CryptoCheck:
    """What is known of one crypto's data; what could not be found out, because a step was refused, is absent.

    Attributes
    ----------
    crypto
        Name of the crypto.
    provenance
        The files that serve it.
    reading
        What was understood of them.
    rows
        Rows with features and label.
    first, last
        Instants, nanoseconds, at which the first and last row are known: the close of their bars.
    report
        Rows kept and left out on the way to features and labels.
    labels
        Labels of the rows.
    folds
        The folds of the settings, each crypto on its own history.
    leaks
        Features that nearly are the label or the future: every verdict would be ``INVALID``.
    refused
        The error of the sweep, in one line; "" where it accepts the data.
    skipped
        Why a sweep of its group skips the crypto; "" where it takes part.
    faults
        Everything that is wrong with a file, as data.
    notes
        What is accepted, but deserves a look.
    rows_needed
        With so many rows, spread as those that there are, no fold has too few of them; 0 where none has.
    """

    crypto: str
    provenance: Provenance | None = None
    reading: CandlesReading | FeatureReading | None = None
    rows: int = 0
    first: int | None = None
    last: int | None = None
    report: FeatureCacheReport | None = None
    labels: LabelCheck | None = None
    folds: tuple[FoldCheck, ...] = ()
    leaks: tuple[str, ...] = ()
    refused: str = ""
    skipped: str = ""
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    rows_needed: int = 0

    @property
    def accepted(self) -> bool:
        """Whether a sweep takes the data, trains a fold at least, and its verdicts can be valid."""
        return not self.refused and not self.skipped and not self.leaks and self.n_folds > 0

    @property
    def n_folds(self) -> int:
        """Number of folds with history enough."""
        return sum(not fold.skipped for fold in self.folds)

    def as_json(self) -> dict[str, Any]:
        """Give the check as plain values: instants as ISO 8601 text, durations in seconds."""
        content = asdict(self)
        for name in ("first", "last"):
            content[name] = None if content[name] is None else instant_text(content[name])
        if self.labels is not None:
            content["labels"] = {
                "buy_rate": self.labels.buy_rate,
                "horizon_seconds": self.labels.horizon / 1e9,
                "longest_horizon_seconds": self.labels.longest_horizon / 1e9,
            }
        for fold in content["folds"]:
            for name in ("test_from", "test_to"):
                fold[name] = instant_text(fold[name])
        reading = content["reading"] or {}
        if "first_open" in reading:
            for name in ("first_open", "first_close", "last_open", "last_close"):
                reading[name] = instant_text(reading[name])
            reading["bar_seconds"] = reading.pop("bar") / 1e9
        return {"accepted": self.accepted, "n_folds": self.n_folds, **content}


def check_crypto(
    settings: SweepSettings, crypto: str, *, source_of: Callable[[Source], Source] = lambda source: source
) -> CryptoCheck:
    """Check the data of one crypto as a sweep with these settings reads them.

    Parameters
    ----------
    settings
        Settings of a sweep of candle or feature files. Folds are cut on the crypto's own history, unless
        ``folds.edges`` are given.
    crypto
        The crypto; it need not be one of the settings'.
    source_of
        Restricts the source of the settings, such as to one file of the folder.
    """
    known = CryptoCheck(crypto)
    try:
        sweep = _sweep_of(settings, crypto, source_of)
        known = replace(known, provenance=sweep.provenance(crypto))
        known = _with_reading(known, sweep.source, settings)
        frame, report = sweep.source.feature_cache(crypto, sweep.source.candles(crypto))
        known = replace(
            known, rows=len(frame), first=frame.index[0].value, last=frame.index[-1].value, report=report
        )
        known = replace(known, labels=_labels(frame))
        arrays = _arrays(frame, crypto, sweep)
        require_columns(sweep.variants, arrays, crypto)
        known = replace(known, folds=_folds(sweep, crypto, arrays))
        known = replace(known, rows_needed=_rows_needed(known, arrays, settings.folds.validation_fraction))
        if not sweep.source.has_candles:
            leaks = tuple(column_leaks(column_strengths(arrays)))
            known = replace(known, leaks=leaks, notes=_feature_notes(known, arrays))
    except MissingDataError as error:
        skips = settings.data.cryptos is None and settings.data.incomplete == "skip"
        return replace(known, skipped=str(error)) if skips else replace(known, refused=str(error))
    except InputError as error:
        faults = error.faults if isinstance(error, FaultsError) else ()
        return replace(known, refused=str(error), faults=faults)
    return known


def as_in_its_folder(settings: SweepSettings, one: CryptoCheck, file: Path) -> CryptoCheck:
    """Refuse a file that a sweep of its folder would not take for the crypto; a part of a history is noted.

    Parameters
    ----------
    settings
        Settings of a sweep of the folder.
    one
        The check of the file alone.
    file
        The file, in the folder itself.
    """
    source: Any = _sweep_of(settings, one.crypto, lambda source: source).source
    try:
        chosen = tuple(part.name for part in source.files(one.crypto).files)
    except InputError as error:
        why = f"a sweep of its folder does not find it: {str(error).removesuffix('.')}."
        if isinstance(error, MissingDataError):
            why += " Name the pair that it holds with --crypto, or rename it."
    else:
        if chosen == (file.name,):
            return one
        if file.name in chosen:
            part = f"a sweep of its folder reads {len(chosen)} files, this is a part: check the folder"
            return replace(one, notes=(*one.notes, part))
        why = (
            f"a sweep of its folder reads {chosen[0]} instead for {one.crypto}. Name the pair that it holds "
            "with --crypto, or move it into a folder of its own."
        )
    return replace(one, refused=one.refused or f"{file.name}: {why}")


def _sweep_of(settings: SweepSettings, crypto: str, source_of: Callable[[Source], Source]) -> Sweep:
    own_calendar = {} if settings.folds.edges else {"calendar": "per_crypto"}
    sweep = open_sweep(settings.with_changes(data={"cryptos": [crypto], "skipped": None}, folds=own_calendar))
    return Sweep(sweep.settings, source_of(sweep.source))


def _with_reading(known: CryptoCheck, source: Any, settings: SweepSettings) -> CryptoCheck:
    """Add what was understood; candles are known although their features may be refused."""
    if not source.has_candles:
        return replace(known, reading=source.understood(known.crypto))
    reading = source.reading(known.crypto)
    notes = []
    if reading.missing_bars > _MANY_GAPS * reading.bars and settings.data.no_trade_bars == "gap":
        notes.append(
            f"{reading.missing_bars:,} of {reading.bars + reading.missing_bars:,} bars are missing; if "
            "nothing was traded in them, --set data.no_trade_bars=flat fills them; a gap costs rows"
        )
    return replace(
        known,
        reading=reading,
        rows=reading.bars,
        first=reading.first_close,
        last=reading.last_close,
        notes=tuple(notes),
    )


def _arrays(frame: Any, crypto: str, sweep: Sweep) -> TrainingArrays:
    from ftf_assets.contracts.coercion import coerce_feature_cache

    return coerce_feature_cache(frame, crypto=crypto, missing=sweep.settings.data.missing)


def _labels(frame: Any) -> LabelCheck:
    horizons = (frame["label_end"] - frame.index).astype("int64")
    return LabelCheck(float(frame["label"].mean()), int(horizons.median()), int(horizons.max()))


def _folds(sweep: Sweep, crypto: str, arrays: TrainingArrays) -> tuple[FoldCheck, ...]:
    return tuple(
        FoldCheck(
            fold.test_start,
            fold.test_end,
            len(fold.fit),
            len(fold.test),
            short_history(fold, arrays.y) or "",
        )
        for fold in sweep.plan(crypto).folds(arrays)
    )


def _rows_needed(known: CryptoCheck, arrays: TrainingArrays, validation_fraction: float) -> int:
    """Give the rows with which the shortest fit part is long enough; 0 where none lacks rows."""
    missing = MIN_FIT_ROWS - min(fold.fit_rows for fold in known.folds)
    if missing <= 0 or known.labels is None:
        return 0
    # Of two more rows one is before the first test span. How many rows a purge drops there and before the
    # validation slice depends on where they fall: at most those that a label spans, each time.
    purged = known.labels.longest_horizon / float(np.median(np.diff(arrays.start)))
    before = (missing + math.ceil(purged) + 1) / (1 - validation_fraction) + math.ceil(purged) + 1
    return known.rows + 2 * math.ceil(before)


def _feature_notes(known: CryptoCheck, arrays: TrainingArrays) -> tuple[str, ...]:
    names = arrays.feature_names
    notes = []
    lowest, highest = _extremes(arrays.X)
    constant = [name for name, one in zip(names, lowest == highest, strict=True) if one]
    if constant:
        notes.append(f"constant, of no use to a model: {_listed(constant)}")
    equal = _equal_columns(arrays)
    if equal:
        notes.append(f"the same numbers twice: {_listed(equal)}")
    targets = [name for name in names if names_a_target(name)]
    if targets:
        notes.append(
            f"named like a target: {_listed(targets)}; make sure that the row's time is when they are known"
        )
    head = getattr(known.reading, "head_rows", 0)
    if known.rows and head > _LONG_HEAD * (known.rows + head):
        notes.append(
            f"{head:,} rows are left out at the head, because "
            f"{getattr(known.reading, 'head_feature', '')!r} is missing there"
        )
    return tuple(notes)


def _extremes(X: Array) -> tuple[Array, Array]:
    filled = np.where(np.isnan(X), X[:1], X)
    return filled.min(axis=0), filled.max(axis=0)


def _equal_columns(arrays: TrainingArrays) -> list[str]:
    seen: dict[bytes, str] = {}
    equal = []
    for number, name in enumerate(arrays.feature_names):
        content = arrays.X[:, number].tobytes()
        if content in seen:
            equal.append(f"{seen[content]} and {name}")
        seen.setdefault(content, name)
    return equal


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def instant_text(nanoseconds: int) -> str:
    """Write an instant as ISO 8601, UTC.

    >>> instant_text(1_617_238_800_000_000_000)
    '2021-04-01T01:00:00Z'
    """
    return utc_text(nanoseconds).replace(" ", "T").replace("+00:00", "Z")
