"""Test rows in the order of their P(BUY): every score of an order, from one sort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, Int8, Int64, typed


@typed
@dataclass(frozen=True, eq=False)
class RankedRows:
    """Rows in groups of equal P(BUY), the most confident group first. Made by :func:`rank_rows`.

    A threshold calls whole groups, so what it calls is read off the running counts.

    Attributes
    ----------
    probability
        P(BUY) of each group, strictly falling, shape (n_groups,).
    n_called, n_correct
        Rows, and BUY rows among them, of each group and all before it, shape (n_groups,).
    """

    probability: Float64[Array, " groups"]
    n_called: Int64[Array, " groups"]
    n_correct: Int64[Array, " groups"]

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.n_called[-1])

    @property
    def n_buys(self) -> int:
        """Number of rows whose label is BUY."""
        return int(self.n_correct[-1])

    def called_at(self, threshold: float) -> tuple[int, int]:
        """Count the rows with P(BUY) at or above ``threshold``, and the BUY rows among them."""
        groups = int(np.searchsorted(-self.probability, -threshold, side="right"))
        return (int(self.n_called[groups - 1]), int(self.n_correct[groups - 1])) if groups else (0, 0)

    @property
    def average_precision(self) -> float:
        """Mean precision over the BUY rows, each at the threshold that just calls it.

        Of no BUY row it is 0, as scikit-learn's.
        """
        new_buys = np.diff(self.n_correct, prepend=0)
        # A sum of steps in recall: of a perfect ranking it can end one rounding error above 1.
        return min(float((new_buys * (self.n_correct / self.n_called)).sum()) / max(self.n_buys, 1), 1.0)

    @property
    def roc_auc(self) -> float:
        """Share of (BUY, HOLD) pairs in the right order, ties counted one half; NaN without both classes."""
        new_buys = np.diff(self.n_correct, prepend=0)
        new_holds = np.diff(self.n_called, prepend=0) - new_buys
        # Whole numbers up to the division, so the only rounding is its own.
        right_twice = int((new_holds * (2 * self.n_correct - new_buys)).sum())
        pairs = self.n_buys * (self.n_rows - self.n_buys)
        return right_twice / (2 * pairs) if pairs else float("nan")


@typed
def rank_rows(y: Int8[Array, " rows"], probability: Float64[Array, " rows"]) -> RankedRows:
    """Sort rows by P(BUY) and count.

    Parameters
    ----------
    y
        Hard labels, 1 = BUY, shape (n_rows,), at least one row.
    probability
        P(BUY) of the same rows, without NaN.

    Examples
    --------
    >>> ranked = rank_rows(np.array([0, 1, 0, 1], np.int8), np.array([0.1, 0.3, 0.3, 0.8]))
    >>> ranked.called_at(0.3), ranked.roc_auc
    ((3, 2), 0.875)
    >>> round(ranked.average_precision, 3)
    0.833
    """
    order = np.argsort(-probability, kind="stable")
    falling = probability[order]
    last_of_group = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
    return RankedRows(
        probability=falling[last_of_group],
        n_called=last_of_group + 1,
        n_correct=np.cumsum(y[order], dtype=np.int64)[last_of_group],
    )
