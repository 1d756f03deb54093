"""Stretches of time: which are fetched, and which are left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Stretch(NamedTuple):
    """Bars that open in [begin, end), milliseconds."""

    begin: int
    end: int


def left_of(wanted: Stretch, fetched: Iterable[Stretch]) -> list[Stretch]:
    """Give the stretches of ``wanted`` that are not fetched, in order of time.

    Examples
    --------
    >>> left_of(Stretch(0, 100), [Stretch(20, 40), Stretch(30, 60), Stretch(90, 120)])
    [Stretch(begin=0, end=20), Stretch(begin=60, end=90)]
    """
    left, begin = [], wanted.begin
    for one in sorted(fetched):
        if one.begin > begin:
            left.append(Stretch(begin, min(one.begin, wanted.end)))
        begin = max(begin, one.end)
    left.append(Stretch(begin, wanted.end))
    return [one for one in left if one.begin < one.end]
