"""The fits that a plan will make and their expected rows: the cost of a sweep before it runs."""

from __future__ import annotations

from collections.abc import Iterator

from ftf_assets.contracts.typed import typed
from ftf_assets.training.ceiling_plan import NO_NOISE
from ftf_assets.training.fit_keys import ceiling_fit_key, model_fit_key, out_of_fold_key, trial_key
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT


@typed
def planned_fit_keys(plan: TrainingPlan) -> list[str]:
    """Return the key of each fit that a crypto needs, every key once."""
    return list(dict.fromkeys(key for fold in range(plan.n_folds) for key, _ in _fits(plan, fold)))


@typed
def planned_trial_keys(plan: TrainingPlan, fold: int) -> list[str]:
    """Return the keys of the fits that the studies of a fold make."""
    return [key for key, _ in _trials(plan, fold)]


@typed
def planned_ceiling_keys(plan: TrainingPlan, fold: int) -> list[str]:
    """Return the keys of the fits of a fold's label ceiling; those on observed labels are the baseline's."""
    if plan.ceiling is None:
        return []
    return [
        model_fit_key(plan, fold, BASELINE_VARIANT, repeat)
        if noise == NO_NOISE
        else ceiling_fit_key(plan, fold, noise, repeat)
        for noise, repeat in plan.ceiling.fits()
    ]


@typed
def expected_rows(plan: TrainingPlan, first: int, last: int, n_rows: int) -> dict[str, float]:
    """Estimate the training rows of each fit before any row is read, to estimate the time of a sweep.

    The rows are assumed to be evenly spaced in time. Rows that purging, embargo and cleaning drop are not
    subtracted.

    Parameters
    ----------
    plan
        The plan of one crypto.
    first, last
        Timestamps of the crypto's first and last row, nanoseconds.
    n_rows
        Number of its rows.

    Returns
    -------
    dict
        Key of each fit to its expected number of rows; 0 where no row precedes the fold's test span.
    """
    rows: dict[str, float] = {}
    for fold in range(plan.n_folds):
        history = (int(plan.edges[fold]) - first) / max(last - first, 1)
        fit_rows = n_rows * min(max(history, 0.0), 1.0) * (1 - plan.validation_fraction)
        rows.update({key: share * fit_rows for key, share in _fits(plan, fold)})
    return rows


def _fits(plan: TrainingPlan, fold: int) -> Iterator[tuple[str, float]]:
    """Yield the key of each fit of a fold and its share of the fit part's rows."""
    yield from _trials(plan, fold)
    yield model_fit_key(plan, fold, BASELINE_VARIANT), 1.0
    for judge in plan.judges:
        for block in range(plan.out_of_fold_blocks):
            yield out_of_fold_key(plan, fold, judge, block), 1 - 1 / plan.out_of_fold_blocks
    for variant in plan.variants:
        for repeat in range(plan.repeats(variant)):
            yield model_fit_key(plan, fold, variant, repeat), 1.0
    for key in planned_ceiling_keys(plan, fold):
        yield key, 1.0


def _trials(plan: TrainingPlan, fold: int) -> Iterator[tuple[str, float]]:
    inner_folds = plan.tuning.folds
    for variant in plan.tuned_variants:
        for trial in range(plan.tuning.trials):
            for inner in range(inner_folds):
                # The scored blocks cut the last half of the fit part's period; all rows before them train.
                before = (1 + inner / inner_folds) / 2
                for repeat in range(plan.tuning.seeds):
                    key = trial_key(plan, fold, variant, trial, inner, repeat)
                    yield key, before * (1 - plan.validation_fraction)
