"""The tables of the noise audit: what each detector finds, and what cleaning recovers."""

from __future__ import annotations

from collections.abc import Sequence

from ftf_assets.audit.intervals import Estimate
from ftf_assets.audit.summary import PooledEffect, PooledFinding
from ftf_assets.report.formats import NOTHING
from ftf_assets.report.tables import (
    Column,
    Part,
    Table,
    Value,
    estimate_column,
    number,
    number_column,
    plain,
    text_column,
)

NOTHING_LOST = "nothing was lost"

_REASON = text_column("not measured", "reason", "long")


def finding_table(name: str, of: str, findings: Sequence[PooledFinding]) -> Table:
    """Lay out the lift of each detector by kind of noise.

    Parameters
    ----------
    name, of
        Name of the table, and what it is of.
    findings
        Pooled over cryptos.
    """
    columns = [
        text_column("noise", "kind"),
        Column("detector", (Part("detector"), Part("role", small=True)), "text"),
        estimate_column("lift, BUY", "buy", *_beats("buy")),
        estimate_column("lift, HOLD", "hold", *_beats("hold")),
        number_column("overall AP (no evidence)", "overall"),
        number_column("estimated noise", "estimated_noise_rate"),
    ]
    if any(one.reason for one in findings):
        columns.append(_REASON)
    caption = (
        f"Lift within each observed class with its 95 % interval by burst, and on how many cryptos all "
        f"controls are beaten; {of}"
    )
    return Table(name, caption, tuple(columns), tuple(map(_finding, findings)))


def effect_table(effects: Sequence[PooledEffect]) -> Table:
    """Lay out what cleaning recovers of each kind of noise."""
    columns = [
        text_column("noise", "kind"),
        Column("treatment", (Part("treatment"), Part("role", small=True)), "text"),
        number_column("clean", "clean"),
        number_column("noisy", "noisy"),
        number_column("treated", "treated"),
        estimate_column("lost", "lost"),
        estimate_column("AP gained", "won"),
        estimate_column("share recovered", "recovered"),
        estimate_column("over filter_random", "over_random"),
        estimate_column("over filter_lowest_p", "over_lowest_p"),
    ]
    if any(one.reason for one in effects):
        columns.append(_REASON)
    caption = "Average precision lost to noise and gained by cleaning, 95 % intervals"
    return Table("audit-effects", caption, tuple(columns), tuple(map(_effect, effects)))


def _beats(label: str) -> tuple[Part, Part]:
    return (
        Part(f"beats_{label}", before="; beats controls: ", small=True),
        Part(f"tested_{label}", before=" of ", small=True),
    )


def _finding(one: PooledFinding) -> dict[str, Value]:
    values = {name: plain(getattr(one, name)) for name in ("kind", "detector", "role")}
    for label, wins in (("buy", one.beats_buy), ("hold", one.beats_hold)):
        won, asked = wins or (None, None)
        values |= _estimated(label, getattr(one, label), ".2f")
        values |= {f"beats_{label}": plain(won), f"tested_{label}": plain(asked)}
    return values | {
        "overall": number(one.overall, ".3f"),
        "estimated_noise_rate": number(one.estimated_noise_rate, ".1%"),
        "reason": Value(one.reason, one.reason),
    }


def _effect(one: PooledEffect) -> dict[str, Value]:
    values = {
        "kind": plain(one.kind),
        "treatment": plain(one.treatment),
        "role": plain("control" if one.control else "treatment"),
        "reason": Value(one.reason, one.reason),
    }
    values |= {name: number(getattr(one, name), ".4f") for name in ("clean", "noisy", "treated")}
    for name in ("lost", "won", "over_random", "over_lowest_p"):
        values |= _estimated(name, getattr(one, name), "+.3f")
    values |= _estimated("recovered", one.recovered, ".0%")
    if one.lost is not None and one.recovered is None:
        values["recovered"] = Value(None, NOTHING_LOST)
    return values


def _estimated(name: str, estimate: Estimate | None, form: str) -> dict[str, Value]:
    """Give the values of :func:`~ftf_assets.report.tables.estimate_column`."""
    if estimate is None:
        return {f"{name}{end}": Value(None, NOTHING) for end in ("", "_low", "_high")}
    return {
        name: number(estimate.value, form),
        f"{name}_low": number(estimate.low, form),
        f"{name}_high": number(estimate.high, form),
    }
