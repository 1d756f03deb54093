"""The plan of one crypto: its variants, folds, fits and their keys, known before anything runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.contracts.typed import Array, Int8, Int64, typed
from ftf_assets.labels.apply_factors import treated_labels
from ftf_assets.labels.cleaning.confident_learning import LabelQuality
from ftf_assets.labels.factor import LabelFactor, RowFactor, WeightFactor
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.training.folds.label_intervals import bar_length
from ftf_assets.training.folds.walk_forward import Fold, walk_forward_folds
from ftf_assets.training.keys import (
    code_version,
    fit_seed,
    library_versions,
    stable_hash,
    tuning_versions,
)
from ftf_assets.training.parameters import DEFAULT_PARAMETERS, Device, Parameters, Rounds, Tuning
from ftf_assets.training.variants import BASELINE_VARIANT, Variant, variant_of

RoundsMode = Literal["baseline", "per_variant"]


@typed
@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """Everything besides the arrays that decides what one crypto's cells are.

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
        (epsilon_buy, epsilon_hold) per smoothing level.
    validation_fraction, embargo_bars
        Share of the training window held for validation; bars kept free after a held-out block.
    out_of_fold_blocks, suspect_cap, label_quality
        Number of blocks, cap a class, and method of the cleaning.
    barriers
        The triple barrier that made the labels.
    rounds, rounds_mode
        Early stopping, and whether only the baseline stops early or every variant.
    parameters
        XGBoost parameters of every fit where nothing is tuned, and of the first trial where something is.
    tuning
        Who is tuned, and how.
    seed, seeds
        Seed of the sweep, and fits that a cell averages.
    seed_check
        Whether the baseline is fitted with a second seed where a cell averages one fit only: what the two
        differ by is the noise of the seed.
    device
        ``cpu`` or ``cuda``.
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

    @property
    def n_folds(self) -> int:
        """Number of walk-forward folds."""
        return len(self.edges) - 1

    @property
    def cleaned_variants(self) -> tuple[Variant, ...]:
        """The variants that choose among rows, so that each needs its masks."""
        return tuple(variant for variant in self.variants if variant.only(RowFactor).moved)

    @property
    def needs_candles(self) -> bool:
        """Whether a level of some variant reads candles."""
        moved = (pair for variant in self.variants for pair in variant.moved)
        return any(level in FACTORS[name].needs_candles for name, level in moved)

    @property
    def judges(self) -> tuple[Variant, ...]:
        """The treatments of labels and weights whose out-of-fold models judge rows, each once."""
        return tuple(dict.fromkeys(v.only(LabelFactor, WeightFactor) for v in self.cleaned_variants))

    @property
    def label_treatments(self) -> tuple[Variant, ...]:
        """The treatments of labels: none, every level of every label factor, and what else a variant needs.

        Levels that no variant needs are among them, so that a sweep with one level more finds its labels.
        """
        levels = (
            variant_of({factor.name: level})
            for factor in FACTORS.values()
            if isinstance(factor, LabelFactor)
            for level in factor.levels
        )
        return tuple(
            dict.fromkeys((BASELINE_VARIANT, *levels, *(v.only(LabelFactor) for v in self.variants)))
        )

    @property
    def stops_every_variant(self) -> bool:
        """Whether each variant stops early on its own: rounds only mean something with their parameters."""
        return self.rounds_mode == "per_variant" or self.tuning.per_variant

    @property
    def tuned_variants(self) -> tuple[Variant, ...]:
        """The variants that have a study of their own in each fold, the baseline first."""
        if not self.tuning.active:
            return ()
        others = self.variants if self.tuning.per_variant else ()
        return tuple(dict.fromkeys((BASELINE_VARIANT, *others)))

    def folds(self, arrays: TrainingArrays) -> tuple[Fold, ...]:
        """Split the crypto's rows; see :func:`~ftf_assets.training.folds.walk_forward.walk_forward_folds`."""
        return walk_forward_folds(
            arrays.start,
            arrays.end,
            self.edges,
            validation_fraction=self.validation_fraction,
            embargo=self.embargo(arrays),
        )

    def soft_labels(self, y: Int8[Array, " rows"]) -> SmoothedLabels:
        """Soften the hard labels once per treatment."""
        return SmoothedLabels({v.name: treated_labels(v.moved, y, self) for v in self.label_treatments})

    def embargo(self, arrays: TrainingArrays) -> int:
        """Length of the embargo in nanoseconds: bars times the crypto's bar length."""
        return self.embargo_bars * bar_length(arrays.start)

    def model_seed(self, fold: int, repeat: int = 0) -> int:
        """Seed of a cell's fit: the same for every variant of the fold."""
        return fit_seed(self.seed, self.crypto, fold, "model", repeat)

    def out_of_fold_seed(self, fold: int, block: int) -> int:
        """Seed of an out-of-fold fit."""
        return fit_seed(self.seed, self.crypto, fold, f"out_of_fold_{block}")

    def sampler_seed(self, fold: int) -> int:
        """Seed of a study's sampler: the same for every variant of the fold."""
        return fit_seed(self.seed, self.crypto, fold, "tuning")

    def trial_seed(self, fold: int, inner: int) -> int:
        """Seed of a trial's fit on an inner fold: trials differ in nothing but their parameters."""
        return fit_seed(self.seed, self.crypto, fold, f"tuning_{inner}")

    def control_seed(self, fold: int) -> int:
        """Seed of the random control of a fold."""
        return fit_seed(self.seed, self.crypto, fold, "filter_random")

    def model_fit_key(self, fold: int, variant: Variant, repeat: int = 0) -> str:
        """Content address of a cell's fit."""
        first_baseline = variant == BASELINE_VARIANT and repeat == 0
        own_study = self.tuning.per_variant and variant != BASELINE_VARIANT
        return stable_hash(
            {
                **self._fold_identity(fold),
                "role": "model",
                **self.treatment(variant),
                "tuning": self._tuning_identity("own" if own_study else "baseline"),
                "own_rounds": first_baseline or self.stops_every_variant,
                "repeat": repeat,
            }
        )

    def trial_key(self, fold: int, variant: Variant, trial: int, inner: int) -> str:
        """Content address of a trial's fit on one inner fold.

        The number of trials is no part of it: a trial depends on those before it, so a longer study goes on
        from a shorter one.
        """
        return stable_hash(
            {
                **self._fold_identity(fold),
                "role": "trial",
                **self.treatment(variant),
                # The mask of a cleaned variant was made with the parameters that the baseline's study chose.
                "mask_tuning": self._tuning_identity("baseline") if variant.only(RowFactor).moved else None,
                "space": dict(self.tuning.space),
                "inner_folds": self.tuning.folds,
                "trial": trial,
                "inner": inner,
                "tuning_libraries": tuning_versions(),
            }
        )

    def out_of_fold_key(self, fold: int, judge: Variant, block: int) -> str:
        """Content address of an out-of-fold fit; all variants that clean by the same judge share it."""
        return stable_hash(
            {
                **self._fold_identity(fold),
                "role": "out_of_fold",
                **self.treatment(judge),
                "tuning": self._tuning_identity("baseline"),
                "block": block,
                "blocks": self.out_of_fold_blocks,
            }
        )

    def cell_key(self, fold: int, variant: Variant) -> str:
        """Content address of a cell: its fits, which the averaged probabilities and threshold follow from."""
        return stable_hash({"fits": self.cell_fit_keys(fold, variant)})

    def repeats(self, variant: Variant) -> int:
        """Fits of a cell that differ in their seed alone: those that it averages; two where it is checked.

        The second fit of the seed check is the one that a sweep of two seeds would average.
        """
        return max(self.seeds, 2) if self.seed_check and variant == BASELINE_VARIANT else self.seeds

    def cell_fit_keys(self, fold: int, variant: Variant) -> list[str]:
        """Keys of the fits that a cell averages."""
        return [self.model_fit_key(fold, variant, repeat) for repeat in range(self.seeds)]

    def fit_keys(self) -> list[str]:
        """Keys of every fit that this crypto needs, each once: a sweep's cost before it runs."""
        return list(dict.fromkeys(key for fold in range(self.n_folds) for key, _ in self._fits(fold)))

    def trial_keys(self, fold: int) -> list[str]:
        """Keys of the fits that the studies of a fold make."""
        return [key for key, _ in self._trials(fold)]

    def expected_rows(self, first: int, last: int, n_rows: int) -> dict[str, float]:
        """Guess the training rows of every fit before any row is read, for the estimate of a sweep's time.

        Rows are taken to lie evenly in time; what purging, embargo and cleaning drop is left out.

        Parameters
        ----------
        first, last
            Timestamps of the crypto's first and last row, nanoseconds.
        n_rows
            Its rows.

        Returns
        -------
        dict
            Key of every fit to its number of rows; 0 for a fold before whose test span there is no history.
        """
        rows: dict[str, float] = {}
        for fold in range(self.n_folds):
            history = (int(self.edges[fold]) - first) / max(last - first, 1)
            fit_rows = n_rows * min(max(history, 0.0), 1.0) * (1 - self.validation_fraction)
            rows.update({key: share * fit_rows for key, share in self._fits(fold)})
        return rows

    def _fits(self, fold: int) -> Iterator[tuple[str, float]]:
        """Give the key of each fit of a fold, and its share of the fit part's rows."""
        yield from self._trials(fold)
        yield self.model_fit_key(fold, BASELINE_VARIANT), 1.0
        for judge in self.judges:
            for block in range(self.out_of_fold_blocks):
                yield self.out_of_fold_key(fold, judge, block), 1 - 1 / self.out_of_fold_blocks
        for variant in self.variants:
            for repeat in range(self.repeats(variant)):
                yield self.model_fit_key(fold, variant, repeat), 1.0

    def _trials(self, fold: int) -> Iterator[tuple[str, float]]:
        inner_folds = self.tuning.folds
        for variant in self.tuned_variants:
            for trial in range(self.tuning.trials):
                for inner in range(inner_folds):
                    # The scored blocks cut the last half of the fit part's period; all before them trains.
                    before = (1 + inner / inner_folds) / 2
                    key = self.trial_key(fold, variant, trial, inner)
                    yield key, before * (1 - self.validation_fraction)

    def treatment(self, variant: Variant) -> dict[str, object]:
        """Everything besides the rows that a variant's treatment depends on, a JSON object."""
        # Only what moves is part of it: a new factor leaves the keys of the old variants as they were.
        return {
            "treatment": {name: FACTORS[name].identity(level, self) for name, level in variant.moved},
            "out_of_fold_blocks": self.out_of_fold_blocks if variant.only(RowFactor).moved else None,
        }

    def _tuning_identity(self, study: Literal["baseline", "own"]) -> dict[str, object] | None:
        if not self.tuning.active:
            return None
        return {
            "study": study,
            "trials": self.tuning.trials,
            "inner_folds": self.tuning.folds,
            "space": dict(self.tuning.space),
            "libraries": tuning_versions(),
        }

    def _fold_identity(self, fold: int) -> dict[str, object]:
        return {
            "arrays": self.arrays_key,
            "crypto": self.crypto,
            "fold": fold,
            "test": [int(self.edges[fold]), int(self.edges[fold + 1]), fold == self.n_folds - 1],
            "validation_fraction": self.validation_fraction,
            "embargo_bars": self.embargo_bars,
            "rounds": dataclasses.asdict(self.rounds),
            "parameters": self.parameters,
            "seed": self.seed,
            "device": self.device,
            "code": code_version(),
            "libraries": library_versions(),
        }
