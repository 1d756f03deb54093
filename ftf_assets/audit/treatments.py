"""What is done about suspects before a model is trained: the levels of the factor cleanlab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ftf_assets.audit.detector import Evidence
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.cleaning.cleaners import CLEANERS, CONTROLS
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.labels.fit_rows import TreatedRows


@dataclass(frozen=True)
class Treatment:
    """A level of the factor cleanlab whose effect on a model is measured.

    Attributes
    ----------
    name
        The level.
    detector
        The detector whose suspects it treats, which is the level's judge.
    control
        Whether it is a control, which the others must beat.
    own_fit
        Whether it leaves other rows than every treatment before it. Within a class cleanlab orders rows by P,
        so dropping its suspects and dropping as many rows of lowest P leaves the same rows.
    """

    name: str
    detector: str
    control: bool
    own_fit: bool

    @property
    def needs_candles(self) -> bool:
        """Whether the level's judge reads candles."""
        return self.name in CLEANLAB.needs_candles

    def control_by(self, choice: Literal["random", "lowest_p"]) -> str | None:
        """Give the control that does the same to as many rows of another choice; None if there is none."""
        mine = CLEANERS[self.name]
        for action in CONTROLS.get(mine.action, ()):
            if action.endswith(choice):
                return next(
                    name for name, one in CLEANERS.items() if (one.judge, one.action) == (mine.judge, action)
                )
        return None


TREATMENTS: dict[str, Treatment] = {
    name: Treatment(
        name,
        detector=one.judge,
        control=one.control,
        own_fit=(one.judge, one.action) != ("cleanlab", "drop_lowest_p"),
    )
    for name, one in CLEANERS.items()
}


@typed
def treat(treatment: Treatment, evidence: Evidence) -> TreatedRows:
    """Clean the fit part as a sweep does.

    Parameters
    ----------
    treatment
        The level.
    evidence
        Given labels and out-of-fold probabilities of the fit part.

    Raises
    ------
    CellError
        Stage ``cleaning``, as in a sweep.
    """
    return CLEANLAB.treat(treatment.name, evidence.judged, evidence.judgement(treatment.name))
