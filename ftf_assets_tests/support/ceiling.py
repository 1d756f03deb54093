"""The label ceiling of a training run in memory, and its rows as the asset writes them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd

from ftf_assets.rows.label_ceiling import ceiling_rows
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.ceiling_plan import CeilingPlan
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.label_ceiling import CeilingScore, measure_label_ceiling
from ftf_assets_tests.support.production import MemoryFitStore, Trained

DOSES = CeilingPlan(patterns=("independent", "bursts"), exposures=(0.5, 1.0), repeats=2, truth=True)


def with_ceiling(run: Trained, doses: CeilingPlan = DOSES) -> Trained:
    """The same run under a plan that also measures the label ceiling, with a store of its own."""
    store = MemoryFitStore()
    store.fits = dict(run.store.fits)
    return replace(run, plan=replace(run.plan, ceiling=doses), store=store, events=[])


def true_labels(run: Trained) -> np.ndarray:
    """Labels of which every twentieth differs from the observed one."""
    labels = run.arrays.y.copy()
    labels[::20] = 1 - labels[::20]
    return labels


def scores_of(run: Trained) -> list[CeilingScore]:
    """Measure the ceiling of a run with the fits that it has."""
    engine = FitEngine(run.store, ThreadFitExecutor(1), run.events.append)
    truth = true_labels(run) if run.plan.ceiling is not None and run.plan.ceiling.truth else None
    return measure_label_ceiling(run.plan, run.arrays, run.baselines, engine, truth)


def rows_of(run: Trained, scores: list[CeilingScore], sweep_id: str) -> pd.DataFrame:
    """Lay scores out as rows of a sweep."""
    sweep: Any = SimpleNamespace(
        sweep_id=sweep_id,
        artifact_key=lambda asset, crypto: f"key of {asset}",
        artifact_identity=lambda asset, crypto: {"asset": asset},
    )
    return ceiling_rows(cast("Sweep", sweep), run.plan.crypto, scores, run_id="run")


def ceiling_records(*, truth: bool = False) -> list[dict[str, Any]]:
    """Rows of ``label_ceiling`` as mappings: 5 cryptos x 5 folds on a curve that noise flattens."""
    random = np.random.default_rng(12)
    rows = []
    for crypto in "ABCDE":
        for fold in range(5):
            level = random.normal(0, 0.02)
            for noise, exposure in [
                ("independent", 0.4),
                ("independent", 0.8),
                ("independent", 1.6),
                ("none", 0.0),
            ]:
                rows.append(_record(crypto, fold, noise, exposure, level + random.normal(0, 0.006)))
            if truth:
                rows.append(_record(crypto, fold, "truth", 0.0, level + random.normal(0, 0.006)))
    return rows


def _record(crypto: str, fold: int, noise: str, exposure: float, level: float) -> dict[str, Any]:
    left = np.exp(0.418 if noise == "truth" else -exposure)
    above = 0.1 * left / np.sqrt(left**2 + 0.2)
    return {
        "crypto": crypto,
        "fold": fold,
        "noise": noise,
        "exposure": exposure,
        "repeat": 0,
        "status": "ok",
        "buy_rate": 0.18,
        "changed": {"none": 0.0, "truth": 0.1}.get(noise, 0.295 * (1 - float(left))),
        "roc_auc": 0.5 + above + level,
        "roc_auc_true": 0.5 + 1.5 * above + level,
    }
