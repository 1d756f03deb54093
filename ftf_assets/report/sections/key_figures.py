"""The numbers that a reader wants first, each with what it is and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ftf_assets.gate.words import bps_in_words, metric_in_words, p_in_words, signed_in_words, size_in_words
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import is_absent


@dataclass(frozen=True)
class KeyFigure:
    """A number in large type.

    Attributes
    ----------
    name
        What it is.
    value, unit
        The number and its unit.
    beside
        Its p-value where it has one, and what it is compared with.
    """

    name: str
    value: str
    unit: str
    beside: str


def key_figures(data: DecisionData) -> list[KeyFigure]:
    """Choose the numbers that the answer rests on; those that were not measured are left out."""
    one = data.summary.to_dict("records")[0]
    metric = metric_in_words(one["primary_metric"])
    found = [_largest(data, one, metric), _visible(one, metric), _ranking(one), _ceiling(one), _trade(one)]
    return [figure for figure in found if figure is not None]


def _largest(data: DecisionData, one: Mapping[Any, Any], metric: str) -> KeyFigure | None:
    if is_absent(one["largest_difference"]):
        return None
    metrics = data.metrics
    mine = metrics[
        (metrics["factor"] == one["largest_factor"])
        & (metrics["level"] == one["largest_level"])
        & (metrics["metric"] == one["primary_metric"])
    ]
    p = mine["p_corrected"].iloc[0]
    beside = [one["largest_level"]] if is_absent(p) else [p_in_words(float(p)), one["largest_level"]]
    return KeyFigure("Largest gain", signed_in_words(one["largest_difference"]), metric, ", ".join(beside))


def _visible(one: Mapping[Any, Any], metric: str) -> KeyFigure | None:
    if is_absent(one["smallest_visible"]):
        return None
    useful = size_in_words(one["useful_gain"])
    return KeyFigure(
        "Could see a gain of", size_in_words(one["smallest_visible"]), metric, f"useful is {useful}"
    )


def _ranking(one: Mapping[Any, Any]) -> KeyFigure | None:
    if is_absent(one["signal_value"]):
        return None
    p = "" if is_absent(one["signal_p"]) else f"{p_in_words(float(one['signal_p']))}, "
    if one["signal_metric"] == "roc_auc":
        return KeyFigure("The model ranks", f"{one['signal_value']:.3f}", "AUC", f"{p}chance is 0.5")
    value = signed_in_words(one["signal_value"])
    return KeyFigure("The model ranks", value, "average precision", f"{p}above the rate of BUY")


def _ceiling(one: Mapping[Any, Any]) -> KeyFigure | None:
    if is_absent(one["ceiling_bound"]):
        return None
    beside = f"estimate {signed_in_words(one['ceiling_estimate'])}"
    return KeyFigure("Correct labels add", f"≤ {signed_in_words(one['ceiling_bound'])}", "AUC", beside)


def _trade(one: Mapping[Any, Any]) -> KeyFigure | None:
    if is_absent(one["net_bps"]):
        return None
    said = [] if is_absent(one["trade_share"]) else [f"top {100 * one['trade_share']:g} %"]
    if not is_absent(one["trade_precision"]) and not is_absent(one["breakeven_precision"]):
        said.append(f"precision {one['trade_precision']:.3f}, pays from {one['breakeven_precision']:.3f}")
    return KeyFigure("A trade earns, net", bps_in_words(one["net_bps"]), "bps", ": ".join(said))
