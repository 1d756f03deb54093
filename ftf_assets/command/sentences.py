"""What the command says in sentences, a line each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftf_assets.freshness.reason import StaleAsset
    from ftf_assets.gate.decision import Decision


def notes_in_words(decision: Decision) -> list[str]:
    """Write what a reader of the headline and the levels should know besides; none of it is a verdict."""
    from ftf_assets.gate.level_lines import how_to_read, notes

    warnings = dict.fromkeys(warning for one in decision.verdicts for warning in one.warnings)
    lines = [how_to_read(decision), *notes(decision), *(f"Warning: {warning}" for warning in warnings)]
    return [line for line in lines if line]


def reasons_in_words(decision: Decision) -> list[str]:
    """Write each verdict with its reason, levels that share one together, and what the verdicts rest on."""
    from ftf_assets.gate.seed_noise import seed_noise_in_words
    from ftf_assets.gate.tuning import tuning_in_words
    from ftf_assets.gate.words import capitalized

    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in decision.verdicts:
        by_reason.setdefault((one.verdict, one.reason), []).append(f"{one.factor}={one.level}")
    return [
        *(
            f"Verdict {verdict} for {', '.join(levels)}: {reason}"
            for (verdict, reason), levels in by_reason.items()
        ),
        capitalized(tuning_in_words(decision.tuning, decision.n_trials)),
        capitalized(seed_noise_in_words(decision.metric_rows())),
    ]


def plan_in_words(description: Mapping[str, Any], stale: Sequence[StaleAsset]) -> list[str]:
    """Write what a sweep would run: its counts, and what has to be made, a crypto and reason a line."""
    shown = dict(description)
    seconds, source = shown.pop("estimated_seconds"), shown.pop("estimated_by")
    if description["fits_left"]:
        shown["fitting_time"] = f"about {timedelta(seconds=math.ceil(seconds))} left, by {source}"
    else:
        shown["fitting_time"] = "none left"
    if shown.pop("tuning_advice") is not None:
        shown["advice"] = description["tuning_advice"]
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
