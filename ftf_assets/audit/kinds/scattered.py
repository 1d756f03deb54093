"""Errors that are independent of each other: none at all, in any row, or BUYs only."""

from __future__ import annotations

import numpy as np

from ftf_assets.audit.noise import AuditLabels, NoiseKind, NoisyLabels, flip, n_flips
from ftf_assets.contracts.typed import typed


@typed
def no_flips(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:  # noqa: ARG001
    """Leave the labels alone: what a detector flags here is its estimate of the noise already in them."""
    return flip(labels.y, np.empty(0, np.int64), np.empty(0, np.int64))


@typed
def independent(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
    """Flip ``share`` of the rows, each equally likely; most of them are HOLDs that become BUY."""
    rows = np.sort(random.choice(len(labels.y), n_flips(len(labels.y), share), replace=False))
    return flip(labels.y, rows, np.arange(len(rows)))


@typed
def missed_buys(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
    """Turn BUYs into HOLDs: half of ``share`` of the rows, at most half of the BUYs.

    Half, because that is the part of balanced noise that hides BUYs; the whole share would leave hardly a BUY
    where one row in six is one.
    """
    buys = np.flatnonzero(labels.y == 1)
    n_missed = min(n_flips(len(labels.y), share / 2), len(buys) // 2)
    rows = np.sort(random.choice(buys, n_missed, replace=False))
    return flip(labels.y, rows, np.arange(len(rows)))


NONE = NoiseKind(
    "none",
    "Nothing is flipped: what is found is an estimate of the noise in the data.",
    no_flips,
    drawn=False,
)
INDEPENDENT = NoiseKind("independent", "Any row may be flipped, each equally likely.", independent)
MISSED_BUYS = NoiseKind("missed_buys", "BUYs are labelled HOLD, never the other way round.", missed_buys)
