"""The judges of labels: confident learning, row by row, and the temporal judge, by the labels' order in time.

Both score the quality of each label, flag rows and cap the flags of each class.
"""

from __future__ import annotations

import dataclasses

from ftf_assets.contracts.bundles import NoiseEstimate
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.cleaning.cleaners import cleaner_of
from ftf_assets.labels.cleaning.confident_learning import (
    confident_joint,
    flag_label_issues,
    flip_rates,
    label_quality,
    limits_of_joint,
)
from ftf_assets.labels.cleaning.label_chain import label_chain
from ftf_assets.labels.cleaning.suspect_cap import cap_per_class, limits_of_share, worst_of_each_class
from ftf_assets.labels.cleaning.temporal_noise import flag_expected_errors, temporal_noise
from ftf_assets.labels.factor import TreatmentSettings
from ftf_assets.labels.fit_rows import JudgedRows, Judgement


@typed
def judge_labels(level: str, judged: JudgedRows, settings: TreatmentSettings) -> Judgement:
    """Return what the judge of a level says about the labels of a fit part.

    Parameters
    ----------
    level
        A level other than the baseline. Levels with the same judge get the same judgement.
    judged
        The fit part. The temporal judge reads candles up to the latest label end of these rows.
    settings
        Cap, method of the label quality, and the barriers of the labels.

    Raises
    ------
    CellError
        Stage ``cleaning``: the fit part holds one class only, or there are too few candles.
    InputError
        The level is unknown, or its judge needs candles and there are none.
    """
    judge = _judge_by_time if cleaner_of(level).judge == "temporal" else _judge_by_confident_learning
    return judge(judged, settings)


@typed
def capped_by_share(level: str, settings: TreatmentSettings) -> bool:
    """Whether a fixed share of each class limits the suspects; the temporal judge always keeps it."""
    return settings.cap_by == "share" or cleaner_of(level).judge == "temporal"


def _judge_by_confident_learning(judged: JudgedRows, settings: TreatmentSettings) -> Judgement:
    y = judged.rows.y
    flagged = flag_label_issues(y, judged.probability)
    quality = label_quality(y, judged.probability, settings.label_quality)
    joint = confident_joint(y, judged.probability)
    by_share = settings.cap_by == "share"
    limits = limits_of_share(y, settings.suspect_cap) if by_share else limits_of_joint(joint)
    return Judgement(
        quality,
        flagged,
        worst_of_each_class(flagged, quality, y, limits),
        flip_rates=flip_rates(joint, limits),
    )


def _judge_by_time(judged: JudgedRows, settings: TreatmentSettings) -> Judgement:
    """Suspect the likeliest errors of each class: as many as are expected, but no more than the cap."""
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
