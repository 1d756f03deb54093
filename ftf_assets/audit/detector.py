"""What a detector of wrong labels is: what it may look at, and what it returns."""

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

#: How out-of-fold probabilities are made: on purged, embargoed time blocks, or on folds of shuffled rows.
Scheme = Literal["time_blocks", "shuffled"]

#: ``cleaner``: a level of the factor cleanlab uses it. ``reference``: shown because most people use it.
#: ``control``: looks at no model; a cleaner that does not beat every control finds nothing that matters.
Role = Literal["cleaner", "reference", "control"]


@typed
@dataclass(frozen=True, eq=False)
class Evidence:
    """What a detector may look at: the given labels and models of them, never the true labels.

    Attributes
    ----------
    y
        Given labels of the fit part in time order, shape (n_rows,).
    start, end
        Their label intervals, int64 nanoseconds, UTC.
    base_weight
        Sample weights of the rows before cleaning, shape (n_rows,).
    bar
        Length of a bar in nanoseconds.
    settings
        Cap, label quality and barriers, the same as for the sweep's cleaners.
    seed
        Seed of random choices.
    probability
        Out-of-fold P(BUY) by scheme, from models trained on ``y``, each of shape (n_rows,).
    candles
        Bars, from which a judge may learn how labels follow each other but nothing about a single row; None
        where the source has none.
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
        """Give the out-of-fold P(BUY) of one scheme, shape (n_rows,).

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
        """The fit part as a sweep's judges take it, without what would reveal the true label.

        The return and the stability of a label belong to the true label, not to the given one, so the return
        is 0 and the stability is left out.
        """
        rows = FitRows(
            y=self.y,
            start=self.start,
            end=self.end,
            label_return=np.zeros(len(self.y), np.float32),
            base_weight=self.base_weight,
            label_stability=None,
            stability_known=None,
            bar=self.bar,
        )
        probability = self.probability_of("time_blocks")
        return JudgedRows(rows, probability, self.base_weight, self.seed, self.candles)

    def judgement(self, level: str) -> Judgement:
        """Give the judgement behind a level of the factor cleanlab; levels of one judge share it."""
        judge = CLEANERS[level].judge
        if judge not in self._judgements:
            self._judgements[judge] = CLEANLAB.judge(level, self.judged, self.settings)
        return self._judgements[judge]


@typed
@dataclass(frozen=True, eq=False)
class Detection:
    """What a detector returns.

    Attributes
    ----------
    suspicion
        Higher is more suspect, on any scale; ties count as broken at random. Shape (n_rows,).
    estimated_noise_rate
        Share of the labels that the detector takes for wrong; None if it gives no estimate.
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
        ``cleaner``, ``reference`` or ``control``.
    description
        One line for report and terminal.
    detect
        Gives the suspicion of every row; equal evidence gives equal bits.
    schemes
        The schemes whose out-of-fold models it needs.
    needs
        What it needs besides the labels and models of them.
    """

    name: str
    role: Role
    description: str
    detect: Callable[[Evidence], Detection]
    schemes: tuple[Scheme, ...] = ()
    needs: Needs = "labels"
