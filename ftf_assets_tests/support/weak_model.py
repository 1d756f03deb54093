"""Labels and out-of-fold probabilities of a weak model."""

from __future__ import annotations

import numpy as np


def weak_model(n: int = 4_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels at 16 % BUY and the out-of-fold P(BUY) of a model with an AUC near 0.56, as on real candles."""
    random = np.random.default_rng(seed)
    y = (random.random(n) < 0.16).astype(np.int8)
    return y, 1 / (1 + np.exp(1.7 - random.normal(0.12 * y, 0.5)))
