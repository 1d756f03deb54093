"""The temporal judge: which labels are wrong, by the order of all labels in time.

Confident learning scores rows one by one. This judge uses the whole sequence: a single BUY is suspicious
where true labels come in runs, and so is a stretch with too many BUYs. Two states are hidden: the true label,
whose chain is known from relabelled candles (:mod:`~ftf_assets.labels.cleaning.label_chain`), and whether a
row lies in a burst of errors. The rates of errors are estimated from the observed labels by expectation
maximisation (Dempster, Laird and Rubin 1977, JRSS B 39). In the terms of Frénay and Verleysen (2014),
"Classification in the Presence of Label Noise: A Survey", IEEE TNNLS 25, the noise depends on the class and
on time; given these, it does not depend on the features.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import Array, Bool, Float64, Int8, Int64, typed
from ftf_assets.labels.cleaning.hidden_labels import (
    BURST,
    QUIET,
    ErrorRates,
    HiddenLabels,
    infer_hidden_labels,
)
from ftf_assets.labels.cleaning.label_chain import LabelChain

#: Weights that the log odds of the features may get, from none to a full Bayesian update.
TEMPERS = (0.0, 0.25, 0.5, 1.0)

#: Start of each search: few single errors, and bursts of 20 bars in which labels are pure noise.
_FIRST_RATES = {"entry": 0.01, "stay": 0.95, "missed_buy": 0.05, "false_buy": 0.02, "burst_flip": 0.5}

#: A search ends when a step improves the log likelihood by less than this, in nats over all rows.
SMALLEST_GAIN = 0.05
MOST_STEPS = 60

#: The weight of the features is chosen on so many of the latest rows at most. Each step of a search reads all
#: rows, and the more rows there are, the more steps it takes: time would grow faster than the rows.
CHOOSING_ROWS = 32_768

#: Rates are kept away from 0 and 1, because the search could not leave them.
SMALLEST_RATE = 1e-6


@typed
@dataclass(frozen=True, eq=False)
class TemporalNoise:
    """The temporal judge's estimate for the labels of one series.

    Attributes
    ----------
    error_probability
        P(the given label is wrong | all labels, all P(BUY)), shape (n_rows,).
    burst_probability
        P(the row lies in a burst of errors), shape (n_rows,).
    expected_errors_buy, expected_errors_hold
        Expected number of wrong labels among the observed BUYs and HOLDs.
    temper
        Weight of the features' log odds; 0 = only the labels were used.
    log_losses
        Held-out log loss per label in nats for each weight that was tried. Weights are tried in increasing
        order until one is worse than the one before it.
    rates
        Estimated rates of errors.
    n_steps
        Number of steps of the last search; at most ``MOST_STEPS``.
    """

    error_probability: Float64[Array, " rows"]
    burst_probability: Float64[Array, " rows"]
    expected_errors_buy: float
    expected_errors_hold: float
    temper: float
    log_losses: tuple[float, ...]
    rates: ErrorRates
    n_steps: int

    @property
    def noise_rate(self) -> float:
        """Estimated share of wrong labels."""
        return float(self.error_probability.mean())


@typed
def temporal_noise(
    y: Int8[Array, " rows"],
    probability: Float64[Array, " rows"],
    start: Int64[Array, " rows"],
    chain: LabelChain,
    *,
    bar: int,
    tempers: tuple[float, ...] = TEMPERS,
) -> TemporalNoise:
    """Estimate the rates of label errors, and the probability that each label is wrong.

    The weight of the features is the one of ``tempers`` with the smallest held-out log loss: in each half of
    the latest ``CHOOSING_ROWS`` rows every label is predicted from those before it, with rates estimated on
    the other half.

    Parameters
    ----------
    y
        Given labels, 1 = BUY, in time order, shape (n_rows,).
    probability
        Out-of-fold P(BUY) of the same rows: no row's probability may come from a model that saw the row.
    start
        Timestamps, nanoseconds, strictly increasing. A row that is not exactly one ``bar`` after the row
        before it starts a new series, so nothing is carried over a gap.
    chain
        How true labels follow each other, counted on bars up to the end of these rows at most.
    bar
        Length of a bar in nanoseconds.
    tempers
        Weights that the features' log odds may get, increasing.

    Returns
    -------
    TemporalNoise
        Deterministic: nothing is drawn at random.

    Raises
    ------
    InputError
        There are fewer than four rows, timestamps do not increase, or probabilities lie outside [0, 1].

    Warnings
    --------
    The error probability of a row uses labels on both sides of it, so all rows must belong to one fit part.
    """
    _require_series(probability, start)
    starts = np.append(True, np.diff(start) != bar)
    clipped = np.clip(probability, 1e-6, 1.0 - 1e-6)
    log_odds = np.log(clipped / (1.0 - clipped))
    series = _Series(y, starts, log_odds - log_odds.mean(), chain)
    temper, log_losses, guess = series.choose_temper(tempers)
    rates, hidden, n_steps = series.estimate(temper, guess)
    return TemporalNoise(
        error_probability=hidden.wrong,
        burst_probability=hidden.burst,
        expected_errors_buy=float(hidden.wrong[y == 1].sum()),
        expected_errors_hold=float(hidden.wrong[y == 0].sum()),
        temper=temper,
        log_losses=log_losses,
        rates=rates,
        n_steps=n_steps,
    )


@typed
def flag_expected_errors(
    y: Int8[Array, " rows"], error_probability: Float64[Array, " rows"]
) -> Bool[Array, " rows"]:
    """Flag as many rows of each observed class as are expected to be wrong, the most probable errors first.

    A fixed threshold on the probability would flag too many rows or, at one half, usually too few. The
    expectation is rounded down: 7.9 expected errors flag 7 rows. Of equal rows the earlier one is flagged.

    Examples
    --------
    1.5 errors are expected among the HOLDs, so one is flagged; 0.7 among the BUYs, so none:

    >>> y = np.array([0, 0, 0, 1], np.int8)
    >>> flag_expected_errors(y, np.array([0.3, 0.9, 0.3, 0.7]))
    array([False,  True, False, False])
    """
    flagged = np.zeros(len(y), np.bool_)
    for label in (0, 1):
        of_class = np.flatnonzero(y == label)
        worst_first = of_class[np.argsort(-error_probability[of_class], kind="stable")]
        flagged[worst_first[: int(error_probability[of_class].sum())]] = True
    return flagged


@dataclass(frozen=True, eq=False)
class _Series:
    y: Int8[Array, " rows"]
    starts: Bool[Array, " rows"]
    evidence: Float64[Array, " rows"]
    chain: LabelChain

    def part(self, rows: slice) -> _Series:
        starts = self.starts[rows].copy()
        starts[0] = True
        return _Series(self.y[rows], starts, self.evidence[rows], self.chain)

    def infer(self, temper: float, rates: ErrorRates) -> HiddenLabels:
        tilt = temper * self.evidence if temper else None
        return infer_hidden_labels(self.y, self.starts, tilt, self.chain, rates)

    def estimate(self, temper: float, rates: ErrorRates) -> tuple[ErrorRates, HiddenLabels, int]:
        """Estimate the rates by expectation maximisation, from a first guess."""
        hidden, gain, n_steps = self.infer(temper, rates), np.inf, 0
        while gain >= SMALLEST_GAIN and n_steps < MOST_STEPS:
            before = hidden.log_likelihood
            rates = _most_likely_rates(hidden)
            hidden = self.infer(temper, rates)
            gain, n_steps = hidden.log_likelihood - before, n_steps + 1
        return rates, hidden, n_steps

    def choose_temper(self, tempers: tuple[float, ...]) -> tuple[float, tuple[float, ...], ErrorRates]:
        """Return the weight with the smallest held-out log loss, all losses, and rates to start from."""
        n_rows = len(self.y)
        first_row = max(n_rows - CHOOSING_ROWS, 0)
        middle = (first_row + n_rows) // 2
        halves = (self.part(slice(first_row, middle)), self.part(slice(middle, n_rows)))
        first = ErrorRates(**_FIRST_RATES)
        rates = [first, first]
        losses: list[float] = []
        chosen, guess = tempers[0], first
        for temper in tempers:
            # The rates of the previous weight are close, so a search from there is short.
            rates = [half.estimate(temper, before)[0] for half, before in zip(halves, rates, strict=True)]
            scores = [
                half.infer(temper, other).log_likelihood
                for half, other in zip(halves, reversed(rates), strict=True)
            ]
            losses.append(-sum(scores) / (n_rows - first_row))
            if len(losses) > 1 and losses[-1] >= losses[-2]:
                break
            chosen, guess = temper, _mean_rates(*rates)
        return chosen, tuple(losses), guess


def _most_likely_rates(hidden: HiddenLabels) -> ErrorRates:
    moves, rows = hidden.transitions, hidden.observations
    wrong_in_bursts = rows[0, BURST, 1] + rows[1, BURST, 0]
    return ErrorRates(
        entry=_rate(moves[QUIET, BURST], moves[QUIET].sum()),
        stay=_rate(moves[BURST, BURST], moves[BURST].sum()),
        missed_buy=_rate(rows[1, QUIET, 0], rows[1, QUIET].sum()),
        false_buy=_rate(rows[0, QUIET, 1], rows[0, QUIET].sum()),
        burst_flip=_rate(wrong_in_bursts, rows[:, BURST].sum()),
    )


def _mean_rates(one: ErrorRates, other: ErrorRates) -> ErrorRates:
    names = (field.name for field in dataclasses.fields(ErrorRates))
    return ErrorRates(**{name: (getattr(one, name) + getattr(other, name)) / 2 for name in names})


def _rate(events: float, chances: float) -> float:
    share = events / chances if chances > 0 else 0.0
    return float(np.clip(share, SMALLEST_RATE, 1.0 - SMALLEST_RATE))


def _require_series(probability: Array, start: Array) -> None:
    if len(start) < 4:
        raise input_error(
            "the temporal judge needs at least four labels", found=f"{len(start)} rows", allowed="4 or more"
        )
    steps = np.diff(start)
    if (steps <= 0).any():
        row = int(np.flatnonzero(steps <= 0)[0]) + 1
        raise input_error("timestamps must increase strictly", row=row)
    outside = ~((probability >= 0) & (probability <= 1))
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise input_error(
            "out-of-fold probabilities lie within [0, 1]", row=row, found=probability[row], allowed="[0, 1]"
        )
