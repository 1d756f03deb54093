"""The factors of this package, in the order of their columns and variants."""

from __future__ import annotations

from ftf_assets.labels.calibration_controls import LABEL_TRUTH, RESEEDED
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.labels.factor import Factor
from ftf_assets.labels.sample_weight import SAMPLE_WEIGHT
from ftf_assets.labels.smoothing import LABEL_SMOOTHING

BUILT_IN: tuple[Factor, ...] = (LABEL_SMOOTHING, CLEANLAB, SAMPLE_WEIGHT, LABEL_TRUTH, RESEEDED)
