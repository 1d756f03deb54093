"""The noise audit: which detectors find wrong labels on these data, and whether cleaning them pays."""

from __future__ import annotations

from typing import Any

from ftf_assets.audit.answer import answer_audit
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.intervals import Estimate
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.summary import PooledEffect, PooledFinding, pool_effects, pool_findings
from ftf_assets.report.charts.noise_lift import lift_chart
from ftf_assets.report.data import AuditData
from ftf_assets.report.formats import NOTHING, lift_text
from ftf_assets.report.sections.noise_audit_tables import NOTHING_LOST, effect_table, finding_table


def audit_section(data: AuditData) -> dict[str, Any]:
    """Give everything that the section shows, by name."""
    # On unflipped labels a control has nothing to find, and it estimates no noise.
    findings = [one for one in pool_findings(data.found) if one.kind != "none" or one.role != "control"]
    effects = pool_effects(data.effects)
    cryptos = list(dict.fromkeys(row["crypto"] for row in data.found))
    return {
        "cryptos": cryptos,
        "unaudited": data.unaudited,
        "answer": answer_audit(data.found, data.effects).lines if data.found else (),
        "kinds": [kind for kind in NOISE_KINDS.values() if kind.name in {one.kind for one in findings}],
        "detectors": list(DETECTORS.values()),
        "chart": lift_chart(findings) if any(one.buy or one.hold for one in findings) else None,
        "found": [_finding_texts(one) for one in findings],
        "effects": [_effect_texts(one) for one in effects],
        "found_table": finding_table("audit-found", "mean over cryptos", findings),
        "effect_table": effect_table(effects) if effects else None,
        "by_crypto": {
            crypto: finding_table(
                f"audit-found-{number}",
                f"{crypto} alone",
                [
                    one
                    for one in pool_findings([row for row in data.found if row["crypto"] == crypto])
                    if one.kind != "none" or one.role != "control"
                ],
            )
            for number, crypto in enumerate(cryptos if len(cryptos) > 1 else [])
        },
    }


def _finding_texts(one: PooledFinding) -> dict[str, str]:
    return {
        "kind": one.kind,
        "detector": one.detector,
        "role": one.role,
        "buy": lift_text(one.buy),
        "beats_buy": _wins(one.beats_buy),
        "hold": lift_text(one.hold),
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
