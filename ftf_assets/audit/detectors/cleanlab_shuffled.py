"""cleanlab with its default, folds of shuffled rows, where overlapping labels leak into the models."""

from __future__ import annotations

from ftf_assets.audit.detector import Detection, Detector, Evidence
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.cleaning.confident_learning import flag_label_issues, label_quality


@typed
def detect(evidence: Evidence) -> Detection:
    """Judge the labels by models that were trained on the neighbouring rows, with the same wrong labels."""
    probability = evidence.probability_of("shuffled")
    return Detection(
        1.0 - label_quality(evidence.y, probability, "self_confidence"),
        float(flag_label_issues(evidence.y, probability).mean()),
    )


CLEANLAB_SHUFFLED = Detector(
    "cleanlab_shuffled",
    "reference",
    "cleanlab's default, shuffled folds: leaky, shown because most people run it.",
    detect,
    ("shuffled",),
)
