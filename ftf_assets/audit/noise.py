"""What a kind of label noise is, what it may look at, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed

#: What a kind of noise or a detector needs besides the labels: nothing, their stability, the candles that
#: they were made from, or the truth that only a simulated market knows.
Needs = Literal["labels", "stability", "candles", "truth"]

#: Why something is unavailable, by what it needs.
NEEDS_IN_WORDS: dict[Needs, str] = {
    "stability": "needs label_stability, which this source does not provide",
    "candles": "needs candles, and the source is a ready feature cache",
    "truth": "only the embedded market knows which of its labels are wrong",
}

#: Burst of a row whose label is right.
NO_BURST = -1


@typed
@dataclass(frozen=True, eq=False)
class KnownTruth:
    """What a simulated market knows of its own label noise; arrays of shape (n_rows,).

    Attributes
    ----------
    label
        The labels as they would be without noise.
    in_burst
        Rows that lie in a stretch of many errors, the rightly labelled among them too.
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
        Share of the jittered relabellings (METHOD rule 7) that agree with the label, in [0, 1]; None where
        the source does not provide it.
    margin
        From :func:`~ftf_assets.audit.margin.barrier_margin`, shape (n_rows,); None without candles.
    truth
        Of a simulated market; None anywhere else.
    """

    y: Int8[Array, " rows"]
    stability: Float32[Array, " rows"] | None = None
    margin: Float64[Array, " rows"] | None = None
    truth: KnownTruth | None = None

    def require(self, needs: Needs) -> None:
        """Refuse what these labels cannot give.

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
    """Labels of which it is known which are wrong; arrays of shape (n_rows,).

    Attributes
    ----------
    given
        The labels that detectors and models get to see.
    true
        The labels that they are judged against. Nothing else differs: features, times and returns stay.
    burst
        Number of the burst that a wrong label belongs to, ``NO_BURST`` where the label is right. Errors of
        one burst come from one draw, so they are one observation; a scattered error is a burst of its own.
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
        Word of ``--kinds`` and value of the column ``kind``.
    description
        One line for people.
    inject
        Takes the labels, the share of rows to flip and a generator; equal generators give equal flips.
    needs
        What it looks at besides the labels.
    drawn
        Whether each seed draws other flips. What is not drawn is one and the same in every seed.
    """

    name: str
    description: str
    inject: Callable[[AuditLabels, float, np.random.Generator], NoisyLabels]
    needs: Needs = "labels"
    drawn: bool = True


@typed
def flip(y: Int8[Array, " rows"], rows: Int64[Array, " flips"], burst: Int64[Array, " flips"]) -> NoisyLabels:
    """Flip the labels of ``rows``, each a member of its ``burst``.

    Parameters
    ----------
    y
        Labels, shape (n_rows,).
    rows, burst
        Positions to flip, each once, and the number of the burst that each belongs to.
    """
    given = y.copy()
    given[rows] = 1 - given[rows]
    member = np.full(len(y), NO_BURST, np.int64)
    member[rows] = burst
    return NoisyLabels(given=given, true=y, burst=member)


@typed
def n_flips(n_rows: int, share: float) -> int:
    """Rows that a share comes to, to the nearest."""
    return round(share * n_rows)


@typed
def runs(rows: Int64[Array, " flips"]) -> Int64[Array, " flips"]:
    """Number the runs of neighbouring positions: labels overlap their neighbours' and go wrong together.

    Parameters
    ----------
    rows
        Positions, strictly increasing.

    Returns
    -------
    numpy.ndarray
        0, 1, … per position, the same number for positions without one between them.
    """
    return np.cumsum(np.diff(rows, prepend=rows[:1]) > 1, dtype=np.int64)
