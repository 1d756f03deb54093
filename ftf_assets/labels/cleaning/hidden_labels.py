"""Inference of the hidden states behind observed labels: the true label, and quiet or burst.

The model is a factorial hidden Markov model (Ghahramani and Jordan 1997, "Factorial Hidden Markov Models",
Machine Learning 29): two independent chains that both act on the observed label. Inference is exact, by the
forward-backward recursions (Rabiner 1989, "A Tutorial on Hidden Markov Models", Proc. IEEE 77) over the few
joint states.

The rows are cut into chunks that are computed in parallel as arrays: first the map from states to states of
each chunk, then the states at its borders, then all rows. Chunks are taken a block at a time, so that the
arrays of the recursions do not grow with the rows. The result is that of the plain recursion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Bool, Float64, Int8, typed
from ftf_assets.labels.cleaning.label_chain import LabelChain

#: Rows in a chunk. Probabilities are not rescaled inside a chunk; this few rows cannot underflow.
CHUNK_ROWS = 48

#: Chunks in a block: an array of a block takes 3 MB with histories of two labels.
BLOCK_CHUNKS = 1024

QUIET, BURST = 0, 1


@typed
@dataclass(frozen=True)
class ErrorRates:
    """Rates of label errors: independent errors in quiet times, clustered errors in bursts.

    Attributes
    ----------
    entry, stay
        Probability per bar that a burst begins, and that it continues.
    missed_buy, false_buy
        In quiet times: probability that a true BUY is observed as HOLD, and a true HOLD as BUY.
    burst_flip
        In a burst: probability that an observed label is wrong, the same for both classes.
    """

    entry: float
    stay: float
    missed_buy: float
    false_buy: float
    burst_flip: float

    @property
    def switching(self) -> Float64[Array, "2 2"]:
        """P(next state | state), quiet and burst."""
        return np.array([[1.0 - self.entry, self.entry], [1.0 - self.stay, self.stay]])

    @property
    def stationary(self) -> Float64[Array, " 2"]:
        """Long-run share of quiet and burst."""
        return np.array([1.0 - self.stay, self.entry]) / (1.0 - self.stay + self.entry)

    @property
    def observation(self) -> Float64[Array, "2 2 2"]:
        """P(observed label | true label, state), by [true label, state, observed label]."""
        wrong = np.array([[self.false_buy, self.burst_flip], [self.missed_buy, self.burst_flip]])
        return np.stack([np.stack([1.0 - wrong[0], wrong[0]], 1), np.stack([wrong[1], 1.0 - wrong[1]], 1)])


@typed
@dataclass(frozen=True, eq=False)
class HiddenLabels:
    """The hidden states, inferred from the observed labels.

    Attributes
    ----------
    wrong, burst
        P(observed label is wrong) and P(burst), given all rows, shape (n_rows,).
    log_likelihood
        Logarithm of the probability of all observed labels in nats, the sum of their one-step-ahead scores.
    transitions
        Expected number of transitions between quiet and burst, by [from, to]. The start of a series is none.
    observations
        Expected number of rows by [true label, state, observed label].
    """

    wrong: Float64[Array, " rows"]
    burst: Float64[Array, " rows"]
    log_likelihood: float
    transitions: Float64[Array, "2 2"]
    observations: Float64[Array, "2 2 2"]


@typed
def infer_hidden_labels(
    y: Int8[Array, " rows"],
    starts: Bool[Array, " rows"],
    tilt: Float64[Array, " rows"] | None,
    chain: LabelChain,
    rates: ErrorRates,
) -> HiddenLabels:
    """Infer true labels and bursts from observed labels, given the chain of true labels and the error rates.

    Parameters
    ----------
    y
        Observed labels in time order, shape (n_rows,).
    starts
        Whether a row starts a series: the first row, and each row that is not on the bar after the row before
        it. Both hidden chains start there from their long-run shares.
    tilt
        Contribution of each row's features to the log odds of a true BUY; None if features are not used.
    chain, rates
        The chain of true labels and the rates of errors.
    """
    size = CHUNK_ROWS * BLOCK_CHUNKS
    cuts = [slice(first, first + size) for first in range(0, len(y), size)]
    blocks = [_Block(y[cut], starts[cut], None if tilt is None else tilt[cut], chain, rates) for cut in cuts]
    maps = np.concatenate([block.maps() for block in blocks])
    before, after, log_likelihood = _borders(maps, np.outer(chain.stationary, rates.stationary).ravel())
    found = [
        block.posterior(before[k : k + BLOCK_CHUNKS], after[k : k + BLOCK_CHUNKS])
        for block, k in zip(blocks, range(0, len(maps), BLOCK_CHUNKS), strict=True)
    ]
    wrong, burst, transitions, observations = zip(*found, strict=True)
    return HiddenLabels(
        wrong=np.concatenate(wrong),
        burst=np.concatenate(burst),
        log_likelihood=log_likelihood,
        transitions=np.sum(transitions, axis=0),
        observations=np.sum(observations, axis=0),
    )


def _borders(maps: Array, start: Array) -> tuple[Array, Array, float]:
    """Return forward states before and backward messages after each chunk, from the chunks' maps."""
    n_chunks, n_states, _ = maps.shape
    before, after = np.empty((n_chunks, n_states)), np.empty((n_chunks, n_states))
    state, scales = start, np.empty(n_chunks)
    for chunk in range(n_chunks):
        before[chunk] = state
        state = state @ maps[chunk]
        scales[chunk] = state.sum()
        state = state / scales[chunk]
    message = np.ones(n_states)
    for chunk in range(n_chunks - 1, -1, -1):
        after[chunk] = message
        message = maps[chunk] @ message
        message = message / message.sum()
    return before, after, float(np.log(scales).sum())


class _Block:
    """Some chunks side by side: recursions on arrays [row in chunk, history, state, chunk]."""

    def __init__(
        self, y: Array, starts: Array, tilt: Array | None, chain: LabelChain, rates: ErrorRates
    ) -> None:
        self.y = y
        self.n_rows = len(y)
        self.n_chunks = -(-self.n_rows // CHUNK_ROWS)
        self.n_histories = 2**chain.order
        self.switching = rates.switching
        # The rows that pad the last chunk have no observation: every state explains them equally well.
        observation = np.concatenate([rates.observation, np.ones((2, 2, 1))], axis=2)
        observed = self._chunked(y.astype(np.int64), filler=2)
        self.emission = np.ascontiguousarray(observation[:, :, observed].transpose(2, 0, 1, 3))
        self.buy = self._buy_probability(chain, tilt)
        self.start = np.outer(chain.stationary, rates.stationary)
        starts_here = self._chunked(starts, filler=False)
        self.starts = [np.flatnonzero(row) if row.any() else None for row in starts_here]
        self.carried_over = self._chunked(np.ones(self.n_rows), filler=0.0) * ~starts_here

    def maps(self) -> Array:
        """Return the map from the states before each chunk to those after it, as [chunk, from, to]."""
        n_states = self.start.size
        maps = np.repeat(np.eye(n_states)[:, :, None], self.n_chunks, axis=2)
        maps = maps.reshape(n_states, self.n_histories, 2, self.n_chunks)
        for row in range(CHUNK_ROWS):
            maps = self._observe(self._move(maps, row), row)
        return np.ascontiguousarray(maps.reshape(n_states, n_states, self.n_chunks).transpose(2, 0, 1))

    def posterior(self, before: Array, after: Array) -> tuple[Array, Array, Array, Array]:
        """Return P(wrong) and P(burst) of each row, and the expected transitions and observations.

        Parameters
        ----------
        before, after
            Forward states before and backward messages after each chunk, as [chunk, state].
        """
        forward, moved = self._forward(self._states(before))
        backward, explained = self._backward(self._states(after))
        joint = forward * backward
        total = joint.sum(axis=(1, 2))
        joint /= total[:, None, None]
        # In joint[row, history, state, chunk] the lowest bit of the history is the row's own true label.
        by_label = joint.reshape(CHUNK_ROWS, -1, 2, 2, self.n_chunks).sum(axis=1)
        state = by_label.transpose(3, 0, 1, 2).reshape(-1, 2, 2)[: self.n_rows]
        observations = np.stack([state[self.y == label].sum(axis=0) for label in (0, 1)], axis=2)
        weight = self.carried_over / total
        transitions = self.switching * [
            [((moved[:, :, a] * explained[:, :, b]).sum(axis=1) * weight).sum() for b in (QUIET, BURST)]
            for a in (QUIET, BURST)
        ]
        wrong = np.where(self.y == 1, state[:, 0].sum(axis=1), state[:, 1].sum(axis=1))
        burst = state[:, :, BURST].sum(axis=1)
        return np.clip(wrong, 0.0, 1.0), np.clip(burst, 0.0, 1.0), transitions, observations

    def _chunked(self, values: Array, filler: object) -> Array:
        padded = np.full(self.n_chunks * CHUNK_ROWS, filler, values.dtype)
        padded[: self.n_rows] = values
        return np.ascontiguousarray(padded.reshape(self.n_chunks, CHUNK_ROWS).T)

    def _buy_probability(self, chain: LabelChain, tilt: Array | None) -> Array:
        """Return P(true BUY | history) of each row, as [row in chunk, history, 1, chunk or 1]."""
        prior = chain.buy_probability
        if tilt is None:
            return np.broadcast_to(prior[None, :, None, None], (CHUNK_ROWS, self.n_histories, 1, 1))
        odds = (prior / (1.0 - prior))[None, :, None, None] * np.exp(self._chunked(tilt, 0.0))[:, None, None]
        probability: Array = odds / (1.0 + odds)
        return probability

    def _move(self, states: Array, row: int) -> Array:
        """Move to the row's true label: histories drop their oldest label and append the new one."""
        chunks = self.starts[row]
        if chunks is not None:
            states = states.copy()
            mass = states[..., chunks].sum(axis=(-3, -2), keepdims=True)
            states[..., chunks] = mass * self.start[:, :, None]
        buy = states * self.buy[row]
        half = self.n_histories // 2
        new = np.empty((*states.shape[:-3], half, 2, 2, self.n_chunks))
        new[..., 1, :, :] = buy[..., :half, :, :] + buy[..., half:, :, :]
        hold = np.subtract(states, buy, out=buy)
        new[..., 0, :, :] = hold[..., :half, :, :] + hold[..., half:, :, :]
        return new.reshape(states.shape)

    def _observe(self, states: Array, row: int) -> Array:
        """Move between quiet and burst, then multiply each state by the likelihood of the observed label."""
        quiet, burst = states[..., QUIET, :], states[..., BURST, :]
        entered = quiet * self.switching[QUIET, BURST]
        left = burst * self.switching[BURST, QUIET]
        switched = np.empty(states.shape)
        switched[..., QUIET, :] = quiet - entered + left
        switched[..., BURST, :] = burst - left + entered
        by_label = switched.reshape(*states.shape[:-3], -1, 2, 2, self.n_chunks)
        by_label *= self.emission[row]
        return switched

    def _states(self, rows: Array) -> Array:
        return np.ascontiguousarray(rows.T).reshape(self.n_histories, 2, self.n_chunks)

    def _forward(self, states: Array) -> tuple[Array, Array]:
        shape = (CHUNK_ROWS, self.n_histories, 2, self.n_chunks)
        forward, moved = np.empty(shape), np.empty(shape)
        for row in range(CHUNK_ROWS):
            moved[row] = self._move(states, row)
            states = forward[row] = self._observe(moved[row], row)
        return forward, moved

    def _backward(self, message: Array) -> tuple[Array, Array]:
        shape = (CHUNK_ROWS, self.n_histories, 2, self.n_chunks)
        halves = (self.n_histories // 2, 2, 2, self.n_chunks)
        backward, explained = np.empty(shape), np.empty(shape)
        for row in range(CHUNK_ROWS - 1, -1, -1):
            backward[row] = message
            explained[row] = (message.reshape(halves) * self.emission[row]).reshape(shape[1:])
            quiet, burst = explained[row, :, QUIET], explained[row, :, BURST]
            gain = burst - quiet
            switched = np.stack(
                [quiet + gain * self.switching[QUIET, BURST], burst - gain * self.switching[BURST, QUIET]],
                axis=1,
            ).reshape(halves)
            hold, buy = switched[:, 0], switched[:, 1]
            # Histories that differ only in their oldest label move to the same new histories.
            message = np.concatenate([hold, hold]) + self.buy[row] * np.concatenate([buy - hold] * 2)
            chunks = self.starts[row]
            if chunks is not None:
                message[..., chunks] = (message[..., chunks] * self.start[:, :, None]).sum(axis=(0, 1))
        return backward, explained
