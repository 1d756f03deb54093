"""The groups of a sweep's settings: defaults, bounds, descriptions and the rules of each group.

The group ``data`` is in :mod:`~ftf_assets.sweep.data_settings`.

Each rule, including one between two settings of a group, is a pydantic validator, so it applies to every
source of settings: the command, the launchpad and a store.
"""

from __future__ import annotations

import itertools
import math
import re
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ftf_assets.contracts.errors import input_error
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.labels.added_noise import LARGEST_EXPOSURE, HitPattern
from ftf_assets.labels.cleaning.confident_learning import LabelQuality
from ftf_assets.labels.cleaning.suspect_cap import CapBy
from ftf_assets.labels.smoothing import check_epsilons
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.training.ceiling_plan import FEWEST_EXPOSURES, CeilingPlan
from ftf_assets.training.device import Device, parse_device
from ftf_assets.training.parameters import (
    DEFAULT_SEARCH_SPACE,
    Rounds,
    SearchSpace,
    TuneMode,
    Tuning,
    check_search_space,
)
from ftf_assets.training.plan import RoundsMode
from ftf_assets.training.trades import BASIS_POINTS, Scoring
from ftf_assets.training.variants import Design, check_factors, expand_variants

PowerMode = Literal["smoke", "standard", "deep"]
Calendar = Literal["common", "per_crypto"]
GateRule = Literal["primary_metric", "two_metrics"]

#: Tuning trials that each power mode grants per (crypto, fold).
TRIALS: dict[PowerMode, int] = {"smoke": 0, "standard": 15, "deep": 30}

#: Fits with different seeds that each power mode averages per cell.
SEEDS: dict[PowerMode, int] = {"smoke": 1, "standard": 4, "deep": 8}

#: Estimated minutes of fits beyond which a sweep or a noise audit must be confirmed.
LONG_RUN_MINUTES = 10


class SettingsGroup(BaseModel):
    """A group of settings: frozen, and unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class LabelSettings(SettingsGroup):
    """The triple barrier that labels the bars of candles and market."""

    stop_atr: float = Field(0.5, gt=0, le=20, description="Stop of the triple barrier, in ATR(14).")
    target_atr: float = Field(1.5, gt=0, le=20, description="Target of the triple barrier, in ATR(14).")
    horizon_bars: int = Field(4, ge=1, le=500, description="Horizon of the triple barrier, in bars.")

    @property
    def barriers(self) -> BarrierSettings:
        """The same numbers as the labelling functions take them."""
        return BarrierSettings(
            stop_multiple=self.stop_atr, target_multiple=self.target_atr, horizon=self.horizon_bars
        )


class FoldSettings(SettingsGroup):
    """The walk-forward folds."""

    calendar: Calendar = Field(
        "common", description="common: one calendar for the group; per_crypto: each crypto's own history."
    )
    n_folds: int = Field(5, ge=1, le=100, description="Walk-forward folds.")
    edges: tuple[datetime, ...] | None = Field(
        None,
        description="Fold edges as UTC instants; none = computed from the common span of the data.",
    )
    validation_fraction: float = Field(
        0.15,
        gt=0,
        lt=0.5,
        description="Share of the training window held out at its end for validation.",
    )
    embargo_bars: int = Field(
        24, ge=0, le=10_000, description="Bars after a held-out block that are not trained on."
    )

    @field_validator("edges", mode="before")
    @classmethod
    def _utc_instants(cls, edges: Any) -> Any:
        # pydantic alone would also take "2024" for seconds since 1970.
        return tuple(map(_utc_instant, edges)) if isinstance(edges, list | tuple) else edges

    @model_validator(mode="after")
    def _edges_fit_the_folds(self) -> FoldSettings:
        if self.edges is None:
            return self
        if self.calendar != "common":
            raise input_error(
                "folds.edges may be given only when folds.calendar is common",
                found=f"calendar {self.calendar}",
                fix="Leave folds.edges out.",
            )
        years = all(1678 <= edge.year <= 2261 for edge in self.edges)  # what int64 nanoseconds can hold
        increasing = all(one < other for one, other in zip(self.edges, self.edges[1:], strict=False))
        if len(self.edges) != self.n_folds + 1 or not increasing or not years:
            raise input_error(
                "folds.edges must increase and number one more than folds.n_folds",
                found=", ".join(edge.isoformat() for edge in self.edges),
                allowed=f"{self.n_folds + 1} instants from 1678 to 2261",
            )
        return self


def _utc_instant(edge: object) -> datetime:
    try:
        instant = edge if isinstance(edge, datetime) else datetime.fromisoformat(str(edge))
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise input_error(
            "folds.edges must be UTC instants", found=repr(str(edge)), allowed="such as 2023-08-11T12:00:00Z"
        ) from None


class TreatmentSettings(SettingsGroup):
    """What is done about the label noise: the factors, their levels and how each level works."""

    factors: dict[str, tuple[str, ...]] = Field(
        {"label_smoothing": (), "cleanlab": ()},
        description="Factors to vary, each with its levels; an empty list takes the default levels.",
    )
    design: Design = Field(
        "one_factor",
        description="one_factor: one factor at a time; factorial: all combinations; single: one variant.",
    )
    mild_epsilon_buy: float = Field(
        0.10, ge=0, lt=0.5, description="Level mild: a BUY label becomes 1 minus this."
    )
    mild_epsilon_hold: float = Field(0.02, ge=0, lt=0.5, description="Level mild: a HOLD label becomes this.")
    aggressive_epsilon_buy: float = Field(
        0.20, ge=0, lt=0.5, description="Level aggressive: a BUY label becomes 1 minus this."
    )
    aggressive_epsilon_hold: float = Field(
        0.05, ge=0, lt=0.5, description="Level aggressive: a HOLD label becomes this."
    )
    out_of_fold_blocks: int = Field(
        5, ge=2, le=50, description="Time blocks that are held out in turn for out-of-fold models."
    )
    suspect_cap: float = Field(
        0.10, ge=0, le=0.5, description="Largest share of a class that may be suspect."
    )
    cap_by: CapBy = Field(
        "share",
        description="Limit on cleanlab's suspects: the share suspect_cap, or its own count of wrong labels.",
    )
    label_quality: LabelQuality = Field(
        "self_confidence",
        description="cleanlab's score of a label: plain, or after subtracting the mean of its class.",
    )

    @field_validator("factors")
    @classmethod
    def _known_factors(cls, factors: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return check_factors(factors)

    @model_validator(mode="after")
    def _something_to_compare(self) -> TreatmentSettings:
        variants = expand_variants(self.factors, self.design)
        if len(variants) == 1 and self.design != "single":
            raise input_error(
                "nothing to compare: the sweep is the baseline alone",
                found=", ".join(
                    f"{name}={level}" for name, levels in self.factors.items() for level in levels
                ),
                allowed="a level beside the baseline",
                fix="To run one variant alone, add --design single.",
            )
        for level, (epsilon_buy, epsilon_hold) in self.epsilons.items():
            check_epsilons(level, epsilon_buy, epsilon_hold)
        return self

    @property
    def epsilons(self) -> dict[str, tuple[float, float]]:
        """(epsilon_buy, epsilon_hold) per smoothing level."""
        return {
            "none": (0.0, 0.0),
            "mild": (self.mild_epsilon_buy, self.mild_epsilon_hold),
            "aggressive": (self.aggressive_epsilon_buy, self.aggressive_epsilon_hold),
        }


class TrainingSettings(SettingsGroup):
    """How models are fitted and tuned."""

    power_mode: PowerMode = Field(
        "standard",
        description="Trials per (crypto, fold) and seeds per cell: smoke 0 and 1, standard 15 and 4, "
        "deep 30 and 8.",
    )
    trials: int | None = Field(
        None, ge=0, le=10_000, description="Tuning trials per (crypto, fold); overrides the power mode."
    )
    tune: TuneMode = Field(
        "baseline",
        description="baseline: tune it once per fold for all variants; per_variant: tune each variant; "
        "off: no tuning.",
    )
    tune_folds: int = Field(
        3, ge=1, le=20, description="Number of inner walk-forward folds that score a tuning trial."
    )
    tune_seeds: int = Field(
        2, ge=1, le=100, description="Fits with different seeds that score a trial on each inner fold."
    )
    search_space: dict[str, tuple[float, float]] = Field(
        DEFAULT_SEARCH_SPACE,
        description="Bounds of each parameter that tuning searches; the others keep their defaults.",
    )
    rounds: RoundsMode = Field(
        "baseline",
        description="baseline: all variants use the rounds of the baseline; per_variant: each finds its own.",
    )
    min_rounds: int = Field(20, ge=1, le=10_000, description="Minimum number of boosting rounds.")
    max_rounds: int = Field(1500, ge=1, le=100_000, description="Maximum number of boosting rounds.")
    patience: int = Field(60, ge=1, le=10_000, description="Rounds without gain before boosting stops.")
    seed: int = Field(
        7, ge=0, lt=2**31, description="Seed of the sweep; the seed of every fit is derived from it."
    )
    seeds: int | None = Field(
        None,
        ge=1,
        le=100,
        description="Fits with different seeds that a cell averages; overrides the power mode.",
    )
    seed_check: bool = Field(
        True,
        description="With one seed: fit each baseline again with a second seed, to measure the seed's noise.",
    )
    device: Device = Field(
        "cpu", description="Where XGBoost fits: cpu, cuda (the first GPU) or cuda:N (another one)."
    )

    @field_validator("device")
    @classmethod
    def _known_device(cls, device: str) -> Device:
        return parse_device(device)

    @field_validator("search_space")
    @classmethod
    def _known_parameters(cls, space: SearchSpace) -> SearchSpace:
        return check_search_space(space)

    @model_validator(mode="after")
    def _bounds_of_rounds(self) -> TrainingSettings:
        if self.min_rounds > self.max_rounds:
            raise input_error(
                "training.min_rounds must not exceed training.max_rounds",
                found=f"{self.min_rounds} > {self.max_rounds}",
            )
        return self

    @property
    def n_seeds(self) -> int:
        """Number of fits that a cell averages: ``seeds``, else that of the power mode."""
        return SEEDS[self.power_mode] if self.seeds is None else self.seeds

    @property
    def early_stopping(self) -> Rounds:
        """Bounds and patience of the search for rounds."""
        return Rounds(minimum=self.min_rounds, maximum=self.max_rounds, patience=self.patience)

    @property
    def tuning(self) -> Tuning:
        """Who is tuned and how; without trials nobody, whatever the mode."""
        trials = TRIALS[self.power_mode] if self.trials is None else self.trials
        if self.tune == "off" or trials == 0:
            return Tuning()
        return Tuning(
            mode=self.tune,
            trials=trials,
            folds=self.tune_folds,
            seeds=self.tune_seeds,
            space=tuple(self.search_space.items()),
        )


class EvaluationSettings(SettingsGroup):
    """How cells are scored."""

    cost_bps: float = Field(15.0, ge=0, le=1000, description="Cost of one round trip, basis points.")
    trade_share: float = Field(
        0.10,
        gt=0,
        le=1,
        description="Share of most confident rows to trade, by P(BUY) on the validation slice.",
    )

    @property
    def scoring(self) -> Scoring:
        """Cost, as a return, and threshold of trades."""
        return Scoring(cost=self.cost_bps / BASIS_POINTS, trade_share=self.trade_share)


class DecisionSettings(SettingsGroup):
    """How the gate judges a sweep's rows: no part of its identity, the same rows may be judged again."""

    rule: GateRule = Field(
        "primary_metric",
        description="primary_metric: roc_auc decides and others veto; two_metrics: two metrics must win.",
    )
    useful_gain: float = Field(
        0.01, gt=0, le=1, description="Smallest gain of the primary metric worth having, absolute."
    )

    @property
    def bounds(self) -> GateSettings:
        """The same as the gate takes it, with the default bounds."""
        return GateSettings(rule=self.rule, useful_gain=self.useful_gain)


class CeilingSettings(SettingsGroup):
    """What correct labels would be worth: models on labels with more noise, extrapolated to none."""

    enabled: bool = Field(True, description="Whether the sweep measures the label ceiling.")
    noise: HitPattern = Field(
        "independent",
        description="How the added noise comes: independent, row by row; bursts, in stretches of rows.",
    )
    exposures: tuple[float, ...] = Field(
        (0.4, 0.8, 1.6),
        description="Doses of added noise: at exposure u, exp(-u) of what the labels say is left.",
    )
    repeats: int = Field(
        4, ge=1, le=100, description="Draws of the added noise, each with another seed of the fit."
    )

    @field_validator("exposures")
    @classmethod
    def _increasing_doses(cls, exposures: tuple[float, ...]) -> tuple[float, ...]:
        ends = (0.0, *exposures, math.nextafter(LARGEST_EXPOSURE, math.inf))
        increasing = all(one < other for one, other in itertools.pairwise(ends))
        if len(exposures) < FEWEST_EXPOSURES or not increasing:
            raise input_error(
                "ceiling.exposures must be increasing doses of noise",
                found=", ".join(f"{one:g}" for one in exposures),
                allowed=f"at least {FEWEST_EXPOSURES}, above 0, at most {LARGEST_EXPOSURE:g}",
            )
        return exposures

    def plan(self, *, truth: bool) -> CeilingPlan | None:
        """The same as training takes it; None where the ceiling is off.

        Parameters
        ----------
        truth
            Whether the source knows the true labels.
        """
        if not self.enabled:
            return None
        return CeilingPlan((self.noise,), self.exposures, self.repeats, truth=truth)


class RunSettings(SettingsGroup):
    """How a sweep is run and announced: no part of its identity."""

    phase: str = Field("manual", description="Why the sweep is run: one word that is stored in every row.")
    workers: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Fits at a time, counted with those of the machine's other runs; none = one per core.",
    )
    fits: str | None = Field(
        None,
        description="Where fits run: none = here; dask://HOST:PORT or tls://HOST:PORT = workers of a Dask "
        "cluster.",
    )
    gpu_fits: int = Field(4, ge=1, le=64, description="Fits at a time on a GPU, where its memory holds them.")
    confirm_long_run: bool = Field(
        False,
        description=f"Allow a run of more than {LONG_RUN_MINUTES} estimated minutes.",
    )

    @field_validator("fits")
    @classmethod
    def _address_of_a_scheduler(cls, fits: str | None) -> str | None:
        if fits is not None and not re.fullmatch(r"(dask|tls)://(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d{1,5}", fits):
            raise input_error(
                "run.fits must be the address of a Dask scheduler",
                found=repr(fits.rpartition("@")[2]),  # what precedes an @ may be a password
                allowed="none, dask://HOST:PORT, tls://HOST:PORT",
            )
        return fits

    @field_validator("phase")
    @classmethod
    def _one_word(cls, phase: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", phase):
            raise input_error(
                "run.phase must be one word", found=repr(phase), allowed="letters, digits, _ and -, up to 40"
            )
        return phase
