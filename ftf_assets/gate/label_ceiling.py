"""What the label ceiling says of a sweep: the curve, and the bound for each share of wrong labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ftf_assets.contracts.typed import Array, Float64, typed
from ftf_assets.gate.ceiling import CeilingBound
from ftf_assets.gate.ceiling_curve import FEWEST_CELLS, CeilingGain, ceiling_gain, fitted_curve
from ftf_assets.labels.added_noise import exposure_of_share

#: Metric of the bound: the one that decides, whose chance level is known.
METRIC, CHANCE = "roc_auc", 0.5
#: Shares of wrong labels that are assumed where nobody knows the share.
ASSUMED_SHARES = (0.05, 0.10, 0.20)
#: The assumed share that the headline takes; an audit that finds more replaces it.
HEADLINE_SHARE = 0.10


@dataclass(frozen=True)
class Scenario:
    """What correct labels would gain if so many of the labels were wrong.

    Attributes
    ----------
    words
        Where the share comes from.
    share, exposure
        Share of wrong labels, and the exposure to noise that makes so many wrong.
    gain
        None where the noise would leave next to nothing of what the labels say.
    """

    words: str
    share: float
    exposure: float
    gain: CeilingGain | None


@dataclass(frozen=True)
class MeanGain:
    """A mean difference over cells with its 95 % interval, by Student's t."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class CeilingSummary:
    """The label ceiling of a sweep.

    Attributes
    ----------
    noise
        Pattern of the added noise.
    n_cells
        Cells of the baseline that were measured at every dose; the others are left out and counted.
    n_left_out
        Cells with a failed, skipped or missing model.
    exposures, means, standard_errors
        The doses, the first of them 0, the mean AUC over cells at each, and its standard error.
    scenarios
        The true share alone where it is known; else each assumed share, and that of an audit.
    truth, truth_on_true_labels
        Gain from training on the true labels, on observed and on true test labels; None where nobody knows
        them.
    headline
        Which scenario a headline takes; None without any bound.
    """

    noise: str
    n_cells: int
    n_left_out: int
    exposures: Float64[Array, " doses"]
    means: Float64[Array, " doses"]
    standard_errors: Float64[Array, " doses"]
    scenarios: tuple[Scenario, ...]
    truth: MeanGain | None
    truth_on_true_labels: MeanGain | None
    headline: Scenario | None

    @property
    def bound(self) -> CeilingBound | None:
        """The bound that a decision states."""
        if self.headline is None or self.headline.gain is None:
            return None
        gain = self.headline.gain
        assumed = len(self.scenarios) > 1
        return CeilingBound(gain.estimate, gain.bound, self.headline.words, gain.low, assumed)

    def curve(self, exposures: Float64[Array, " points"]) -> Float64[Array, " points"]:
        """Give the extrapolated AUC at any exposures; negative ones are labels with less noise."""
        return fitted_curve(self.means, self.exposures, exposures, chance=CHANCE)


@typed
def summarise_ceiling(
    rows: Sequence[Mapping[str, Any]], audit_share: float | None = None
) -> CeilingSummary | None:
    """Extrapolate the label ceiling of a sweep.

    Parameters
    ----------
    rows
        The sweep's rows of ``label_ceiling`` as mappings, in any order.
    audit_share
        Share of wrong labels that a noise audit of the same rows estimates; None without an audit.

    Returns
    -------
    CeilingSummary or None
        None for rows without added noise, and with fewer than three cells that have every dose.
    """
    ok = [row for row in rows if row["status"] == "ok"]
    patterns = sorted({str(row["noise"]) for row in rows} - {"none", "truth"})
    if len(patterns) != 1:
        return None
    noise = patterns[0]
    exposures = sorted({float(row["exposure"]) for row in rows if row["noise"] in ("none", noise)})
    asked = {(row["crypto"], row["fold"]) for row in rows}
    by_dose = [_cell_means(ok, "none" if u == 0 else noise, u, METRIC) for u in exposures]
    cells = sorted(set.intersection(*(set(of) for of in by_dose)))
    if len(cells) < FEWEST_CELLS:
        return None
    scores = np.array([[of[cell] for of in by_dose] for cell in cells])
    doses = np.array(exposures)
    rate = float(np.mean([row["buy_rate"] for row in ok if row["noise"] == "none"]))
    scenarios = tuple(
        Scenario(words, share, exposure, ceiling_gain(scores, doses, exposure, chance=CHANCE))
        for words, share in _shares(ok, audit_share)
        for exposure in (exposure_of_share(share, rate),)
    )
    return CeilingSummary(
        noise=noise,
        n_cells=len(cells),
        n_left_out=len(asked) - len(cells),
        exposures=doses,
        means=scores.mean(axis=0),
        standard_errors=scores.std(axis=0, ddof=1) / np.sqrt(len(cells)),
        scenarios=scenarios,
        truth=_gain_of_truth(ok, METRIC),
        truth_on_true_labels=_gain_of_truth(ok, f"{METRIC}_true"),
        headline=_of_headline(scenarios),
    )


def _shares(ok: Sequence[Mapping[str, Any]], audit_share: float | None) -> list[tuple[str, float]]:
    wrong = [row["changed"] for row in ok if row["noise"] == "truth"]
    if wrong:
        share = float(np.mean(wrong))
        return [(f"as {share:.1%} of this market's labels are wrong", share)]
    shares = [(f"if {share:.0%} of the labels are wrong", share) for share in ASSUMED_SHARES]
    if audit_share is not None and audit_share > 0:
        shares.append(
            (f"if {audit_share:.1%} of the labels are wrong, as the noise audit estimates", audit_share)
        )
    return shares


def _of_headline(scenarios: Sequence[Scenario]) -> Scenario | None:
    """Choose the only scenario, else the assumed share, or an audit's estimate that is above it."""
    if len(scenarios) == 1:
        return scenarios[0]
    audited = [one for one in scenarios[len(ASSUMED_SHARES) :] if one.share > HEADLINE_SHARE]
    assumed = [one for one in scenarios if one.share == HEADLINE_SHARE]
    return next(iter([*audited, *assumed]), None)


def _gain_of_truth(ok: Sequence[Mapping[str, Any]], metric: str) -> MeanGain | None:
    known = [row for row in ok if row.get(metric) is not None]
    true, observed = (_cell_means(known, noise, 0.0, metric) for noise in ("truth", "none"))
    cells = sorted(set(true) & set(observed))
    if len(cells) < 2:
        return None
    from scipy import stats

    gains = np.array([true[cell] - observed[cell] for cell in cells])
    half = float(stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains)))
    return MeanGain(float(gains.mean()), float(gains.mean()) - half, float(gains.mean()) + half)


def _cell_means(
    rows: Sequence[Mapping[str, Any]], noise: str, exposure: float, metric: str
) -> dict[tuple[str, int], float]:
    """Average the repeats of each cell at one dose; a cell without all of its repeats has no mean."""
    scores: dict[tuple[str, int], list[float]] = {}
    for row in rows:
        if row["noise"] == noise and row["exposure"] == exposure:
            scores.setdefault((row["crypto"], row["fold"]), []).append(float(row[metric]))
    most = max(map(len, scores.values()), default=0)
    return {cell: float(np.mean(of)) for cell, of in scores.items() if len(of) == most}
