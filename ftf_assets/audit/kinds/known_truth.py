"""The noise that a simulated market made itself: nothing is injected, because what is wrong is known."""

from __future__ import annotations

from typing import cast

import numpy as np

from ftf_assets.audit.noise import NO_BURST, AuditLabels, KnownTruth, NoiseKind, NoisyLabels, runs
from ftf_assets.contracts.typed import typed


@typed
def known_truth(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:  # noqa: ARG001
    """Judge the observed labels against the true ones, as they are.

    A burst is a stretch that the market itself made one; errors outside are bursts of their own.

    Raises
    ------
    CellError
        Stage ``noise`` where the truth is not known.
    """
    labels.require("truth")
    truth = cast("KnownTruth", labels.truth)
    in_burst = np.flatnonzero(truth.in_burst)
    burst = np.arange(len(labels.y), dtype=np.int64)
    burst[in_burst] = len(labels.y) + runs(in_burst)
    burst[labels.y == truth.label] = NO_BURST
    return NoisyLabels(given=labels.y, true=truth.label, burst=burst)


KNOWN_TRUTH = NoiseKind(
    "known_truth",
    "The embedded market's own wrong labels: nothing is injected.",
    known_truth,
    needs="truth",
    drawn=False,
)
