"""Confident learning on out-of-fold probabilities: label quality, capped suspects, and what to do with them.

Northcutt, Jiang and Chuang (2021), "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70;
the estimators are cleanlab's. It is imported where it is called: a sweep without cleaning does not need it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed
from ftf_assets.labels.factor import JudgedRows, RowFactor, TreatedRows, TreatmentSettings

LabelQuality = Literal["self_confidence", "adjusted_self_confidence"]

# cleanlab hands arguments to its workers through module globals: two threads must never be inside it.
_CLEANLAB_IS_NOT_THREAD_SAFE = threading.Lock()


@typed
@dataclass(frozen=True, eq=False)
class Cleaning:
    """What a cleaner decided about the rows of one fit part, each array of shape (n_fit_rows,).

    Attributes
    ----------
    suspect
        Rows that the cleaner holds for mislabelled, after the cap.
    keep
        Rows that stay in the fit part.
    weight
        Training weight of every row, of those that are dropped too.
    """

    suspect: Bool[Array, " rows"]
    keep: Bool[Array, " rows"]
    weight: Float32[Array, " rows"]


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
        Out-of-fold P(BUY) of the same rows: no row's probability may come from a model that saw the row.
    method
        ``self_confidence``: the probability of the given label. ``adjusted_self_confidence``: the same after
        cleanlab subtracts each class's mean probability, which takes the base rate out of the comparison
        between the classes. Within a class both order the rows alike.
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
    """Flag the rows that cleanlab's confident learning holds for mislabelled, before any cap.

    On weak models this flags about half of a minority class: its probabilities rarely exceed one half, so
    most of its rows sit below the class threshold. :func:`cap_per_class` is therefore part of the method.

    Raises
    ------
    CellError
        Stage ``cleaning`` where a class is absent: confident learning has no threshold for it.
    """
    from cleanlab.filter import find_label_issues

    if len(np.unique(y)) < 2:
        raise CellError("cleaning", f"the fit part holds only label {np.unique(y).tolist()}")
    with _CLEANLAB_IS_NOT_THREAD_SAFE:
        # More than one job forks; inside a daemonised worker that hangs for ever.
        issues = find_label_issues(y.astype(np.int64), _two_columns(probability), n_jobs=1)
    return np.asarray(issues, np.bool_)


@typed
def cap_per_class(
    flagged: Bool[Array, " rows"],
    quality: Float64[Array, " rows"],
    y: Int8[Array, " rows"],
    share: float,
) -> Bool[Array, " rows"]:
    """Keep the worst flagged rows of each class, at most ``share`` of the class.

    Parameters
    ----------
    flagged
        Candidates, shape (n_rows,).
    quality
        Label quality; the lowest goes first, the earlier row where two are equal.
    y
        Given hard labels: the classes of the cap.
    share
        Largest share of a class that may be suspect, in [0, 1]; rounded down to whole rows.

    Returns
    -------
    numpy.ndarray
        Suspects, shape (n_rows,), a subset of ``flagged``.

    Raises
    ------
    InputError
        ``share`` outside [0, 1].
    """
    if not 0.0 <= share <= 1.0:
        raise input_error("the cap a class is a share", found=share, allowed="[0, 1]")
    suspect = np.zeros(len(y), np.bool_)
    for label in (0, 1):
        of_class = np.flatnonzero(flagged & (y == label))
        worst_first = of_class[np.argsort(quality[of_class], kind="stable")]
        # The epsilon keeps 0.1 * 120 from reading 11 rows in binary floating point.
        limit = int(np.floor(share * np.count_nonzero(y == label) + 1e-9))
        suspect[worst_first[:limit]] = True
    return suspect


@typed
def clean(
    level: str,
    *,
    y: Int8[Array, " rows"],
    suspect: Bool[Array, " rows"],
    quality: Float64[Array, " rows"],
    probability: Float64[Array, " rows"],
    base_weight: Float32[Array, " rows"],
    seed: int,
) -> Cleaning:
    """Turn suspects into the rows and weights that a level of the ``cleanlab`` factor trains on.

    Parameters
    ----------
    level
        ``filter`` drops the suspects. ``reweight`` multiplies their base weight by their label quality, then
        rescales so that each class keeps its base-weight total. ``filter_random`` drops as many rows of each
        class, drawn at random; ``filter_lowest_p`` those with the lowest probability of their own label: the
        controls that a cleaner must beat. For two classes cleanlab's scores are monotone in P within a class,
        so its capped ``filter`` *is* ``filter_lowest_p``, row for row.
    y, suspect, quality, probability, base_weight
        Labels, capped suspects, label quality, out-of-fold P(BUY) and base weights of the fit part, each of
        shape (n_rows,).
    seed
        Seed of ``filter_random``.

    Raises
    ------
    CellError
        Stage ``cleaning`` where nothing of a class's weight would be left.
    InputError
        An unknown level.
    """
    everything = np.ones(len(y), np.bool_)
    if level == "filter":
        return Cleaning(suspect=suspect, keep=~suspect, weight=base_weight)
    if level == "reweight":
        weight = _reweight(y, suspect, quality, base_weight)
        return Cleaning(suspect=suspect, keep=everything, weight=weight)
    if level == "filter_random":
        generator = np.random.default_rng(seed)
        order = generator.permutation(len(y))
    elif level == "filter_lowest_p":
        order = np.argsort(np.where(y == 1, probability, 1.0 - probability), kind="stable")
    else:
        raise input_error(
            "unknown level of the factor cleanlab", found=repr(level), allowed=", ".join(CLEANLAB.levels[1:])
        )
    chosen = _first_of_each_class(order, y, suspect)
    return Cleaning(suspect=chosen, keep=~chosen, weight=base_weight)


@typed
def clean_by_confident_learning(level: str, judged: JudgedRows, settings: TreatmentSettings) -> TreatedRows:
    """Judge a fit part by cleanlab, cap the suspects a class and do with them what the level says.

    Raises
    ------
    CellError, InputError
        As :func:`flag_label_issues` and :func:`clean`.
    """
    y = judged.rows.y
    flagged = flag_label_issues(y, judged.probability)
    quality = label_quality(y, judged.probability, settings.label_quality)
    cleaning = clean(
        level,
        y=y,
        suspect=cap_per_class(flagged, quality, y, settings.suspect_cap),
        quality=quality,
        probability=judged.probability,
        base_weight=judged.weight,
        seed=judged.seed,
    )
    return TreatedRows(
        label_quality=quality,
        flagged=flagged,
        suspect=cleaning.suspect,
        keep=cleaning.keep,
        weight=cleaning.weight,
    )


def _first_of_each_class(
    order: Int64[Array, " rows"], y: Int8[Array, " rows"], suspect: Bool[Array, " rows"]
) -> Bool[Array, " rows"]:
    chosen = np.zeros(len(y), np.bool_)
    for label in (0, 1):
        of_class = order[y[order] == label]
        chosen[of_class[: np.count_nonzero(suspect & (y == label))]] = True
    return chosen


def _reweight(y: Array, suspect: Array, quality: Array, base_weight: Array) -> Float32[Array, " rows"]:
    base = base_weight.astype(np.float64)
    weight = np.where(suspect, base * quality, base)
    for label in (0, 1):
        of_class = y == label
        total, left = base[of_class].sum(), weight[of_class].sum()
        if total > 0 and left <= 0:
            raise CellError("cleaning", f"reweight leaves no weight to label {label}")
        if total > 0:
            weight[of_class] *= total / left
    return weight.astype(np.float32)


def _two_columns(probability: Float64[Array, " rows"]) -> Float64[Array, "rows 2"]:
    return np.column_stack([1.0 - probability, probability])


CLEANLAB = RowFactor(
    name="cleanlab",
    baseline="off",
    default_levels=("off", "filter", "reweight"),
    levels=("off", "filter", "reweight", "filter_random", "filter_lowest_p"),
    description="Confident learning on the fit part: drop suspects (filter) or weigh them less (reweight).",
    identity=lambda level, settings: {
        "level": level,
        "cap": settings.suspect_cap,
        "quality": settings.label_quality,
    },
    treat=clean_by_confident_learning,
)
