"""What a factor is: a named treatment of training data that a sweep varies, one column of the results table.

A factor treats one of three things, and its class says which: the labels that a model learns
(``LabelFactor``), the weights of its rows (``WeightFactor``), or the choice of rows (``RowFactor``). They
apply in this order, each to the result of the one before, and to the fit part only: validation and test rows
are never treated. A ``SeedFactor`` treats nothing: its levels differ from the baseline by chance alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ftf_assets.contracts.typed import Array, Float32, Float64, typed
from ftf_assets.labels.fit_rows import FitRows, JudgedRows, Judgement, TreatedRows

if TYPE_CHECKING:
    from ftf_assets.labels.cleaning.confident_learning import LabelQuality
    from ftf_assets.labels.cleaning.suspect_cap import CapBy
    from ftf_assets.labels.triple_barrier import BarrierSettings


@runtime_checkable
class TreatmentSettings(Protocol):
    """The settings of a sweep that levels depend on; a ``TrainingPlan`` provides them.

    Attributes
    ----------
    epsilons
        (epsilon_buy, epsilon_hold) for each smoothing level.
    suspect_cap
        Largest share of a class that may be suspect.
    cap_by
        Whether that share limits confident learning, or its own count of wrong labels.
    label_quality
        Method by which cleanlab scores labels.
    barriers
        The triple barrier that made the labels.
    """

    @property
    def epsilons(self) -> dict[str, tuple[float, float]]: ...  # noqa: D102
    @property
    def suspect_cap(self) -> float: ...  # noqa: D102
    @property
    def cap_by(self) -> CapBy: ...  # noqa: D102
    @property
    def label_quality(self) -> LabelQuality: ...  # noqa: D102
    @property
    def barriers(self) -> BarrierSettings: ...  # noqa: D102


Identity = Callable[[str, TreatmentSettings], Mapping[str, object]]
LabelTreatment = Callable[[str, Float32[Array, " rows"], TreatmentSettings], Float32[Array, " rows"]]
WeightTreatment = Callable[[str, FitRows, TreatmentSettings], Float64[Array, " rows"]]
RowJudge = Callable[[str, JudgedRows, TreatmentSettings], Judgement]
RowTreatment = Callable[[str, JudgedRows, Judgement], TreatedRows]


@typed
def level_alone(level: str, settings: TreatmentSettings) -> Mapping[str, object]:  # noqa: ARG001
    """Return the identity of a level that depends on no setting."""
    return {"level": level}


def _always_capped(level: str, settings: TreatmentSettings) -> bool:  # noqa: ARG001
    return True


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A treatment of training data that a sweep varies while everything else stays fixed.

    Attributes
    ----------
    name
        Column of the results table, and the word that ``--factor`` takes.
    baseline
        The level that changes nothing. It is never applied, so it costs nothing. Every other level is
        compared with it.
    default_levels
        Levels that ``--factor NAME`` runs, the baseline first.
    levels
        Every level that ``--factor NAME=…`` accepts, controls included. Levels other than the baseline are
        unique in the registry, because they name variants.
    description
        One line for people.
    identity
        (level, settings) to a JSON mapping of everything besides the rows that the level's effect depends on.
        It is part of the keys of the level's fits.
    needs
        Pairs (level, optional column of the feature cache that the level requires).
    needs_candles
        Levels that read candles. Sweeps of ready feature caches have none and refuse these levels.
    controls
        Levels that clean nothing and only show what a treatment must beat.
    """

    name: str
    baseline: str
    default_levels: tuple[str, ...]
    levels: tuple[str, ...]
    description: str
    identity: Identity = level_alone
    needs: tuple[tuple[str, str], ...] = ()
    needs_candles: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LabelFactor(Factor):
    """A factor that softens labels.

    Attributes
    ----------
    treat
        (level, labels in [0, 1], settings) to labels in [0, 1], row by row. A BUY stays above one half and a
        HOLD below it.
    reads_truth
        Levels that are given the true labels instead of the observed ones. They are controls of calibration,
        and sources that do not know the truth refuse them.
    """

    treat: LabelTreatment
    reads_truth: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WeightFactor(Factor):
    """A factor that weighs rows.

    Attributes
    ----------
    treat
        (level, rows of one fit, settings) to non-negative multipliers of the rows' weights, on any scale.

    Warnings
    --------
    ``treat`` may use the rows of its own fit only. The weights of an out-of-fold model must not depend on the
    block that it predicts.
    """

    treat: WeightTreatment


@dataclass(frozen=True, kw_only=True)
class RowFactor(Factor):
    """A factor that selects or weighs rows by out-of-fold probabilities: a cleaner.

    Attributes
    ----------
    judge
        (level, fit part, settings) to a judgement. It must not depend on the weights.
    treat
        (level, fit part, judgement) to the rows to keep and their weights.
    judges
        Level to the name of its judge. Levels with the same judge share one judgement. By default each level
        has its own.
    capped_by_share
        (level, settings) to whether the suspects of each class are at most the share ``suspect_cap`` of it.
    """

    judge: RowJudge
    treat: RowTreatment
    judges: Mapping[str, str] = field(default_factory=dict)
    capped_by_share: Callable[[str, TreatmentSettings], bool] = _always_capped


@dataclass(frozen=True, kw_only=True)
class SeedFactor(Factor):
    """A factor whose levels change the seeds of a cell's model fits, and nothing else."""
