"""Labels in runs, as overlapping triple-barrier labels come: what the audit's tests put noise into."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ftf_assets.audit.detector import Evidence
from ftf_assets.audit.noise import AuditLabels, KnownTruth
from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.labels.triple_barrier import BarrierSettings

N_ROWS = 4_000
BASE_RATE = 0.16
HOUR = 3_600_000_000_000


@dataclass(frozen=True)
class Settings:
    """The settings of a sweep that its judges take."""

    epsilons: dict[str, tuple[float, float]] = field(default_factory=dict)
    suspect_cap: float = 0.10
    cap_by: str = "share"
    label_quality: str = "self_confidence"
    barriers: BarrierSettings = field(default_factory=BarrierSettings)


def evidence_of(y: np.ndarray, candles: CandleArrays | None = None, **probability: np.ndarray) -> Evidence:
    """What detectors see of hourly rows with these labels, each known four bars later."""
    start = np.arange(len(y), dtype=np.int64) * HOUR
    return Evidence(
        y=y,
        start=start,
        end=start + 4 * HOUR,
        base_weight=np.ones(len(y), np.float32),
        bar=HOUR,
        settings=Settings(),
        probability=probability,
        candles=candles,
    )


def random_candles(n_bars: int, seed: int = 0) -> CandleArrays:
    """Hourly bars of a random walk, the rows of :func:`evidence_of` among them."""
    random = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(0.01 * random.normal(size=n_bars)))
    open_ = np.concatenate(([100.0], close[:-1]))
    spread = 0.004 * close * random.random(n_bars)
    return CandleArrays(
        close_time=np.arange(n_bars, dtype=np.int64) * HOUR,
        open=open_,
        high=np.maximum(open_, close) + spread,
        low=np.minimum(open_, close) - spread,
        close=close,
        volume=np.ones(n_bars),
        bar=HOUR,
    )


def runs_of_labels(n_rows: int = N_ROWS, base_rate: float = BASE_RATE, seed: int = 5) -> np.ndarray:
    """A two-state chain: BUYs stay with probability one half, at the given rate in the long run."""
    random = np.random.default_rng(seed)
    enter = 0.5 * base_rate / (1 - base_rate)
    y = np.zeros(n_rows, np.int8)
    for row in range(1, n_rows):
        y[row] = random.random() < (0.5 if y[row - 1] else enter)
    return y


def audit_labels(seed: int = 5) -> AuditLabels:
    """Labels with everything that a kind of noise may look at."""
    random = np.random.default_rng(seed)
    y = runs_of_labels(seed=seed)
    wrong = random.random(len(y)) < 0.1
    in_burst = np.zeros(len(y), np.bool_)
    in_burst[500:560] = in_burst[2_000:2_024] = True
    return AuditLabels(
        y=y,
        stability=np.where(random.random(len(y)) < 0.3, random.integers(0, 16, len(y)) / 16, 1.0).astype(
            np.float32
        ),
        margin=random.random(len(y)),
        truth=KnownTruth(label=np.where(wrong, 1 - y, y).astype(np.int8), in_burst=in_burst),
    )
