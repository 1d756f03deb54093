"""Clusters of cells: cells that share their weeks share the market's shocks and are one observation [1]_.

References
----------
.. [1] Cameron & Miller (2015), "A Practitioner's Guide to Cluster-Robust Inference", Journal of Human
   Resources 50: observations that share a period share its shocks and count as one cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.gate.pairs import Cell, Cells

#: Number of a cell that belongs to no cluster.
_NO_CLUSTER = -1


@typed
@dataclass(frozen=True, eq=False)
class Clusters:
    """The cluster of every cell.

    Attributes
    ----------
    cells
        The cells.
    number
        Cluster of each of them, from 0, -1 for none; shape (n_cells,).
    """

    cells: Cells
    number: Int64[Array, " cells"]

    def of_pairs(self, pairs: Int64[Array, " pairs"]) -> Int64[Array, " pairs"]:
        """Give the cluster of each pair, or its crypto where all pairs are in one cluster.

        Parameters
        ----------
        pairs
            Numbers of the paired cells.

        Raises
        ------
        InputError
            A paired cell without a cluster.
        """
        numbers = self.number[pairs]
        if (numbers == _NO_CLUSTER).any():
            ((crypto, fold),) = self.cells.named(pairs[[(numbers == _NO_CLUSTER).argmax()]])
            raise input_error(f"no fold cluster is defined for the cell of fold {fold}", crypto=crypto)
        return self.cells.crypto.codes.take(pairs) if self.holds_all(pairs) else numbers

    def holds_all(self, pairs: Int64[Array, " pairs"]) -> bool:
        """Whether one cluster holds all pairs, as with a single fold."""
        return bool(len(pairs)) and not np.ptp(self.number[pairs])


@typed
def clusters_of(cells: Cells, given: Mapping[Cell, int] | None) -> Clusters:
    """Number the cluster of every cell.

    Parameters
    ----------
    cells
        The cells.
    given
        Cluster by cell, as :func:`calendar_clusters` gives it; None makes each fold a cluster.
    """
    names: list[str | None]
    if given is None:
        names, codes = [str(name) for name in cells.fold.names], cells.fold.codes
    else:
        found = [given.get(cell) for cell in cells.named(np.arange(len(cells)))]
        names = [None if number is None else str(number) for number in found]
        codes = np.arange(len(cells))
    order = sorted({name for name in names if name is not None})
    place: dict[str | None, int] = {None: _NO_CLUSTER}
    place |= {name: number for number, name in enumerate(order)}
    return Clusters(cells, np.array([place[name] for name in names], np.int64).take(codes))


@typed
def calendar_clusters(spans: Mapping[Cell, tuple[int, int]]) -> dict[Cell, int]:
    """Group cells whose test spans overlap most, for folds that each crypto cuts for itself.

    "Fold 3" is then not the same weeks for every crypto, but cells still share a market while their spans
    overlap. The period of all spans is cut into as many equal parts as a crypto has folds, and a cell belongs
    to the part that holds its midpoint.

    Parameters
    ----------
    spans
        First and last instant of each cell's test rows, nanoseconds.

    Returns
    -------
    dict
        Number of the part, from 0, by cell.

    Examples
    --------
    Two cryptos with two folds each; the second one's history begins later.

    >>> calendar_clusters({("A", 0): (0, 49), ("A", 1): (50, 99), ("B", 0): (30, 64), ("B", 1): (65, 99)})
    {('A', 0): 0, ('A', 1): 1, ('B', 0): 0, ('B', 1): 1}
    """
    if not spans:
        return {}
    n_parts = max(Counter(crypto for crypto, _ in spans).values())
    first, last = min(start for start, _ in spans.values()), max(end for _, end in spans.values())
    return {
        cell: min(n_parts * (start + end - 2 * first) // max(2 * (last - first), 1), n_parts - 1)
        for cell, (start, end) in spans.items()
    }
