"""cleanlab on out-of-fold probabilities of time blocks: what the levels ``filter`` and ``reweight`` run."""

from __future__ import annotations

from ftf_assets.audit.detector import Detection, Detector, Evidence, Scheme
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.confident_learning import flag_label_issues, label_quality


@typed
def judged_by_cleanlab(evidence: Evidence, scheme: Scheme) -> Detection:
    """Suspect by cleanlab's self-confidence; its noise rate is the share that it flags before any cap.

    Parameters
    ----------
    evidence
        Given labels and out-of-fold probabilities.
    scheme
        Which of the probabilities.
    """
    probability = evidence.probability_of(scheme)
    return Detection(
        1.0 - label_quality(evidence.y, probability, "self_confidence"),
        float(flag_label_issues(evidence.y, probability).mean()),
    )


@typed
def detect(evidence: Evidence) -> Detection:
    """Judge the labels by models that saw neither them nor labels that overlap theirs."""
    return judged_by_cleanlab(evidence, "time_blocks")


CLEANLAB_TIME_BLOCKS = Detector(
    "cleanlab",
    "cleaner",
    "cleanlab on purged, embargoed time blocks: the cleaner of filter and reweight.",
    detect,
    ("time_blocks",),
)
