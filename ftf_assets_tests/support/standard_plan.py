"""A plan of the standard protocol without rows, and its tuning settings."""

from __future__ import annotations

import numpy as np

from ftf_assets.training.parameters import Tuning
from ftf_assets.training.plan import TrainingPlan
from ftf_assets_tests.support.production import EPSILONS, STANDARD, variants_of

EDGES = np.arange(6, dtype=np.int64) * 10**15
STANDARD_PLAN = TrainingPlan(
    crypto="OPUSDC", arrays_key="rows", variants=STANDARD, edges=EDGES, epsilons=EPSILONS
)
BY_NAME = {variant.name: variant for variant in variants_of("label_smoothing,cleanlab", "factorial")}
SPACE = (("max_depth", (2.0, 8.0)),)
TUNED = Tuning(mode="baseline", trials=15, folds=3, space=SPACE)
