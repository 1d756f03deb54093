"""Average precision of a ranking of suspects: exact with ties, also for every resample of the bursts."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.typed import Array, Bool, Float64, Int64, typed


@typed
@dataclass(frozen=True, eq=False)
class Ranking:
    """Where the wrong labels stand in a ranking, the most suspect row first.

    Tied rows form a group. Only groups with a wrong label are kept: the others do not enter average
    precision.

    Attributes
    ----------
    burst
        Burst of each wrong label, in ranked order, shape (n_wrong,).
    group_start
        Position in ``burst`` at which each group begins, shape (n_groups,).
    right_before, right_within
        Number of rightly labelled rows before each group, and in it.
    n_right
        Number of rightly labelled rows.
    """

    burst: Int64[Array, " wrong"]
    group_start: Int64[Array, " groups"]
    right_before: Int64[Array, " groups"]
    right_within: Int64[Array, " groups"]
    n_right: int


@typed
def rank(
    suspicion: Float64[Array, " rows"], wrong: Bool[Array, " rows"], burst: Int64[Array, " rows"]
) -> Ranking:
    """Rank rows by suspicion.

    Parameters
    ----------
    suspicion
        Higher is more suspect; equal values are tied.
    wrong, burst
        Whether each label is wrong, and the burst number of those that are.
    """
    order = np.argsort(-suspicion, kind="stable")
    ranked, is_wrong = suspicion[order], wrong[order]
    group = np.cumsum(np.concatenate(([False], ranked[1:] != ranked[:-1])))
    of_wrong = group[is_wrong]
    kept, group_start = np.unique(of_wrong, return_index=True)
    right_per_group = np.bincount(group[~is_wrong], minlength=int(group[-1]) + 1)
    right_until = np.cumsum(right_per_group)
    return Ranking(
        burst=burst[order][is_wrong],
        group_start=group_start,
        right_before=(right_until - right_per_group)[kept],
        right_within=right_per_group[kept],
        n_right=int(right_until[-1]),
    )


@typed
def average_precision(ranking: Ranking) -> float:
    """Give the average precision of the wrong labels, the expectation over every order of tied rows.

    McSherry and Najork (2008), "Computing Information Retrieval Performance Measures Efficiently in the
    Presence of Tied Scores", ECIR. scikit-learn counts a tied group as a whole, which favours or
    punishes a control that ties everything. This is the value of choosing among tied rows at random.

    Returns
    -------
    float
        In (0, 1]; NaN where no label is wrong.
    """
    precision = float(_average_precision(ranking, np.ones((1, len(ranking.burst)), np.int64))[0])
    return 1.0 if precision > 1 else precision  # a sum of a perfect ranking can end a rounding error above 1


@typed
def resampled_lift(ranking: Ranking, times: Int64[Array, "resamples bursts"]) -> Float64[Array, " resamples"]:
    """Give the lift of the ranking in each resample, which holds a burst several times or not at all.

    Parameters
    ----------
    ranking
        The ranking.
    times
        How often each resample holds each burst, shape (n_resamples, n_bursts): column b counts burst b.

    Returns
    -------
    numpy.ndarray
        Average precision divided by the share of wrong labels, shape (n_resamples,); NaN for a resample
        without a wrong label.
    """
    copies = times[:, ranking.burst]
    n_wrong = copies.sum(axis=1)
    with np.errstate(invalid="ignore"):
        share = n_wrong / (n_wrong + ranking.n_right)
        lift: Array = _average_precision(ranking, copies) / share
    return lift


def _average_precision(ranking: Ranking, copies: Array) -> Array:
    """Give the expected average precision where wrong label i occurs ``copies[:, i]`` times."""
    if not len(ranking.burst):
        return np.full(len(copies), np.nan)
    wrong = np.add.reduceat(copies, ranking.group_start, axis=1)
    wrong_before = np.cumsum(wrong, axis=1) - wrong
    before = wrong_before + ranking.right_before
    size = wrong + ranking.right_within
    # In a group of n rows with r wrong ones, the first i hold 1 + (i - 1)(r - 1)/(n - 1) wrong ones on
    # average if the i-th is wrong. The sum of (wrong_before + that) / (before + i) over i is a difference of
    # harmonic numbers.
    others = np.divide(wrong - 1, size - 1, out=np.zeros(wrong.shape), where=size > 1)
    harmonic = _harmonic(int((before + size).max(initial=0)))
    precision = others * size + (wrong_before + 1 - others - others * before) * (
        harmonic[before + size] - harmonic[before]
    )
    rate = np.divide(wrong, size, out=np.zeros(wrong.shape), where=size > 0)
    total = wrong.sum(axis=1)
    with np.errstate(invalid="ignore"):
        result: Array = (rate * precision).sum(axis=1) / total
    return result


def _harmonic(n: int) -> Array:
    return _harmonic_numbers(1 << max(n, 1).bit_length())[: n + 1]


@functools.lru_cache(maxsize=8)
def _harmonic_numbers(n: int) -> Array:
    return np.concatenate(([0.0], np.cumsum(1.0 / np.arange(1, n + 1))))
