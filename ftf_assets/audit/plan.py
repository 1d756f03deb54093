"""The plan of one crypto's audit: its single fold, its noise draws, its fits and their keys."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from dataclasses import dataclass

import numpy as np

from ftf_assets.audit.detector import Scheme
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.noise import NoiseKind
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.fit_seeds import fit_seed
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.folds.walk_forward import Fold
from ftf_assets.training.keys import key_of_crypto, source_hash
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT

#: Number of the audit's single fold.
FOLD = 0

#: Names of given labels into which nothing is injected.
OBSERVED, TRUTH = "observed", "truth"


#: The code that decides what is drawn and fitted. Code that only measures is left out: changing it needs no
# refit.
_FITS_CODE = ("audit/kinds/*.py", "audit/noise.py", "audit/margin.py", "audit/fits.py", "audit/plan.py")


@functools.cache
def audit_version() -> str:
    """Hash the audit's code that its fits depend on, in addition to the code of a sweep's fits."""
    return source_hash(_FITS_CODE)


SCHEMES: tuple[Scheme, ...] = tuple(
    dict.fromkeys(scheme for detector in DETECTORS.values() for scheme in detector.schemes)
)


@typed
@dataclass(frozen=True, eq=False)
class AuditPlan:
    """Everything besides the arrays that decides the audit of one crypto.

    The history is cut once. Noise goes into the labels of the fit part of the sweep's **first** fold, the
    rows that the cleaners of every fold see. Models are judged on all test spans together, whose labels are
    never changed. In time order: fit part, validation slice, test rows, purged as in a sweep.

    Attributes
    ----------
    training
        Plan of that single fold: its two edges are the first and the last of the sweep, and nothing is tuned.
    kinds
        Names of the kinds of noise.
    share
        Share of the fit part whose labels are flipped.
    seeds
        Number of draws of every kind, at least 5.
    provides
        What the source provides: ``labels``, and possibly ``stability``, ``candles`` and ``truth``.
    """

    training: TrainingPlan
    kinds: tuple[str, ...]
    share: float
    seeds: int
    provides: frozenset[str] = frozenset({"labels"})

    @property
    def available(self) -> tuple[NoiseKind, ...]:
        """The kinds that the source allows."""
        return tuple(NOISE_KINDS[name] for name in self.kinds if NOISE_KINDS[name].needs in self.provides)

    @property
    def unavailable(self) -> tuple[NoiseKind, ...]:
        """The kinds that need what the source does not provide."""
        return tuple(NOISE_KINDS[name] for name in self.kinds if NOISE_KINDS[name].needs not in self.provides)

    @property
    def detectors(self) -> tuple[str, ...]:
        """The detectors that the source allows."""
        return tuple(name for name, one in DETECTORS.items() if one.needs in self.provides)

    @property
    def treatments(self) -> tuple[str, ...]:
        """The treatments that the source allows."""
        return tuple(
            name for name, one in TREATMENTS.items() if "candles" in self.provides or not one.needs_candles
        )

    def fold(self, arrays: TrainingArrays) -> Fold:
        """Cut the crypto's rows into the single fold."""
        return self.training.folds(arrays)[FOLD]

    def noise_generator(self, kind: str, seed: int) -> np.random.Generator:
        """Give the random generator of one noise draw."""
        return np.random.default_rng(self._seed(f"noise_{kind}", seed))

    def resampling_generator(self, purpose: str, seed: int = 0) -> np.random.Generator:
        """Give the random generator of an interval's resamples."""
        return np.random.default_rng(self._seed(f"resamples_{purpose}", seed))

    def block_seed(self, scheme: Scheme, block: int, seed: int) -> int:
        """Give the seed of an out-of-fold fit, the same for every kind of noise."""
        return self._seed(f"{scheme}_{block}", seed)

    def shuffle_seed(self, seed: int) -> int:
        """Give the seed of the shuffled folds."""
        return self._seed("shuffle", seed)

    def control_seed(self, seed: int) -> int:
        """Give the seed of the random control."""
        return self._seed("filter_random", seed)

    def model_seed(self, seed: int) -> int:
        """Give the seed of a model, the same for clean, noisy and cleaned labels of one draw."""
        return self._seed("model", seed)

    def block_key(self, kind: NoiseKind, seed: int, scheme: Scheme, block: int) -> str:
        """Give the key of an out-of-fold fit on one draw's labels."""
        return self._key(
            role=scheme,
            labels=kind.name if kind.drawn else OBSERVED,
            share=self.share if kind.drawn else None,
            seed=seed,
            block=block,
            blocks=self.training.out_of_fold_blocks,
        )

    def model_key(self, task: FitTask) -> str:
        """Give the key of a model by the rows, labels, weights and rates that it is trained on.

        Cleaners that leave the same rows share a fit.
        """
        content = hashlib.sha256()
        for values in (task.rows, task.labels, task.weight):
            content.update(np.ascontiguousarray(values).tobytes())
        rates = None if task.flip_rates is None else dataclasses.asdict(task.flip_rates)
        corrected = {} if rates is None else {"flip_rates": rates}
        return self._key(role="model", trained_on=content.hexdigest(), seed=task.seed, **corrected)

    @property
    def n_fits(self) -> int:
        """Number of fits: the baseline, the out-of-fold fits, and the models that measure the effects."""
        n_blocks = len(SCHEMES) * self.training.out_of_fold_blocks
        given = {kind.name if kind.drawn else OBSERVED for kind in self.available}
        injected = [kind for kind in self.available if kind.name != "none"]
        own_fits = [name for name in self.treatments if TREATMENTS[name].own_fit]
        noisy = {kind.name if kind.drawn else OBSERVED for kind in injected}
        references = {OBSERVED for kind in injected if kind.drawn} | {
            TRUTH for kind in injected if not kind.drawn
        }
        models = len(noisy | references) + len(injected) * len(own_fits)
        return 1 + self.seeds * (len(given) * n_blocks + models)

    def audit_id(self) -> str:
        """Give ``audit_`` and 12 hex digits of data and settings: the same audit replaces its rows."""
        key = self._key(
            kinds=list(self.kinds),
            share=self.share,
            seeds=self.seeds,
            blocks=self.training.out_of_fold_blocks,
            treatments={name: dict(CLEANLAB.identity(name, self.training)) for name in self.treatments},
        )
        return f"audit_{key[:12]}"

    def _seed(self, role: str, seed: int) -> int:
        return fit_seed(self.training.seed, self.training.crypto, FOLD, f"audit_{role}", seed)

    def _key(self, **content: object) -> str:
        return key_of_crypto(
            self.training.crypto,
            {
                "baseline": model_fit_key(self.training, FOLD, BASELINE_VARIANT),
                "audit_code": audit_version(),
                **content,
            },
        )
