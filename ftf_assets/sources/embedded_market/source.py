"""The source of the embedded market: candles, features and labels without a file, with known label noise."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import ClassVar

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.sources.embedded_market.label_noise import LARGEST_NOISE, noise_truth
from ftf_assets.sources.embedded_market.price_path import (
    BAR,
    FIRST_OPEN,
    LARGEST_EDGE,
    LAST_CLOSE,
    MARKET_VERSION,
    N_BARS,
    WEAK_EDGE,
    market_candles,
)
from ftf_assets.sources.protocol import FeatureCacheReport, Provenance, Span
from ftf_assets.sources.symbols import split_symbol


# Planning asks for spans only, so the methods that build and validate tables import what they need.
@dataclass(frozen=True)
class MarketSource:
    """A simulated market of hourly bars in 2024 for any crypto name; equal arguments give equal bits.

    Parameters
    ----------
    seed
        Seed of the market, not negative.
    noise
        Share of rows whose observed label is wrong, 0 to 0.25. At 0 the labels are those of the triple
        barrier.
    edge
        Scale of the learnable edge, 0 to 1.2: the largest hourly drift in units of that hour's volatility.
    label
        Triple-barrier settings.

    Raises
    ------
    InputError
        The seed is negative, or the noise or the edge is out of range.
    """

    has_candles: ClassVar[bool] = True

    seed: int = 2024
    noise: float = 0.10
    edge: float = WEAK_EDGE
    label: BarrierSettings = field(default_factory=BarrierSettings)

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise input_error("the market's seed must not be negative", found=self.seed, allowed="0, 1, 2, …")
        if not 0 <= self.noise <= LARGEST_NOISE:
            raise input_error(
                "the market's label noise is out of range", found=self.noise, allowed=f"0 to {LARGEST_NOISE}"
            )
        if not 0 <= self.edge <= LARGEST_EDGE:
            raise input_error(
                "the market's edge is out of range", found=self.edge, allowed=f"0 to {LARGEST_EDGE}"
            )

    def provenance(self, crypto: str) -> Provenance:
        """Return a fingerprint of the parameters and the version of the generator."""
        parameters = {
            "version": MARKET_VERSION,
            "crypto": crypto,
            "seed": self.seed,
            "noise": self.noise,
            "edge": self.edge,
        }
        content = json.dumps(parameters, sort_keys=True).encode()
        return Provenance("market", "", split_symbol(crypto)[1], hashlib.sha256(content).hexdigest()[:16])

    def span(self, crypto: str) -> Span:  # noqa: ARG002
        """Return the close of the first and last bar, the same for every crypto."""
        return Span(FIRST_OPEN + BAR, LAST_CLOSE, N_BARS)

    def bar_length(self, crypto: str) -> int:  # noqa: ARG002
        """Return an hour, in nanoseconds."""
        return int(BAR.value)

    def reading(self, crypto: str) -> None:
        """Return None: the market has no files."""

    def candles(self, crypto: str) -> pd.DataFrame:
        """Simulate the crypto's candles."""
        from ftf_assets.contracts.tables.candles import Candles
        from ftf_assets.contracts.tables.validation import validated

        return validated(Candles, market_candles(crypto, self.seed, self.edge), crypto=crypto)

    def feature_cache(self, crypto: str, candles: pd.DataFrame) -> tuple[pd.DataFrame, FeatureCacheReport]:
        """Compute indicators and labels of the market's ``candles``, then flip the labels that are noisy.

        ``label_end``, ``label_return`` and ``label_stability`` with its end stay those of the price path. No
        feature reveals which labels are wrong; only :meth:`truth` does.
        """
        from ftf_assets.contracts.tables.feature_cache import FeatureCache
        from ftf_assets.contracts.tables.validation import validated

        cache, report = self._true_cache(crypto, candles)
        if self.noise == 0:
            return cache, report
        truth = noise_truth(cache["label"], crypto, seed=self.seed, noise=self.noise)
        observed = truth["true_label"].where(~truth["flipped"], 1 - truth["true_label"])
        cache = validated(FeatureCache, cache.assign(label=observed), crypto=crypto)
        return cache, replace(report, buy_rate=float(observed.mean()))

    def truth(self, crypto: str) -> pd.DataFrame:
        """Return which labels are wrong, for audits, tests and the control level ``relabel_truth`` only.

        Returns
        -------
        pandas.DataFrame
            Indexed like the feature cache: ``true_label`` int8, ``flipped`` bool (the observed label is
            wrong), ``in_burst`` bool.

        Warnings
        --------
        Training code that reads the truth leaks the future.
        """
        cache, _ = self._true_cache(crypto, self.candles(crypto))
        return noise_truth(cache["label"], crypto, seed=self.seed, noise=self.noise)

    def _true_cache(self, crypto: str, candles: pd.DataFrame) -> tuple[pd.DataFrame, FeatureCacheReport]:
        from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles

        return feature_cache_from_candles(
            candles,
            crypto,
            stop_multiple=self.label.stop_multiple,
            target_multiple=self.label.target_multiple,
            horizon=self.label.horizon,
        )
