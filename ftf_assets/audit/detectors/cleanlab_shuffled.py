"""cleanlab as most people run it: on folds of shuffled rows, so that overlapping labels leak into models."""

from __future__ import annotations

from ftf_assets.audit.detector import Detection, Detector, Evidence
from ftf_assets.audit.detectors.cleanlab_time_blocks import judged_by_cleanlab
from ftf_assets.contracts.typed import typed


@typed
def detect(evidence: Evidence) -> Detection:
    """Judge the labels by models that have seen the rows before and after, with the same wrong labels."""
    return judged_by_cleanlab(evidence, "shuffled")


CLEANLAB_SHUFFLED = Detector(
    "cleanlab_shuffled",
    "reference",
    "cleanlab's default, shuffled folds: leaky, shown because most people run it.",
    detect,
    ("shuffled",),
)
