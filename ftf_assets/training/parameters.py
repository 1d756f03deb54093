"""XGBoost parameters: the documented defaults that hold where nothing is tuned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Device = Literal["cpu", "cuda"]
Parameters = dict[str, float | int | str]

#: What a sweep without tuning trains with. Shallow trees, row and column subsampling and a small step: the
#: usual starting point for a few thousand rows of weak signal.
DEFAULT_PARAMETERS: Parameters = {
    "max_depth": 5,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "max_bin": 256,
}


@dataclass(frozen=True)
class Rounds:
    """How the number of boosting rounds is found on the validation slice.

    Attributes
    ----------
    minimum, maximum
        Bounds of the rounds that are kept and tried.
    patience
        Rounds without a better log loss after which boosting stops.
    """

    minimum: int = 20
    maximum: int = 400
    patience: int = 30
