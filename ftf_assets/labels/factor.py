"""What a factor is: a named lever on the training rows, one column of the results table.

A factor treats one of three things, and its class says which: the labels that a model is asked to believe,
the weights of its rows, or the rows themselves. They act in that order, each on what the one before left, and
on the fit part only: validation and test rows are never treated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import NoiseEstimate
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed

if TYPE_CHECKING:
    from ftf_assets.labels.confident_learning import LabelQuality
    from ftf_assets.labels.triple_barrier import BarrierSettings


@runtime_checkable
class TreatmentSettings(Protocol):
    """The sweep's settings that levels depend on; what a plan of a crypto provides.

    Attributes
    ----------
    epsilons
        (epsilon_buy, epsilon_hold) per smoothing level.
    suspect_cap
        Largest share of a class that a cleaner may suspect.
    label_quality
        How cleanlab scores a label.
    barriers
        The triple barrier that made the labels.
    """

    @property
    def epsilons(self) -> dict[str, tuple[float, float]]: ...  # noqa: D102
    @property
    def suspect_cap(self) -> float: ...  # noqa: D102
    @property
    def label_quality(self) -> LabelQuality: ...  # noqa: D102
    @property
    def barriers(self) -> BarrierSettings: ...  # noqa: D102


@typed
@dataclass(frozen=True, eq=False)
class FitRows:
    """What a treatment may know of the rows that a fit trains on, arrays of shape (n_rows,); no features.

    Everything here is known at the end of the training window: the fit part ends before the validation slice
    begins, and every label of it is known by then.

    Attributes
    ----------
    y, start, end, label_return, base_weight, label_stability
        As in :class:`~ftf_assets.contracts.arrays.TrainingArrays`, of these rows alone.
    bar
        Length of a bar in nanoseconds.
    """

    y: Int8[Array, " rows"]
    start: Int64[Array, " rows"]
    end: Int64[Array, " rows"]
    label_return: Float32[Array, " rows"]
    base_weight: Float32[Array, " rows"]
    label_stability: Float32[Array, " rows"] | None
    bar: int

    @classmethod
    def of(cls, arrays: TrainingArrays, rows: Int64[Array, " fit"], bar: int) -> FitRows:
        """Take the rows of a fit, by their numbers in the training arrays."""
        stability = arrays.label_stability
        return cls(
            y=arrays.y[rows],
            start=arrays.start[rows],
            end=arrays.end[rows],
            label_return=arrays.label_return[rows],
            base_weight=arrays.base_weight[rows],
            label_stability=None if stability is None else stability[rows],
            bar=bar,
        )


@typed
@dataclass(frozen=True, eq=False)
class JudgedRows:
    """A fit part with what out-of-fold models say about it.

    Attributes
    ----------
    rows
        The rows of the fit part.
    probability
        Out-of-fold P(BUY): no row's probability comes from a model that saw the row. The models trained on
        the variant's own labels and weights.
    weight
        Weight of every row as the variant's weights, and the row factors before this one, leave it.
    seed
        For random choices, the same for all variants of the (crypto, fold).
    candles
        Bars of the crypto, of which those that closed by the rows' latest label end may be read; None where
        no level of the sweep needs them.
    """

    rows: FitRows
    probability: Float64[Array, " rows"]
    weight: Float32[Array, " rows"]
    seed: int
    candles: CandleArrays | None = None


@typed
@dataclass(frozen=True, eq=False)
class Judgement:
    """What a judge says about the labels of a fit part, arrays of shape (n_rows,).

    Attributes
    ----------
    label_quality
        How well each given label agrees with the judge, in [0, 1]; low is suspect.
    flagged
        Rows that the judge doubts, before any cap.
    suspect
        Rows that are held for mislabelled, after the cap a class.
    noise
        What the judge estimates about the noise as a whole, where it does.
    """

    label_quality: Float64[Array, " rows"]
    flagged: Bool[Array, " rows"]
    suspect: Bool[Array, " rows"]
    noise: NoiseEstimate | None = None


@typed
@dataclass(frozen=True, eq=False)
class TreatedRows:
    """What a row factor does with a fit part, arrays of shape (n_rows,).

    Attributes
    ----------
    suspect
        Rows that the level treats: the judge's suspects, or as many others where the level is a control.
    keep
        Rows that stay in the fit part; only suspects leave it.
    weight
        Training weight of every row, of those that are dropped too.
    """

    suspect: Bool[Array, " rows"]
    keep: Bool[Array, " rows"]
    weight: Float32[Array, " rows"]


Identity = Callable[[str, TreatmentSettings], Mapping[str, object]]
LabelTreatment = Callable[[str, Float32[Array, " rows"], TreatmentSettings], Float32[Array, " rows"]]
WeightTreatment = Callable[[str, FitRows, TreatmentSettings], Float64[Array, " rows"]]
RowJudge = Callable[[str, JudgedRows, TreatmentSettings], Judgement]
RowTreatment = Callable[[str, JudgedRows, Judgement], TreatedRows]


@typed
def level_alone(level: str, settings: TreatmentSettings) -> Mapping[str, object]:  # noqa: ARG001
    """Identify a level that depends on no setting."""
    return {"level": level}


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A lever on the training data that a sweep varies while everything else stays locked.

    Attributes
    ----------
    name
        Column of the results table and word of ``--factor``.
    baseline
        The level that changes nothing and costs nothing: it is never applied. Every other level is compared
        with it.
    default_levels
        What ``--factor NAME`` runs, the baseline first.
    levels
        Everything that ``--factor NAME=…`` accepts, controls included. Names off the baseline are unique in
        the registry, because they name variants.
    description
        One line for people.
    identity
        JSON of everything besides the rows that a level's effect depends on: part of the keys of its fits.
    needs
        Pairs (level, optional column of the feature cache that the level cannot do without).
    needs_candles
        Levels that read candles: no sweep of ready feature caches can have them.
    controls
        Levels that treat nothing and only show what a treatment must beat.
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
    """

    treat: LabelTreatment


@dataclass(frozen=True, kw_only=True)
class WeightFactor(Factor):
    """A factor that weighs rows.

    Attributes
    ----------
    treat
        (level, rows of one fit, settings) to non-negative multipliers of their weights, of any scale. They
        see the rows of that fit alone: an out-of-fold model's weights know nothing of its held-out block.
    """

    treat: WeightTreatment


@dataclass(frozen=True, kw_only=True)
class RowFactor(Factor):
    """A factor that chooses among rows by out-of-fold probabilities: a cleaner.

    Attributes
    ----------
    judge
        (level, the fit part, settings) to suspects. It does not look at the weights.
    treat
        (level, the fit part, its judgement) to rows to keep and weights.
    judges
        Name of each level's judge; levels of one name share its judgement. By default each has its own.
    """

    judge: RowJudge
    treat: RowTreatment
    judges: Mapping[str, str] = field(default_factory=dict)
