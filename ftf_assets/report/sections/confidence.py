"""The confidence curve: a table by share of calls, and what the most confident calls earn in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.report.formats import is_absent
from ftf_assets.report.levels import BASELINE
from ftf_assets.report.tables import Column, Part, Table, Value, number, number_column, plain

#: A mean of fewer trades says too little to be named in a sentence.
_FEW_TRADES = 30


_NO_CURVE: Mapping[Any, Any] = dict.fromkeys(("precision", "expectancy_net", "n_trades"))


def confidence_table(curve: pd.DataFrame, variants: Sequence[str]) -> Table | None:
    """Lay out a mean curve, a line a share; None where the sweep has no curve.

    Parameters
    ----------
    curve
        From :func:`~ftf_assets.rows.confidence_curve.mean_confidence_curve`.
    variants
        The variants that are shown, in this order. The values of one are named after it:
        ``<variant>_precision``, ``<variant>_net_bps`` and ``<variant>_trades``.
    """
    rows = []
    for share, points in curve.groupby("top_share"):
        of_variant = {row["variant"]: row for row in points.to_dict("records")}
        row = {
            "top_share": Value(float(str(share)), _percent(float(str(share)))),
            "breakeven_precision": number(points["breakeven_precision"].mean(), ".3f"),
        }
        for name in variants:
            row |= _values(name, of_variant.get(name))
        rows.append(row)
    columns = (
        number_column("top share", "top_share"),
        number_column("break-even", "breakeven_precision"),
        *(_column(name) for name in variants),
    )
    caption = (
        "Precision of the calls; below it net return per trade in basis points (bold above 0), and trades"
    )
    return Table("confidence-curve", caption, columns, tuple(rows)) if rows else None


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


def _column(variant: str) -> Column:
    below = (
        Part(f"{variant}_net_bps", after=" bps", small=True),
        Part(f"{variant}_trades", before=" · ", small=True),
    )
    return Column(variant, (Part(f"{variant}_precision"), *below))


def _values(variant: str, row: Mapping[Any, Any] | None) -> dict[str, Value]:
    row = row or _NO_CURVE
    net = row["expectancy_net"]
    return {
        f"{variant}_precision": number(row["precision"], ".3f"),
        f"{variant}_net_bps": number(net, "+.1f", strong=not is_absent(net) and net > 0),
        f"{variant}_trades": plain(row["n_trades"]),
    }


def _bps(value: float) -> str:
    return f"{_signed(value)} basis points"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
