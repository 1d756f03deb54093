"""Labels in runs, as overlapping triple-barrier labels come: what the audit's tests put noise into."""

from __future__ import annotations

import numpy as np

from ftf_assets.audit.noise import AuditLabels, KnownTruth

N_ROWS = 4_000
BASE_RATE = 0.16


def runs_of_labels(n_rows: int = N_ROWS, base_rate: float = BASE_RATE, seed: int = 5) -> np.ndarray:
    """A two-state chain: BUYs stay with probability one half, at the given rate in the long run."""
    random = np.random.default_rng(seed)
    enter = 0.5 * base_rate / (1 - base_rate)
    y = np.zeros(n_rows, np.int8)
    for row in range(1, n_rows):
        y[row] = random.random() < (0.5 if y[row - 1] else enter)
    return y


def audit_labels(seed: int = 5) -> AuditLabels:
    """Labels with everything that a kind of noise may look at."""
    random = np.random.default_rng(seed)
    y = runs_of_labels(seed=seed)
    wrong = random.random(len(y)) < 0.1
    in_burst = np.zeros(len(y), np.bool_)
    in_burst[500:560] = in_burst[2_000:2_024] = True
    return AuditLabels(
        y=y,
        stability=np.where(random.random(len(y)) < 0.3, random.integers(0, 16, len(y)) / 16, 1.0).astype(
            np.float32
        ),
        margin=random.random(len(y)),
        truth=KnownTruth(label=np.where(wrong, 1 - y, y).astype(np.int8), in_burst=in_burst),
    )
