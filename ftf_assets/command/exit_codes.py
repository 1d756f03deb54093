"""Exit codes of ``ftf``: scripts and CI act on them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    #: Some cells or checks failed, or a run stopped for a reason that is not the input's.
    FAILED = 1
    #: Bad usage, bad input or a store that cannot be used.
    BAD_INPUT = 2
    INTERRUPTED = 130
