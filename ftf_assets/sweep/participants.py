"""Which cryptos of a group take part in a sweep, and why the others are skipped.

A crypto is skipped where it has no file, or too little history for the folds. A file that is there and breaks
a rule is never a reason to skip: that is an error of the input, which somebody must see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ftf_assets.contracts.errors import MissingDataError, input_error
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.protocol import Source, Span
from ftf_assets.sweep.fold_edges import edges_in_nanoseconds
from ftf_assets.sweep.setting_groups import FoldSettings
from ftf_assets.training.folds.calendar_edges import calendar_edges
from ftf_assets.training.folds.shared_history import largest_sharing, rows_before_tests, serves_edges


@dataclass(frozen=True)
class Participants:
    """The cryptos of a sweep.

    Attributes
    ----------
    spans
        Span of the data of each crypto that takes part, in the order of the group.
    skipped
        Why each of the others is skipped, in the order of the group.
    """

    spans: Mapping[str, Span]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def cryptos(self) -> tuple[str, ...]:
        """Those that take part."""
        return tuple(self.spans)


def group_participants(source: Source, cryptos: Sequence[str], folds: FoldSettings) -> Participants:
    """Divide the cryptos of a group into those that take part and those that are skipped.

    On the common calendar as many cryptos as possible take part; so a short history does not shorten the
    folds of the others. With given fold edges, or a calendar for each crypto, each is judged alone.

    Parameters
    ----------
    source
        Where their data come from.
    cryptos
        The group.
    folds
        Calendar, edges and the share of the training window that validates.

    Raises
    ------
    InputError
        Nobody takes part: the reason of every crypto. Or a file that cannot be read.
    """
    spans, missing = _spans(source, cryptos)
    taking_part = _with_history(spans, folds)
    part = {crypto: span for crypto, span in spans.items() if crypto in taking_part}
    short = {crypto: _too_short(crypto, spans, part, folds) for crypto in spans if crypto not in part}
    # Whoever reads the verdict needs the reason alone; ftf check says what lies in the folder.
    rules = short | {crypto: error.rule or str(error) for crypto, error in missing.items()}
    skipped = {crypto: rules[crypto] for crypto in cryptos if crypto in rules}
    if not part:
        raise input_error(
            f"none of the {len(cryptos)} cryptos has the data that the folds need: {_reasons(skipped)}",
            fix="ftf check says what lies there. Cryptos named with --crypto are run as they are: folds with "
            "too little history are then skipped cell by cell",
        )
    return Participants(part, skipped)


def whole_group(source: Source, cryptos: Sequence[str], folds: FoldSettings) -> Participants:
    """Take every crypto of a group, or refuse the sweep.

    Parameters
    ----------
    source, cryptos, folds
        As in :func:`group_participants`.

    Raises
    ------
    InputError
        The reason of each crypto that would be skipped.
    """
    found = group_participants(source, cryptos, folds)
    if found.skipped:
        raise input_error(
            f"{len(found.skipped)} of {len(cryptos)} cryptos lack the data that the folds need: "
            f"{_reasons(found.skipped)}",
            fix="ftf check says what lies there. Give their data, name the other cryptos with --crypto, "
            "or skip them with --set data.incomplete=skip",
        )
    return found


def named_participants(source: Source, cryptos: Sequence[str], folds: FoldSettings) -> Participants:
    """Take the cryptos that the user has named: each of them is wanted, so none is skipped.

    A short history is accepted where it spoils nobody else's folds; its own short folds become skipped cells.

    Parameters
    ----------
    source, cryptos, folds
        As in :func:`group_participants`.

    Raises
    ------
    InputError
        A crypto without data, or cryptos that cannot share the common calendar; each with its reason.
    """
    spans, missing = _spans(source, cryptos)
    if missing:
        said = "; ".join(str(error).removesuffix(".") for error in missing.values())
        raise MissingDataError(f"{said}. Give the data, or leave the crypto out of --crypto")
    if folds.calendar == "per_crypto" or folds.edges is not None:
        return Participants(spans)
    fitting = _with_history(spans, folds)
    if fitting and len(fitting) < len(spans):
        part = {crypto: spans[crypto] for crypto in fitting}
        short = {crypto: _too_short(crypto, spans, part, folds) for crypto in spans if crypto not in part}
        raise input_error(
            f"a crypto with too little history would shorten the folds of the others: {_reasons(short)}",
            fix="Leave it out of --crypto, or cut each crypto's own folds with "
            "--set folds.calendar=per_crypto",
        )
    return Participants(spans)


def _spans(source: Source, cryptos: Sequence[str]) -> tuple[dict[str, Span], dict[str, MissingDataError]]:
    spans: dict[str, Span] = {}
    missing: dict[str, MissingDataError] = {}
    for crypto in cryptos:
        try:
            spans[crypto] = source.span(crypto)
        except MissingDataError as error:
            missing[crypto] = error
    return spans, missing


def _with_history(spans: Mapping[str, Span], folds: FoldSettings) -> tuple[str, ...]:
    """Name the cryptos whose history is long enough."""
    if not spans:
        return ()
    first, last, rows = np.array(
        [(span.first.value, span.last.value, span.rows) for span in spans.values()], np.int64
    ).T.copy()
    needed = rows_before_tests(folds.validation_fraction)
    if folds.edges is not None:
        fits = serves_edges(first, last, rows, edges_in_nanoseconds(folds.edges), needed)
    elif folds.calendar == "per_crypto":
        fits = rows // 2 >= needed
    else:
        fits = largest_sharing(first, last, rows, needed)
    return tuple(crypto for crypto, fit in zip(spans, fits.tolist(), strict=True) if fit)


def _too_short(crypto: str, spans: Mapping[str, Span], part: Mapping[str, Span], folds: FoldSettings) -> str:
    """Say why a history is too short: by itself, or beside the cryptos that take part."""
    span, needed = spans[crypto], rows_before_tests(folds.validation_fraction)
    history = f"{span.rows} rows from {span.first:%Y-%m-%d} to {span.last:%Y-%m-%d}"
    edges = _edges(part, folds)
    if span.rows // 2 < needed or edges is None:
        return (
            f"too little history for the folds: {history}; at least {2 * needed} rows are needed, half of "
            "them before the first test span"
        )
    begin, end = (f"{np.datetime64(int(edge), 'ns').astype('datetime64[D]')}" for edge in edges[[0, -1]])
    return (
        f"its history does not cover the folds: {history}; the test spans last from {begin} to {end} and "
        f"need {needed} rows before them"
    )


def _edges(part: Mapping[str, Span], folds: FoldSettings) -> Array | None:
    if folds.edges is not None:
        return edges_in_nanoseconds(folds.edges)
    if folds.calendar == "per_crypto" or not part:
        return None
    return common_edges(part, folds.n_folds)


def common_edges(spans: Mapping[str, Span], n_folds: int) -> Array:
    """Give the edges of the common calendar, int64 nanoseconds, shape (n_folds + 1,).

    Raises
    ------
    InputError
        As :func:`~ftf_assets.training.folds.calendar_edges.calendar_edges`.
    """
    return calendar_edges([(span.first.value, span.last.value) for span in spans.values()], n_folds)


def skipped_in_words(cryptos: Sequence[str], skipped: Mapping[str, str]) -> str:
    """Say in one line who is skipped and why; "" where nobody is.

    Examples
    --------
    >>> skipped_in_words(["OPUSDC"], {"LDOUSDC": "no file"})
    '1 of 2 cryptos skipped: LDOUSDC: no file'
    """
    if not skipped:
        return ""
    return f"{len(skipped)} of {len(cryptos) + len(skipped)} cryptos skipped: {_reasons(skipped)}"


def _reasons(skipped: Mapping[str, str]) -> str:
    return "; ".join(f"{crypto}: {reason}" for crypto, reason in skipped.items())
