"""Errors where the label was a close call: jittered barriers change it, or the price came near a change."""

from __future__ import annotations

import numpy as np

from ftf_assets.audit.noise import AuditLabels, NoiseKind, NoisyLabels, flip, n_flips, runs
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import typed

#: The flips are drawn among this many times as many rows, those with the smallest margin.
_POOL = 2


@typed
def label_jitter(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
    """Flip rows that jittered barriers label differently; a less stable row is more likely to be flipped.

    ``share`` of the rows is flipped, or every row that any relabelling changes if these are fewer.

    Raises
    ------
    CellError
        Stage ``noise`` where no relabelling changes any label, or the stability is not known.
    """
    labels.require("stability")
    instability = 1.0 - np.asarray(labels.stability, np.float64)
    fragile = np.flatnonzero(instability > 0)
    if not len(fragile):
        raise CellError("noise", "no label changes under jittered barriers")
    chance = instability[fragile] / instability[fragile].sum()
    n_wrong = min(n_flips(len(labels.y), share), len(fragile))
    rows = np.sort(random.choice(fragile, n_wrong, replace=False, p=chance))
    return flip(labels.y, rows, runs(rows))


@typed
def near_barrier(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:
    """Flip rows whose price came close to the other barrier: ``share`` of the rows, drawn from the closest.

    They are drawn from twice as many rows, so that closeness alone does not reveal them.

    Raises
    ------
    CellError
        Stage ``noise`` without candles.
    """
    labels.require("candles")
    margin = np.asarray(labels.margin, np.float64)
    n_wrong = n_flips(len(labels.y), share)
    closest = np.argsort(margin, kind="stable")[: _POOL * n_wrong]
    rows = np.sort(random.choice(closest, n_wrong, replace=False))
    return flip(labels.y, rows, runs(rows))


LABEL_JITTER = NoiseKind(
    "label_jitter",
    "Labels that barriers and ATR moved by 10 % would change.",
    label_jitter,
    needs="stability",
)
NEAR_BARRIER = NoiseKind(
    "near_barrier", "Labels whose path came close to the other barrier.", near_barrier, needs="candles"
)
