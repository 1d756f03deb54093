"""The true labels of the market: the rows that a sweep trains on, and only where a variant reads them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets.sweep.true_labels import known_truth, truth_for_labels
from ftf_assets_tests.support.small_sweep import small_sweep

CRYPTO = "OPUSDC"


@pytest.fixture(scope="module")
def arrays() -> TrainingArrays:
    source = MarketSource()
    cache, _ = source.feature_cache(CRYPTO, source.candles(CRYPTO))
    return coerce_feature_cache(cache, crypto=CRYPTO)


def test_the_truth_has_the_rows_of_the_sweep_and_differs_where_the_market_flipped(arrays: TrainingArrays):
    truth = known_truth(MarketSource(), CRYPTO, arrays)
    flipped = MarketSource().truth(CRYPTO)["flipped"].to_numpy()
    np.testing.assert_array_equal(truth.label != arrays.y, flipped)


def test_rows_of_another_market_are_refused(arrays: TrainingArrays):
    with pytest.raises(InputError, match="true labels do not match the stored ones"):
        known_truth(MarketSource(seed=1), CRYPTO, arrays)
    later = dataclasses.replace(arrays, start=arrays.start + 1)
    with pytest.raises(InputError, match="timestamps of the truth differ"):
        known_truth(MarketSource(), CRYPTO, later)


def test_files_know_no_truth(arrays: TrainingArrays, tmp_path):
    assert known_truth(FeatureFileSource(path=str(tmp_path)), CRYPTO, arrays) is None


def test_a_sweep_without_the_control_reads_no_truth(arrays: TrainingArrays, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []
    whole = MarketSource.truth
    monkeypatch.setattr(
        MarketSource, "truth", lambda self, crypto: read.append(crypto) or whole(self, crypto)
    )
    assert truth_for_labels(small_sweep(factors="label_smoothing,cleanlab"), CRYPTO, arrays) is None
    assert read == []
    truth = truth_for_labels(small_sweep(factors="label_truth"), CRYPTO, arrays)
    assert read == [CRYPTO]
    assert (truth != arrays.y).any()
