"""What the command says in sentences, a line each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.freshness.reason import StaleAsset
    from ftf_assets.gate.decision import Decision


def baseline_in_words(leaderboard: pd.DataFrame) -> list[str]:
    """Say how often the baseline says BUY, and compare its f1 with that of always saying BUY."""
    baseline = leaderboard[leaderboard["variant"] == "baseline"].dropna(subset=["f1_buy"])
    return [
        f"The baseline says BUY on {row.predicted_buy_rate:.0%} of test bars. Its f1 is {row.f1_buy:.3f}; "
        f"always saying BUY would score {row.f1_always_buy:.3f}."
        for row in baseline.itertuples()
    ]


def verdicts_in_words(decision: Decision) -> list[str]:
    """Write each level's verdict with its reason, warnings, tuning mode and seed noise; equal lines once."""
    from ftf_assets.gate.seed_noise import seed_noise_in_words
    from ftf_assets.gate.tuning import tuning_in_words
    from ftf_assets.gate.words import capitalized

    lines: list[str] = []
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in decision.verdicts:
        by_reason.setdefault((one.verdict, one.reason), []).append(f"{one.factor}={one.level}")
    for (verdict, reason), levels in by_reason.items():
        lines.append(f"Verdict {verdict} for {', '.join(levels)}: {reason}")
    warnings = dict.fromkeys(warning for one in decision.verdicts for warning in one.warnings)
    return [
        *lines,
        *(f"Warning: {warning}" for warning in warnings),
        capitalized(tuning_in_words(decision.tuning, decision.n_trials)),
        capitalized(seed_noise_in_words(decision.metric_rows())),
    ]


def plan_in_words(description: Mapping[str, Any], stale: Sequence[StaleAsset]) -> list[str]:
    """Write what a sweep would run: its counts, and what has to be made, a crypto and reason a line."""
    shown = dict(description)
    seconds = shown.pop("estimated_seconds")
    if not description["fits_left"]:
        shown["fitting_time"] = "none left"
    elif seconds is None:
        shown["fitting_time"] = "unknown until a fit has been timed in this home"
    else:
        shown["fitting_time"] = f"about {timedelta(seconds=math.ceil(seconds))} left"
    by_reason: dict[tuple[str | None, str], list[str]] = {}
    for one in stale:
        by_reason.setdefault((one.crypto, one.why), []).append(one.asset)
    to_make = [
        f"{f'{crypto}: ' if crypto else ''}{', '.join(assets)} ({why})"
        for (crypto, why), assets in by_reason.items()
    ] or ["nothing: every stored value is current"]
    return [
        *(f"{name.replace('_', ' '):<12} {value}" for name, value in shown.items()),
        *(f"{'to make':<12} {line}" for line in to_make),
    ]
