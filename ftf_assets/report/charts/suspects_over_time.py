"""Suspects over time: how many labels of each class the cleaners suspect, by month or quarter."""

from __future__ import annotations

import numpy as np
import pandas as pd
from markupsafe import Markup

from ftf_assets.report.charts.svg import Room, drawing, inline_svg

#: Months beyond which bars are quarters.
_MOST_MONTHS = 48


def suspects_over_time(suspects: pd.DataFrame) -> Markup | None:
    """Draw the suspects in each crypto's longest fit part by month and class; None if there are none.

    Cleaners that suspect exactly the same rows, as filter and reweight do, share a panel.

    Parameters
    ----------
    suspects
        Rows of ``label_suspects``.
    """
    longest = _longest_fit_parts(suspects)
    if longest.empty:
        return None
    panels: dict[tuple[object, ...], list[str]] = {}
    for cleaner, rows in longest.groupby("cleaner"):
        same = tuple(sorted(zip(rows["crypto"], rows["timestamp"], strict=True)))
        panels.setdefault(same, []).append(str(cleaner))
    period = (
        "M" if longest["timestamp"].dt.tz_convert(None).dt.to_period("M").nunique() <= _MOST_MONTHS else "Q"
    )
    periods = longest["timestamp"].dt.tz_convert(None).dt.to_period(period)
    axis = pd.period_range(periods.min(), periods.max(), freq=period)
    sentences = []
    height, room = 0.5 + 2.1 * len(panels), Room(left=0.7, bottom=0.6, top=0.3, between_rows=0.4)
    with drawing(10, height, room, (len(panels), 1), sharex=True) as (figure, axes):
        for ax, cleaners in zip(axes.flat, panels.values(), strict=True):
            mine = longest["cleaner"] == cleaners[0]
            counts = {
                label: periods[mine & (longest["label"] == value)].value_counts().reindex(axis, fill_value=0)
                for label, value in (("BUY", 1), ("HOLD", 0))
            }
            place = np.arange(len(axis))
            hold, buy = np.array(counts["HOLD"].tolist()), np.array(counts["BUY"].tolist())
            ax.bar(place, hold, width=0.85, color="#d9d9d9", edgecolor="#777777", linewidth=0.5, label="HOLD")
            ax.bar(
                place, buy, width=0.85, bottom=hold, color="#0072B2", edgecolor="#ffffff", hatch="////",
                linewidth=0.5, label="BUY",
            )  # fmt: skip
            ax.set_title(", ".join(cleaners), loc="left")
            ax.set_ylabel("suspects")
            ax.legend(fontsize=8.5, loc="upper left", ncols=2)
            ax.margins(x=0.01)
            ax.set_ylim(0, max(1.0, 1.28 * float((hold + buy).max())))
            sentences.append(
                f"{', '.join(cleaners)}: {int(buy.sum())} suspects labelled BUY, "
                f"{int(hold.sum())} labelled HOLD; most in {axis[int((hold + buy).argmax())]}."
            )
        step = max(1, len(axis) // 12)
        lowest = axes.flat[-1]
        lowest.set_xticks(range(0, len(axis), step), [str(axis[i]) for i in range(0, len(axis), step)])
        lowest.tick_params(axis="x", rotation=0 if len(axis) // step <= 13 else 45)
        unit = "month" if period == "M" else "quarter"
        return inline_svg(figure, "suspects", f"Suspects by {unit} and given label", " ".join(sentences))


def _longest_fit_parts(suspects: pd.DataFrame) -> pd.DataFrame:
    """Select the suspects of each crypto's last fold, by cleaners with all other factors at the baseline."""
    suspects = suspects[suspects["variant"] == suspects["cleaner"]]
    last = suspects.groupby("crypto")["fold"].transform("max")
    return suspects[suspects["fold"] == last]
