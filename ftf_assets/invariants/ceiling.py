"""What must hold for the models of the label ceiling: only the labels of the fit part were changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters
from ftf_assets.contracts.typed import Array, typed
from ftf_assets.labels.added_noise import draw_hits
from ftf_assets.training.fit_engine import FitStore
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.fit_seeds import added_noise_seed, model_seed
from ftf_assets.training.metrics import ranking_metrics
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import BASELINE_VARIANT


@typed
def ceiling_breaches(
    plan: TrainingPlan,
    arrays: TrainingArrays,
    baselines: BaselineParameters,
    rows: Iterable[Mapping[str, Any]],
    fits: FitStore,
) -> list[str]:
    """Recompute rows of the label ceiling from the rows of the crypto and the stored fits.

    Parameters
    ----------
    plan, arrays, baselines
        The plan of the crypto, its rows, and its baselines.
    rows
        Its measured rows of ``label_ceiling``.
    fits
        The stored fits.

    Returns
    -------
    list of str
        One line for each row whose untouched labels are not scored as the baseline's own fit, whose seed or
        rounds are not the baseline's, whose test rows are others, whose scores are not those of its stored
        fit, or whose added noise is not the noise that its seed draws.
    """
    folds = {fold.index: fold for fold in plan.folds(arrays)}
    rounds = {one.fold: one.rounds for one in baselines.folds}
    breaches = []
    for row in rows:
        fold, noise, repeat = folds[row["fold"]], row["noise"], row["repeat"]
        found = []
        if noise == "none" and row["fit_key"] != model_fit_key(plan, fold.index, BASELINE_VARIANT, repeat):
            found.append("untouched labels were not trained by the baseline's own fit")
        if row["seed"] != model_seed(plan, fold.index, repeat):
            found.append("the seed is not the baseline's")
        own_rounds = noise == "none" and repeat > 0 and plan.stops_every_variant
        if row["rounds"] != rounds[fold.index] and not own_rounds:
            found.append(f"{row['rounds']} rounds, {rounds[fold.index]} of the baseline")
        if (row["n_fit"], row["n_test"]) != (len(fold.fit), len(fold.test)):
            found.append("fit part or test rows are not those of the fold")
        if noise in ("independent", "bursts") and len(fold.fit):
            observed = arrays.y[fold.fit]
            hits = draw_hits(observed, noise, added_noise_seed(plan, fold.index, noise, repeat))
            if row["changed"] != float((hits.labels(row["exposure"]) != observed).mean()):
                found.append("the added noise is not what its seed draws")
        fit = fits.get(row["fit_key"])
        if fit is not None and not _scores_of(row, arrays.y[fold.test], fit.probabilities["test"]):
            found.append("the scores are not those of the stored fit on the hard test labels")
        where = f"fold {fold.index}, noise {noise}, exposure {row['exposure']:g}, repeat {repeat}"
        breaches += [f"{where}: {one}" for one in found]
    return breaches


def _scores_of(row: Mapping[str, Any], y: Array, probability: Array) -> bool:
    return all(row[name] == value for name, value in ranking_metrics(y, probability).items())
