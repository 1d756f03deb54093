"""The embedded market: reproducible bits, plausible candles, a weak signal, and label noise as documented."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xgboost
from scipy import stats
from sklearn.metrics import roc_auc_score

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS, FeatureCache
from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles
from ftf_assets.sources.embedded_market.price_path import market_candles
from ftf_assets.sources.embedded_market.source import MarketSource

CRYPTOS = ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC")
NOT_FEATURES = [name for name in RESERVED_COLUMNS if name != "base_weight"]


@pytest.fixture(scope="module")
def market() -> dict[str, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
    """Candles, feature cache and truth of each crypto under the default arguments."""
    source = MarketSource()
    result = {}
    for crypto in CRYPTOS:
        candles = source.candles(crypto)
        result[crypto] = candles, source.feature_cache(crypto, candles)[0], source.truth(crypto)
    return result


def test_the_same_arguments_give_the_same_bits(market) -> None:
    candles, cache, truth = market["OPUSDC"]
    again = MarketSource()
    pd.testing.assert_frame_equal(again.candles("OPUSDC"), candles, check_exact=True)
    pd.testing.assert_frame_equal(again.feature_cache("OPUSDC", candles)[0], cache, check_exact=True)
    pd.testing.assert_frame_equal(again.truth("OPUSDC"), truth, check_exact=True)


def test_another_process_gives_the_same_bits() -> None:
    program = (
        "import pandas as pd; from ftf_assets.sources.embedded_market.price_path import market_candles;"
        "print(pd.util.hash_pandas_object(market_candles('OPUSDC', 5)).sum())"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(result.stdout) == pd.util.hash_pandas_object(market_candles("OPUSDC", 5)).sum()


#: SHA-256 of the bytes of open, high, low and close before the edge was a setting, 16 digits.
BITS_WITHOUT_A_SETTING = {
    ("OPUSDC", 2024): "24670c27f965d167",
    ("UNIUSDC", 2024): "06e06df8f1e7cb97",
    ("LDOUSDC", 11): "b8835eae851073e4",
}


@pytest.mark.parametrize(("crypto", "seed"), BITS_WITHOUT_A_SETTING)
def test_the_default_edge_is_the_market_as_it_was_before_the_edge_could_be_set(crypto: str, seed: int):
    candles = market_candles(crypto, seed)
    digest = hashlib.sha256(
        np.ascontiguousarray(candles[["open", "high", "low", "close"]].to_numpy()).tobytes()
    ).hexdigest()
    assert digest[:16] == BITS_WITHOUT_A_SETTING[crypto, seed]


def test_the_strongest_edge_still_gives_valid_candles_with_ticks_as_fine_as_their_price():
    # Of eight seeds the price that falls furthest: with one tick for all prices a fifth of its bars are flat.
    candles = MarketSource(seed=5, edge=1.2).candles("ARBUSDC")
    assert candles["close"].min() < 1e-4 * candles["close"].iloc[0]
    assert (candles["high"] > candles["low"]).mean() > 0.999


def test_more_edge_is_more_signal_from_the_same_shocks():
    found = []
    for edge in (0.0, 0.3, 1.0):
        price = np.log(market_candles("OPUSDC", 2024, edge)["close"])
        trend = price.diff(24) / np.sqrt(24) - price.diff(3) / np.sqrt(3)
        found.append(trend.corr(price.diff().shift(-1), method="spearman"))
    assert abs(found[0]) < 0.03
    assert found[1] > 0.05
    assert found[2] > found[1] + 0.1


def test_a_cryptos_data_do_not_depend_on_what_was_asked_before(market) -> None:
    alone = MarketSource()
    pd.testing.assert_frame_equal(alone.candles("LDOUSDC"), market["LDOUSDC"][0], check_exact=True)


def test_another_seed_or_name_is_another_market() -> None:
    first = market_candles("OPUSDC", 1)["close"].pct_change()
    assert abs(first.corr(market_candles("OPUSDC", 2)["close"].pct_change())) < 0.1
    assert first.corr(market_candles("ANYNAMEUSDC", 1)["close"].pct_change()) < 0.9


def test_candles_cover_the_year_without_a_gap(market) -> None:
    candles, cache, _ = market["OPUSDC"]
    Candles.validate(candles, lazy=True)
    assert set(np.diff(candles.index)) == {np.timedelta64(1, "h")}
    assert cache.index[0] == pd.Timestamp("2024-01-01 01:00", tz="UTC")
    assert candles.index[-1] == pd.Timestamp("2025-01-01 00:00", tz="UTC")
    assert MarketSource().span("OPUSDC") == (candles.index[0], candles.index[-1], len(candles))


def test_a_bar_opens_where_the_last_one_closed(market) -> None:
    candles, _, _ = market["OPUSDC"]
    assert (candles["open"].iloc[1:].to_numpy() == candles["close"].iloc[:-1].to_numpy()).all()


def test_returns_look_like_crypto(market) -> None:
    returns = pd.DataFrame({crypto: np.log(frames[0]["close"]).diff() for crypto, frames in market.items()})
    annual_volatility = returns.std() * np.sqrt(8784)
    assert annual_volatility.between(0.6, 1.2).all()
    assert (returns.kurt() > 3).all()  # fat tails
    assert returns.abs().apply(lambda r: r.autocorr(1)).between(0.1, 0.6).all()  # volatility clusters
    pairs = returns.corr().to_numpy()[np.triu_indices(5, 1)]
    assert ((pairs > 0.4) & (pairs < 0.8)).all()  # a common factor


def test_volume_rises_with_volatility(market) -> None:
    candles, _, _ = market["OPUSDC"]
    spread = candles["high"] / candles["low"] - 1
    assert spread.corr(candles["volume"], method="spearman") > 0.5


@pytest.mark.parametrize("crypto", CRYPTOS)
def test_the_buy_rate_is_realistic_before_and_after_the_noise(market, crypto: str) -> None:
    _, cache, truth = market[crypto]
    assert 0.15 <= cache["label"].mean() <= 0.20
    assert 0.15 <= truth["true_label"].mean() <= 0.20


def test_without_noise_the_labels_are_the_triple_barriers() -> None:
    source = MarketSource(noise=0.0)
    candles = source.candles("OPUSDC")
    cache, report = source.feature_cache("OPUSDC", candles)
    expected, _ = feature_cache_from_candles(
        candles, "OPUSDC", stop_multiple=0.5, target_multiple=1.5, horizon=4
    )
    pd.testing.assert_frame_equal(cache, expected, check_exact=True)
    assert not source.truth("OPUSDC")["flipped"].any()
    assert report.buy_rate == cache["label"].mean()


def test_the_noise_changes_labels_and_nothing_else(market) -> None:
    _, noisy, truth = market["OPUSDC"]
    source = MarketSource(noise=0.0)
    clean, _ = source.feature_cache("OPUSDC", source.candles("OPUSDC"))
    pd.testing.assert_frame_equal(noisy.drop(columns="label"), clean.drop(columns="label"), check_exact=True)
    assert ((noisy["label"] != clean["label"]) == truth["flipped"]).all()
    assert (truth["true_label"] == clean["label"]).all()


def test_the_truth_is_indexed_like_the_cache_and_not_in_it(market) -> None:
    _, cache, truth = market["OPUSDC"]
    assert truth.index.equals(cache.index)
    assert truth.dtypes.astype(str).to_dict() == {
        "true_label": "int8",
        "flipped": "bool",
        "in_burst": "bool",
    }
    assert not set(truth.columns) & set(cache.columns)
    FeatureCache.validate(cache, lazy=True)


@pytest.mark.parametrize("noise", [0.05, 0.10, 0.25])
def test_the_noise_has_its_size_and_keeps_the_buy_rate(noise: float) -> None:
    truth = pd.concat([MarketSource(noise=noise).truth(crypto) for crypto in CRYPTOS])
    assert truth["flipped"].mean() == pytest.approx(noise, rel=0.1)
    missed = truth["flipped"] & (truth["true_label"] == 1)
    assert missed.sum() / truth["flipped"].sum() == pytest.approx(0.5, abs=0.06)


def test_half_of_the_wrong_labels_come_in_runs_of_a_day(market) -> None:
    truth = pd.concat([frames[2] for frames in market.values()])
    assert truth.loc[truth["flipped"], "in_burst"].mean() == pytest.approx(0.5, abs=0.1)
    run_lengths = truth["in_burst"].groupby((truth["in_burst"] != truth["in_burst"].shift()).cumsum()).sum()
    assert run_lengths[run_lengths > 0].mean() == pytest.approx(24, abs=4)
    by_burst = truth.groupby(["true_label", "in_burst"])["flipped"].mean()
    assert by_burst[1, True] > 3 * by_burst[1, False]


def test_independent_flips_do_not_cluster(market) -> None:
    truth = pd.concat([frames[2] for frames in market.values()])
    held = truth.loc[(truth["true_label"] == 0) & ~truth["in_burst"], "flipped"].astype(float)
    assert abs(held.autocorr(1)) < 4 / np.sqrt(len(held))


def smallest_p_value(features: pd.DataFrame, flipped: pd.Series) -> float:
    """Smallest p-value, over the features, for a difference between flipped and other rows."""
    return min(
        stats.mannwhitneyu(features.loc[flipped, name], features.loc[~flipped, name]).pvalue
        for name in features
    )


@pytest.mark.parametrize("label", [0, 1], ids=["HOLD", "BUY"])
def test_given_the_truth_independent_flips_ignore_the_features(market, label: int) -> None:
    # Rows in bursts stand in runs, as slow features do: they are no independent sample and are tested apart.
    smallest = []
    for _, cache, truth in market.values():
        rows = (truth["true_label"] == label) & ~truth["in_burst"]
        features = cache.loc[rows].drop(columns=NOT_FEATURES)
        smallest.append(smallest_p_value(features, truth.loc[rows, "flipped"]) * features.shape[1])
    assert min(smallest) * len(smallest) > 0.01  # Bonferroni over features and cryptos


def test_the_independence_test_detects_noise_that_depends_on_a_feature(market) -> None:
    _, cache, truth = market["OPUSDC"]
    rows = truth["true_label"] == 1
    features = cache.loc[rows].drop(columns=NOT_FEATURES)
    draw = pd.Series(np.random.default_rng(0).random(len(features)), features.index)
    informed = draw < np.where(features["rsi_14"] > features["rsi_14"].median(), 0.25, 0.15)
    assert smallest_p_value(features, informed) * features.shape[1] < 0.01


def test_bursts_fall_anywhere(market) -> None:
    # Volatility at the rows of a burst against shifted copies of the bursts: a rank among 199 rotations.
    ranks = []
    for _, cache, truth in market.values():
        volatility = cache["volatility_24"].rank().to_numpy()
        in_burst = truth["in_burst"].to_numpy()
        shifts = np.linspace(100, len(cache) - 100, 199).astype(int)
        rotated = [volatility[np.roll(in_burst, shift)].mean() for shift in shifts]
        ranks.append(np.mean(np.array(rotated) < volatility[in_burst].mean()))
    assert stats.kstest(ranks, "uniform").pvalue > 0.01


@pytest.mark.parametrize(
    "arguments",
    [
        {"seed": -1},
        {"noise": -0.1},
        {"noise": 0.26},
        {"noise": float("nan")},
        {"edge": -0.1},
        {"edge": 1.21},
        {"edge": float("nan")},
    ],
)
def test_impossible_arguments_are_refused(arguments) -> None:
    with pytest.raises(InputError, match="the market's"):
        MarketSource(**arguments)


def test_provenance_distinguishes_markets() -> None:
    known = {
        MarketSource(seed=seed, noise=noise, edge=edge).provenance(crypto).fingerprint
        for seed in (1, 2)
        for noise in (0.0, 0.1)
        for edge in (0.3, 1.0)
        for crypto in ("OPUSDC", "ARBUSDC")
    }
    assert len(known) == 16
    found = MarketSource().provenance("OPUSDC")
    assert (found.source, found.file, found.quote_currency, len(found.fingerprint)) == (
        "market",
        "",
        "USDC",
        16,
    )


def purged_out_of_fold_auc(cache: pd.DataFrame, label: pd.Series, blocks: int = 5) -> float:
    X = cache.drop(columns=NOT_FEATURES).to_numpy(np.float32)
    y = label.to_numpy()
    probability = np.empty(len(y))
    for held_out in np.array_split(np.arange(len(y)), blocks):
        first, last = cache.index[held_out[0]], cache["label_end"].iloc[held_out].max()
        fits = (cache["label_end"] < first) | (cache.index > last + pd.Timedelta("24h"))
        model = xgboost.XGBClassifier(
            n_estimators=100, max_depth=4, learning_rate=0.05, tree_method="hist", n_jobs=1, random_state=0
        )
        model.fit(X[fits], y[fits])
        probability[held_out] = model.predict_proba(X[held_out])[:, 1]
    return roc_auc_score(y, probability)


@pytest.mark.slow
@pytest.mark.parametrize("crypto", CRYPTOS)
def test_the_signal_is_as_weak_as_on_real_candles(market, crypto: str) -> None:
    _, cache, truth = market[crypto]
    assert 0.53 <= purged_out_of_fold_auc(cache, truth["true_label"]) <= 0.60
    assert 0.53 <= purged_out_of_fold_auc(cache, cache["label"]) <= 0.60
