"""What the command says in sentences, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.freshness.staleness import Stale
    from ftf_assets.gate.decision import Decision


def baseline_in_words(leaderboard: pd.DataFrame) -> list[str]:
    """Say aloud what the baseline is worth: how often it says BUY, and what always saying BUY would score."""
    baseline = leaderboard[leaderboard["variant"] == "baseline"].dropna(subset=["f1_buy"])
    return [
        f"The baseline says BUY on {row.predicted_buy_rate:.0%} of test bars; its f1 {row.f1_buy:.3f} "
        f"compares with {row.f1_always_buy:.3f} for always saying BUY."
        for row in baseline.itertuples()
    ]


def verdicts_in_words(decision: Decision) -> list[str]:
    """Write each level's verdict with its reason, warnings, tuning mode and seed noise; equal lines once."""
    from ftf_assets.gate.seed_noise import seed_noise_in_words
    from ftf_assets.gate.tuning import tuning_in_words

    lines: list[str] = []
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in decision.verdicts:
        by_reason.setdefault((one.verdict, one.reason), []).append(f"{one.factor}={one.level}")
    for (verdict, reason), levels in by_reason.items():
        lines.append(f"{verdict}  {', '.join(levels)}: {reason}")
    warnings = dict.fromkeys(warning for one in decision.verdicts for warning in one.warnings)
    return [
        *lines,
        *(f"warning: {warning}" for warning in warnings),
        tuning_in_words(decision.tuning, decision.n_trials),
        seed_noise_in_words(decision.metric_rows()),
    ]


def stale_in_words(stale: Sequence[Stale]) -> list[str]:
    """Write what is stale, a crypto and reason a line; "nothing" where all is fresh."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in stale:
        by_reason.setdefault((one.crypto or "whole sweep", one.why), []).append(one.asset)
    lines = [f"{crypto}: {', '.join(assets)}: {why}" for (crypto, why), assets in by_reason.items()]
    return lines or ["nothing: every value is what these settings, data and code would make again"]
