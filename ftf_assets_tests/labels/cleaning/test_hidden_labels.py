"""Hidden labels: the recursions give the same result as enumerating every hidden path."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ftf_assets.labels.cleaning import hidden_labels
from ftf_assets.labels.cleaning.hidden_labels import CHUNK_ROWS, ErrorRates, infer_hidden_labels
from ftf_assets.labels.cleaning.label_chain import LabelChain

CHAINS = {
    1: LabelChain(1, np.array([0.1, 0.5]), 1),
    2: LabelChain(2, np.array([0.08, 0.48, 0.18, 0.40]), 1),
}
RATES = ErrorRates(entry=0.2, stay=0.7, missed_buy=0.15, false_buy=0.05, burst_flip=0.6)
LABELS = np.array([0, 1, 0, 0, 1, 1], np.int8)


def starts_at(n_rows: int, *rows: int) -> np.ndarray:
    starts = np.zeros(n_rows, np.bool_)
    starts[[0, *rows]] = True
    return starts


def enumerate_paths(y, starts, tilt, chain: LabelChain, rates: ErrorRates):
    """Weigh every path of (history, state) by hand: P(wrong), P(burst) and P(observed labels)."""
    n, n_histories = len(y), len(chain.buy_probability)
    wrong, burst, total = np.zeros(n), np.zeros(n), 0.0
    before = list(itertools.product(range(n_histories), (0, 1)))
    begin_share = np.outer(chain.stationary, rates.stationary)
    switching, observation = rates.switching, rates.observation
    for labels in itertools.product((0, 1), repeat=n):
        for states in itertools.product((0, 1), repeat=n):
            for begins in itertools.product(before, repeat=int(starts.sum())):
                weight, begin = 1.0, iter(begins)
                history = state = 0
                for row in range(n):
                    if starts[row]:
                        history, state = next(begin)
                        weight *= begin_share[history, state]
                    buy = chain.buy_probability[history]
                    odds = buy / (1 - buy) * np.exp(0.0 if tilt is None else tilt[row])
                    buy = odds / (1 + odds)
                    weight *= buy if labels[row] else 1 - buy
                    weight *= switching[state, states[row]]
                    weight *= observation[labels[row], states[row], y[row]]
                    history, state = (history * 2 + labels[row]) % n_histories, states[row]
                total += weight
                wrong += weight * (np.array(labels) != y)
                burst += weight * np.array(states)
    return wrong / total, burst / total, np.log(total)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("tilt", [None, np.array([0.3, -1.0, 0.0, 2.0, 0.5])], ids=["labels only", "tilted"])
@pytest.mark.parametrize("gaps", [(), (2,)], ids=["no gap", "gap before the third row"])
def test_the_posterior_is_that_of_enumerating_every_path(order: int, tilt, gaps) -> None:
    y = LABELS[:4] if gaps else LABELS[:5]
    tilt = None if tilt is None else tilt[: len(y)]
    starts = starts_at(len(y), *gaps)
    hidden = infer_hidden_labels(y, starts, tilt, CHAINS[order], RATES)
    wrong, burst, log_likelihood = enumerate_paths(y, starts, tilt, CHAINS[order], RATES)
    np.testing.assert_allclose(hidden.wrong, wrong, rtol=1e-10)
    np.testing.assert_allclose(hidden.burst, burst, rtol=1e-10)
    assert hidden.log_likelihood == pytest.approx(log_likelihood, rel=1e-12)


def test_the_series_on_both_sides_of_a_gap_are_independent() -> None:
    y = np.random.default_rng(3).integers(0, 2, 150).astype(np.int8)
    whole = infer_hidden_labels(y, starts_at(150, 70), None, CHAINS[2], RATES)
    parts = [
        infer_hidden_labels(part, starts_at(len(part)), None, CHAINS[2], RATES) for part in np.split(y, [70])
    ]
    np.testing.assert_allclose(whole.wrong, np.concatenate([part.wrong for part in parts]), rtol=1e-9)
    assert whole.log_likelihood == pytest.approx(sum(part.log_likelihood for part in parts))
    joined = infer_hidden_labels(y, starts_at(150), None, CHAINS[2], RATES)
    assert abs(joined.wrong[70] - whole.wrong[70]) > 1e-3


@pytest.mark.parametrize("n_rows", [CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 5 * CHUNK_ROWS + 7])
def test_chunk_borders_do_not_change_the_result(n_rows: int) -> None:
    """A last row that explains itself fully changes nothing before it, wherever a chunk ends."""
    y = np.random.default_rng(n_rows).integers(0, 2, n_rows).astype(np.int8)
    # A gap after the last row adds a series of its own: the rows before it must not move.
    longer = np.append(y, np.int8(1))
    alone = infer_hidden_labels(y, starts_at(n_rows), None, CHAINS[2], RATES)
    beside = infer_hidden_labels(longer, starts_at(n_rows + 1, n_rows), None, CHAINS[2], RATES)
    np.testing.assert_allclose(beside.wrong[:-1], alone.wrong, rtol=1e-9)


def test_expected_counts_add_up_to_the_rows_and_their_steps() -> None:
    y = np.random.default_rng(8).integers(0, 2, 200).astype(np.int8)
    hidden = infer_hidden_labels(y, starts_at(200, 50, 120), None, CHAINS[2], RATES)
    assert hidden.observations.sum() == pytest.approx(200)
    assert hidden.observations[:, :, 1].sum() == pytest.approx(y.sum())
    assert hidden.transitions.sum() == pytest.approx(200 - 3)


def test_years_of_labels_that_the_rates_call_impossible_stay_finite() -> None:
    certain = ErrorRates(1e-6, 1e-6, 1e-6, 1e-6, 1e-6)
    y = np.tile(np.array([1, 0], np.int8), 5_000)
    hidden = infer_hidden_labels(y, starts_at(10_000), np.full(10_000, -13.0), CHAINS[2], certain)
    assert np.isfinite(hidden.log_likelihood)
    assert np.isfinite(hidden.wrong).all()


def plain_recursion(y, starts, tilt, chain: LabelChain, rates: ErrorRates):
    """The textbook's forward-backward recursions, one row after another, over (history, state)."""
    n_histories = len(chain.buy_probability)
    states = list(itertools.product(range(n_histories), (0, 1)))
    begin = np.outer(chain.stationary, rates.stationary).ravel()
    forward, moves, state, log_likelihood = [], [], begin, 0.0
    for row in range(len(y)):
        odds = chain.buy_probability / (1 - chain.buy_probability) * np.exp(tilt[row])
        move = np.zeros((len(states), len(states)))
        for (history, before), label, after in itertools.product(states, (0, 1), (0, 1)):
            buy = odds[history] / (1 + odds[history])
            to = 2 * ((2 * history + label) % n_histories) + after
            chance = (buy if label else 1 - buy) * rates.switching[before, after]
            move[2 * history + before, to] += chance * rates.observation[label, after, y[row]]
        if starts[row]:
            move = np.outer(np.ones(len(states)), begin @ move)
        state = state @ move
        log_likelihood += np.log(state.sum())
        state = state / state.sum()
        forward.append(state)
        moves.append(move)
    message, wrong, burst = np.ones(len(states)), np.zeros(len(y)), np.zeros(len(y))
    for row in reversed(range(len(y))):
        joint = forward[row] * message / (forward[row] @ message)
        by_label = joint.reshape(-1, 2, 2).sum(axis=0)
        wrong[row], burst[row] = by_label[1 - y[row]].sum(), by_label[:, 1].sum()
        message = moves[row] @ message
        message = message / message.sum()
    return wrong, burst, log_likelihood


@pytest.mark.parametrize("chunks", [1, 3, hidden_labels.BLOCK_CHUNKS])
def test_chunks_and_blocks_give_the_numbers_of_the_plain_recursion(monkeypatch, chunks: int) -> None:
    monkeypatch.setattr(hidden_labels, "BLOCK_CHUNKS", chunks)
    n_rows = 7 * CHUNK_ROWS + 5
    draw = np.random.default_rng(11)
    y, tilt = draw.integers(0, 2, n_rows).astype(np.int8), draw.normal(size=n_rows)
    starts = starts_at(n_rows, CHUNK_ROWS, 200)
    hidden = infer_hidden_labels(y, starts, tilt, CHAINS[2], RATES)
    wrong, burst, log_likelihood = plain_recursion(y, starts, tilt, CHAINS[2], RATES)
    np.testing.assert_allclose(hidden.wrong, wrong, rtol=1e-12)
    np.testing.assert_allclose(hidden.burst, burst, rtol=1e-12)
    assert hidden.log_likelihood == pytest.approx(log_likelihood, rel=1e-12)
    assert hidden.observations.sum() == pytest.approx(n_rows, rel=1e-12)
    assert hidden.transitions.sum() == pytest.approx(n_rows - 3, rel=1e-12)
