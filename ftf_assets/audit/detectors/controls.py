"""The controls, which use no model. A cleaner counts only where it beats all of them.

Within an observed class the first two give every row the same suspicion: they are chance. Over both classes
they look good, because wrong labels gather in the minority class. That is why overall average precision is no
evidence.
"""

from __future__ import annotations

import numpy as np

from ftf_assets.audit.detector import Detection, Detector, Evidence
from ftf_assets.contracts.typed import typed

#: Number of rows of the rolling mean, centred on the row: about a day of hourly bars. Fixed, never fitted.
WINDOW = 25


@typed
def label_only(evidence: Evidence) -> Detection:
    """Suspect every BUY and no HOLD."""
    return Detection(evidence.y.astype(np.float64))


@typed
def constant_probability(evidence: Evidence) -> Detection:
    """Suspect by the label quality under a model that gives every row the BUY rate as its probability."""
    rate = float(evidence.y.mean())
    return Detection(np.where(evidence.y == 1, 1.0 - rate, rate))


@typed
def rolling_mean(evidence: Evidence) -> Detection:
    """Suspect rows among many BUYs: the mean label of the 25 rows around, fewer at the ends.

    Flipping a stretch turns one BUY in six into five in six, so this finds whole bursts without looking at a
    feature.
    """
    around = np.ones(WINDOW)
    counted = np.convolve(np.ones(len(evidence.y)), around, mode="same")
    return Detection(np.convolve(evidence.y.astype(np.float64), around, mode="same") / counted)


LABEL_ONLY = Detector("label_only", "control", "Every BUY is suspect, no HOLD.", label_only)
CONSTANT_P = Detector(
    "constant_p",
    "control",
    "The label quality under a model that always gives the base rate.",
    constant_probability,
)
ROLLING_MEAN = Detector("rolling_mean", "control", "The mean label of the 25 rows around.", rolling_mean)
