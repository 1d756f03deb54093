"""The noise audit of a sweep's data: what it would run, and what is known about the labels that it audits."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ftf_assets.audit.kinds import chosen_kinds
from ftf_assets.audit.margin import barrier_margin
from ftf_assets.audit.noise import AuditLabels, KnownTruth
from ftf_assets.audit.plan import FOLD, AuditPlan
from ftf_assets.audit.settings import AuditSettings
from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.typed import Array
from ftf_assets.labels.triple_barrier import triple_barrier
from ftf_assets.sources.candles.feature_cache import ATR_PERIOD
from ftf_assets.sources.candles.indicators import wilder_atr
from ftf_assets.sources.protocol import KnowsTruth
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.sweep.true_labels import known_truth
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.parameters import Tuning
from ftf_assets.training.planned_fits import expected_rows
from ftf_assets.training.variants import BASELINE_VARIANT


@dataclass(frozen=True, eq=False)
class Audit:
    """The audit of a sweep's data under its own settings.

    Attributes
    ----------
    sweep
        Resolved settings of data, labels, folds and fits. Its factors, tuning and seeds do not matter here.
    settings
        What is injected, and how often.
    """

    sweep: Sweep
    settings: AuditSettings

    def arrays_key(self, crypto: str) -> str:
        """Key of the rows that are audited: every sweep of the same data and labels has it too."""
        return self.sweep.artifact_key("coerced_arrays", crypto)

    def plan(self, crypto: str) -> AuditPlan:
        """Plan one crypto: one fold between the sweep's outer edges, default parameters, no tuning."""
        training = self.sweep.plan(crypto)
        return AuditPlan(
            dataclasses.replace(training, edges=training.edges[[0, -1]], tuning=Tuning()),
            kinds=chosen_kinds(self.settings.kinds),
            share=self.settings.noise_share,
            seeds=self.settings.noise_seeds,
            provides=self._provides(crypto),
        )

    def audit_id(self, crypto: str) -> str:
        """``audit_`` and 12 hex digits: the same audit replaces its rows."""
        return self.plan(crypto).audit_id()

    @functools.cached_property
    def n_fits(self) -> int:
        """Fits of the whole audit, done or not."""
        return sum(self.plan(crypto).n_fits for crypto in self.sweep.cryptos)

    def expected_rows(self, crypto: str) -> float:
        """Estimate the training rows of all fits of a crypto, at most: as if no fit left a row out."""
        plan, span = self.plan(crypto), self.sweep.source.span(crypto)
        rows = expected_rows(plan.training, span.first.value, span.last.value, span.rows)
        return plan.n_fits * rows[model_fit_key(plan.training, FOLD, BASELINE_VARIANT)]

    def labels(self, crypto: str, arrays: TrainingArrays, candles: CandleArrays | None) -> AuditLabels:
        """Gather what is known about the labels of the audit's fit part.

        The values from the candles and from the market's true labels are known at ``label_end``, after the
        row's own time. They only choose which labels are flipped and say which are wrong: no feature, model
        or detector sees them.

        Parameters
        ----------
        crypto
            Which.
        arrays
            Its rows, from ``coerced_arrays``.
        candles
            Its bars; None if the source has none.

        Raises
        ------
        InputError
            The true labels or the candles do not match the rows.
        """
        fit = self.plan(crypto).fold(arrays).fit
        stability = arrays.label_stability
        return AuditLabels(
            y=arrays.y[fit],
            stability=None if stability is None else stability[fit],
            margin=None if candles is None else self._margin(crypto, arrays, candles)[fit],
            truth=self._truth(crypto, arrays, fit),
        )

    def candles(self, crypto: str, frame: pd.DataFrame) -> CandleArrays | None:
        """Turn a crypto's bars into arrays; None if the source has none."""
        return coerce_candles(frame, crypto=crypto) if self.sweep.source.has_candles else None

    def _provides(self, crypto: str) -> frozenset[str]:
        source = self.sweep.source
        if source.has_candles:
            truth = {"truth"} if isinstance(source, KnowsTruth) else set()
            return frozenset({"labels", "stability", "candles"} | truth)
        # A ready cache may or may not bring the stability of its labels.
        frame, _ = source.feature_cache(crypto, source.candles(crypto))
        return frozenset({"labels"} | ({"stability"} if "label_stability" in frame else set()))

    def _margin(self, crypto: str, arrays: TrainingArrays, candles: CandleArrays) -> Array:
        barriers = dataclasses.asdict(self.sweep.plan(crypto).barriers)
        atr = wilder_atr(candles, ATR_PERIOD)
        margin = barrier_margin(candles, triple_barrier(candles, atr, **barriers), atr, **barriers)
        place = np.searchsorted(candles.close_time, arrays.start)
        _require_rows(crypto, "candles", candles.close_time, place, arrays.start)
        return margin[place]

    def _truth(self, crypto: str, arrays: TrainingArrays, fit: Array) -> KnownTruth | None:
        truth = known_truth(self.sweep.source, crypto, arrays)
        return None if truth is None else KnownTruth(label=truth.label[fit], in_burst=truth.in_burst[fit])


def _require_rows(crypto: str, what: str, times: Array, place: Array, start: Array) -> None:
    if len(times) <= place.max(initial=-1) or not np.array_equal(times[place], start):
        raise InputError(f"{crypto}: timestamps of the {what} differ from those of the audited rows")
