"""What a sweep expects of one crypto's stored values, by the names that ``validate`` of the bundles uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftf_assets.checks.stored import Stored
from ftf_assets.sweep.true_labels import truth_for_labels

if TYPE_CHECKING:
    from ftf_assets.contracts.arrays import TrainingArrays
    from ftf_assets.contracts.row_rules import Missing
    from ftf_assets.contracts.typed import Array


@dataclass(frozen=True)
class Expectations:
    """The expectations of one crypto. Each is worked out when a bundle asks for it, and only then.

    Attributes
    ----------
    stored
        The crypto's stored values and its sweep.
    """

    stored: Stored

    @property
    def missing(self) -> Missing:
        """What the sweep does with missing features."""
        return self.stored.sweep.settings.data.missing

    @property
    def n_rows(self) -> int:
        """Number of rows of the training arrays."""
        return self._arrays.n_rows

    @property
    def labels(self) -> Array:
        """Hard labels of all rows, int8, shape (n_rows,)."""
        return self._arrays.y

    @property
    def soft_labels(self) -> Mapping[str, Array]:
        """Soft labels of every label treatment, recomputed from the hard ones."""
        sweep, crypto = self.stored.sweep, self.stored.crypto
        truth = truth_for_labels(sweep, crypto, self._arrays)
        return sweep.plan(crypto).soft_labels(self.labels, truth).levels

    @property
    def relabelling_treatments(self) -> tuple[str, ...]:
        """Names of the label treatments that read the truth."""
        return self.stored.sweep.plan(self.stored.crypto).relabelling_treatments

    @property
    def fit_parts(self) -> Mapping[int, Array]:
        """Row numbers of the fit part by fold, recomputed from the label intervals."""
        folds = self.stored.sweep.plan(self.stored.crypto).folds(self._arrays)
        return {fold.index: fold.fit for fold in folds}

    @property
    def n_folds(self) -> int:
        """Number of walk-forward folds."""
        return self.stored.sweep.settings.folds.n_folds

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants."""
        return tuple(variant.name for variant in self.stored.sweep.variants)

    @property
    def suspect_cap(self) -> float:
        """Largest share of a class of the fit part that may be suspect."""
        return self.stored.sweep.settings.treatment.suspect_cap

    @property
    def uncapped_cleaners(self) -> tuple[str, ...]:
        """Cleaners whose suspects another rule than the share limits."""
        return self.stored.sweep.plan(self.stored.crypto).uncapped_cleaners

    @property
    def min_rounds(self) -> int:
        """Fewest boosting rounds of a baseline."""
        return self.stored.sweep.settings.training.min_rounds

    @property
    def max_rounds(self) -> int:
        """Most boosting rounds of a baseline."""
        return self.stored.sweep.settings.training.max_rounds

    @property
    def n_trials(self) -> int:
        """Tuning trials of a baseline; 0 without tuning."""
        return self.stored.sweep.tuning.trials

    @property
    def search_space(self) -> Mapping[str, tuple[float, float]]:
        """Inclusive bounds of the tuned parameters."""
        return dict(self.stored.sweep.tuning.space)

    @property
    def _arrays(self) -> TrainingArrays:
        arrays: TrainingArrays = self.stored.value("coerced_arrays")
        return arrays
