"""The confidence curve of a cell: precision and trades of its most confident calls, by their share."""

from __future__ import annotations

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import TrainedCell
from ftf_assets.contracts.typed import typed
from ftf_assets.training.ranked_rows import rank_rows
from ftf_assets.training.threshold import top_share_thresholds
from ftf_assets.training.trades import BASIS_POINTS, trades_above

#: Shares of the most confident rows at which each cell is measured.
TOP_SHARES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.50)


@typed
def confidence_curve(
    arrays: TrainingArrays, cell: TrainedCell, *, cost: float
) -> tuple[dict[str, float | int | None], ...]:
    """Measure a cell on its test rows at the top 1, 2, 5, 10, 20 and 50 % of P(BUY).

    Parameters
    ----------
    arrays, cell
        The crypto's rows with hard labels, and the trained cell.
    cost
        Cost of one round trip as a return; 0.0015 is 15 basis points.

    Returns
    -------
    tuple of dict
        One for each share: ``top_share``, ``threshold``, ``n_called``, ``n_correct``, ``precision`` (None
        where no row is called), ``n_trades`` and ``expectancy_net`` (basis points, None without trades).

    Notes
    -----
    The thresholds are quantiles of the validation slice, so on the test rows the share that is called differs
    from ``top_share`` where the model is more or less confident than before.
    """
    ranked = rank_rows(arrays.y[cell.test_rows], cell.test_probability)
    thresholds = top_share_thresholds(cell.validation_probability, TOP_SHARES).tolist()
    curve: list[dict[str, float | int | None]] = []
    for share, threshold in zip(TOP_SHARES, thresholds, strict=True):
        n_called, n_correct = ranked.called_at(threshold)
        net = trades_above(arrays, cell, threshold, cost=cost).net_return
        curve.append(
            {
                "top_share": share,
                "threshold": threshold,
                "n_called": n_called,
                "n_correct": n_correct,
                "precision": n_correct / n_called if n_called else None,
                "n_trades": len(net),
                "expectancy_net": float(net.mean()) * BASIS_POINTS if len(net) else None,
            }
        )
    return tuple(curve)
