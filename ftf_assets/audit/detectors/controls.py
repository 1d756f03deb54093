"""The controls: what can be had without any model. A cleaner counts only where it beats all of them.

Within an observed class the first two order nothing: they are chance. Over both classes they look clever,
because wrong labels gather in the minority class, which is why overall average precision is no evidence.
"""

from __future__ import annotations

import numpy as np

from ftf_assets.audit.detector import Detection, Detector, Evidence
from ftf_assets.contracts.typed import typed

#: Rows of the rolling mean, the row itself in their middle: about a day of hourly bars. Fixed, never fitted.
WINDOW = 25


@typed
def label_only(evidence: Evidence) -> Detection:
    """Suspect every BUY and no HOLD."""
    return Detection(evidence.y.astype(np.float64))


@typed
def constant_probability(evidence: Evidence) -> Detection:
    """Suspect by the label quality of a model that says the BUY rate of every row."""
    rate = float(evidence.y.mean())
    return Detection(np.where(evidence.y == 1, 1.0 - rate, rate))


@typed
def rolling_mean(evidence: Evidence) -> Detection:
    """Suspect where BUYs crowd: the mean label of the 25 rows around, fewer at the ends.

    A stretch whose labels are flipped turns from one BUY in six to five in six, so this finds whole bursts
    without looking at a feature.
    """
    around = np.ones(WINDOW)
    counted = np.convolve(np.ones(len(evidence.y)), around, mode="same")
    return Detection(np.convolve(evidence.y.astype(np.float64), around, mode="same") / counted)


LABEL_ONLY = Detector("label_only", "control", "Every BUY is suspect, no HOLD.", label_only)
CONSTANT_P = Detector(
    "constant_p", "control", "The label quality of a model that says the base rate.", constant_probability
)
ROLLING_MEAN = Detector("rolling_mean", "control", "The mean label of the 25 rows around.", rolling_mean)
