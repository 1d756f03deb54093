"""The confidence curve: a table by share of calls, and what the most confident calls earn in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.report.formats import NOTHING, is_absent
from ftf_assets.report.levels import BASELINE

#: A mean of fewer trades says too little to be named in a sentence.
_FEW_TRADES = 30


@dataclass(frozen=True)
class ConfidenceValue:
    """Precision, net return per trade (bps) and trades of one variant at one share, as texts.

    ``pays`` says whether the mean net return is above 0.
    """

    precision: str
    net_bps: str
    trades: str
    pays: bool


@dataclass(frozen=True)
class ConfidenceLine:
    """A share of the table as texts; ``values`` has one item per variant."""

    share: str
    breakeven: str
    values: tuple[ConfidenceValue, ...]


def confidence_lines(curve: pd.DataFrame, variants: Sequence[str]) -> list[ConfidenceLine]:
    """Lay out a mean curve, a line a share; none where the sweep has no curve.

    Parameters
    ----------
    curve
        From :func:`~ftf_assets.rows.confidence_curve.mean_confidence_curve`.
    variants
        The variants that are shown, in this order.
    """
    lines = []
    for share, rows in curve.groupby("top_share"):
        of_variant = {row["variant"]: row for row in rows.to_dict("records")}
        values = tuple(_value(of_variant.get(name)) for name in variants)
        breakeven = rows["breakeven_precision"].mean()
        lines.append(ConfidenceLine(_percent(float(str(share))), _number(breakeven), values))
    return lines


def confidence_in_words(cells: pd.DataFrame, curve: pd.DataFrame, trade_share: float) -> list[str]:
    """Say what the trades of the baseline earn, and where on the curve a trade earns anything.

    Parameters
    ----------
    cells
        Rows of ``finetune_results``.
    curve
        From :func:`~ftf_assets.rows.confidence_curve.mean_confidence_curve`.
    trade_share
        The setting ``evaluation.trade_share``.
    """
    measured = cells[cells["status"] == OK]
    baseline = measured[measured["variant"] == BASELINE.short]
    if baseline.empty:
        return ["No cell of the baseline was measured."]
    return [*_trades(baseline, trade_share), *_paying(curve)]


def _trades(baseline: pd.DataFrame, trade_share: float) -> list[str]:
    trading, n_trades = baseline[baseline["n_trades"] > 0], int(baseline["n_trades"].sum())
    top = f"Trades at the top {_percent(trade_share)}"
    if trading.empty:
        return [f"{top}: the baseline makes none in {len(baseline)} cells."]
    mean = trading[["trade_precision", "breakeven_precision", "expectancy_net"]].mean()
    said = (
        f"{top}: the baseline makes {n_trades:,} in {len(trading)} of {len(baseline)} cells, "
        f"{_bps(mean['expectancy_net'])} per trade after costs."
    )
    if is_absent(mean["breakeven_precision"]):
        return [said]
    side = "above" if mean["trade_precision"] > mean["breakeven_precision"] else "below"
    return [
        said,
        f"The precision of these calls is {mean['trade_precision']:.3f}, {side} the "
        f"{mean['breakeven_precision']:.3f} at which trading breaks even.",
    ]


def _paying(curve: pd.DataFrame) -> list[str]:
    measured = curve[curve["n_trades"] >= _FEW_TRADES]
    if measured.empty:
        return []
    paying = measured[measured["expectancy_net"] > 0]
    best = max(measured.to_dict("records"), key=lambda row: float(row["expectancy_net"]))
    where = f"{best['variant']} at the top {_percent(best['top_share'])}"
    value = f"{_bps(best['expectancy_net'])} over {best['n_trades']:,} trades"
    if paying.empty:
        return [f"No variant earns anything at any share; the best is {where}, {value}."]
    return [
        f"{len(paying)} of {len(measured)} points of the curves lie above 0; the highest is {where}, "
        f"{value}. It is the best of many, so it overstates what to expect; no point is tested on its own."
    ]


def _value(row: Mapping[Any, Any] | None) -> ConfidenceValue:
    if row is None:
        return ConfidenceValue(NOTHING, NOTHING, NOTHING, pays=False)
    net = row["expectancy_net"]
    absent = is_absent(net)
    return ConfidenceValue(
        precision=_number(row["precision"]),
        net_bps=NOTHING if absent else _signed(net),
        trades=f"{row['n_trades']:,}",
        pays=not absent and bool(net > 0),
    )


def _bps(value: float) -> str:
    return f"{_signed(value)} basis points"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _number(value: object) -> str:
    return NOTHING if is_absent(value) else f"{value:.3f}"
