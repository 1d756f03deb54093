"""The noise of a simulated market itself: nothing is injected, because the true labels are known."""

from __future__ import annotations

from typing import cast

import numpy as np

from ftf_assets.audit.noise import NO_BURST, AuditLabels, KnownTruth, NoiseKind, NoisyLabels, runs
from ftf_assets.contracts.typed import typed


@typed
def known_truth(labels: AuditLabels, share: float, random: np.random.Generator) -> NoisyLabels:  # noqa: ARG001
    """Take the observed labels as given and the market's own labels as true.

    Bursts are the market's own stretches of errors; every other error is its own burst.

    Raises
    ------
    CellError
        Stage ``noise`` where the true labels are not known.
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
