"""What the command says in sentences, a line each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ftf_assets.freshness.reason import StaleAsset
    from ftf_assets.freshness.visible_effect import VisibleEffect
    from ftf_assets.gate.decision import Decision
    from ftf_assets.sweep.sweep import Sweep


def notes_in_words(decision: Decision) -> list[str]:
    """Write what a reader of the headline and the levels should know besides; none of it is a verdict."""
    from ftf_assets.gate.level_lines import how_to_read, notes, warnings

    said = (f"Warning: {warning}" for warning in warnings(decision))
    lines = [how_to_read(decision), *notes(decision), *said]
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


def plan_in_words(
    description: Mapping[str, Any], stale: Sequence[StaleAsset], effect: VisibleEffect | None
) -> list[str]:
    """Write what a sweep would run: its counts, what it could see, and what has to be made and why."""
    from ftf_assets.sweep.data_read import data_in_words
    from ftf_assets.sweep.participants import skipped_in_words

    shown = dict(description)
    files = [data_in_words(one) for one in shown.pop("data")]
    cryptos, skipped = description["cryptos"].split(", "), description["skipped"]
    shown["skipped"] = skipped_in_words(cryptos, skipped)
    seconds, source = shown.pop("estimated_seconds"), shown.pop("estimated_by")
    if description["fits_left"]:
        shown["fitting_time"] = f"about {timedelta(seconds=math.ceil(seconds))} left, by {source}"
    else:
        shown["fitting_time"] = "none left"
    if shown.pop("tuning_advice") is not None:
        shown["advice"] = description["tuning_advice"]
    if shown.pop("gpu_advice") is not None:
        shown["gpu_advice"] = description["gpu_advice"]
    by_reason: dict[tuple[str | None, str], list[str]] = {}
    for one in stale:
        by_reason.setdefault((one.crypto, one.why), []).append(one.asset)
    to_make = [
        f"{f'{crypto}: ' if crypto else ''}{', '.join(assets)} ({why})"
        for (crypto, why), assets in by_reason.items()
    ] or ["nothing: every stored value is current"]
    return [
        *(f"{name.replace('_', ' '):<12} {value}" for name, value in shown.items() if value != ""),
        *(f"{'data':<12} {line}" for line in files),
        *_effect_in_words(effect),
        *(f"{'to make':<12} {line}" for line in to_make),
    ]


def _effect_in_words(effect: VisibleEffect | None) -> list[str]:
    """Say which gain a planned sweep could see; where it is too small for a useful one, what is enough."""
    if effect is None:
        return []
    seen = f"a gain of {effect.smallest:.4f} in AUC in 4 of 5 cases (noise of {effect.noise_from})"
    said = f"{'could see':<12} {seen}"
    if effect.smallest <= effect.useful:
        return [f"{said}; {effect.useful:g} is useful"]
    needs = effect.enough or "more than 60 months, 40 cryptos or 32 seeds"
    return [said, f"{'too small':<12} to see a useful gain of {effect.useful:g} it would need {needs}"]


def warn_of_skipped(sweep: Sweep) -> None:
    """Say on standard error which cryptos of the group take no part; nothing where all of them do."""
    from ftf_assets.sweep.participants import skipped_in_words

    if sweep.skipped:
        click.echo(f"Warning: {skipped_in_words(sweep.cryptos, sweep.skipped)}", err=True)


def counted(number: int, thing: str) -> str:
    """Write a count with its noun.

    >>> counted(1, "cell"), counted(25, "cell")
    ('1 cell', '25 cells')
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
