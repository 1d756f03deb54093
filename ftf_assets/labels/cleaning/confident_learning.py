"""Confident learning on out-of-fold probabilities: label quality, flagged labels, and rates of wrong ones.

Northcutt, Jiang and Chuang (2021), "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.
The estimators are those of cleanlab, which is imported where it is called, because a sweep without cleaning
does not need it.
"""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Bool, Float64, Int8, Int64, typed

LabelQuality = Literal["self_confidence", "adjusted_self_confidence"]

# cleanlab passes arguments to its workers through module globals, so only one thread at a time may call it.
_CLEANLAB_IS_NOT_THREAD_SAFE = threading.Lock()


@typed
def label_quality(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"], method: LabelQuality
) -> Float64[Array, " rows"]:
    """Score how well each given label agrees with the out-of-fold model, in [0, 1]; low is suspect.

    Parameters
    ----------
    y
        Given hard labels, shape (n_rows,).
    probability
        Out-of-fold P(BUY) of the same rows.
    method
        ``self_confidence``: probability of the given label. ``adjusted_self_confidence``: the same after
        cleanlab subtracts the mean probability of each class, which removes the base rate from comparisons
        between classes. Within a class both methods order the rows alike.

    Warnings
    --------
    No row's probability may come from a model that trained on the row: such a model agrees with wrong labels.

    Examples
    --------
    >>> y = np.array([1, 1, 0, 0], np.int8)
    >>> label_quality(y, np.array([0.9, 0.2, 0.1, 0.6]), "self_confidence")
    array([0.9, 0.2, 0.9, 0.4])
    """
    from cleanlab.rank import get_label_quality_scores

    with _CLEANLAB_IS_NOT_THREAD_SAFE:
        scores = get_label_quality_scores(
            y.astype(np.int64),
            _two_columns(probability),
            method="self_confidence",
            adjust_pred_probs=method == "adjusted_self_confidence",
        )
    return np.asarray(scores, np.float64)


@typed
def flag_label_issues(y: Int8[Array, " rows"], probability: Float64[Array, " rows"]) -> Bool[Array, " rows"]:
    """Flag the rows that cleanlab's confident learning considers mislabelled, before any cap.

    On weak models this flags about half of a minority class: its probabilities rarely exceed one half, so
    most of its rows lie below the class threshold.
    :func:`~ftf_assets.labels.cleaning.suspect_cap.cap_per_class` is therefore part of the method.

    Raises
    ------
    CellError
        Stage ``cleaning``: a class is absent, so confident learning has no threshold for it.
    """
    from cleanlab.filter import find_label_issues

    _require_both_classes(y)
    with _CLEANLAB_IS_NOT_THREAD_SAFE:
        # With more than one job cleanlab forks, which hangs for ever inside a daemonised worker.
        issues = find_label_issues(y.astype(np.int64), _two_columns(probability), n_jobs=1)
    return np.asarray(issues, np.bool_)


@typed
def confident_joint(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"]
) -> Int64[Array, "given true"]:
    """Count rows by given and by true label, as confident learning estimates them, shape (2, 2).

    Each row counts where its probabilities reach the mean probability of a class among the rows of that
    label; the counts are scaled so that each given label keeps its number of rows.

    Warnings
    --------
    On a weak model the counts measure the model more than the labels. Northcutt et al. assume that the model
    separates the classes but for wrong labels; where the future is uncertain, a BUY that the model could not
    foresee counts as wrong.

    Raises
    ------
    CellError
        Stage ``cleaning``: a class is absent.
    """
    from cleanlab.count import compute_confident_joint

    _require_both_classes(y)
    with _CLEANLAB_IS_NOT_THREAD_SAFE:
        joint = compute_confident_joint(y.astype(np.int64), _two_columns(probability))
    return np.asarray(joint, np.int64)


@typed
def limits_of_joint(joint: Int64[Array, "given true"]) -> tuple[int, int]:
    """Return how many HOLDs and how many BUYs the confident joint counts wrong.

    >>> limits_of_joint(np.array([[80, 20], [5, 15]]))
    (20, 5)
    """
    return int(joint[0, 1]), int(joint[1, 0])


@typed
def flip_rates(joint: Int64[Array, "given true"], limits: tuple[int, int]) -> FlipRates:
    """Estimate the rates of wrong labels by true class from the confident joint.

    Parameters
    ----------
    joint
        From :func:`confident_joint`.
    limits
        Most wrong labels among the HOLDs and among the BUYs that are believed. The rest counts as right.

    Examples
    --------
    Of 25 true BUYs ten are observed as HOLD, and of 95 true HOLDs five as BUY:

    >>> flip_rates(np.array([[90, 20], [5, 15]]), limits=(10, 5))
    FlipRates(missed_buy=0.4, false_buy=0.047619047619047616)
    """
    n_hold, n_buy = int(joint[0].sum()), int(joint[1].sum())
    wrong_hold, wrong_buy = (
        min(count, limit) for count, limit in zip(limits_of_joint(joint), limits, strict=True)
    )
    true_buy, true_hold = n_buy - wrong_buy + wrong_hold, n_hold - wrong_hold + wrong_buy
    return FlipRates(
        missed_buy=wrong_hold / true_buy if true_buy else 0.0,
        false_buy=wrong_buy / true_hold if true_hold else 0.0,
    )


def _require_both_classes(y: Array) -> None:
    if len(np.unique(y)) < 2:
        raise CellError("cleaning", f"the fit part holds only label {np.unique(y).tolist()}")


def _two_columns(probability: Float64[Array, " rows"]) -> Float64[Array, "rows 2"]:
    return np.column_stack([1.0 - probability, probability])
