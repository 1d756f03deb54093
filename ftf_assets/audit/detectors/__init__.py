"""The registry of detectors: a new one is one module and one line here."""

from __future__ import annotations

from ftf_assets.audit.detector import Detector
from ftf_assets.audit.detectors.cleanlab_shuffled import CLEANLAB_SHUFFLED
from ftf_assets.audit.detectors.cleanlab_time_blocks import CLEANLAB_TIME_BLOCKS
from ftf_assets.audit.detectors.controls import CONSTANT_P, LABEL_ONLY, ROLLING_MEAN
from ftf_assets.audit.detectors.temporal import TEMPORAL

DETECTORS: dict[str, Detector] = {
    detector.name: detector
    for detector in (
        CLEANLAB_TIME_BLOCKS,
        TEMPORAL,
        CLEANLAB_SHUFFLED,
        LABEL_ONLY,
        CONSTANT_P,
        ROLLING_MEAN,
    )
}

CONTROLS = tuple(name for name, detector in DETECTORS.items() if detector.role == "control")
