"""The audits of several cryptos pooled, as terminal and report show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ftf_assets.audit.intervals import Estimate
from ftf_assets.contracts.tables.noise_audit import OK
from ftf_assets.contracts.typed import Array, typed

Row = Mapping[str, Any]


@dataclass(frozen=True)
class PooledFinding:
    """How well a detector finds a kind of noise, as a mean over cryptos.

    Attributes
    ----------
    kind, detector, role
        Kind of noise, detector and its role.
    buy, hold
        Lift within the observed BUYs and HOLDs; None if none of these labels is wrong.
    buy_margin, hold_margin
        Lift minus that of the control that is hardest to beat; None for controls.
    beats_buy, beats_hold
        Number of cryptos on which it beats all controls, and of cryptos on which that was tested; None for
        controls.
    overall
        Average precision over both classes, which is not evidence.
    estimated_noise_rate
        Share of all labels that it takes for wrong.
    reason
        Why nothing was measured on the first crypto without a measurement; empty where all were measured.
    """

    kind: str
    detector: str
    role: str
    buy: Estimate | None
    hold: Estimate | None
    buy_margin: Estimate | None
    hold_margin: Estimate | None
    beats_buy: tuple[int, int] | None
    beats_hold: tuple[int, int] | None
    overall: float | None
    estimated_noise_rate: float | None
    reason: str


@dataclass(frozen=True)
class PooledEffect:
    """What a treatment wins back of a kind of noise, as a mean over cryptos.

    Attributes
    ----------
    kind, treatment, control
        Kind of noise, treatment, and whether it is a control.
    clean, noisy, treated
        Average precision of the models.
    lost, won, over_random, over_lowest_p
        As in ``noise_audit_effects``.
    recovered
        Pooled won divided by pooled lost; None if the loss is not significant.
    reason
        Why nothing was measured; empty where all were measured.
    """

    kind: str
    treatment: str
    control: bool
    clean: float | None = None
    noisy: float | None = None
    treated: float | None = None
    lost: Estimate | None = None
    won: Estimate | None = None
    over_random: Estimate | None = None
    over_lowest_p: Estimate | None = None
    recovered: Estimate | None = None
    reason: str = ""


@typed
def pool_findings(rows: Sequence[Row]) -> list[PooledFinding]:
    """Average rows of ``noise_audit`` over cryptos, in the order of the rows.

    Every crypto has the same weight. Each drew its own noise, so the variances of their means add up.
    """
    pooled = []
    for kind, detector in dict.fromkeys((row["kind"], row["detector"]) for row in rows):
        mine = [row for row in rows if (row["kind"], row["detector"]) == (kind, detector)]
        of = {label: [row for row in mine if row["given_label"] == label] for label in ("BUY", "HOLD", "all")}
        pooled.append(
            PooledFinding(
                kind=kind,
                detector=detector,
                role=mine[0]["role"],
                buy=_mean(of["BUY"], "lift"),
                hold=_mean(of["HOLD"], "lift"),
                buy_margin=_mean(of["BUY"], "margin"),
                hold_margin=_mean(of["HOLD"], "margin"),
                beats_buy=_count_wins(of["BUY"]),
                beats_hold=_count_wins(of["HOLD"]),
                overall=_plain_mean(of["all"], "average_precision"),
                estimated_noise_rate=_plain_mean(of["all"], "estimated_noise_rate"),
                reason=_reason(mine),
            )
        )
    return pooled


@typed
def pool_effects(rows: Sequence[Row]) -> list[PooledEffect]:
    """Average rows of ``noise_audit_effects`` over cryptos, in the order of the rows."""
    pooled = []
    for kind, treatment in dict.fromkeys((row["kind"], row["treatment"]) for row in rows):
        mine = [row for row in rows if (row["kind"], row["treatment"]) == (kind, treatment)]
        measured = [row for row in mine if row["status"] == OK]
        lost = _mean(measured, "lost")
        pooled.append(
            PooledEffect(
                kind=kind,
                treatment=treatment,
                control=bool(mine[0]["control"]),
                clean=_plain_mean(measured, "clean"),
                noisy=_plain_mean(measured, "noisy"),
                treated=_plain_mean(measured, "treated"),
                lost=lost,
                won=_mean(measured, "won"),
                over_random=_mean(measured, "over_random"),
                over_lowest_p=_mean(measured, "over_lowest_p"),
                recovered=_recovered(measured, lost),
                reason=_reason(mine),
            )
        )
    return pooled


def _mean(rows: Sequence[Row], name: str) -> Estimate | None:
    known = [row for row in rows if row[name] is not None]
    if not known:
        return None
    value = float(np.mean([row[name] for row in known]))
    errors = [(row[f"{name}_high"] - row[f"{name}_low"]) / (2 * 1.96) for row in known]
    error = float(np.sqrt(np.sum(np.square(errors))) / len(known))
    return Estimate(value, value - 1.96 * error, value + 1.96 * error, error)


def _recovered(rows: Sequence[Row], lost: Estimate | None) -> Estimate | None:
    """Divide pooled won by pooled lost; cryptos are the sample, because they share the test weeks."""
    if len(rows) == 1:
        return _mean(rows, "recovered")
    if lost is None or lost.low <= 0:
        return None
    from scipy.stats import t

    gains, losses = (np.array([row[name] for row in rows]) for name in ("won", "lost"))
    ratio = float(gains.sum() / losses.sum())
    remainder: Array = gains - ratio * losses
    error = float(remainder.std(ddof=1) / np.sqrt(len(rows)) / losses.mean())
    width = float(t.ppf(0.975, len(rows) - 1)) * error
    return Estimate(ratio, ratio - width, ratio + width, error)


def _plain_mean(rows: Sequence[Row], name: str) -> float | None:
    known = [row[name] for row in rows if row[name] is not None]
    return float(np.mean(known)) if known else None


def _count_wins(rows: Sequence[Row]) -> tuple[int, int] | None:
    asked = [row["beats_controls"] for row in rows if row["beats_controls"] is not None]
    return (sum(map(bool, asked)), len(asked)) if asked else None


def _reason(rows: Sequence[Row]) -> str:
    reasons = [row["reason"] for row in rows if row["status"] != OK]
    return str(reasons[0]) if reasons else ""
