"""The label ceiling in words and numbers: what correct labels would be worth, and what levels reach of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from ftf_assets.gate.label_ceiling import METRIC, CeilingSummary, MeanGain, Scenario
from ftf_assets.gate.words import signed_in_words, size_in_words
from ftf_assets.report.charts.label_ceiling import ceiling_chart
from ftf_assets.report.formats import NOTHING
from ftf_assets.report.tables import Column, Part, Table, Value, number, number_column, plain

OFF = (
    "The label ceiling of this sweep is off (ceiling.enabled is false), so what correct labels would be "
    "worth is unknown."
)
NOT_MEASURED = "Too few models on noisier labels were measured to say what correct labels would be worth."


@dataclass(frozen=True)
class CeilingSection:
    """The section: its sentences, the chart, a table of shares of wrong labels, a sentence per level."""

    words: tuple[str, ...]
    chart: Markup | None = None
    scenarios: Table | None = None
    levels: tuple[str, ...] = ()


def ceiling_section(
    found: CeilingSummary | None, metrics: pd.DataFrame, useful_gain: float, *, on: bool
) -> CeilingSection:
    """Lay the label ceiling out.

    Parameters
    ----------
    found
        The label ceiling of the sweep; None where there is none.
    metrics
        Rows of ``gate_metrics``: what each level gained.
    useful_gain
        Smallest gain worth having.
    on
        The setting ``ceiling.enabled``.
    """
    if found is None:
        return CeilingSection((NOT_MEASURED if on else OFF,))
    return CeilingSection(
        (*ceiling_in_words(found, useful_gain), *_left_out(found)),
        ceiling_chart(found),
        _table(found.scenarios),
        _levels(found, metrics),
    )


def ceiling_in_words(found: CeilingSummary, useful_gain: float) -> list[str]:
    """Say what correct labels would be worth at most, and what that means.

    Parameters
    ----------
    found
        The label ceiling.
    useful_gain
        Smallest gain worth having.
    """
    headline = found.headline
    if headline is None or headline.gain is None:
        return ["So much noise is assumed that nothing can be said about correct labels."]
    gain = headline.gain
    said = [
        f"Correct labels would be worth at most {signed_in_words(gain.bound)} in AUC, {headline.words} "
        f"(estimate {signed_in_words(gain.estimate)})."
    ]
    if gain.bound < useful_gain:
        said.append(
            f"That is below the useful gain of {size_in_words(useful_gain)}: correcting wrong labels cannot "
            "matter here. Smoothing may still help, because it also regularises."
        )
    if found.truth is not None:
        said.append(f"Trained on the market's true labels, the baseline gains {_interval(found.truth)}")
        on_true = found.truth_on_true_labels
        said[-1] += f"; scored on true test labels, {_interval(on_true)}." if on_true else "."
    return said


def _left_out(found: CeilingSummary) -> list[str]:
    if not found.n_left_out:
        return []
    return [f"{found.n_left_out} cells are left out: a model of theirs failed, was skipped or is missing."]


def _table(scenarios: Sequence[Scenario]) -> Table:
    columns = (
        Column("wrong labels", (Part("words"), Part("share", before="share ", small=True)), "text"),
        number_column("estimate", "estimate"),
        number_column("at least", "low"),
        number_column("at most", "bound"),
    )
    caption = "Gain in AUC from correct labels, by how many are taken to be wrong"
    return Table("ceiling-gains", caption, columns, tuple(map(_values, scenarios)))


def _values(one: Scenario) -> dict[str, Value]:
    values = {"words": plain(one.words), "share": number(one.share, ".0%")}
    if one.gain is None:
        unknown = {name: Value(None, NOTHING) for name in ("estimate", "low")}
        return values | unknown | {"bound": Value(None, "too much noise to say", strong=True)}
    gains = {"estimate": one.gain.estimate, "low": one.gain.low, "bound": one.gain.bound}
    return values | {
        name: Value(gain, signed_in_words(gain), strong=name == "bound") for name, gain in gains.items()
    }


def _levels(found: CeilingSummary, metrics: pd.DataFrame) -> tuple[str, ...]:
    """Express each level's gain as a share of the ceiling, where the ceiling is surely above 0."""
    gain = None if found.headline is None else found.headline.gain
    if gain is None or gain.low <= 0:
        return ()
    gained = metrics[metrics["metric"] == METRIC].dropna(subset=["mean_difference"])
    return tuple(
        f"{row['level']}: {signed_in_words(row['mean_difference'])}, "
        f"{row['mean_difference'] / gain.estimate:.0%} of what correct labels would be worth"
        for row in gained.to_dict("records")
    )


def _interval(gain: MeanGain) -> str:
    low, high = signed_in_words(gain.low), signed_in_words(gain.high)
    return f"{signed_in_words(gain.mean)} (95 % interval {low} to {high})"
