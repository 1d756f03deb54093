"""The levels of the factor ``cleanlab``: who judges the labels, and what happens to the suspects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed

Judge = Literal["cleanlab", "temporal"]
Action = Literal["drop", "reweight", "flip", "forward", "drop_random", "drop_lowest_p", "flip_random"]

#: The controls of an action: as many rows at random, and those of the lowest probability of their label. A
#: forward correction treats no row more than another, so it has none.
CONTROLS: dict[Action, tuple[Action, ...]] = {
    "drop": ("drop_random", "drop_lowest_p"),
    "reweight": ("drop_random", "drop_lowest_p"),
    "flip": ("flip_random",),
    "forward": (),
}


@dataclass(frozen=True)
class Cleaner:
    """A level other than the baseline.

    Attributes
    ----------
    judge
        ``cleanlab``: confident learning, row by row. ``temporal``: the order of the labels in time.
    action
        ``drop``: drop the suspects. ``reweight``: multiply their weights by their label quality, then rescale
        each class to its former weight. ``flip``: give the suspects the other label. ``forward``: keep rows
        and labels, and correct the loss for the estimated rates of wrong labels. Controls: ``drop_random``
        and ``flip_random`` do the same to as many rows of each class at random, ``drop_lowest_p`` drops those
        with the lowest probability of their own label.
    """

    judge: Judge
    action: Action

    @property
    def control(self) -> bool:
        """Whether the level cleans nothing and only shows what a cleaner must beat."""
        return self.action not in CONTROLS


#: For two classes cleanlab's scores are monotone in P(BUY) within a class, so its capped ``filter`` drops the
#: same rows as ``filter_lowest_p``. The temporal cleaner does not.
CLEANERS: dict[str, Cleaner] = {
    "filter": Cleaner("cleanlab", "drop"),
    "reweight": Cleaner("cleanlab", "reweight"),
    "filter_random": Cleaner("cleanlab", "drop_random"),
    "filter_lowest_p": Cleaner("cleanlab", "drop_lowest_p"),
    "relabel": Cleaner("cleanlab", "flip"),
    "relabel_random": Cleaner("cleanlab", "flip_random"),
    "forward": Cleaner("cleanlab", "forward"),
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
