"""A check in words: a table, what was understood, what would be refused and what to run next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ftf_assets.contracts.errors import shown

if TYPE_CHECKING:
    from ftf_assets.running.data_check import DataCheck, ResultsCheck
    from ftf_assets.sources.candles.bar_table import FileReading
    from ftf_assets.sources.faults import Fault
    from ftf_assets.sweep.crypto_check import CryptoCheck

#: Cryptos that the table shows, and refusals that are shown in full. ``--json`` has all of them.
_MOST_CRYPTOS = 20
_MOST_REFUSED = 8
_MOST_OTHERS = 8
#: Characters of a file's name that the table shows: its end.
_LONGEST_NAME = 40
#: Share of steps that are one bar above which the table does not show it.
_USUAL_SHARE = 0.995

#: Columns of the table that a narrow terminal needs, too.
NEEDED = ("crypto", "file", "bar", "first", "last", "folds", "cryptos", "metric", "answer")
_CANDLES = {
    "crypto": "crypto",
    "files": "files",
    "bar": "bar",
    "first": "first known",
    "last": "last known",
    "bars": "bars",
    "gaps": "gaps",
    "rows": "rows",
    "buy_rate": "BUY",
    "folds": "folds",
    "answer": "a sweep",
}
_FEATURES = {
    "crypto": "crypto",
    "files": "file",
    "features": "features",
    "first": "first known",
    "last": "last known",
    "rows": "rows",
    "buy_rate": "BUY",
    "horizon": "label ends after",
    "folds": "folds",
    "answer": "a sweep",
}
_RESULTS = {
    "file": "file",
    "rows": "rows",
    "cryptos": "cryptos",
    "folds": "folds",
    "levels": "levels",
    "metric": "metric",
    "answer": "the gate",
}


def check_table(done: DataCheck) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Lay out a check, one row per crypto or file of results.

    Returns
    -------
    rows : list of dict
        Texts by name of the column; a column that a row leaves out could not be found out.
    headings : dict
        Heading by name of the column.
    """
    if done.kind == "results":
        return [_result_row(one) for one in done.results[:_MOST_CRYPTOS]], _RESULTS
    columns = _CANDLES if done.kind == "candles" else _FEATURES
    return [_crypto_row(one) for one in _shown(done.cryptos)], columns


def check_lines(done: DataCheck) -> Iterator[str]:
    """Write what the table does not show, a line each; the last is what to run next."""
    more = len(done.cryptos) - _MOST_CRYPTOS
    if more > 0:
        n_refused = sum(not one.accepted for one in done.cryptos)
        yield f"{len(done.cryptos)} cryptos, {n_refused} not accepted. {more} are left out above: see --json."
    yield from _understood(done.cryptos)
    yield from _notes(done.cryptos)
    yield from (f"Read {one.file}: {one.read}" for one in done.results[:_MOST_CRYPTOS] if one.read)
    checks: list[CryptoCheck | ResultsCheck] = [*done.cryptos, *done.results]
    refused = [one for one in checks if one.refused]
    for one in refused[:_MOST_REFUSED]:
        yield from _refusal(one)
    if len(refused) > _MOST_REFUSED:
        yield f"{len(refused) - _MOST_REFUSED} more are refused: --json says why."
    yield from (f"Skipped: {one.skipped}" for one in done.cryptos[:_MOST_CRYPTOS] if one.skipped)
    for one in done.cryptos:
        yield from (f"{one.crypto} leaks: {leak}. Every verdict would be INVALID." for leak in one.leaks)
    if done.others:
        listed = [f"{shown(name)} ({reason})" for name, reason in list(done.others.items())[:_MOST_OTHERS]]
        left = len(done.others) - len(listed)
        yield "Not looked at: " + ", ".join(listed) + (f" and {left} more" if left > 0 else "") + "."
    if done.settings is not None and any(one.folds for one in done.cryptos):
        yield _assumptions(done)
    if done.run_next:
        yield f"Next: {done.run_next}"


def _shown(checks: Sequence[CryptoCheck]) -> Sequence[CryptoCheck]:
    """Those of the table: everything that is refused before what is accepted, if there are too many."""
    if len(checks) <= _MOST_CRYPTOS:
        return checks
    refused = [one for one in checks if not one.accepted][:_MOST_CRYPTOS]
    accepted = [one for one in checks if one.accepted][: _MOST_CRYPTOS - len(refused)]
    return sorted((*refused, *accepted), key=lambda one: one.crypto)


def _crypto_row(one: CryptoCheck) -> dict[str, str]:
    reading: Any = one.reading
    row = {"crypto": one.crypto, "answer": _answer(one)}
    if one.provenance:
        row["files"] = _files_in_words(one)
    if one.first is not None and one.last is not None:
        row |= {"first": _minute(one.first), "last": _minute(one.last), "rows": f"{one.rows:,}"}
    if hasattr(reading, "timeframe"):
        share = "" if reading.bar_share > _USUAL_SHARE else f" ({reading.bar_share:.1%} of steps)"
        row |= {
            "bar": f"{reading.timeframe}{share}",
            "bars": f"{reading.bars:,}",
            "gaps": f"{reading.gaps:,}",
        }
        row |= {"first": _minute(reading.first_close), "last": _minute(reading.last_close)}
        if one.labels is None:
            row["rows"] = "-"
    elif reading is not None:
        row["features"] = str(len(reading.features))
    if one.labels is not None:
        row |= {"buy_rate": f"{one.labels.buy_rate:.1%}", "horizon": _duration(one.labels.horizon)}
    if one.folds:
        row["folds"] = f"{one.n_folds} of {len(one.folds)}"
    return row


def _files_in_words(one: CryptoCheck) -> str:
    parts: tuple[FileReading, ...] = getattr(one.reading, "files", ())
    if len(parts) > 1:
        return f"{_cut(parts[0].file)} and {len(parts) - 1} more"
    return _cut(one.provenance.file) if one.provenance else "-"


def _cut(name: str) -> str:
    name = shown(name)
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


def _answer(one: CryptoCheck) -> str:
    if one.refused or one.skipped:
        return "refuses" if one.refused else "skips: no data"
    if one.leaks:
        return "INVALID: leaks"
    return "accepts" if one.accepted else "too short: no fold"


def _result_row(one: ResultsCheck) -> dict[str, str]:
    row = {"file": _cut(one.file), "answer": "accepts" if one.accepted else "refuses"}
    if not one.accepted:
        return row
    moved = {factor: levels for factor, levels in one.levels.items() if len(levels) > 1}
    levels = (f"{factor}: {', '.join(levels)}" for factor, levels in moved.items())
    return row | {
        "rows": f"{one.rows:,}",
        "cryptos": str(len(one.cryptos)),
        "folds": str(one.folds or "none: means"),
        "levels": "; ".join(levels),
        "metric": one.metric,
    }


def _understood(checks: Sequence[CryptoCheck]) -> Iterator[str]:
    """What was understood, once for all cryptos whose files are alike."""
    alike: dict[str, list[str]] = {}
    for one in checks:
        if one.reading is not None:
            alike.setdefault(_reading_in_words(one.reading), []).append(one.crypto)
    for words, cryptos in list(alike.items())[:_MOST_REFUSED]:
        who = ", ".join(cryptos[:5]) + (f" and {len(cryptos) - 5} more" if len(cryptos) > 5 else "")
        yield f"Understood ({who}): {words}."
    if len(alike) > _MOST_REFUSED:
        yield f"{len(alike) - _MOST_REFUSED} more kinds of file: --json describes each."


def _reading_in_words(reading: Any) -> str:
    if not hasattr(reading, "timeframe"):
        parts = [_format_in_words(reading), f"times from {reading.time} ({reading.time_form})"]
        if reading.zone:
            parts.append(f"taken for {reading.zone}")
        if reading.newest_first:
            parts.append("newest row first, turned round")
        if reading.symbol:
            parts.append(f"rows of symbol {reading.symbol}")
        return ", ".join(parts)
    first = reading.files[0]
    usual = first.spelling == "usual names"
    words = [_format_in_words(first), "usual names of columns" if usual else f"columns of {first.spelling}"]
    times = " and ".join(f"{name!r}" for name in first.time_columns)
    words.append(f"times {times}: the {reading.stamp} of each bar ({reading.stamp_from})")
    if first.units:
        words.append(f"written as {' and '.join(first.units)}")
    if first.zone:
        words.append(f"zone {first.zone}")
    if first.newest_first:
        words.append("newest bar first, turned round")
    words.append(f"bar {reading.timeframe} ({reading.bar_from})")
    return ", ".join(words)


def _format_in_words(reading: Any) -> str:
    packed = f", {reading.compression}" if reading.compression else ""
    separator = {",": "comma", ";": "semicolon", "\t": "tab"}.get(reading.separator or "", reading.separator)
    return f"{reading.format}{packed}" + (f", {separator}" if separator else "")


def _notes(checks: Sequence[CryptoCheck]) -> Iterator[str]:
    notes = []
    for one in checks:
        reading: Any = one.reading
        own = [*one.notes]
        if hasattr(reading, "timeframe"):
            first = reading.files[0]
            own += [*reading.notes, *(f"left out: {left}" for left in first.left_out), *first.notes]
        elif reading is not None:
            own += [f"left out: {left}" for left in reading.left_out]
            if reading.head_rows:
                own.append(f"{reading.head_rows:,} rows at the head lack {reading.head_feature!r}: left out")
            if reading.unlabelled_rows:
                own.append(f"{reading.unlabelled_rows:,} rows at the end have no label yet: left out")
        if one.provenance and one.provenance.passed_over:
            own.append("passes over " + ", ".join(one.provenance.passed_over[:3]))
        short = [fold for fold in one.folds if fold.skipped]
        if short:
            enough = f", {one.rows_needed:,} are enough for all" if one.rows_needed else ""
            own.append(
                f"{len(short)} of {len(one.folds)} folds are too short, such as: {short[0].skipped}; there "
                f"are {one.rows:,} rows with features and label{enough}"
            )
        notes += [f"{one.crypto}: {note}." for note in own]
    yield from notes[:_MOST_CRYPTOS]
    if len(notes) > _MOST_CRYPTOS:
        yield f"{len(notes) - _MOST_CRYPTOS} more notes: --json has them all."


def _refusal(one: CryptoCheck | ResultsCheck) -> Iterator[str]:
    faults: Sequence[Fault] = getattr(one, "faults", ())
    if not faults:
        yield f"Refused: {one.refused}"
        return
    name = getattr(one, "crypto", "")
    where = one.provenance.file if getattr(one, "provenance", None) else ""  # type: ignore[union-attr]
    faults_in_words = "fault" if len(faults) == 1 else "faults"
    yield f"Refused: {name}, file {shown(where)}: {len(faults)} {faults_in_words}"
    for fault in faults[:_MOST_CRYPTOS]:
        yield f"  * {fault.error()}"
    if len(faults) > _MOST_CRYPTOS:
        yield f"  * {len(faults) - _MOST_CRYPTOS} more: --json has them all."


def _assumptions(done: DataCheck) -> str:
    assert done.settings is not None  # noqa: S101  asked before
    folds, labels = done.settings.folds, done.settings.labels
    label = (
        ""
        if done.kind == "features"
        else f"; labels end after {labels.horizon_bars} bars at most, stop {labels.stop_atr:g} and target "
        f"{labels.target_atr:g} ATR"
    )
    return (
        f"Assumed: {folds.n_folds} folds on each crypto's own history, {folds.validation_fraction:.0%} of a "
        f"training window validates{label}. Flags of ftf sweep change it."
    )


def _minute(nanoseconds: int) -> str:
    from ftf_assets.sweep.crypto_check import instant_text

    text = instant_text(nanoseconds)
    return text.replace("T", " ").removesuffix(":00Z") if text.endswith(":00Z") else text.replace("T", " ")


def _duration(nanoseconds: int) -> str:
    hours = nanoseconds / 3_600_000_000_000
    return f"{hours:g} h" if hours < 72 else f"{hours / 24:.3g} d"
