"""The error types, by who must act, and the wording of their messages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Characters of a value that an error shows. A broken file may hold a cell of megabytes.
LONGEST_SHOWN = 300


class FtfError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(FtfError, ValueError):
    """Wrong usage or bad input. The user can correct it, and nothing was written; exit code 2.

    Attributes
    ----------
    rule
        The broken rule alone, as :func:`input_error` gets it; "" where only the message is known.
    details
        What the message names, each alone as text: ``crypto``, ``file``, ``column``, ``row``, ``found``,
        ``allowed`` and ``fix``, as far as they are known.
    """

    rule: str = ""
    details: Mapping[str, str] = MappingProxyType({})


class MissingDataError(InputError):
    """No file holds the data of a crypto. A sweep of a group may go on without that crypto."""


class StoreError(FtfError, RuntimeError):
    """A store is damaged, missing or cannot be reached. The run stops; stored values stay as they were."""


class RunError(FtfError, RuntimeError):
    """A run stopped for another reason than its input or one of its cells. Its log says more; exit code 1."""


class BlockedError(RunError):
    """A blocking check failed in a run: nothing downstream of the value may be made from it."""


class Interrupted(BaseException):
    """The user stopped a run with SIGINT or SIGTERM; finished fits are kept. Its text says what else is.

    Not an :class:`Exception`, as Python's own ``KeyboardInterrupt`` is none: no library that catches every
    exception may drop it or wrap it in an error of its own, and no cell may take it for its failure.
    """


class CellError(FtfError, RuntimeError):
    """The failure of one cell. It becomes a ``training_failed`` row, and the sweep goes on.

    Parameters
    ----------
    stage
        Where the cell failed, the ``error_stage`` of its row: ``tuning``, ``baseline``,
        ``out_of_fold``, ``cleaning``, ``weighting``, ``fit``, ``threshold`` or ``evaluation``.
    message
        What happened, in one line.
    """

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage

    def __reduce__(self) -> tuple[type[CellError], tuple[str, str]]:
        """Cross to another process with both arguments: an exception repeats its message only."""
        return type(self), (self.stage, str(self))


def input_error(
    rule: str,
    *,
    crypto: str | None = None,
    file: str | None = None,
    column: str | None = None,
    row: object = None,
    found: object = None,
    allowed: str | None = None,
    fix: str | None = None,
    kind: type[InputError] = InputError,
) -> InputError:
    """Word an :class:`InputError` for the person who must correct the input.

    Parameters
    ----------
    rule
        The broken rule as a plain sentence, without a full stop.
    crypto, file, column, row
        Where it was broken. The message names those that are given. ``row`` is a timestamp or a row number.
    found, allowed, fix
        What came, what would be accepted, what to do.
    kind
        The class of the error.

    Returns
    -------
    InputError
        Its message is one line of printable characters, whatever the input holds.

    Examples
    --------
    >>> print(input_error("weights must not be negative", crypto="OPUSDC", row=17, found=-1, allowed=">= 0"))
    OPUSDC, row 17: weights must not be negative (found -1; allowed: >= 0)
    """
    place = ", ".join(
        part
        for part in (
            shown(crypto) if crypto else None,
            f"file {shown(file)}" if file else None,
            f"column {shown(repr(column))}" if column is not None else None,
            f"row {shown(row)}" if row is not None else None,
        )
        if part
    )
    detail = "; ".join(
        part
        for part in (
            f"found {shown(found)}" if found is not None else None,
            f"allowed: {allowed}" if allowed else None,
        )
        if part
    )
    message = (f"{place}: " if place else "") + rule + (f" ({detail})" if detail else "")
    error = kind(message + (f". {fix}" if fix else ""))
    error.rule = rule
    named = {"crypto": crypto, "file": file, "column": column, "row": row, "found": found}
    said = {"allowed": allowed, "fix": fix}
    error.details = {name: shown(value) for name, value in named.items() if value is not None}
    error.details |= {name: text for name, text in said.items() if text}
    return error


def first_value(value: object) -> str:
    """Write a cell so that text is told from a number, without the names of types: ``'4'`` or ``4``."""
    return repr(value) if isinstance(value, str) else str(value)


def shown(value: object) -> str:
    """Write a value from outside so that it fits into one line of a log or terminal.

    Line breaks, terminal codes and other invisible characters appear as escapes. A long text is cut.
    """
    text = f"{value}"
    cut = f"… ({len(text)} characters)" if len(text) > LONGEST_SHOWN else ""
    visible = (
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode()
        for one in text[:LONGEST_SHOWN]
    )
    return "".join(visible) + cut
