"""How one piece of a sweep ended: trained, failed with its error, or skipped for a short history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.errors import CellError

Status = Literal["ok", "training_failed", "skipped_short_history"]

_LONGEST_MESSAGE = 1000


@dataclass(frozen=True)
class Outcome:
    """How a baseline, a cleaning mask or a cell ended.

    Attributes
    ----------
    status
        ``ok``, ``training_failed`` or ``skipped_short_history``.
    error_type, error_message, error_stage
        All empty when ``ok``. All three are given when failed. When skipped, ``error_message`` holds the
        reason and the others are empty.
    """

    status: Status = "ok"
    error_type: str = ""
    error_message: str = ""
    error_stage: str = ""

    @classmethod
    def failed(cls, error: BaseException, stage: str) -> Outcome:
        """Record an exception with its notes in one line of at most 1000 characters.

        Parameters
        ----------
        error
            The exception.
        stage
            Where it was raised. A :class:`CellError` states its own stage, which counts instead.
        """
        text = [str(error), *getattr(error, "__notes__", ())]
        message = " ".join(" ".join(text).split())
        return cls(
            status="training_failed",
            error_type=type(error).__name__,
            error_message=message[:_LONGEST_MESSAGE] or type(error).__name__,
            error_stage=error.stage if isinstance(error, CellError) else stage,
        )

    @classmethod
    def skipped(cls, reason: str) -> Outcome:
        """Record that the history is too short to train on."""
        return cls(status="skipped_short_history", error_message=reason)
