"""The confidence curve: precision and net return of the calls that a model is most sure of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.report.charts.svg import Room, drawing, inline_svg, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROOM = Room(left=0.72, bottom=0.5, right=0.1, top=0.32, between_columns=0.85)
#: Names a row of the legend below a small picture.
_LEGEND_COLUMNS = 4


def confidence_chart(curve: pd.DataFrame, variants: Sequence[str], cells: pd.DataFrame) -> Markup | None:
    """Draw precision beside break-even, and the net return of a trade; None where no row is called.

    Parameters
    ----------
    curve
        From :func:`~ftf_assets.rows.confidence_curve.mean_confidence_curve`.
    variants
        The variants that are drawn, in this order.
    cells
        Rows of ``finetune_results``: their share of BUY is the precision of calling every bar BUY.
    """
    shown = [(name, curve[curve["variant"] == name].dropna(subset=["precision"])) for name in variants]
    shown = [(name, rows) for name, rows in shown if len(rows)]
    if not shown:
        return None
    base_rate = float(cells.loc[cells["status"] == OK, "buy_rate_test"].mean())
    breakeven = curve.groupby("top_share")["breakeven_precision"].mean().dropna()
    with drawing(10, 3.9, _ROOM, (1, 2)) as (figure, ((left, right),)):
        left.plot(breakeven.index, breakeven, color="#333333", linewidth=1.4, dashes=(5, 3))
        left.axhline(base_rate, color="#777777", linewidth=1)
        right.axhline(0, color="#333333", linewidth=1)
        for number, (name, rows) in enumerate(shown):
            left.plot(rows["top_share"], rows["precision"], label=name, **line_style(number))
            right.plot(rows["top_share"], rows["expectancy_net"], label=name, **line_style(number))
        _note(left, base_rate, f"every bar BUY: {base_rate:.3f}", "top")
        if len(breakeven):
            _note(left, float(breakeven.iloc[-1]), "break-even", "bottom")
        _note(right, 0.0, "break-even", "bottom")
        left.set_title("precision of the calls", loc="left")
        right.set_title("net return per trade, bps", loc="left")
        for ax in (left, right):
            _share_axis(ax, sorted(curve["top_share"].unique()))
        right.legend(loc="best", fontsize=8.5, handlelength=3.4)
        return inline_svg(
            figure,
            "confidence",
            "Precision and net return per trade by share of the most confident calls, mean over cells",
            " ".join(_in_words(name, rows) for name, rows in shown),
        )


def net_return_chart(curve: pd.DataFrame, variants: Sequence[str]) -> Markup | None:
    """Draw the net return of a trade alone, small, for the first screen; None where no row is called.

    Parameters
    ----------
    curve, variants
        As for :func:`confidence_chart`.
    """
    shown = [(name, curve[curve["variant"] == name].dropna(subset=["expectancy_net"])) for name in variants]
    shown = [(name, rows) for name, rows in shown if len(rows)]
    if not shown:
        return None
    legend = 0.2 * -(-len(shown) // _LEGEND_COLUMNS)
    room = Room(left=0.74, bottom=0.42 + legend, right=0.12, top=0.1)
    with drawing(4.1, 2.1 + legend, room) as (figure, ((ax,),)):
        ax.axhline(0, color="#333333", linewidth=1)
        for number, (name, rows) in enumerate(shown):
            ax.plot(rows["top_share"], rows["expectancy_net"], label=name, **line_style(number))
        _note(ax, 0.0, "pays above this line", "bottom")
        ax.margins(y=0.14)  # room for that note where every point lies below the line
        _share_axis(ax, sorted(curve["top_share"].unique()))
        ax.set_xlabel("most confident share of calls", labelpad=1)
        ax.set_ylabel("bps per trade", labelpad=1)
        figure.legend(
            *ax.get_legend_handles_labels(), loc="lower center", ncols=_LEGEND_COLUMNS, fontsize=8,
            handlelength=2.2, columnspacing=0.9, handletextpad=0.4, borderpad=0, borderaxespad=0.1,
        )  # fmt: skip
        return inline_svg(
            figure,
            "first-net-return",
            "Net return per trade by share of the most confident calls, mean over cells",
            " ".join(_in_words(name, rows) for name, rows in shown),
        )


def _share_axis(ax: Axes, shares: Sequence[float]) -> None:
    ax.set_xscale("log")
    ax.set_xticks(shares, [f"{100 * share:g} %" for share in shares])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("most confident share of the validation slice")
    ax.grid(visible=True)


def _note(ax: Axes, value: float, text: str, side: Any) -> None:
    """Name a horizontal line at its right end."""
    place = ax.get_yaxis_transform()
    ax.text(0.995, value, text, transform=place, ha="right", va=side, fontsize=8.5, color="#444444")


def _in_words(name: str, rows: pd.DataFrame) -> str:
    points = [
        f"top {100 * row['top_share']:g} %: precision {row['precision']:.3f}, "
        f"{row['expectancy_net']:+.1f} bps"
        for row in rows.to_dict("records")
    ]
    return f"{name}: {'; '.join(points)}."
