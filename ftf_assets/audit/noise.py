"""What a kind of label noise is: what it may look at, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed

#: What a kind of noise or a detector needs: the labels alone, or also their stability, the candles that they
#: were made from, or the true labels, which only a simulated market knows.
Needs = Literal["labels", "stability", "candles", "truth"]

#: Why a kind of noise or a detector is unavailable, by what it needs.
NEEDS_IN_WORDS: dict[Needs, str] = {
    "stability": "needs label_stability, which this source does not provide",
    "candles": "needs candles, and the source is a ready feature cache",
    "truth": "only the embedded market knows which of its labels are wrong",
}

#: Burst number of a row whose label is right.
NO_BURST = -1


@typed
@dataclass(frozen=True, eq=False)
class KnownTruth:
    """What a simulated market knows about its own label noise; arrays of shape (n_rows,).

    Attributes
    ----------
    label
        The labels without noise.
    in_burst
        Whether the row lies in a stretch of many errors, also where its own label is right.
    """

    label: Int8[Array, " rows"]
    in_burst: Bool[Array, " rows"]


@typed
@dataclass(frozen=True, eq=False)
class AuditLabels:
    """The labels that noise is put into, in time order, and what is known about them.

    Attributes
    ----------
    y
        Hard labels as observed, 1 = BUY, shape (n_rows,).
    stability
        Share of the relabellings with jittered barriers and ATR that agree with the label, in [0, 1], as
        :mod:`ftf_assets.labels.label_stability` gives it; None if the source does not provide it.
    margin
        From :func:`~ftf_assets.audit.margin.barrier_margin`, shape (n_rows,); None without candles.
    truth
        Given by a simulated market; None for any other source.
    """

    y: Int8[Array, " rows"]
    stability: Float32[Array, " rows"] | None = None
    margin: Float64[Array, " rows"] | None = None
    truth: KnownTruth | None = None

    def require(self, needs: Needs) -> None:
        """Raise an error where these labels lack what a kind of noise needs.

        Raises
        ------
        CellError
            Stage ``noise``.
        """
        given = {"stability": self.stability, "candles": self.margin, "truth": self.truth}
        if needs in given and given[needs] is None:
            raise CellError("noise", NEEDS_IN_WORDS[needs])


@typed
@dataclass(frozen=True, eq=False)
class NoisyLabels:
    """Labels, some of them known to be wrong; arrays of shape (n_rows,).

    Attributes
    ----------
    given
        The labels that detectors and models see.
    true
        The labels that detectors are judged against. Features, times and returns are the same for both.
    burst
        Number of the burst that a wrong label belongs to, ``NO_BURST`` where the label is right. The errors
        of one burst come from one draw, so they are one observation; a scattered error is its own burst.
    """

    given: Int8[Array, " rows"]
    true: Int8[Array, " rows"]
    burst: Int64[Array, " rows"]

    @property
    def wrong(self) -> Array:
        """Whether the given label is wrong, boolean of shape (n_rows,)."""
        return np.asarray(self.given != self.true)


@dataclass(frozen=True)
class NoiseKind:
    """A way in which labels go wrong.

    Attributes
    ----------
    name
        Name in ``--kinds`` and value of the column ``kind``.
    description
        One line for report and terminal.
    inject
        Takes the labels, the share of rows to flip and a generator. Equal generators give equal flips.
    needs
        What it needs besides the labels.
    drawn
        Whether each seed draws its own flips; otherwise the noise is the same in every seed.
    """

    name: str
    description: str
    inject: Callable[[AuditLabels, float, np.random.Generator], NoisyLabels]
    needs: Needs = "labels"
    drawn: bool = True


@typed
def flip(y: Int8[Array, " rows"], rows: Int64[Array, " flips"], burst: Int64[Array, " flips"]) -> NoisyLabels:
    """Flip the labels of ``rows``.

    Parameters
    ----------
    y
        Labels, shape (n_rows,).
    rows, burst
        Positions to flip, each once, and the burst number of each.
    """
    given = y.copy()
    given[rows] = 1 - given[rows]
    member = np.full(len(y), NO_BURST, np.int64)
    member[rows] = burst
    return NoisyLabels(given=given, true=y, burst=member)


@typed
def n_flips(n_rows: int, share: float) -> int:
    """Give the number of rows that a share comes to, rounded to the nearest."""
    return round(share * n_rows)


@typed
def runs(rows: Int64[Array, " flips"]) -> Int64[Array, " flips"]:
    """Number the runs of neighbouring positions: a label overlaps its neighbours, so they go wrong together.

    Parameters
    ----------
    rows
        Positions, strictly increasing.

    Returns
    -------
    numpy.ndarray
        Number of the run of each position, from 0.

    Examples
    --------
    >>> runs(np.array([3, 4, 5, 9, 12, 13]))
    array([0, 0, 0, 1, 2, 2])
    """
    return np.cumsum(np.diff(rows, prepend=rows[:1]) > 1, dtype=np.int64)
