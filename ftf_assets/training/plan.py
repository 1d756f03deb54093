"""The plan of one crypto: everything besides its rows that decides what its cells are.

Keys of its fits are in :mod:`~ftf_assets.training.fit_keys`, their seeds in
:mod:`~ftf_assets.training.fit_seeds`, their number in :mod:`~ftf_assets.training.planned_fits`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.contracts.typed import Array, Int8, Int64, typed
from ftf_assets.labels.apply_factors import reads_truth, treated_labels
from ftf_assets.labels.built_in_factors import BUILT_IN
from ftf_assets.labels.cleaning.confident_learning import LabelQuality
from ftf_assets.labels.cleaning.suspect_cap import CapBy
from ftf_assets.labels.factor import LabelFactor, RowFactor, WeightFactor
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.training.ceiling_plan import CeilingPlan
from ftf_assets.training.device import Device
from ftf_assets.training.folds.label_intervals import bar_length
from ftf_assets.training.folds.walk_forward import Fold, walk_forward_folds
from ftf_assets.training.parameters import DEFAULT_PARAMETERS, Parameters, Rounds, Tuning
from ftf_assets.training.variants import BASELINE_VARIANT, Variant, variant_of

RoundsMode = Literal["baseline", "per_variant"]


@typed
@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """The plan of one crypto.

    Attributes
    ----------
    crypto
        Name of the crypto.
    arrays_key
        Key of the training arrays: data, label settings and code.
    variants
        Treatments to compare.
    edges
        Fold edges, int64 nanoseconds, shape (n_folds + 1,).
    epsilons
        (epsilon_buy, epsilon_hold) for each smoothing level.
    validation_fraction, embargo_bars
        Share of the training window that validates; length in bars of the embargo after a held-out span.
    out_of_fold_blocks, suspect_cap, cap_by, label_quality
        Cleaning: number of out-of-fold blocks, largest share of a class that may be suspect, whether that
        share limits confident learning or its own count of wrong labels, method of the label quality.
    barriers
        The triple barrier that made the labels.
    rounds, rounds_mode
        Early stopping; whether only the baseline stops early and its rounds hold for all variants, or every
        variant stops early on its own.
    parameters
        XGBoost parameters of each fit where nothing is tuned, and of the first trial of each study.
    tuning
        Which variants are tuned, and how.
    seed, seeds
        Seed of the sweep, and number of fits that a cell averages.
    seed_check
        Whether the baseline is fitted with a second seed where a cell averages one fit only. The difference
        between the two is the noise of the seed.
    device
        ``cpu``, ``cuda`` or ``cuda:N``.
    ceiling
        The doses of noise of the label ceiling; None for none.
    """

    crypto: str
    arrays_key: str
    variants: tuple[Variant, ...]
    edges: Int64[Array, " edges"]
    epsilons: dict[str, tuple[float, float]]
    validation_fraction: float = 0.15
    embargo_bars: int = 24
    out_of_fold_blocks: int = 5
    suspect_cap: float = 0.10
    cap_by: CapBy = "share"
    label_quality: LabelQuality = "self_confidence"
    barriers: BarrierSettings = field(default_factory=BarrierSettings)
    rounds: Rounds = field(default_factory=Rounds)
    rounds_mode: RoundsMode = "baseline"
    parameters: Parameters = field(default_factory=lambda: dict(DEFAULT_PARAMETERS))
    tuning: Tuning = field(default_factory=Tuning)
    seed: int = 7
    seeds: int = 1
    seed_check: bool = False
    device: Device = "cpu"
    ceiling: CeilingPlan | None = None

    @property
    def n_folds(self) -> int:
        """Number of walk-forward folds."""
        return len(self.edges) - 1

    @property
    def cleaned_variants(self) -> tuple[Variant, ...]:
        """The variants with a row factor: each needs masks."""
        return tuple(variant for variant in self.variants if variant.only(RowFactor).moved)

    @property
    def uncapped_cleaners(self) -> tuple[str, ...]:
        """Levels of row factors whose suspects are not limited by the share ``suspect_cap``."""
        return tuple(
            level
            for factor in FACTORS.values()
            if isinstance(factor, RowFactor)
            for level in factor.levels
            if level != factor.baseline and not factor.capped_by_share(level, self)
        )

    @property
    def needs_candles(self) -> bool:
        """Whether a level of some variant reads candles."""
        moved = (pair for variant in self.variants for pair in variant.moved)
        return any(level in FACTORS[name].needs_candles for name, level in moved)

    @property
    def judges(self) -> tuple[Variant, ...]:
        """The label and weight treatments of the out-of-fold models that judge rows, each once."""
        return tuple(dict.fromkeys(v.only(LabelFactor, WeightFactor) for v in self.cleaned_variants))

    @property
    def label_treatments(self) -> tuple[Variant, ...]:
        """The label treatments: none, each level of each label factor, and combinations that a variant has.

        Levels that no variant has are included, so that a sweep with one more level finds its labels stored;
        but not those that read the truth, nor those of installed factors: installing one changes no key.
        """
        levels = (
            variant_of({factor.name: level})
            for factor in BUILT_IN
            if isinstance(factor, LabelFactor)
            for level in factor.levels
            if level not in factor.reads_truth
        )
        return tuple(
            dict.fromkeys((BASELINE_VARIANT, *levels, *(v.only(LabelFactor) for v in self.variants)))
        )

    @property
    def stops_every_variant(self) -> bool:
        """Whether each variant stops early on its own, as it must where it has parameters of its own."""
        return self.rounds_mode == "per_variant" or self.tuning.per_variant

    @property
    def tuned_variants(self) -> tuple[Variant, ...]:
        """The variants with a study of their own in each fold, the baseline first."""
        if not self.tuning.active:
            return ()
        others = self.variants if self.tuning.per_variant else ()
        return tuple(dict.fromkeys((BASELINE_VARIANT, *others)))

    def repeats(self, variant: Variant) -> int:
        """Number of fits of a cell that differ in their seed only.

        These are the fits that the cell averages. A seed check adds a second one to a baseline that has one
        only; it is the fit that a sweep of two seeds would average.
        """
        return max(self.seeds, 2) if self.seed_check and variant == BASELINE_VARIANT else self.seeds

    def folds(self, arrays: TrainingArrays) -> tuple[Fold, ...]:
        """Split the crypto's rows; see :func:`~ftf_assets.training.folds.walk_forward.walk_forward_folds`."""
        return walk_forward_folds(
            arrays.start,
            arrays.end,
            self.edges,
            validation_fraction=self.validation_fraction,
            embargo=self.embargo(arrays),
        )

    def embargo(self, arrays: TrainingArrays) -> int:
        """Length of the embargo in nanoseconds: its number of bars times the crypto's bar length."""
        return self.embargo_bars * bar_length(arrays.start, arrays.bar)

    @property
    def relabelling_treatments(self) -> tuple[str, ...]:
        """Names of the label treatments that read the truth. Only calibration has any."""
        return tuple(v.name for v in self.label_treatments if reads_truth(v.moved))

    def soft_labels(
        self, y: Int8[Array, " rows"], truth: Int8[Array, " rows"] | None = None
    ) -> SmoothedLabels:
        """Apply each label treatment to the hard labels; those that read the truth, to the true labels."""
        return SmoothedLabels(
            {v.name: treated_labels(v.moved, y, self, truth) for v in self.label_treatments}
        )
