"""What a factor is: a named lever with a baseline and levels, one column of the results table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Factor:
    """A lever on the training data that a sweep varies while everything else stays locked.

    Attributes
    ----------
    name
        Column of the results table and word of ``--factor``.
    baseline
        The level that changes nothing; every other level is compared with it.
    default_levels
        What ``--factor NAME`` runs, the baseline first.
    levels
        Everything that ``--factor NAME=…`` accepts, controls included.
    description
        One line for people.
    """

    name: str
    baseline: str
    default_levels: tuple[str, ...]
    levels: tuple[str, ...]
    description: str
