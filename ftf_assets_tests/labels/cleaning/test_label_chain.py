"""The chain of true labels: counted on relabelled, block-shuffled candles up to the end of a fit part."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.labels.cleaning.label_chain import LabelChain, label_chain

HOUR = 3_600_000_000_000


def random_candles(n_bars: int = 3_000, seed: int = 1) -> CandleArrays:
    random = np.random.default_rng(seed)
    path = np.exp(np.cumsum(random.normal(0, 0.002, (n_bars, 10)).ravel())).reshape(n_bars, 10)
    return CandleArrays(
        close_time=np.arange(1, n_bars + 1, dtype=np.int64) * HOUR,
        open=path[:, 0].copy(),
        high=path.max(axis=1),
        low=path.min(axis=1),
        close=path[:, -1].copy(),
        volume=np.ones(n_bars),
        bar=HOUR,
    )


def first_bars(candles: CandleArrays, n_bars: int) -> CandleArrays:
    series = {f.name: getattr(candles, f.name)[:n_bars] for f in dataclasses.fields(candles)[:-1]}
    return CandleArrays(**series, bar=candles.bar)


CANDLES = random_candles()
LAST = int(CANDLES.close_time[-1])


def test_overlapping_labels_run_even_on_a_random_walk() -> None:
    chain = label_chain(CANDLES, until=LAST, order=1, seed=0)
    after_hold, after_buy = chain.buy_probability
    assert after_buy > 3 * after_hold


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    once, again, other = (label_chain(CANDLES, until=LAST, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(once.buy_probability, again.buy_probability)
    assert not np.array_equal(once.buy_probability, other.buy_probability)


@pytest.mark.parametrize("until", [LAST // 2, LAST // 2 + HOUR // 2])
def test_bars_that_close_after_until_are_not_read(until: int) -> None:
    known = int(np.count_nonzero(CANDLES.close_time <= until))
    whole = label_chain(CANDLES, until=until, seed=0)
    cut = label_chain(first_bars(CANDLES, known), until=until, seed=0)
    np.testing.assert_array_equal(whole.buy_probability, cut.buy_probability)


def test_the_price_step_across_a_gap_is_left_out() -> None:
    broken = dataclasses.replace(
        CANDLES, close_time=CANDLES.close_time + HOUR * 10 * (np.arange(3_000) >= 1_500)
    )
    jumped = {
        name: np.where(np.arange(3_000) >= 1_500, 9.0, 1.0) * getattr(CANDLES, name)
        for name in ("open", "high", "low", "close")
    }
    until = int(broken.close_time[-1])
    np.testing.assert_allclose(
        label_chain(dataclasses.replace(broken, **jumped), until=until, seed=0).buy_probability,
        label_chain(broken, until=until, seed=0).buy_probability,
    )


def test_no_probability_is_certain_even_for_histories_that_never_came() -> None:
    chain = label_chain(first_bars(CANDLES, 300), until=LAST, order=6, shuffles=1, seed=0)
    assert len(chain.buy_probability) == 64
    assert ((chain.buy_probability > 0) & (chain.buy_probability < 1)).all()


def test_too_few_bars_fail_the_cell() -> None:
    with pytest.raises(CellError, match=r"200 bars .* too few .* 10 blocks of 24 bars"):
        label_chain(CANDLES, until=int(CANDLES.close_time[200]), seed=0)


def test_a_step_does_not_change_the_stationary_shares() -> None:
    chain = LabelChain(2, np.array([0.08, 0.48, 0.18, 0.47]), 1)
    share = chain.stationary
    buys = share * chain.buy_probability
    after = np.zeros(4)
    for history in range(4):
        after[(2 * history + 1) % 4] += buys[history]
        after[2 * history % 4] += share[history] - buys[history]
    np.testing.assert_allclose(after, share, atol=1e-12)
    assert share.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("order", "probabilities", "said"),
    [(2, [0.1, 0.5], "order 2, 2 probabilities"), (0, [0.1], "order 0"), (1, [0.1, 1.0], "both labels")],
)
def test_an_inconsistent_chain_is_refused(order: int, probabilities: list[float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        LabelChain(order, np.array(probabilities), 1)
