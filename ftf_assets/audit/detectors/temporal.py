"""The judge that uses the order of labels in time, behind ``filter_temporal`` and ``reweight_temporal``."""

from __future__ import annotations

from ftf_assets.audit.detector import Detection, Detector, Evidence
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import typed


@typed
def detect(evidence: Evidence) -> Detection:
    """Suspect by the posterior probability that the label is wrong, given all labels and out-of-fold P(BUY).

    Raises
    ------
    CellError
        Stage ``detection`` where the judge gives no noise rate.
    """
    judgement = evidence.judgement("filter_temporal")
    if judgement.noise is None:
        raise CellError("detection", "the temporal judge gave no estimate of the noise")
    return Detection(1.0 - judgement.label_quality, judgement.noise.noise_rate)


TEMPORAL = Detector(
    "temporal",
    "cleaner",
    "The labels' order in time, with models of time blocks: the judge of the temporal levels.",
    detect,
    ("time_blocks",),
    needs="candles",
)
