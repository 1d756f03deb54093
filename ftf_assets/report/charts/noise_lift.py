"""The noise audit's chart: how far above chance each detector finds each kind of noise."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ftf_assets.audit.intervals import Estimate
from ftf_assets.audit.summary import PooledFinding
from ftf_assets.report.charts.svg import Room, drawing, inline_svg, line_style, text_width
from ftf_assets.report.formats import lift_text

_LEGEND_COLUMNS = 4


def lift_chart(findings: Sequence[PooledFinding], name: str = "noise-audit") -> Markup:
    """Draw each detector's lift within the observed BUYs and HOLDs, a band a kind of noise; 1 is chance.

    Parameters
    ----------
    findings
        Pooled over cryptos; those without a lift are left out.
    name
        Prefix of the picture's ids.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    measured = [one for one in findings if one.buy or one.hold]
    kinds = list(dict.fromkeys(one.kind for one in measured))
    names = list(dict.fromkeys(one.detector for one in measured))
    legend = 0.22 * -(-len(names) // _LEGEND_COLUMNS)
    room = Room(left=text_width(kinds) + 0.15, bottom=0.6 + legend, top=0.3, between_columns=0.2)
    height = room.bottom + room.top + 0.16 * len(names) * len(kinds)
    with drawing(10, height, room, (1, 2), sharey=True) as (figure, axes):
        for ax, label in zip(axes.flat, ("buy", "hold"), strict=True):
            ax.axvline(1.0, color="#333333", linewidth=1)
            for number, detector in enumerate(names):
                style = line_style(number) | {"linestyle": "none"}
                places, lifts, errors = [], [], []
                for band, kind in enumerate(kinds):
                    one = next((o for o in measured if (o.kind, o.detector) == (kind, detector)), None)
                    estimate: Estimate | None = getattr(one, label, None)
                    if estimate is not None:
                        places.append(band + 0.8 * ((number + 0.5) / len(names) - 0.5))
                        lifts.append(estimate.value)
                        errors.append(1.96 * estimate.standard_error)
                ax.errorbar(lifts, places, xerr=errors, elinewidth=1.1, label=detector, **style)
            ax.set_xscale("log")
            ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            ax.xaxis.set_major_formatter(FuncFormatter(lambda lift, _: f"{lift:g}"))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.set_yticks(range(len(kinds)), kinds)
            ax.set_ylim(len(kinds) - 0.5, -0.5)
            ax.set_title(f"among observed {label.upper()}s", loc="left")
            ax.set_xlabel("lift over chance, log scale")
            ax.grid(axis="x")
            for edge in range(1, len(kinds)):
                ax.axhline(edge - 0.5, color="#cccccc", linewidth=0.8)
        entries = axes[0, 0].get_legend_handles_labels()
        figure.legend(*entries, loc="lower center", ncols=_LEGEND_COLUMNS, fontsize=8.5)
        sentences = [
            f"{one.kind}, {one.detector}: BUY {lift_text(one.buy)}, HOLD {lift_text(one.hold)}."
            for one in measured
        ]
        return inline_svg(
            figure,
            name,
            "Lift of each detector within each observed class, by kind of noise, with 95 % intervals",
            " ".join(sentences),
        )
