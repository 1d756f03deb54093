"""The sweep by market regime: a table of f1 of BUY and precision, and what it shows in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ftf_assets.contracts.tables.regime_results import UNAVAILABLE
from ftf_assets.report.formats import is_absent
from ftf_assets.report.levels import BASELINE, Level, level_headings
from ftf_assets.report.tables import Column, Part, Table, Value, number, number_column, plain, text_column
from ftf_assets.rows.regime_results import pooled_by_regime

_NOT_MEASURED: Mapping[Any, Any] = dict.fromkeys(("f1_buy", "f1_always_buy", "precision_buy"))


def regime_table(regimes: pd.DataFrame, levels: Sequence[Level]) -> Table | None:
    """Lay out the breakdown, a line a regime; None where the sweep has no rows by regime.

    Parameters
    ----------
    regimes
        Rows of ``regime_results``.
    levels
        Levels that are shown beside the baseline. The values of one are named after it: ``<level>_f1_buy``
        and ``<level>_precision_buy``.
    """
    pooled = pooled_by_regime(regimes)
    variants = level_headings(levels)
    rows = []
    for regime, lines in pooled.groupby("regime"):
        of_variant = {row["variant"]: row for row in lines.to_dict("records")}
        present = [of_variant[variant] for variant in variants if variant in of_variant]
        if not present:
            continue
        one = present[0]
        row = {
            "regime": Value(str(regime), _spelled(str(regime))),
            "n": plain(int(one["n"])),
            "buy_rate": number(one["n_buy"] / one["n"], ".1%"),
            "f1_always_buy": number(one["f1_always_buy"], ".3f"),
        }
        for variant in variants:
            row |= _values(variant, of_variant.get(variant))
        rows.append(row)
    columns = (
        text_column("regime", "regime"),
        Column("rows", (Part("n"), Part("buy_rate", after=" BUY", small=True))),
        number_column("always BUY", "f1_always_buy"),
        *(
            Column(name, (Part(f"{name}_f1_buy"), Part(f"{name}_precision_buy", small=True)))
            for name in variants
        ),
    )
    caption = "f1 of BUY on the test rows of each regime (bold above always BUY), precision below it"
    return Table("by-regime", caption, columns, tuple(rows)) if rows else None


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


def _values(variant: str, row: Mapping[Any, Any] | None) -> dict[str, Value]:
    row = row or _NOT_MEASURED
    f1, always = row["f1_buy"], row["f1_always_buy"]
    beats = not is_absent(f1) and not is_absent(always) and bool(f1 > always)
    return {
        f"{variant}_f1_buy": number(f1, ".3f", strong=beats),
        f"{variant}_precision_buy": number(row["precision_buy"], ".3f"),
    }


def _spelled(regime: str) -> str:
    return regime.replace("_", " ")
