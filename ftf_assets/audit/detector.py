"""What a detector of wrong labels is, what it may look at, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float64, Int8, Int64, typed

#: How out-of-fold probabilities are made: in purged, embargoed time blocks, or in folds of shuffled rows.
Scheme = Literal["time_blocks", "shuffled"]

#: ``cleaner``: a level of the product stands on it. ``reference``: shown because most people run it.
#: ``control``: looks at no model; a cleaner that does not beat it has not cleaned.
Role = Literal["cleaner", "reference", "control"]


@typed
@dataclass(frozen=True, eq=False)
class Evidence:
    """What a detector may look at: the labels as given, and models of them. Never the truth.

    Attributes
    ----------
    y
        Given labels of the fit part in time order, shape (n_rows,).
    start, end
        Their label intervals, int64 nanoseconds, UTC.
    probability
        Out-of-fold P(BUY) by scheme, from models trained on ``y``, each of shape (n_rows,).
    """

    y: Int8[Array, " rows"]
    start: Int64[Array, " rows"]
    end: Int64[Array, " rows"]
    probability: dict[str, Float64[Array, " _"]] = field(default_factory=dict)

    def probability_of(self, scheme: Scheme) -> Array:
        """Out-of-fold P(BUY) of one scheme.

        Raises
        ------
        CellError
            Stage ``detection`` where no model of that scheme was fitted.
        """
        if scheme not in self.probability:
            raise CellError("detection", f"no out-of-fold probabilities of the scheme {scheme}")
        return self.probability[scheme]


@typed
@dataclass(frozen=True, eq=False)
class Detection:
    """What a detector says.

    Attributes
    ----------
    suspicion
        Higher is more suspect, of any scale; equal values are a tie, broken at random. Shape (n_rows,).
    estimated_noise_rate
        Share of the labels that the detector holds for wrong; None where it does not say.
    """

    suspicion: Float64[Array, " rows"]
    estimated_noise_rate: float | None = None


@dataclass(frozen=True)
class Detector:
    """A way to find wrong labels.

    Attributes
    ----------
    name
        Value of the column ``detector``.
    role
        Whether it is judged, shown beside, or what the judged must beat.
    description
        One line for people.
    detect
        From evidence to suspicion; equal evidence gives equal bits.
    schemes
        The out-of-fold models that it needs.
    """

    name: str
    role: Role
    description: str
    detect: Callable[[Evidence], Detection]
    schemes: tuple[Scheme, ...] = ()
