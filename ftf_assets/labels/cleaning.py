"""The factor ``cleanlab``: two judges of labels, and what its levels do about the rows that they suspect.

Both judges order rows by label quality, flag some and are capped a class. Confident learning scores rows one
by one (:mod:`~ftf_assets.labels.confident_learning`); the temporal cleaner reads the labels in their order
(:mod:`~ftf_assets.labels.temporal_noise`). Each has its controls, which take as many rows of each class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ftf_assets.contracts.bundles import NoiseEstimate
from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, Int8, Int64, typed
from ftf_assets.labels.confident_learning import flag_label_issues, label_quality
from ftf_assets.labels.factor import JudgedRows, Judgement, RowFactor, TreatedRows, TreatmentSettings
from ftf_assets.labels.label_chain import label_chain
from ftf_assets.labels.temporal_noise import flag_expected_errors, temporal_noise

Judge = Literal["cleanlab", "temporal"]
Action = Literal["drop", "reweight", "drop_random", "drop_lowest_p"]


@dataclass(frozen=True)
class Cleaner:
    """A level off the baseline: whose suspects, and what becomes of them.

    Attributes
    ----------
    judge
        ``cleanlab`` or ``temporal``.
    action
        ``drop`` the suspects; ``reweight`` them by their label quality, then rescale so that each class keeps
        its weight; or, as controls, drop as many rows of each class at random or with the lowest probability
        of their own label.
    """

    judge: Judge
    action: Action

    @property
    def control(self) -> bool:
        """Whether the level is what a cleaner must beat, and cleans nothing itself."""
        return self.action in ("drop_random", "drop_lowest_p")


#: For two classes cleanlab's scores are monotone in P within a class, so its capped ``filter`` *is*
#: ``filter_lowest_p``, row for row. The temporal cleaner's is not.
CLEANERS: dict[str, Cleaner] = {
    "filter": Cleaner("cleanlab", "drop"),
    "reweight": Cleaner("cleanlab", "reweight"),
    "filter_random": Cleaner("cleanlab", "drop_random"),
    "filter_lowest_p": Cleaner("cleanlab", "drop_lowest_p"),
    "filter_temporal": Cleaner("temporal", "drop"),
    "reweight_temporal": Cleaner("temporal", "reweight"),
    "filter_temporal_random": Cleaner("temporal", "drop_random"),
    "filter_temporal_lowest_p": Cleaner("temporal", "drop_lowest_p"),
}


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
def judge_labels(level: str, judged: JudgedRows, settings: TreatmentSettings) -> Judgement:
    """Let the judge of a level say which labels of a fit part it suspects.

    Parameters
    ----------
    level
        A level off the baseline; levels of one judge get the same judgement.
    judged
        The fit part. The temporal judge reads the candles up to the latest label end of these rows.
    settings
        Cap, method of the label quality, and the barriers of the labels.

    Raises
    ------
    CellError
        Stage ``cleaning``: one class only, or too few candles.
    InputError
        An unknown level, or a temporal one without candles.
    """
    judge = _judge_by_time if _cleaner(level).judge == "temporal" else _judge_by_confident_learning
    return judge(judged, settings)


def _judge_by_confident_learning(judged: JudgedRows, settings: TreatmentSettings) -> Judgement:
    y = judged.rows.y
    flagged = flag_label_issues(y, judged.probability)
    quality = label_quality(y, judged.probability, settings.label_quality)
    return Judgement(quality, flagged, cap_per_class(flagged, quality, y, settings.suspect_cap))


def _judge_by_time(judged: JudgedRows, settings: TreatmentSettings) -> Judgement:
    """Suspect the smaller of the cap and the expected number of errors of each class, the likeliest first."""
    rows = judged.rows
    if judged.candles is None:
        raise input_error("the temporal cleaner needs candles", fix="Use the source candles or market.")
    chain = label_chain(
        judged.candles,
        until=int(rows.end.max()),
        stop_multiple=settings.barriers.stop_multiple,
        target_multiple=settings.barriers.target_multiple,
        horizon=settings.barriers.horizon,
        seed=judged.seed,
    )
    found = temporal_noise(rows.y, judged.probability, rows.start, chain, bar=rows.bar)
    flagged = flag_expected_errors(rows.y, found.error_probability)
    quality = 1.0 - found.error_probability
    return Judgement(
        quality,
        flagged,
        cap_per_class(flagged, quality, rows.y, settings.suspect_cap),
        NoiseEstimate(
            noise_rate=found.noise_rate,
            expected_errors_buy=found.expected_errors_buy,
            expected_errors_hold=found.expected_errors_hold,
            temper=found.temper,
            **dataclasses.asdict(found.rates),
        ),
    )


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
) -> TreatedRows:
    """Turn suspects into the rows and weights that a level of the factor trains on.

    Parameters
    ----------
    level
        A level off the baseline, see :class:`Cleaner`.
    y, suspect, quality, probability, base_weight
        Labels, capped suspects, label quality, out-of-fold P(BUY) and base weights of the fit part, each of
        shape (n_rows,).
    seed
        Of the random controls.

    Raises
    ------
    CellError
        Stage ``cleaning`` where nothing of a class's weight would be left.
    InputError
        An unknown level.
    """
    action = _cleaner(level).action
    if action == "reweight":
        weight = _reweight(y, suspect, quality, base_weight)
        return TreatedRows(suspect=suspect, keep=np.ones(len(y), np.bool_), weight=weight)
    if action == "drop_random":
        suspect = _first_of_each_class(np.random.default_rng(seed).permutation(len(y)), y, suspect)
    elif action == "drop_lowest_p":
        lowest_first = np.argsort(np.where(y == 1, probability, 1.0 - probability), kind="stable")
        suspect = _first_of_each_class(lowest_first, y, suspect)
    return TreatedRows(suspect=suspect, keep=~suspect, weight=base_weight)


def _cleaner(level: str) -> Cleaner:
    if level not in CLEANERS:
        raise input_error(
            "unknown level of the factor cleanlab", found=repr(level), allowed=", ".join(CLEANERS)
        )
    return CLEANERS[level]


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


def _treat(level: str, judged: JudgedRows, judgement: Judgement) -> TreatedRows:
    return clean(
        level,
        y=judged.rows.y,
        suspect=judgement.suspect,
        quality=judgement.label_quality,
        probability=judged.probability,
        base_weight=judged.weight,
        seed=judged.seed,
    )


def _identity(level: str, settings: TreatmentSettings) -> Mapping[str, object]:
    judge = CLEANERS[level].judge
    by = dataclasses.asdict(settings.barriers) if judge == "temporal" else settings.label_quality
    return {"level": level, "cap": settings.suspect_cap, "judge": judge, "judged_by": by}


CLEANLAB = RowFactor(
    name="cleanlab",
    baseline="off",
    default_levels=("off", "filter", "reweight"),
    levels=("off", *CLEANERS),
    description="Cleaning of the fit part, by confident learning or by the labels' order in time.",
    identity=_identity,
    needs_candles=tuple(level for level, cleaner in CLEANERS.items() if cleaner.judge == "temporal"),
    controls=tuple(level for level, cleaner in CLEANERS.items() if cleaner.control),
    judges={level: cleaner.judge for level, cleaner in CLEANERS.items()},
    judge=judge_labels,
    treat=_treat,
)
