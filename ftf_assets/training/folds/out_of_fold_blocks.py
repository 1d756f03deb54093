"""Out-of-fold blocks: time blocks of a fit part, each predicted by a model that never saw it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.training.folds.label_intervals import iso_time, require_time_order
from ftf_assets.training.folds.purge_and_embargo import held_out_span, purge


@typed
@dataclass(frozen=True, eq=False)
class Block:
    """One out-of-fold block: a model trained on ``train`` predicts ``held_out``; row positions."""

    train: Int64[Array, " train"]
    held_out: Int64[Array, " held_out"]


@typed
def out_of_fold_blocks(
    start: Int64[Array, " rows"],
    end: Int64[Array, " rows"],
    fit_rows: Int64[Array, " fit"],
    *,
    n_blocks: int = 5,
    embargo: int,
) -> tuple[Block, ...]:
    """Cut a fit part into contiguous time blocks, each with the rows that may predict it.

    The sizes of the blocks differ by one row at most, and each fit row is held out exactly once. The training
    rows of a block lie on both sides of it, purged and embargoed.

    Parameters
    ----------
    start, end
        Label intervals of all rows, nanoseconds, shape (n_rows,).
    fit_rows
        Positions of the fit part of a fold, in time order.
    n_blocks
        Number of blocks, at least 2.
    embargo
        Nanoseconds after each block in which no training row may start.

    Raises
    ------
    InputError
        There are fewer than two blocks, or rows are not in time order.
    CellError
        Stage ``out_of_fold``: there are fewer rows than blocks, or purging leaves no training row for a
        block.

    Warnings
    --------
    A block's model learns from rows after the block. That is not look-ahead as long as its predictions serve
    the fit part only, such as to clean it: the future of a training row is what lies after the training
    window.

    Examples
    --------
    Eight rows whose labels end 10 later, in two blocks, with an embargo of 10. Row 4 starts where row 3 ends
    and is purged for the first block, row 5 is embargoed; row 3 is purged for the second block.

    >>> start = np.arange(8) * 10
    >>> for block in out_of_fold_blocks(start, start + 10, np.arange(8), n_blocks=2, embargo=10):
    ...     print(block.train, "predicts", block.held_out)
    [6 7] predicts [0 1 2 3]
    [0 1 2] predicts [4 5 6 7]
    """
    if n_blocks < 2:
        raise input_error("out-of-fold prediction needs at least 2 blocks", found=n_blocks)
    require_time_order(start[fit_rows], end[fit_rows])
    if len(fit_rows) < n_blocks:
        raise CellError("out_of_fold", f"{len(fit_rows)} fit rows cannot make {n_blocks} out-of-fold blocks")
    blocks = []
    for held_out in np.array_split(fit_rows, n_blocks):
        span = held_out_span(start, end, held_out)
        others = fit_rows[(fit_rows < held_out[0]) | (fit_rows > held_out[-1])]
        train = purge(start, end, others, span, embargo)
        if not len(train):
            raise CellError(
                "out_of_fold",
                f"purging and embargo leave no training row for the out-of-fold block from "
                f"{iso_time(span.first)} to {iso_time(span.last)}",
            )
        blocks.append(Block(train=train, held_out=held_out))
    return tuple(blocks)
