"""The factor ``cleanlab``, as the registry of factors lists it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ftf_assets.labels.cleaning.cleaners import CLEANERS
from ftf_assets.labels.cleaning.judges import capped_by_share, judge_labels
from ftf_assets.labels.cleaning.suspect_treatments import clean
from ftf_assets.labels.factor import RowFactor, TreatmentSettings
from ftf_assets.labels.fit_rows import JudgedRows, Judgement, TreatedRows


def _treat(level: str, judged: JudgedRows, judgement: Judgement) -> TreatedRows:
    return clean(
        level,
        y=judged.rows.y,
        suspect=judgement.suspect,
        quality=judgement.label_quality,
        probability=judged.probability,
        base_weight=judged.weight,
        seed=judged.seed,
        flip_rates=judgement.flip_rates,
    )


def _identity(level: str, settings: TreatmentSettings) -> Mapping[str, object]:
    judge = CLEANERS[level].judge
    judged_by = dataclasses.asdict(settings.barriers) if judge == "temporal" else settings.label_quality
    cap = settings.suspect_cap if capped_by_share(level, settings) else settings.cap_by
    return {"level": level, "cap": cap, "judge": judge, "judged_by": judged_by}


CLEANLAB = RowFactor(
    name="cleanlab",
    baseline="off",
    default_levels=("off", "filter", "reweight"),
    levels=("off", *CLEANERS),
    description="Cleaning of the fit part, by confident learning or by the labels' order in time.",
    identity=_identity,
    needs_candles=tuple(level for level, cleaner in CLEANERS.items() if cleaner.judge == "temporal"),
    controls=tuple(level for level, cleaner in CLEANERS.items() if cleaner.control),
    capped_by_share=capped_by_share,
    judges={level: cleaner.judge for level, cleaner in CLEANERS.items()},
    judge=judge_labels,
    treat=_treat,
)
