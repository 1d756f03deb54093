"""How true labels follow each other: a Markov chain counted on relabelled, block-shuffled candles.

Labels of overlapping horizons come in runs by construction: one large bar brings the target into reach of
several earlier entries. Whether a run is suspicious can only be judged against this, and the given labels
cannot show it, because a chain learned from noisy labels explains their errors as normal. The label mechanism
is known, so the chain is counted without any given label: on candles whose blocks of bars are shuffled and
then labelled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import CandleArrays
from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Float64, Int64, typed
from ftf_assets.labels.triple_barrier import triple_barrier


@typed
@dataclass(frozen=True, eq=False)
class LabelChain:
    """A Markov chain of true labels on consecutive bars.

    Attributes
    ----------
    order
        Number of preceding labels that the probability of a label depends on, 1 or more.
    buy_probability
        P(BUY | the last ``order`` labels), shape (2 ** order,), each strictly between 0 and 1. The bits of
        the position are these labels, the latest one lowest: for order 2, position 1 means HOLD, then BUY.
    n_labels
        Number of labels that were counted.
    """

    order: int
    buy_probability: Float64[Array, " histories"]
    n_labels: int

    def __post_init__(self) -> None:
        if self.order < 1 or len(self.buy_probability) != 2**self.order:
            raise input_error(
                "a chain of order k needs 2**k probabilities",
                found=f"order {self.order}, {len(self.buy_probability)} probabilities",
                allowed="order 1 or more, 2**order probabilities",
            )
        if not ((self.buy_probability > 0) & (self.buy_probability < 1)).all():
            raise input_error(
                "a label chain must leave both labels possible after every history",
                found=self.buy_probability.tolist(),
                allowed="probabilities between 0 and 1, both excluded",
            )

    @property
    def stationary(self) -> Float64[Array, " histories"]:
        """Long-run share of each history, summing to 1: the distribution where a series starts."""
        n = len(self.buy_probability)
        history = np.arange(n)
        transition = np.zeros((n, n))
        transition[history, (history << 1 | 1) % n] += self.buy_probability
        transition[history, (history << 1) % n] += 1.0 - self.buy_probability
        # Solve share @ transition = share and sum(share) = 1 as one overdetermined linear system.
        system = np.vstack([transition.T - np.eye(n), np.ones(n)])
        share: Array = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
        return share


@typed
def label_chain(
    candles: CandleArrays,
    *,
    until: int,
    stop_multiple: float = 0.5,
    target_multiple: float = 1.5,
    horizon: int = 4,
    atr_period: int = 14,
    order: int = 2,
    block_bars: int = 24,
    shuffles: int = 8,
    seed: int,
) -> LabelChain:
    """Count how triple-barrier labels follow each other on block-shuffled candles.

    Bars are taken relative to the preceding close, cut into blocks of ``block_bars``, shuffled and joined to
    a new price path, which is labelled like the original. Within a block the bars keep their order, and so
    the runs of labels remain, but no label stays at its time.

    Parameters
    ----------
    candles
        Bars of shape (n_bars,). A bar after a gap is left out, because its step from the preceding bar is
        unknown.
    until
        Nanoseconds since the epoch, UTC, inclusive: the end of the fit part that the chain is for.
    stop_multiple, target_multiple, horizon, atr_period
        The label mechanism, as in :func:`~ftf_assets.labels.triple_barrier.triple_barrier`.
    order
        Number of preceding labels in the chain. Two hold nearly all that a horizon of four bars implies.
    block_bars
        Bars in a block; several horizons, so that few labels cross a border between blocks.
    shuffles
        Number of price paths that are counted together.
    seed
        Equal seeds give equal bits.

    Returns
    -------
    LabelChain
        Half a label of each class is added to every history, so that no probability is 0 or 1.

    Raises
    ------
    CellError
        Stage ``cleaning``: there are fewer than ten blocks of bars up to ``until``.

    Warnings
    --------
    No look-ahead: bars that close after ``until`` are not read.

    Notes
    -----
    H. R. Künsch (1989), "The Jackknife and the Bootstrap for General Stationary Observations", Annals of
    Statistics 17: blocks preserve short-range dependence. Here they are permuted, not resampled.
    """
    # TA-Lib imports pandas, and this module is imported with the registry of factors, also by mere planning.
    import talib

    steps = _steps(candles, until)
    n_blocks = steps.shape[1] // block_bars
    if n_blocks < 10:
        raise CellError(
            "cleaning",
            f"{steps.shape[1]} bars up to the end of the fit part are too few to learn how labels follow "
            f"each other: 10 blocks of {block_bars} bars are needed",
        )
    generator = np.random.default_rng(seed)
    counts = np.zeros((2**order, 2))
    for _ in range(shuffles):
        path = _path(_shuffled(steps, block_bars, n_blocks, generator), candles.bar)
        labels = triple_barrier(
            path,
            talib.ATR(path.high, path.low, path.close, atr_period),
            stop_multiple=stop_multiple,
            target_multiple=target_multiple,
            horizon=horizon,
        )
        counts += _transitions(labels.label[labels.complete].astype(np.int64), order)
    smoothed = counts + 0.5
    return LabelChain(
        order=order,
        buy_probability=smoothed[:, 1] / smoothed.sum(axis=1),
        n_labels=int(counts.sum()),
    )


def _steps(candles: CandleArrays, until: int) -> Float64[Array, "4 steps"]:
    """Return open, high, low and close of each bar relative to the preceding close, one column per bar."""
    known = int(np.searchsorted(candles.close_time, until, side="right"))
    follows = np.diff(candles.close_time[:known]) == candles.bar
    prices = np.stack([candles.open, candles.high, candles.low, candles.close])[:, 1:known]
    steps: Array = prices / candles.close[: max(known - 1, 0)]
    return steps[:, follows]


def _shuffled(
    steps: Float64[Array, "4 steps"], block_bars: int, n_blocks: int, generator: np.random.Generator
) -> Float64[Array, "4 shuffled"]:
    first = generator.integers(steps.shape[1] - n_blocks * block_bars + 1)
    bars = first + np.arange(n_blocks * block_bars).reshape(n_blocks, block_bars)
    return steps[:, bars[generator.permutation(n_blocks)].ravel()]


def _path(steps: Float64[Array, "4 steps"], bar: int) -> CandleArrays:
    # A product over years of bars could leave the range of floating point, so logarithms are summed.
    close = np.exp(np.cumsum(np.log(steps[3])))
    before = np.concatenate(([1.0], close[:-1]))
    n_bars = steps.shape[1]
    return CandleArrays(
        close_time=np.arange(n_bars, dtype=np.int64) * bar,
        open=steps[0] * before,
        high=steps[1] * before,
        low=steps[2] * before,
        close=close,
        volume=np.ones(n_bars),
        bar=bar,
    )


def _transitions(labels: Int64[Array, " labels"], order: int) -> Float64[Array, "histories 2"]:
    n = len(labels) - order
    history = np.zeros(n, np.int64)
    for lag in range(order):
        history |= labels[order - 1 - lag : order - 1 - lag + n] << lag
    return np.bincount(history * 2 + labels[order:], minlength=2 ** (order + 1)).reshape(-1, 2).astype(float)
