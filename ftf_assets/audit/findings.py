"""How well each detector finds each kind of noise, within each observed class and against the controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ftf_assets.audit.detector import Detection
from ftf_assets.audit.detectors import CONTROLS, DETECTORS
from ftf_assets.audit.intervals import Estimate, burst_resamples, estimate
from ftf_assets.audit.noise import NoiseKind, NoisyLabels
from ftf_assets.audit.ranking import average_precision, rank, resampled_lift
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.typed import Array, typed

#: Rows with one observed label, or all rows. ``all`` is shown but is not evidence.
GivenLabel = Literal["BUY", "HOLD", "all"]
GIVEN_LABELS: tuple[GivenLabel, ...] = ("BUY", "HOLD", "all")

#: Largest expected share of false discoveries among the findings that beat the controls.
FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True)
class Finding:
    """How well one detector found one kind of noise among the rows with one observed label.

    Attributes
    ----------
    kind, detector, given_label
        Kind of noise, detector and observed label.
    outcome
        Nothing was measured where it is not ``ok``.
    n_seeds
        Number of draws that the numbers average: those with a wrong label among these rows.
    n_rows, n_wrong, n_bursts
        Rows, wrong labels and bursts, summed over those draws.
    average_precision
        Mean average precision of the wrong labels.
    lift
        Average precision over the share of wrong labels; 1 is chance.
    hardest_control, margin, p_value
        The control with the largest one-sided p-value, the difference from its lift, and that p-value. None
        for controls and for ``all``.
    p_corrected
        ``p_value`` after Benjamini-Hochberg over all tests on this crypto.
    estimated_noise_rate
        Share of all labels that the detector takes for wrong, a mean over draws; given for ``all`` only.
    """

    kind: str
    detector: str
    given_label: GivenLabel
    outcome: Outcome
    n_seeds: int = 0
    n_rows: int = 0
    n_wrong: int = 0
    n_bursts: int = 0
    average_precision: float | None = None
    lift: Estimate | None = None
    hardest_control: str | None = None
    margin: Estimate | None = None
    p_value: float | None = None
    p_corrected: float | None = None
    estimated_noise_rate: float | None = None

    @property
    def beats_controls(self) -> bool | None:
        """Whether the lift is significantly above that of every control; None if that is not tested."""
        return None if self.p_corrected is None else self.p_corrected < FALSE_DISCOVERIES


@dataclass(frozen=True, eq=False)
class _Lifts:
    """A detector's lift in each draw, and in each resample of its bursts."""

    average_precision: Array
    lift: Array
    resampled: Array


@typed
def measure_kind(
    kind: NoiseKind,
    draws: Sequence[NoisyLabels],
    detections: Mapping[str, Sequence[Detection]],
    generators: Sequence[np.random.Generator],
) -> list[Finding]:
    """Measure every detector on the draws of one kind of noise.

    Parameters
    ----------
    kind
        The kind.
    draws
        The noisy labels of each seed.
    detections
        What each detector, by name, returned for each draw.
    generators
        A generator a seed, for the resamples. All detectors get the same resamples, so that they can be
        compared.

    Returns
    -------
    list of Finding
        One item a detector and observed label; where nothing was flipped, only the estimated noise rates.
    """
    rates = {name: _mean_rate(said) for name, said in detections.items()}
    if not any(draw.wrong.any() for draw in draws):
        blank = _counted(kind, "", "all", [(draw, _rows_of(draw, "all")) for draw in draws])
        return [replace(blank, detector=name, estimated_noise_rate=rate) for name, rate in rates.items()]
    numbered = [_number_bursts(draw) for draw in draws]
    times = [
        burst_resamples(int(draw.burst.max()) + 1, random)
        for draw, random in zip(numbered, generators, strict=True)
    ]
    found = []
    for given_label in GIVEN_LABELS:
        chosen = [(draw, _rows_of(draw, given_label)) for draw in numbered]
        seeds = [seed for seed, (draw, rows) in enumerate(chosen) if (draw.wrong & rows).any()]
        lifts = {
            name: _lifts([(*chosen[seed], said[seed], times[seed]) for seed in seeds])
            for name, said in detections.items()
        }
        for name in detections:
            blank = _counted(kind, name, given_label, [chosen[seed] for seed in seeds])
            rate = rates[name] if given_label == "all" else None
            found.append(replace(_measured(blank, lifts, kind), estimated_noise_rate=rate))
    return found


@typed
def correct(found: Sequence[Finding]) -> list[Finding]:
    """Correct the p-values of one crypto for all tests on it (Benjamini-Hochberg)."""
    from scipy.stats import false_discovery_control

    tested = [one.p_value for one in found if one.p_value is not None]
    corrected = iter(false_discovery_control(tested).tolist() if tested else [])
    return [one if one.p_value is None else replace(one, p_corrected=next(corrected)) for one in found]


def _counted(
    kind: NoiseKind, detector: str, given_label: GivenLabel, rows: Sequence[tuple[NoisyLabels, Array]]
) -> Finding:
    wrong = [draw.burst[draw.wrong & chosen] for draw, chosen in rows]
    return Finding(
        kind.name,
        detector,
        given_label,
        Outcome(),
        n_seeds=len(rows),
        n_rows=sum(int(chosen.sum()) for _, chosen in rows),
        n_wrong=sum(map(len, wrong)),
        n_bursts=sum(len(np.unique(burst)) for burst in wrong),
    )


def _measured(blank: Finding, lifts: Mapping[str, _Lifts], kind: NoiseKind) -> Finding:
    if blank.n_seeds == 0:
        return blank
    mine = lifts[blank.detector]
    measured = replace(
        blank,
        average_precision=float(mine.average_precision.mean()),
        lift=estimate(mine.lift, mine.resampled, drawn=kind.drawn),
    )
    # A control that failed was not beaten.
    judged = DETECTORS[blank.detector].role != "control" and set(CONTROLS) <= set(lifts)
    if blank.given_label == "all" or not judged:
        return measured
    margins = {
        name: estimate(mine.lift - other.lift, mine.resampled - other.resampled, drawn=kind.drawn)
        for name, other in lifts.items()
        if name in CONTROLS
    }
    hardest = max(margins, key=lambda name: (margins[name].p_value, -margins[name].value))
    return replace(
        measured,
        hardest_control=hardest,
        margin=margins[hardest],
        p_value=margins[hardest].p_value,
    )


def _lifts(draws: Sequence[tuple[NoisyLabels, Array, Detection, Array]]) -> _Lifts:
    precisions: list[float] = []
    shares: list[float] = []
    resampled: list[Array] = []
    for draw, rows, detection, times in draws:
        wrong = draw.wrong[rows]
        ranking = rank(detection.suspicion[rows], wrong, draw.burst[rows])
        precisions.append(average_precision(ranking))
        shares.append(float(wrong.mean()))
        resampled.append(resampled_lift(ranking, times))
    precision = np.array(precisions)
    return _Lifts(precision, precision / np.array(shares), np.array(resampled))


def _number_bursts(draw: NoisyLabels) -> NoisyLabels:
    """Number the bursts of a draw from 0 without gaps, as the columns of its resamples."""
    burst = draw.burst.copy()
    burst[draw.wrong] = np.unique(draw.burst[draw.wrong], return_inverse=True)[1]
    return replace(draw, burst=burst)


def _rows_of(draw: NoisyLabels, given_label: GivenLabel) -> Array:
    if given_label == "all":
        return np.ones(len(draw.given), np.bool_)
    return np.asarray(draw.given == (1 if given_label == "BUY" else 0))


def _mean_rate(said: Sequence[Detection]) -> float | None:
    rates = [one.estimated_noise_rate for one in said if one.estimated_noise_rate is not None]
    return float(np.mean(rates)) if rates else None
