"""The noise audit in the report: what finds wrong labels on these data, and whether cleaning them pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.intervals import Estimate
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.summary import PooledEffect, PooledFinding, pool_effects, pool_findings
from ftf_assets.report.formats import NOTHING
from ftf_assets.report.svg import Room, drawing, inline_svg, line_style, text_width
from ftf_assets.rows.records import plain_records
from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep

NOTHING_LOST = "nothing was lost"
_LEGEND_COLUMNS = 4


@dataclass(frozen=True)
class AuditData:
    """The newest audit of a sweep's data.

    Attributes
    ----------
    found, effects
        Rows of ``noise_audit`` and ``noise_audit_effects`` as plain mappings; empty where never audited.
    unaudited
        Cryptos of the sweep whose data were never audited.
    """

    found: list[dict[str, Any]] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    unaudited: tuple[str, ...] = ()


def load_audit(home: Home, sweep: Sweep) -> AuditData:
    """Read the newest audits of the data that a sweep ran on.

    Raises
    ------
    StoreError
        A store that is missing or broken.
    InputError
        A source that is not there any more: without it the data cannot be identified.
    """
    keys = {crypto: sweep.artifact_key("coerced_arrays", crypto) for crypto in sweep.cryptos}
    found, effects = AuditStore(home.results).audits(list(keys.values()))
    audited = set(found["crypto"])
    return AuditData(
        plain_records(found),
        plain_records(effects),
        tuple(crypto for crypto in keys if crypto not in audited),
    )


def audit_section(data: AuditData) -> dict[str, Any]:
    """Everything that the template's section shows."""
    # A control on unflipped labels finds nothing and estimates nothing.
    findings = [one for one in pool_findings(data.found) if one.kind != "none" or one.role != "control"]
    effects = pool_effects(data.effects)
    cryptos = list(dict.fromkeys(row["crypto"] for row in data.found))
    return {
        "cryptos": cryptos,
        "unaudited": data.unaudited,
        "kinds": [kind for kind in NOISE_KINDS.values() if kind.name in {one.kind for one in findings}],
        "detectors": list(DETECTORS.values()),
        "chart": lift_chart(findings) if any(one.buy or one.hold for one in findings) else None,
        "found": [_finding_texts(one) for one in findings],
        "effects": [_effect_texts(one) for one in effects],
        "by_crypto": {
            crypto: [
                _finding_texts(one)
                for one in pool_findings([row for row in data.found if row["crypto"] == crypto])
                if one.kind != "none" or one.role != "control"
            ]
            for crypto in (cryptos if len(cryptos) > 1 else [])
        },
    }


def lift_chart(findings: Sequence[PooledFinding], name: str = "noise-audit") -> Markup:
    """Draw each detector's lift within the observed BUYs and HOLDs, a kind of noise a band; 1 is chance."""
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
            f"{one.kind}, {one.detector}: BUY {_lift(one.buy)}, HOLD {_lift(one.hold)}." for one in measured
        ]
        return inline_svg(
            figure,
            name,
            "Lift of each detector within each observed class, by kind of noise, with 95 % intervals",
            " ".join(sentences),
        )


def _finding_texts(one: PooledFinding) -> dict[str, str]:
    return {
        "kind": one.kind,
        "detector": one.detector,
        "role": one.role,
        "buy": _lift(one.buy),
        "beats_buy": _wins(one.beats_buy),
        "hold": _lift(one.hold),
        "beats_hold": _wins(one.beats_hold),
        "overall": NOTHING if one.overall is None else f"{one.overall:.3f}",
        "rate": NOTHING if one.estimated_noise_rate is None else f"{one.estimated_noise_rate:.1%}",
        "reason": one.reason,
    }


def _effect_texts(one: PooledEffect) -> dict[str, str]:
    numbers = {
        name: NOTHING if value is None else f"{value:.4f}"
        for name, value in (("clean", one.clean), ("noisy", one.noisy), ("treated", one.treated))
    }
    return {
        "kind": one.kind,
        "treatment": one.treatment + (" (control)" if one.control else ""),
        **numbers,
        "lost": _signed(one.lost),
        "won": _signed(one.won),
        "recovered": NOTHING_LOST
        if one.lost is not None and one.recovered is None
        else _share(one.recovered),
        "over_random": _signed(one.over_random),
        "over_lowest_p": _signed(one.over_lowest_p),
        "reason": one.reason,
    }


def _lift(estimate: Estimate | None) -> str:
    if estimate is None:
        return NOTHING
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _signed(estimate: Estimate | None) -> str:
    if estimate is None:
        return NOTHING
    return f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})"


def _share(estimate: Estimate | None) -> str:
    if estimate is None:
        return NOTHING
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"


def _wins(wins: tuple[int, int] | None) -> str:
    if wins is None:
        return NOTHING
    won, asked = wins
    return ("yes" if won else "no") if asked == 1 else f"{won} of {asked}"
