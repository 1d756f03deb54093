"""Whether a variant's trades pay, and whether its operating point beats calling every bar BUY.

Both are said beside the verdicts and decide none: a model can rank well and earn nothing after costs, and F1
at its best threshold is often that of calling every bar BUY, which maximises F1 where scores carry little
information [1]_.

References
----------
.. [1] Lipton, Elkan & Naryanaswamy (2014), "Optimal Thresholding of Classifiers to Maximize F1 Measure",
   ECML PKDD: at base rate b every bar BUY scores 2 b / (1 + b).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.typed import Array, Int64, typed
from ftf_assets.gate.cell_errors import error_by_folds
from ftf_assets.gate.clustered import p_above
from ftf_assets.gate.clusters import Clusters
from ftf_assets.gate.pairs import Pairing
from ftf_assets.gate.statistics import paired_differences
from ftf_assets.gate.thresholds import ALWAYS_BUY, BREAKEVEN, TRADE_PRECISION, GateSettings

EXPECTANCY, F1 = "expectancy_net", "f1_buy"


@dataclass(frozen=True)
class TradeResult:
    """What the trades of one variant earn at its trading threshold, means over its cells.

    Attributes
    ----------
    net_bps
        Net return per trade, basis points; None without a trade.
    precision, breakeven
        Precision of BUY at the threshold, and the one at which trades break even; None where not known.
    """

    net_bps: float | None
    precision: float | None
    breakeven: float | None

    @property
    def tradable(self) -> bool | None:
        """Whether trades earn more than they cost, by mean return and by precision; None if unknown."""
        if self.net_bps is None:
            return None
        reaches = self.precision is None or self.breakeven is None or self.precision >= self.breakeven
        return self.net_bps > 0 and reaches


@dataclass(frozen=True)
class OperatingPoint:
    """F1 of BUY at the variant's threshold beside that of calling every bar BUY, means over its cells."""

    f1_buy: float | None
    f1_always_buy: float | None
    better: bool | None


@typed
def trading_of(rows: ResultRows, places: Int64[Array, " cells"]) -> TradeResult:
    """Give what the trades of some cells earn."""
    return TradeResult(*(_mean(rows, name, places) for name in (EXPECTANCY, TRADE_PRECISION, BREAKEVEN)))


@typed
def operating_point_of(
    pairing: Pairing,
    places: Int64[Array, " cells"],
    cells: Int64[Array, " cells"],
    clusters: Clusters,
    settings: GateSettings,
) -> OperatingPoint:
    """Compare the F1 of one variant with that of calling every bar BUY, one-sided and clustered by folds."""
    f1, always = (_mean(pairing.rows, name, places) for name in (F1, ALWAYS_BUY))
    if f1 is None or always is None:
        return OperatingPoint(f1, always, None)
    above = paired_differences(pairing.rows.values(F1)[places], pairing.rows.values(ALWAYS_BUY)[places])
    p = p_above(float(above.mean()), error_by_folds(above, cells, clusters))
    return OperatingPoint(f1, always, None if p is None else p < settings.alpha)


def _mean(rows: ResultRows, name: str, places: Int64[Array, " cells"]) -> float | None:
    values = rows.values(name)[places]
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None
