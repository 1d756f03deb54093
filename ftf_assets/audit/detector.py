"""What a detector of wrong labels is, what it may look at, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ftf_assets.audit.noise import Needs
from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float32, Float64, Int8, Int64, typed
from ftf_assets.labels.cleaning.cleaners import CLEANERS
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.labels.factor import TreatmentSettings
from ftf_assets.labels.fit_rows import FitRows, JudgedRows, Judgement

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
    base_weight
        Weights of the rows.
    bar
        Length of a bar in nanoseconds.
    settings
        Cap, label quality and barriers, as the sweep's cleaners take them.
    seed
        Of random choices.
    probability
        Out-of-fold P(BUY) by scheme, from models trained on ``y``, each of shape (n_rows,).
    candles
        Bars, from which a judge may learn how labels follow each other, and nothing about a row; None where
        the source has none.
    """

    y: Int8[Array, " rows"]
    start: Int64[Array, " rows"]
    end: Int64[Array, " rows"]
    base_weight: Float32[Array, " rows"]
    bar: int
    settings: TreatmentSettings
    seed: int = 0
    probability: dict[str, Float64[Array, " _"]] = field(default_factory=dict)
    candles: CandleArrays | None = None
    _judgements: dict[str, Judgement] = field(default_factory=dict)

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

    @property
    def judged(self) -> JudgedRows:
        """The fit part as a sweep's judges get it, without what would give the true label away.

        A label's return and its stability belong to the label that the price made, not to the given one.
        """
        rows = FitRows(
            y=self.y,
            start=self.start,
            end=self.end,
            label_return=np.zeros(len(self.y), np.float32),
            base_weight=self.base_weight,
            label_stability=None,
            bar=self.bar,
        )
        probability = self.probability_of("time_blocks")
        return JudgedRows(rows, probability, self.base_weight, self.seed, self.candles)

    def judgement(self, level: str) -> Judgement:
        """What the judge of a level of the factor cleanlab says, asked once for all levels of that judge."""
        judge = CLEANERS[level].judge
        if judge not in self._judgements:
            self._judgements[judge] = CLEANLAB.judge(level, self.judged, self.settings)
        return self._judgements[judge]


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
    needs
        What it looks at besides the labels and models of them.
    """

    name: str
    role: Role
    description: str
    detect: Callable[[Evidence], Detection]
    schemes: tuple[Scheme, ...] = ()
    needs: Needs = "labels"
