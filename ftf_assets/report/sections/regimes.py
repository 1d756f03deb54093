"""The sweep by market regime: a table of f1 of BUY and precision, and what it shows in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ftf_assets.contracts.tables.regime_results import UNAVAILABLE
from ftf_assets.report.formats import NOTHING, is_absent
from ftf_assets.report.levels import BASELINE, Level, level_headings
from ftf_assets.rows.regime_results import pooled_by_regime


@dataclass(frozen=True)
class RegimeLine:
    """A regime of the table as texts; ``values`` has one item per level, the baseline first."""

    regime: str
    n: str
    buy_rate: str
    always_buy: str
    values: tuple[RegimeValue, ...]


@dataclass(frozen=True)
class RegimeValue:
    """f1 of BUY and precision of one level in one regime; ``beats`` says whether f1 is above always-BUY."""

    f1_buy: str
    precision_buy: str
    beats: bool


def regime_lines(regimes: pd.DataFrame, levels: Sequence[Level]) -> list[RegimeLine]:
    """Lay out the breakdown, a line a regime; none where the sweep has no rows by regime.

    Parameters
    ----------
    regimes
        Rows of ``regime_results``.
    levels
        Levels that are shown beside the baseline.
    """
    pooled = pooled_by_regime(regimes)
    variants = level_headings(levels)
    lines = []
    for regime, rows in pooled.groupby("regime"):
        of_variant = {row["variant"]: row for row in rows.to_dict("records")}
        present = [of_variant[variant] for variant in variants if variant in of_variant]
        if not present:
            continue
        one = present[0]
        lines.append(
            RegimeLine(
                regime=_spelled(str(regime)),
                n=f"{one['n']:,}",
                buy_rate=f"{one['n_buy'] / one['n']:.1%}",
                always_buy=_number(one["f1_always_buy"]),
                values=tuple(_value(of_variant.get(variant)) for variant in variants),
            )
        )
    return lines


def regimes_in_words(regimes: pd.DataFrame) -> str:
    """Say in which regimes the baseline beats always-BUY, and where it does best and worst."""
    pooled = pooled_by_regime(regimes)
    if pooled.empty:
        return "This sweep has no breakdown by regime, because no cell was measured."
    if set(pooled["regime"]) == {UNAVAILABLE}:
        return (
            "The source provides no regimes, so there is one line of all test rows. A column regime in the "
            "feature cache breaks them down."
        )
    baseline = pooled[pooled["variant"] == BASELINE.short].dropna(subset=["f1_buy", "f1_always_buy"])
    rows = baseline.to_dict("records")
    if not rows:
        return "The baseline has no measured cell in any regime."
    rows.sort(key=_gain)
    n_above = sum(_gain(row) > 0 for row in rows)
    return (
        f"The baseline's f1 of BUY is above that of always saying BUY in {n_above} of {len(rows)} "
        f"regimes. The difference is largest in {_against(rows[-1])} and smallest in {_against(rows[0])}. No "
        "regime is tested on its own; the gate judges all rows."
    )


def _gain(row: Mapping[Any, Any]) -> float:
    return float(row["f1_buy"] - row["f1_always_buy"])


def _against(row: Mapping[Any, Any]) -> str:
    return f"{_spelled(str(row['regime']))} ({row['f1_buy']:.3f} against {row['f1_always_buy']:.3f})"


def _value(row: Mapping[Any, Any] | None) -> RegimeValue:
    if row is None:
        return RegimeValue(NOTHING, NOTHING, beats=False)
    f1, always = row["f1_buy"], row["f1_always_buy"]
    beats = not is_absent(f1) and not is_absent(always) and bool(f1 > always)
    return RegimeValue(_number(f1), _number(row["precision_buy"]), beats)


def _number(value: object) -> str:
    return NOTHING if is_absent(value) else f"{value:.3f}"


def _spelled(regime: str) -> str:
    return regime.replace("_", " ")
