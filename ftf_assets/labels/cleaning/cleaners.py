"""The levels of the factor ``cleanlab``: who judges the labels, and what happens to the suspects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed

Judge = Literal["cleanlab", "temporal"]
Action = Literal["drop", "reweight", "drop_random", "drop_lowest_p"]


@dataclass(frozen=True)
class Cleaner:
    """A level other than the baseline.

    Attributes
    ----------
    judge
        ``cleanlab``: confident learning, row by row. ``temporal``: the order of the labels in time.
    action
        ``drop``: drop the suspects. ``reweight``: multiply their weights by their label quality, then rescale
        each class to its former weight. Controls: ``drop_random`` drops as many rows of each class at random,
        ``drop_lowest_p`` those with the lowest probability of their own label.
    """

    judge: Judge
    action: Action

    @property
    def control(self) -> bool:
        """Whether the level cleans nothing and only shows what a cleaner must beat."""
        return self.action in ("drop_random", "drop_lowest_p")


#: For two classes cleanlab's scores are monotone in P(BUY) within a class, so its capped ``filter`` drops the
#: same rows as ``filter_lowest_p``. The temporal cleaner does not.
CLEANERS: dict[str, Cleaner] = {
    "filter": Cleaner("cleanlab", "drop"),
    "reweight": Cleaner("cleanlab", "reweight"),
    "filter_random": Cleaner("cleanlab", "drop_random"),
    "filter_lowest_p": Cleaner("cleanlab", "drop_lowest_p"),
    "filter_temporal": Cleaner("temporal", "drop"),
    "reweight_temporal": Cleaner("temporal", "reweight"),
    "filter_temporal_random": Cleaner("temporal", "drop_random"),
    "filter_temporal_lowest_p": Cleaner("temporal", "drop_lowest_p"),
}


@typed
def cleaner_of(level: str) -> Cleaner:
    """Return the cleaner of a level.

    Raises
    ------
    InputError
        The level is unknown, or is the baseline, which cleans nothing.
    """
    if level not in CLEANERS:
        raise input_error(
            "unknown level of the factor cleanlab", found=repr(level), allowed=", ".join(CLEANERS)
        )
    return CLEANERS[level]
