"""From candles to a feature cache: indicators, triple-barrier labels, and a count of the dropped rows."""

from __future__ import annotations

import pandas as pd

from ftf_assets.contracts.coercion import coerce_candles
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.contracts.tables.validation import validated
from ftf_assets.labels.label_stability import Barriers, jittered_barriers, label_stability
from ftf_assets.labels.triple_barrier import triple_barrier
from ftf_assets.sources.candles.indicators import (
    LONGEST_BRIDGED_GAP,
    WARM_UP_BARS,
    indicators,
    missing_bars,
    warmed_up,
    wilder_atr,
)
from ftf_assets.sources.candles.regimes import regimes
from ftf_assets.sources.protocol import FeatureCacheReport

ATR_PERIOD = 14


def feature_cache_from_candles(
    candles: pd.DataFrame, crypto: str, *, stop_multiple: float, target_multiple: float, horizon: int
) -> tuple[pd.DataFrame, FeatureCacheReport]:
    """Compute the feature cache of one crypto.

    Parameters
    ----------
    candles
        Frame that satisfies ``Candles``, stamped with each bar's close.
    crypto
        Crypto that errors name.
    stop_multiple, target_multiple, horizon
        Triple barrier: distances in ATR(14), horizon in bars.

    Returns
    -------
    cache : pandas.DataFrame
        Satisfies ``FeatureCache``, with ``label_stability``, its end and ``regime``: the rows whose
        indicators have warmed up and whose label is known.
    report : FeatureCacheReport
        Counts each dropped bar once: as warm-up, else at the end of the data, else at a gap.

    Raises
    ------
    InputError
        No row is left, because the candles are shorter than warm-up and horizon together.
    """
    arrays = coerce_candles(candles, crypto=crypto)
    labels = triple_barrier(
        arrays,
        wilder_atr(arrays, ATR_PERIOD),
        stop_multiple=stop_multiple,
        target_multiple=target_multiple,
        horizon=horizon,
    )
    warm = warmed_up(arrays)
    usable = warm & labels.complete
    if not usable.any():
        raise input_error(
            "the candles are too short: no row has both warmed-up features and a known label",
            crypto=crypto,
            found=f"{len(candles)} bars",
            allowed=f"more than {WARM_UP_BARS + horizon} bars without a gap of over {LONGEST_BRIDGED_GAP}",
            fix="Take a longer history.",
        )
    features = indicators(arrays)
    features["label"] = labels.label
    features["label_end"] = pd.DatetimeIndex(labels.label_end, tz="UTC")
    features["label_return"] = labels.label_return
    relabellings = jittered_barriers(Barriers(stop_multiple, target_multiple, ATR_PERIOD))
    stability = label_stability(
        arrays,
        labels,
        relabellings,
        {window: wilder_atr(arrays, window) for window in {one.atr_period for one in relabellings}},
        horizon=horizon,
    )
    features["label_stability"] = stability.share
    features["label_stability_end"] = pd.DatetimeIndex(stability.end, tz="UTC")
    features["regime"] = regimes(arrays)
    cache = validated(FeatureCache, features.loc[usable], crypto=crypto)
    missing = missing_bars(arrays)
    report = FeatureCacheReport(
        rows=len(cache),
        warm_up_rows=int((~warm).sum()),
        gap_rows=int((warm & labels.crosses_gap).sum()),
        end_rows=int((warm & labels.past_end).sum()),
        gaps=int((missing > 0).sum()),
        longest_gap=int(missing.max(initial=0)),
        restarts=int((missing > LONGEST_BRIDGED_GAP).sum()),
        buy_rate=float(cache["label"].mean()),
    )
    return cache, report
