"""Errors in stretches: wrong as a whole, wrong in part, or with the labels of another stretch.

The length of every stretch is drawn from a wide range, so that no detector's window fits all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ftf_assets.audit.noise import AuditLabels, NoiseKind, NoisyLabels, flip, n_flips
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, typed

#: Number of rows of a burst: drawn log-uniformly, so a few hours are as likely as a few days.
SHORTEST, LONGEST = 6, 96
#: Chance that a label in a partial burst is wrong.
PARTIAL = 0.5
#: Draws after which there is taken to be no room for another stretch.
_PATIENCE = 20_000


@typed
def bursts(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
    """Flip every label of some stretches, ``share`` of the rows in all."""
    return _within_stretches(labels.y, share, random, wrong_with=1.0)


@typed
def partial_bursts(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
    """Flip each label of some stretches with probability one half, ``share`` of the rows in all."""
    return _within_stretches(labels.y, share, random, wrong_with=PARTIAL)


@typed
def block_copy(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
    """Give some stretches the labels of others with as many BUYs, ``share`` of the rows wrong in all.

    Rate, run lengths and overlap stay those of real labels. Only their relation to the features is lost, so
    no rule that looks at labels alone can find them. Every stretch loses as many BUYs as it gains, so the
    number of wrong labels is even.
    """
    y = labels.y
    wanted = n_flips(len(y), share) // 2
    rows: list[Array] = []
    burst: list[Array] = []
    free = np.ones(len(y), np.bool_)
    buys_until = np.concatenate(([0], np.cumsum(y, dtype=np.int64)))
    for number, (first, stop) in enumerate(_stretches(free, random)):
        if wanted == 0:
            break
        length = stop - first
        buys = buys_until[length:] - buys_until[:-length]
        same_rate = np.flatnonzero(buys == buys[first])
        elsewhere = same_rate[np.abs(same_rate - first) >= length]
        if not len(elsewhere):
            continue
        source = int(random.choice(elsewhere))
        copied = y[source : source + length]
        lost, gained = (first + np.flatnonzero((y[first:stop] == had) & (copied != had)) for had in (1, 0))
        taken = min(len(lost), wanted)
        if not taken:
            continue
        free[first:stop] = False
        wanted -= taken
        rows.append(np.sort(np.concatenate([lost[:taken], gained[:taken]])))
        burst.append(np.full(2 * taken, number))
    return _flipped(y, rows, burst)


def _within_stretches(
    y: Array, share: float, random: np.random.Generator, *, wrong_with: float
) -> NoisyLabels:
    wanted = n_flips(len(y), share)
    rows: list[Array] = []
    burst: list[Array] = []
    free = np.ones(len(y), np.bool_)
    for number, (first, stop) in enumerate(_stretches(free, random)):
        if wanted == 0:
            break
        wrong = first + np.flatnonzero(random.random(stop - first) < wrong_with)[:wanted]
        free[first:stop] = False
        wanted -= len(wrong)
        rows.append(wrong)
        burst.append(np.full(len(wrong), number))
    return _flipped(y, rows, burst)


def _stretches(free: Array, random: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Propose stretches of free rows; the caller marks those it uses as taken."""
    longest = min(LONGEST, len(free) // 2)
    for _ in range(_PATIENCE):
        length = int(np.exp(random.uniform(np.log(SHORTEST), np.log(longest + 1))))
        first = int(random.integers(0, len(free) - length + 1))
        if free[first : first + length].all():
            yield first, first + length
    raise CellError("noise", f"no room for the bursts in {len(free)} rows; lower the share of flipped labels")


def _flipped(y: Array, rows: list[Array], burst: list[Array]) -> NoisyLabels:
    positions = np.concatenate([np.empty(0, np.int64), *rows])
    members = np.concatenate([np.empty(0, np.int64), *burst])
    order = np.argsort(positions)
    return flip(y, positions[order], members[order])


BURSTS = NoiseKind("bursts", "Whole stretches of 6 to 96 rows are flipped.", bursts)
PARTIAL_BURSTS = NoiseKind(
    "partial_bursts", "Stretches in which every second label is wrong.", partial_bursts
)
BLOCK_COPY = NoiseKind(
    "block_copy", "Stretches carry another stretch's labels, at the same rate.", block_copy
)
