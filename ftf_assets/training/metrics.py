"""Classification metrics of a cell, on the hard, untreated labels of its test rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from ftf_assets.contracts.errors import CellError
from ftf_assets.contracts.typed import Array, Float32, Float64, Int8, typed
from ftf_assets.training.ranked_rows import rank_rows

#: Bins of the calibration error.
N_BINS = 15
#: Draws from a perfectly calibrated model that estimate the bias of the calibration error.
N_DRAWS = 200


@typed
def classification_metrics(
    y: Int8[Array, " rows"],
    probability: Float64[Array, " rows"],
    threshold: float,
    *,
    seed: int,
    epsilon_buy: float = 0.0,
    epsilon_hold: float = 0.0,
) -> dict[str, float]:
    """Score one cell on its test rows.

    Parameters
    ----------
    y
        Hard test labels, 1 = BUY, shape (n_rows,). Their dtype makes soft labels a type error: against the
        smoothed labels that a model was trained on, its calibration error would be a meaningless 0.
    probability
        P(BUY) of the same rows, as the model predicts it.
    threshold
        A row is called BUY where ``probability >= threshold``.
    seed
        Seed of the Bernoulli draws that debias the calibration error; equal seeds give equal bits.
    epsilon_buy, epsilon_hold
        Smoothing of the labels that the model was trained on. Such a model learns
        ``epsilon_hold + p (1 - epsilon_buy - epsilon_hold)`` instead of p; the ``smoothing_corrected`` errors
        undo this.

    Returns
    -------
    dict
        ``f1_buy``, ``precision_buy``, ``recall_buy`` (0 where no row is called BUY), ``average_precision``,
        ``roc_auc``, ``log_loss`` (nats), ``brier``, ``mcc``, ``ece``, ``ece_debiased``,
        ``ece_smoothing_corrected``, ``ece_debiased_smoothing_corrected``, ``f1_always_buy``,
        ``predicted_buy_rate``.

    Raises
    ------
    CellError
        Stage ``evaluation``: all test rows are of one class, or a probability is NaN or outside [0, 1].

    Examples
    --------
    >>> y = np.array([0, 0, 1, 1], np.int8)
    >>> scores = classification_metrics(y, np.array([0.1, 0.6, 0.4, 0.9]), threshold=0.5, seed=7)
    >>> scores["f1_buy"], scores["average_precision"], scores["roc_auc"]
    (0.5, 0.8333333333333333, 0.75)

    Calling every row BUY would have a higher F1 here:

    >>> round(scores["f1_always_buy"], 3)
    0.667
    """
    _require_scorable(y, probability)
    ranked = rank_rows(y, probability)
    n_called, n_correct = ranked.called_at(threshold)
    ece, ece_debiased = _raw_and_debiased(y, probability, seed)
    ece_corrected, ece_debiased_corrected = ece, ece_debiased
    if epsilon_buy or epsilon_hold:
        unsmoothed = np.clip((probability - epsilon_hold) / (1.0 - epsilon_buy - epsilon_hold), 0.0, 1.0)
        ece_corrected, ece_debiased_corrected = _raw_and_debiased(y, unsmoothed, seed)
    base_rate = ranked.n_buys / ranked.n_rows
    return {
        "f1_buy": 2 * n_correct / (n_called + ranked.n_buys),
        "precision_buy": n_correct / n_called if n_called else 0.0,
        "recall_buy": n_correct / ranked.n_buys,
        "average_precision": ranked.average_precision,
        "roc_auc": ranked.roc_auc,
        "log_loss": _log_loss(y, probability),
        "brier": float(np.mean((probability - y) ** 2)),
        "mcc": _matthews_correlation(ranked.n_rows, ranked.n_buys, n_called, n_correct),
        "ece": ece,
        "ece_debiased": ece_debiased,
        "ece_smoothing_corrected": ece_corrected,
        "ece_debiased_smoothing_corrected": ece_debiased_corrected,
        "f1_always_buy": 2.0 * base_rate / (1.0 + base_rate),
        "predicted_buy_rate": n_called / ranked.n_rows,
    }


@typed
def precision_at(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"], threshold: float
) -> float | None:
    """Return the share of BUY among the rows with P(BUY) at or above ``threshold``; None where none is.

    Examples
    --------
    >>> precision_at(np.array([0, 1, 1], np.int8), np.array([0.2, 0.6, 0.1]), threshold=0.2)
    0.5
    """
    called = probability >= threshold
    return float(y[called].mean()) if called.any() else None


@typed
def ranking_metrics(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"], *, stage: str = "evaluation"
) -> dict[str, float]:
    """Score the order of test rows alone: ``roc_auc`` and ``average_precision``, as a cell's row has them.

    Parameters
    ----------
    y, probability
        Hard test labels, 1 = BUY, and P(BUY) of the same rows, shape (n_rows,).
    stage
        Stage of the error where they cannot be scored.

    Raises
    ------
    CellError
        As :func:`classification_metrics`.
    """
    _require_scorable(y, probability, stage)
    ranked = rank_rows(y, probability)
    return {"roc_auc": ranked.roc_auc, "average_precision": ranked.average_precision}


@typed
def seed_scores(
    y: Int8[Array, " rows"], probability: Float64[Array, "fits rows"], threshold: Float64[Array, " fits"]
) -> tuple[dict[str, float], ...]:
    """Score each of several fits that differ in their seed only.

    Parameters
    ----------
    y
        Hard test labels of both classes, 1 = BUY, shape (n_rows,).
    probability, threshold
        P(BUY) of the same rows by each fit, shape (n_fits, n_rows), and each fit's own threshold, shape
        (n_fits,).

    Returns
    -------
    tuple of dict
        ``roc_auc``, ``average_precision`` and ``f1_buy`` of each fit, the last at the fit's own threshold.
    """
    scores = []
    for one, bound in zip(probability, threshold, strict=True):
        ranked = rank_rows(y, one)
        n_called, n_correct = ranked.called_at(float(bound))
        scores.append(
            {
                "roc_auc": ranked.roc_auc,
                "average_precision": ranked.average_precision,
                "f1_buy": 2 * n_correct / (n_called + ranked.n_buys),
            }
        )
    return tuple(scores)


@typed
def seed_spread(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the sample standard deviations of the scores of fits that differ in their seed only.

    Parameters
    ----------
    scores
        From :func:`seed_scores`.

    Returns
    -------
    dict
        ``roc_auc_seed_sd``, ``average_precision_seed_sd`` and ``f1_buy_seed_sd``; empty for fewer than two
        fits.
    """
    if len(scores) < 2:
        return {}
    return {f"{name}_seed_sd": float(np.std([one[name] for one in scores], ddof=1)) for name in scores[0]}


@typed
def expected_calibration_error(
    y: Int8[Array, " rows"], probability: Float64[Array, " rows"], *, n_bins: int = N_BINS
) -> float:
    """Return the mean absolute gap between P(BUY) and the BUY rate over bins of equal mass.

    Equal-mass bins give every bin the same bias (Nguyen & O'Connor 2015). Rows with equal probabilities share
    a bin, so the order of the rows does not matter.

    Parameters
    ----------
    y
        Hard labels, 1 = BUY, shape (n_rows,).
    probability
        P(BUY) of the same rows.
    n_bins
        Number of bins.

    Returns
    -------
    float
        In [0, 1]. Biased upwards in finite samples, see :func:`calibration_error_of_perfect_model`.

    Examples
    --------
    >>> y = np.array([0, 1, 1, 1], np.int8)
    >>> expected_calibration_error(y, np.array([0.25, 0.25, 0.75, 0.75]), n_bins=2)
    0.25
    """
    return float(_calibration_errors(y[np.newaxis].astype(bool), probability, n_bins)[0])


@typed
def calibration_error_of_perfect_model(
    probability: Float64[Array, " rows"], *, seed: int, n_draws: int = N_DRAWS, n_bins: int = N_BINS
) -> float:
    """Return the mean calibration error of draws y ~ Bernoulli(p): the error if p were the truth.

    This is the bias that ``ece_debiased`` subtracts. Resampling as in Vaicenavicius et al. 2019, *Evaluating
    model calibration in classification*; on the size of the bias, Roelofs et al. 2022.

    Parameters
    ----------
    probability
        P(BUY) of the rows.
    seed
        Equal seeds give equal bits.
    n_draws, n_bins
        Number of draws and of bins.
    """
    uniform = np.random.default_rng(seed).random((n_draws, len(probability)), dtype=np.float32)
    return float(_calibration_errors(uniform < probability, probability, n_bins).mean())


@typed
def breakeven_precision(
    label_return: Float32[Array, " rows"], y: Int8[Array, " rows"], cost: float
) -> float | None:
    """Return the precision on BUY at which trading breaks even: (L + c) / (W + L).

    W is the mean return of BUY labels, L the mean loss of HOLD labels, c the cost of a round trip.

    Parameters
    ----------
    label_return
        Entry-to-exit return of the fit part's labels before costs, shape (n_rows,); 0.01 = 1 %.
    y
        Their hard labels, 1 = BUY, shape (n_rows,).
    cost
        Cost of a round trip, as a return; 0.0015 = 15 bps.

    Returns
    -------
    float or None
        Above 1 no precision is profitable, at or below 0 any is. None if a class is absent or BUY labels
        do not return more than HOLD labels.

    Examples
    --------
    A BUY gains 3 %, a HOLD loses 1 %, and a round trip costs 0.2 %:

    >>> label_return, y = np.array([0.03, -0.01], np.float32), np.array([1, 0], np.int8)
    >>> round(breakeven_precision(label_return, y, cost=0.002), 3)
    0.3
    """
    buy = y == 1
    if buy.all() or not buy.any():
        return None
    gain = float(label_return[buy].mean(dtype=np.float64))
    loss = -float(label_return[~buy].mean(dtype=np.float64))
    return (loss + cost) / (gain + loss) if gain + loss > 0 else None


def _log_loss(y: Array, probability: Array) -> float:
    """Return the mean negative log likelihood, of probabilities kept off 0 and 1 as scikit-learn does."""
    smallest = np.finfo(np.float64).eps
    of_label = np.clip(np.where(y == 1, probability, 1.0 - probability), smallest, 1.0 - smallest)
    return float(-np.mean(np.log(of_label)))


def _matthews_correlation(n_rows: int, n_buys: int, n_called: int, n_correct: int) -> float:
    """Return the correlation of labels and calls; 0 where either is constant."""
    spread = n_buys * (n_rows - n_buys) * n_called * (n_rows - n_called)
    return (n_correct * n_rows - n_called * n_buys) / math.sqrt(spread) if spread else 0.0


def _require_scorable(y: Array, probability: Array, stage: str = "evaluation") -> None:
    n_buys = int(y.sum(dtype=np.int64))
    if n_buys in (0, len(y)):
        raise CellError(stage, f"test rows of one class only: {n_buys} BUY of {len(y)}")
    if not ((probability >= 0) & (probability <= 1)).all():
        n_bad = int((~((probability >= 0) & (probability <= 1))).sum())
        raise CellError(stage, f"{n_bad} of {len(y)} test probabilities are NaN or outside [0, 1]")


def _raw_and_debiased(y: Array, probability: Array, seed: int) -> tuple[float, float]:
    raw = expected_calibration_error(y, probability)
    return raw, max(0.0, raw - calibration_error_of_perfect_model(probability, seed=seed))


def _calibration_errors(outcomes: Array, probability: Array, n_bins: int) -> Array:
    """Return the calibration error of each row of ``outcomes``, boolean of shape (n_draws, n_rows)."""
    ranked = np.sort(probability)
    bins = np.searchsorted(ranked, probability, side="left") * n_bins // len(probability)
    order = np.argsort(bins, kind="stable")
    first_of_bin = np.unique(bins[order], return_index=True)[1]
    gap = np.add.reduceat(outcomes[:, order], first_of_bin, axis=1, dtype=np.int64) - np.add.reduceat(
        probability[order], first_of_bin
    )
    errors: Array = np.abs(gap).sum(axis=1) / len(probability)
    return errors
