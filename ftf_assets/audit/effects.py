"""What label noise costs a model, and how much of that cleaning wins back.

Every model is trained on the audit's fit part and judged by its average precision on the same test rows,
whose labels are hard and stay as they are. The models of clean, noisy and cleaned labels of one draw share
their seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ftf_assets.audit.intervals import N_RESAMPLES, Estimate, estimate
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.typed import Array, Float64, Int8, Int64, typed

#: Test rows are resampled by calendar week: rows of one day resemble each other, so they are not independent.
WEEK = 7 * 86_400_000_000_000


@dataclass(frozen=True)
class Effect:
    """How much one treatment wins back of the average precision that one kind of noise costs.

    Attributes
    ----------
    kind, treatment
        Kind of noise and treatment.
    outcome
        Nothing was measured where it is not ``ok``.
    n_seeds, n_test
        Number of draws, and of test rows.
    clean, noisy, treated
        Mean average precision of models trained on the true labels, on the given ones, and on what the
        treatment leaves of the given ones.
    lost, won
        ``clean - noisy`` and ``treated - noisy``.
    recovered
        ``won / lost``; None if no significant loss can be divided by.
    over_random, over_lowest_p
        The treated model's average precision minus that of the same judge's controls, which drop or relabel
        as many rows at random, or drop those with the lowest probability of their label; None where a
        treatment has no such control.
    """

    kind: str
    treatment: str
    outcome: Outcome
    n_seeds: int = 0
    n_test: int = 0
    clean: float | None = None
    noisy: float | None = None
    treated: float | None = None
    lost: Estimate | None = None
    won: Estimate | None = None
    recovered: Estimate | None = None
    over_random: Estimate | None = None
    over_lowest_p: Estimate | None = None


@typed
@dataclass(frozen=True, eq=False)
class Score:
    """Average precision of one model on the test rows, and on each resample of their weeks."""

    value: float
    resampled: Float64[Array, " resamples"]


@typed
def week_resamples(
    start: Int64[Array, " test"], random: np.random.Generator, n_resamples: int = N_RESAMPLES
) -> Int64[Array, "resamples test"]:
    """Draw calendar weeks with replacement, and count how often each resample holds each test row.

    Parameters
    ----------
    start
        Timestamps of the test rows, int64 nanoseconds, UTC, increasing.
    random
        Equal generators give equal resamples.
    n_resamples
        Rows of the result, shape (n_resamples, n_test).
    """
    weeks, week = np.unique(start // WEEK, return_inverse=True)
    times = random.multinomial(len(weeks), np.full(len(weeks), 1.0 / len(weeks)), size=n_resamples)
    return times.astype(np.int64)[:, week]


@typed
def score(
    y: Int8[Array, " test"], probability: Float64[Array, " test"], times: Int64[Array, "resamples test"]
) -> Score:
    """Measure the average precision of P(BUY) on the test rows and on each resample of their weeks.

    Average precision is that of :mod:`ftf_assets.training.metrics`.

    Parameters
    ----------
    y
        Hard test labels.
    probability
        P(BUY) of the same rows, shape (n_test,).
    times
        From :func:`week_resamples`.
    """
    order = np.argsort(-probability, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(probability[order])), len(y) - 1)
    copies = np.concatenate([np.ones((1, len(y)), np.int64), times])[:, order]
    called = np.cumsum(copies, axis=1)[:, last_of_tie]
    hits = np.cumsum(copies * y[order], axis=1)[:, last_of_tie]
    gained = np.diff(hits, axis=1, prepend=0)
    precision = np.divide(hits, called, out=np.zeros(hits.shape), where=called > 0)
    with np.errstate(invalid="ignore"):
        values = (gained * precision).sum(axis=1) / hits[:, -1]
    return Score(min(float(values[0]), 1.0), values[1:])


@typed
def measure_effects(
    kind: str,
    clean: list[Score],
    noisy: list[Score],
    treated: Mapping[str, list[Score] | Outcome],
    *,
    n_test: int,
) -> list[Effect]:
    """Compare the treatments of one kind of noise.

    Intervals cover two sources of variance: the weeks of the test rows (resampled, the same for all models)
    and the choice of flipped labels (the variance between seeds).

    Parameters
    ----------
    kind
        The kind of noise.
    clean, noisy
        Scores of the two reference models, one per seed.
    treated
        Scores of each treatment, one per seed, or how it failed.
    n_test
        Number of test rows.
    """
    lost = _difference(clean, noisy)
    effects = []
    for name, scores in treated.items():
        blank = Effect(
            kind,
            name,
            Outcome(),
            n_seeds=len(clean),
            n_test=n_test,
            clean=_mean(clean),
            noisy=_mean(noisy),
            lost=lost,
        )
        if isinstance(scores, Outcome):
            effects.append(Effect(kind, name, scores))
            continue
        one = TREATMENTS[name]
        choices: tuple[Literal["random", "lowest_p"], ...] = ("random", "lowest_p")
        over = {
            choice: _difference(scores, other)
            for choice in choices
            if isinstance(other := treated.get(one.control_by(choice) or ""), list)
        }
        effects.append(
            replace(
                blank,
                treated=_mean(scores),
                won=_difference(scores, noisy),
                recovered=_recovered(clean, noisy, scores) if lost.low > 0 else None,
                over_random=over.get("random"),
                over_lowest_p=over.get("lowest_p"),
            )
        )
    return effects


def _recovered(clean: list[Score], noisy: list[Score], treated: list[Score]) -> Estimate:
    """Give the ratio won / lost; its error is by linearisation, because won - ratio x lost has mean zero."""
    lost = _mean(clean) - _mean(noisy)
    ratio = (_mean(treated) - _mean(noisy)) / lost
    remainder = _estimate(
        _values(treated) - _values(noisy) - ratio * (_values(clean) - _values(noisy)),
        _resampled(treated) - _resampled(noisy) - ratio * (_resampled(clean) - _resampled(noisy)),
    )
    error = remainder.standard_error / lost
    return Estimate(ratio, ratio - 1.96 * error, ratio + 1.96 * error, error)


def _difference(one: list[Score], other: list[Score]) -> Estimate:
    return _estimate(_values(one) - _values(other), _resampled(one) - _resampled(other))


def _estimate(values: Array, resampled: Array) -> Estimate:
    # The test rows are the same in every seed, so averaging seeds does not reduce their part of the error.
    return estimate(values, resampled, drawn=False)


def _values(scores: list[Score]) -> Array:
    return np.array([one.value for one in scores])


def _resampled(scores: list[Score]) -> Array:
    return np.array([one.resampled for one in scores])


def _mean(scores: list[Score]) -> float:
    return float(_values(scores).mean())
