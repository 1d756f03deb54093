"""Temporal noise: error rates are recovered, errors are found, clean labels are left alone, gaps separate."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.cleaning import temporal_noise as temporal_module
from ftf_assets.labels.cleaning.hidden_labels import ErrorRates
from ftf_assets.labels.cleaning.label_chain import LabelChain
from ftf_assets.labels.cleaning.temporal_noise import TEMPERS, flag_expected_errors, temporal_noise

HOUR = 3_600_000_000_000
CHAIN = LabelChain(2, np.array([0.08, 0.48, 0.18, 0.47]), 1)
QUIET = ErrorRates(entry=0.0, stay=0.0, missed_buy=0.0, false_buy=0.0, burst_flip=0.0)


def simulate(rates: ErrorRates, n_rows: int = 12_000, seed: int = 4):
    """True labels, observed labels and bursts of the model itself."""
    draw = np.random.default_rng(seed).random((n_rows, 3))
    history = state = 0
    true, bursts = np.zeros(n_rows, np.int8), np.zeros(n_rows, np.bool_)
    for row in range(n_rows):
        true[row] = draw[row, 0] < CHAIN.buy_probability[history]
        state = int(draw[row, 1] < rates.switching[state, 1])
        history, bursts[row] = (2 * history + true[row]) % 4, state
    wrong = draw[:, 2] < np.where(bursts, rates.burst_flip, np.where(true, rates.missed_buy, rates.false_buy))
    return true, np.where(wrong, 1 - true, true).astype(np.int8), bursts


def hourly(n_rows: int) -> np.ndarray:
    return np.arange(n_rows, dtype=np.int64) * HOUR


def judge(y, probability=None, start=None):
    n = len(y)
    return temporal_noise(
        y,
        np.full(n, 0.16) if probability is None else probability,
        hourly(n) if start is None else start,
        CHAIN,
        bar=HOUR,
    )


@pytest.mark.parametrize(
    "rates",
    [
        pytest.param(ErrorRates(0.004, 0.96, 0.01, 0.01, 0.9), id="bursts"),
        pytest.param(ErrorRates(0.008, 0.96, 0.01, 0.01, 0.5), id="partial bursts"),
        pytest.param(ErrorRates(0.004, 0.96, 0.10, 0.06, 0.9), id="bursts and single errors"),
    ],
)
def test_the_rates_of_a_simulated_series_are_recovered(rates: ErrorRates) -> None:
    true, y, bursts = simulate(rates, n_rows=20_000)
    found = judge(y)
    assert found.rates.burst_flip == pytest.approx(rates.burst_flip, abs=0.06)
    assert found.rates.stay == pytest.approx(rates.stay, abs=0.02)
    assert found.rates.entry == pytest.approx(rates.entry, abs=0.003)
    assert found.rates.false_buy == pytest.approx(rates.false_buy, abs=0.015)
    assert found.noise_rate == pytest.approx((true != y).mean(), abs=0.015)
    assert found.burst_probability[bursts].mean() > 4 * found.burst_probability[~bursts].mean()


def test_single_errors_are_counted_and_found() -> None:
    true, y, _ = simulate(ErrorRates(0.0, 0.0, 0.10, 0.10, 0.0), n_rows=20_000)
    wrong = true != y
    found = judge(y)
    assert found.noise_rate == pytest.approx(wrong.mean(), abs=0.02)
    buys = y == 1
    assert found.expected_errors_buy == pytest.approx((wrong & buys).sum(), rel=0.1)
    assert found.error_probability[wrong & buys].mean() > 1.3 * found.error_probability[~wrong & buys].mean()


def test_labels_without_errors_are_left_alone() -> None:
    _, y, _ = simulate(QUIET)
    found = judge(y)
    assert found.noise_rate < 0.01


def test_expected_errors_are_the_sums_of_the_probabilities_of_each_class() -> None:
    _, y, _ = simulate(ErrorRates(0.004, 0.96, 0.05, 0.05, 0.8), n_rows=3_000)
    found = judge(y)
    assert found.expected_errors_buy == pytest.approx(found.error_probability[y == 1].sum())
    assert found.expected_errors_hold == pytest.approx(found.error_probability[y == 0].sum())
    assert ((found.error_probability >= 0) & (found.error_probability <= 1)).all()


def test_the_same_input_gives_the_same_bits() -> None:
    _, y, _ = simulate(ErrorRates(0.004, 0.96, 0.05, 0.05, 0.8), n_rows=3_000)
    once, again = judge(y), judge(y.copy())
    np.testing.assert_array_equal(once.error_probability, again.error_probability)
    assert (once.rates, once.temper, once.log_losses) == (again.rates, again.temper, again.log_losses)


def test_uninformative_features_get_no_weight() -> None:
    _, y, _ = simulate(ErrorRates(0.004, 0.96, 0.03, 0.03, 0.8), n_rows=6_000)
    noise = 1 / (1 + np.exp(1.7 - np.random.default_rng(1).normal(0, 1, 6_000)))
    found = judge(y, noise)
    assert found.temper == 0
    np.testing.assert_allclose(found.error_probability, judge(y).error_probability, atol=1e-12)


def test_informative_features_get_weight_and_find_more_errors() -> None:
    true, y, _ = simulate(ErrorRates(0.004, 0.96, 0.06, 0.06, 0.8), n_rows=6_000)
    wrong = true != y
    knowing = 1 / (1 + np.exp(1.7 - 3.0 * (true - 0.16) + np.random.default_rng(1).normal(0, 1, 6_000)))
    found, blind = judge(y, knowing), judge(y)
    assert found.temper > 0
    assert found.log_losses[TEMPERS.index(found.temper)] < found.log_losses[0]
    assert found.error_probability[wrong].mean() > blind.error_probability[wrong].mean() + 0.05


def test_nothing_is_carried_over_a_gap() -> None:
    """After a gap of a year the judgement of a row does not depend on the rows before the gap."""
    _, y, _ = simulate(ErrorRates(0.01, 0.9, 0.05, 0.05, 0.8), n_rows=4_000)
    start = hourly(4_000)
    joined = judge(y, start=start).error_probability
    broken = judge(y, start=start + np.where(np.arange(4_000) >= 2_000, 9_000 * HOUR, 0)).error_probability
    moved = np.abs(joined - broken)
    assert moved[1_995:2_005].max() > 1e-3
    assert moved[:1_500].max() < moved[1_995:2_005].max() / 5


@pytest.mark.parametrize(
    ("y", "wrong", "flagged"),
    [
        pytest.param(
            [1, 1, 1, 0, 0], [0.9, 0.2, 0.95, 0.1, 0.1], [1, 0, 1, 0, 0], id="each class its own sum"
        ),
        pytest.param([1, 1, 1, 1], [0.4, 0.4, 0.4, 0.4], [1, 0, 0, 0], id="earlier of equals, whole rows"),
        pytest.param([0, 0, 0], [0.3, 0.3, 0.3], [0, 0, 0], id="less than one error flags none"),
        pytest.param([1, 1, 0], [0.0, 0.0, 1.0], [0, 0, 1], id="a certain error"),
    ],
)
def test_as_many_rows_of_a_class_are_flagged_as_are_expected_wrong(y, wrong, flagged) -> None:
    found = flag_expected_errors(np.array(y, np.int8), np.array(wrong))
    assert found.astype(int).tolist() == flagged


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"start": np.array([0, 1, 1, 2, 3], np.int64)}, "increase strictly", id="time stands"),
        pytest.param({"probability": np.array([0.1, 0.2, 1.2, 0.1, 0.1])}, r"\[0, 1\]", id="no probability"),
        pytest.param({"probability": np.array([0.1, np.nan, 0.2, 0.1, 0.1])}, r"\[0, 1\]", id="NaN"),
    ],
)
def test_times_out_of_order_and_invalid_probabilities_are_refused(change: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        judge(np.array([0, 1, 0, 0, 1], np.int8), **change)


def test_fewer_than_four_rows_are_refused() -> None:
    with pytest.raises(InputError, match="3 rows"):
        judge(np.array([0, 1, 0], np.int8))


def test_the_weight_of_the_features_is_chosen_on_the_latest_rows_of_a_long_series(monkeypatch) -> None:
    """A search over all rows for each weight takes ever more steps: time would grow faster than the rows."""
    true, y, _ = simulate(ErrorRates(0.004, 0.96, 0.10, 0.06, 0.9), n_rows=3_000)
    probability = np.where(true == 1, 0.3, 0.2) + np.random.default_rng(6).normal(0, 0.05, len(y))
    latest = judge(y[-1_000:], probability[-1_000:])
    monkeypatch.setattr(temporal_module, "CHOOSING_ROWS", 1_000)
    read = []
    infer = temporal_module.infer_hidden_labels
    monkeypatch.setattr(
        temporal_module, "infer_hidden_labels", lambda y, *rest: (read.append(len(y)), infer(y, *rest))[1]
    )
    found = judge(y, probability)
    # The mean of the log odds is that of all rows, so the losses are close and not the same.
    assert found.log_losses == pytest.approx(latest.log_losses, rel=0.01)
    assert found.temper == latest.temper
    assert set(read) == {500, 3_000}
    assert read.count(3_000) == found.n_steps + 1
    assert len(found.error_probability) == 3_000
