"""cleanlab on out-of-fold probabilities of time blocks: the judge of ``filter`` and ``reweight``."""

from __future__ import annotations

from ftf_assets.audit.detector import Detection, Detector, Evidence
from ftf_assets.contracts.typed import typed


@typed
def detect(evidence: Evidence) -> Detection:
    """Judge the labels by models that were trained neither on them nor on labels that overlap them.

    The noise rate is the share that cleanlab flags, before any cap.
    """
    judgement = evidence.judgement("filter")
    return Detection(1.0 - judgement.label_quality, float(judgement.flagged.mean()))


CLEANLAB_TIME_BLOCKS = Detector(
    "cleanlab",
    "cleaner",
    "cleanlab on purged, embargoed time blocks: the judge of filter and reweight.",
    detect,
    ("time_blocks",),
)
