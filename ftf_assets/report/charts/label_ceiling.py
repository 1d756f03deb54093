"""The label ceiling: AUC against the noise of the training labels, continued to labels without noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from ftf_assets.gate.label_ceiling import CeilingSummary, Scenario
from ftf_assets.report.charts.svg import COLOURS, Room, drawing, inline_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROOM = Room(left=0.75, bottom=0.55, right=0.15, top=0.15)
_SMALL_ROOM = Room(left=0.6, bottom=0.42, right=0.1, top=0.1)
_POINTS = 120


def ceiling_chart(found: CeilingSummary, name: str = "label-ceiling", *, small: bool = False) -> Markup:
    """Draw the measured scores, the curve through them, and where it leads for each share of wrong labels.

    Parameters
    ----------
    found
        The label ceiling of a sweep, or of one crypto.
    name
        Prefix of the picture's ids.
    small
        Whether it is drawn for the first screen of the report, with a shorter text.
    """
    bounded = [one for one in found.scenarios if one.gain is not None]
    leftmost = -max((one.exposure for one in bounded), default=0.0)
    margin = 0.04 * (found.exposures[-1] - leftmost)
    along = np.linspace(leftmost, found.exposures[-1], _POINTS)
    size = (4.1, 2.45, _SMALL_ROOM) if small else (8.5, 3.9, _ROOM)
    with drawing(*size) as (figure, ((ax,),)):
        ax.axhline(0.5, color="#999999", linewidth=1)
        ax.text(found.exposures[-1], 0.5, "chance", ha="right", va="bottom", fontsize=8.5, color="#444444")
        ax.axvline(0.0, color="#cccccc", linewidth=1)
        measured = along >= 0
        curve = found.curve(along)
        ax.plot(along[measured], curve[measured], color=COLOURS[0], linewidth=1.5)
        ax.plot(along[~measured], curve[~measured], color=COLOURS[0], linewidth=1.5, linestyle=(0, (4, 2)))
        ax.errorbar(
            found.exposures, found.means, yerr=1.96 * found.standard_errors, fmt="o", color=COLOURS[0],
            label="with more noise" if small else "baseline on noisier labels, mean over cells",
        )  # fmt: skip
        label = "correct labels" if small else "continued to correct labels, with its 90 % interval"
        _draw_gains(ax, found, bounded, label)
        if found.truth is not None and bounded:
            truth, place = found.truth, -bounded[0].exposure + margin
            ax.errorbar(
                [place], [found.means[0] + truth.mean],
                yerr=[[truth.mean - truth.low], [truth.high - truth.mean]],
                fmt="D", color=COLOURS[3],
                label="true labels" if small else "trained on the market's true labels",
            )  # fmt: skip
        ax.set_xlim(leftmost - margin, found.exposures[-1] + margin)
        if small:
            ax.margins(y=0.12)
            ax.set_xlabel("noise of the labels: removed < 0 < added", labelpad=1)
            ax.set_ylabel("AUC", labelpad=1)
        else:
            ax.set_xlabel(
                "noise of the training labels: 0 as observed, to the right added, to the left removed"
            )
            ax.set_ylabel("AUC on the observed test labels")
        ax.grid(axis="y")
        ax.legend(loc="upper right", fontsize=8.5)
        return inline_svg(
            figure,
            name,
            "AUC of the baseline against the noise of its training labels, continued to labels without noise",
            _in_words(found),
        )


def _draw_gains(ax: Axes, found: CeilingSummary, bounded: list[Scenario], label: str) -> None:
    for number, one in enumerate(bounded):
        if one.gain is None:
            continue
        gain, observed = one.gain, float(found.means[0])
        low, estimate, bound = observed + gain.low, observed + gain.estimate, observed + gain.bound
        ax.errorbar(
            [-one.exposure], [estimate], yerr=[[estimate - low], [bound - estimate]],
            fmt="s", capsize=4, color=COLOURS[1],
            label=label if number == 0 else None,
        )  # fmt: skip
        ax.annotate(
            f"{one.share:.0%}", (-one.exposure, bound), ha="center", va="bottom", fontsize=8.5,
            xytext=(0, 2), textcoords="offset points",
        )  # fmt: skip


def _in_words(found: CeilingSummary) -> str:
    points = [
        f"noise {exposure:g}: AUC {mean:.4f}"
        for exposure, mean in zip(found.exposures, found.means, strict=True)
    ]
    gains = [
        f"{one.words}: {one.gain.estimate:+.4f}, at most {one.gain.bound:+.4f}"
        for one in found.scenarios
        if one.gain is not None
    ]
    return f"{'; '.join(points)}. {'; '.join(gains)}."
