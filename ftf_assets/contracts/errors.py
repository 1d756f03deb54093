"""The error types: who must act, and what the message owes them."""

from __future__ import annotations

#: Characters of a value that an error shows: a broken file may hold a cell of megabytes.
LONGEST_SHOWN = 300


class FtfError(Exception):
    """Base of every error that this project raises on purpose."""


class InputError(FtfError, ValueError):
    """Bad usage or bad input: the user can mend it, nothing was written, exit code 2."""


class StoreError(FtfError, RuntimeError):
    """A store is broken, missing or out of reach: the run stops and leaves what was there intact."""


class StoreBusyError(StoreError):
    """Another process has held a store for longer than we wait: the one store error that a retry may mend."""


class RunError(FtfError, RuntimeError):
    """A run stopped for a reason that is neither the input's nor a cell's: exit code 1, its log says more."""


class Interrupted(Exception):  # noqa: N818  the user's wish, not an error
    """The user stopped a run with SIGINT or SIGTERM; finished fits are kept."""


class CellError(FtfError, RuntimeError):
    """A cell's own failure: becomes a ``training_failed`` row while the sweep goes on.

    Parameters
    ----------
    stage
        Where the cell failed, as the row's ``error_stage`` says it: ``tuning``, ``baseline``,
        ``out_of_fold``, ``cleaning``, ``weighting``, ``fit``, ``threshold`` or ``evaluation``.
    message
        What happened, in one line.
    """

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage


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
) -> InputError:
    """Word an :class:`InputError` so that the person who must mend the input finds it.

    Parameters
    ----------
    rule
        The rule that was broken, as a plain sentence without a full stop.
    crypto, file, column, row
        Where: each is named in the message when given. ``row`` is a timestamp or a row number.
    found, allowed, fix
        What came, what would have been accepted, what to do.

    Returns
    -------
    InputError
        One line of printable characters, whatever the input holds:
        ``AAVEUSDC, column 'rsi_14', row 17: infinite values … (found inf; allowed: finite) …``.
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
    return InputError(message + (f". {fix}" if fix else ""))


def shown(value: object) -> str:
    """Write a value that came from outside so that a line of a log or terminal can hold it.

    Line breaks, terminal codes and other invisible characters appear as escapes; what is too long is cut.
    """
    text = f"{value}"
    cut = f"… ({len(text)} characters)" if len(text) > LONGEST_SHOWN else ""
    visible = (
        one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode()
        for one in text[:LONGEST_SHOWN]
    )
    return "".join(visible) + cut
