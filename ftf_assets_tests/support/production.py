"""Rows as production sends them, and what the training stages need to run on them in memory."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.arrays import CandleArrays, TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleaningMask,
    CleanlabMasks,
    SmoothedLabels,
    TrainedCell,
    TrainedModels,
)
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine, FitEvent
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.folds.calendar_edges import calendar_edges
from ftf_assets.training.masks import make_masks
from ftf_assets.training.models import train_cells
from ftf_assets.training.parameters import Rounds
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.trades import Scoring
from ftf_assets.training.variants import expand_variants, parse_factors

CRYPTO = "OPUSDC"
FEATURES = ("rsi_14", "atr_pct_14", "macd_hist", "bb_width", "return_1", "return_24", "volume_z", "adx_14")
WARM_UP = 14
EPSILONS = {"none": (0.0, 0.0), "mild": (0.10, 0.02), "aggressive": (0.20, 0.05)}
STANDARD = expand_variants(parse_factors("label_smoothing,cleanlab"), "one_factor")
#: 15 bps a round trip, on the top 10 % of calls.
SCORING = Scoring(cost=0.0015, trade_share=0.10)
QUICK = {
    "max_depth": 3,
    "learning_rate": 0.15,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "max_bin": 64,
    "min_child_weight": 1.0,
    "reg_lambda": 1.0,
}


@dataclass(frozen=True)
class ProductionData:
    """The same rows twice: the keywords of ``coerce_training_data`` as pandas objects and as arrays.

    ``cache`` is the feature cache that they come from, its warm-up head of missing features still on.
    """

    pandas: dict[str, Any]
    arrays: dict[str, Any]
    cache: pd.DataFrame

    def of(self, form: str) -> dict[str, Any]:
        return {"pandas": self.pandas, "ndarray": self.arrays}[form]


def feature_cache(n_rows: int = 2_500, seed: int = 3) -> pd.DataFrame:
    """Hourly rows: two gaps, a missing head, weak signal, about 17 % BUY, labels that end in 1 to 4 bars."""
    random = np.random.default_rng(seed)
    n_bars = n_rows + 43 + 8
    index = pd.date_range("2021-04-01 01:00", periods=n_bars, freq="h", tz="UTC", name="timestamp")
    innovations = random.normal(size=(n_bars, len(FEATURES)))
    features = pd.DataFrame(innovations, index=index, columns=list(FEATURES)).ewm(span=6).mean() * 1.9
    features.iloc[:WARM_UP, 0] = np.nan
    features.iloc[:6, 2] = np.nan
    score = 0.9 * features["return_1"] - 0.7 * features["volume_z"] - 1.8
    label = (random.random(n_bars) < 1 / (1 + np.exp(-score))).astype(np.int8)
    size = random.gamma(4, 0.002, n_bars)
    cache = features.assign(
        label=label.to_numpy(),
        label_end=index + pd.to_timedelta(random.integers(1, 5, n_bars), unit="h"),
        label_return=np.where(label == 1, 1.5 * size, -0.5 * size),
        base_weight=random.uniform(0.5, 1.5, n_bars),
        label_stability=random.integers(8, 17, n_bars) / 16,
        label_stability_end=index + pd.Timedelta("4h"),
        regime=pd.array(np.where(features["return_24"] > 0, "up", "down"), pd.StringDtype()),
    )
    # 3 and 40 bars are missing, and the 4 rows whose horizon would cross each gap have no label.
    return cache.drop(index[np.r_[600:607, 1_900:1_944]])


@functools.cache
def feature_cache_of_120_rows() -> pd.DataFrame:
    """120 rows and their warm-up head: few enough for tests with many examples. Read only: it is shared."""
    return feature_cache(n_rows=2_000).iloc[600:734]


def candles(cache: pd.DataFrame, seed: int = 5) -> pd.DataFrame:
    """Bars of the rows of a feature cache, with its gaps, as a source delivers them: a random walk."""
    random = np.random.default_rng(seed)
    steps = random.normal(0, 0.0015, (len(cache), 12))
    path = 2.0 * np.exp(np.cumsum(steps.ravel())).reshape(steps.shape)
    return pd.DataFrame(
        {
            "open": path[:, 0],
            "high": path.max(axis=1),
            "low": path.min(axis=1),
            "close": path[:, -1],
            "volume": random.gamma(2, 1e4, len(cache)),
        },
        index=cache.index,
    )


def production_rows(cache: pd.DataFrame) -> ProductionData:
    rows = cache.iloc[WARM_UP:]
    pandas = {
        "X": rows[list(FEATURES)].copy(),
        "y": rows["label"].copy(),
        "label_end": rows["label_end"].copy(),
        "label_return": rows["label_return"].copy(),
        "base_weight": rows["base_weight"].copy(),
        "label_stability": rows["label_stability"].copy(),
        "label_stability_end": rows["label_stability_end"].copy(),
        "regime": rows["regime"].copy(),
    }
    arrays = {
        "X": rows[list(FEATURES)].to_numpy(np.float32).copy(order="C"),
        "y": rows["label"].to_numpy(np.int8).copy(),
        "label_end": rows["label_end"].to_numpy("datetime64[ns]").view(np.int64),
        "label_return": rows["label_return"].to_numpy(np.float32),
        "base_weight": rows["base_weight"].to_numpy(np.float32),
        "label_stability": rows["label_stability"].to_numpy(np.float32),
        "label_stability_end": rows["label_stability_end"].to_numpy("datetime64[ns]").view(np.int64),
        "regime": rows["regime"].to_numpy("U4"),
        "timestamp": rows.index.to_numpy("datetime64[ns]").view(np.int64),
        "feature_names": FEATURES,
    }
    return ProductionData(pandas, arrays, cache)


class MemoryFitStore:
    """A fit store in a dict, which counts what it is asked."""

    def __init__(self) -> None:
        self.fits: dict[str, FitResult] = {}

    def get(self, key: str) -> FitResult | None:
        return self.fits.get(key)

    def put(self, key: str, result: FitResult) -> None:
        assert key not in self.fits, f"fit {key} ran twice"
        self.fits[key] = result


def plan_of(arrays: TrainingArrays, n_folds: int = 2, **changes: Any) -> TrainingPlan:
    """The standard protocol at a size for tests: two folds, at most 60 shallow trees a fit."""
    standard = TrainingPlan(
        crypto=CRYPTO,
        arrays_key="rows of production_data",
        variants=STANDARD,
        edges=calendar_edges([(int(arrays.start[0]), int(arrays.start[-1]))], n_folds),
        epsilons=dict(EPSILONS),
        rounds=Rounds(minimum=4, maximum=60, patience=6),
        parameters=dict(QUICK),
    )
    return dataclasses.replace(standard, **changes)


def variants_of(factors: str, design: str = "one_factor") -> tuple:
    return expand_variants(parse_factors(factors), design)


@dataclass(frozen=True)
class Trained:
    """Every stage of one crypto, as the assets run them."""

    plan: TrainingPlan
    arrays: TrainingArrays
    soft_labels: SmoothedLabels
    baselines: BaselineParameters
    masks: CleanlabMasks
    models: TrainedModels
    store: MemoryFitStore
    events: list[FitEvent] = field(default_factory=list)

    def cell(self, variant: str, fold: int = 0) -> TrainedCell:
        return next(cell for cell in self.models.cells if (cell.variant, cell.fold) == (variant, fold))

    def mask(self, variant: str, fold: int = 0) -> CleaningMask:
        (mask,) = self.masks.find(fold, variant)
        return mask


def train(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    store: MemoryFitStore | None = None,
    workers: int = 1,
    candles: CandleArrays | None = None,
    truth: np.ndarray | None = None,
) -> Trained:
    store = MemoryFitStore() if store is None else store
    events: list[FitEvent] = []
    engine = FitEngine(store, ThreadFitExecutor(workers), events.append)
    soft_labels = plan.soft_labels(arrays.y, truth)
    baselines = fit_baselines(plan, arrays, engine)
    masks = make_masks(plan, arrays, soft_labels, baselines, engine, candles)
    models = train_cells(plan, arrays, soft_labels, baselines, masks, engine)
    return Trained(plan, arrays, soft_labels, baselines, masks, models, store, events)
