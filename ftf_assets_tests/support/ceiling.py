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
    engine = FitEngine(run.store, 1, run.events.append)
    truth = true_labels(run) if run.plan.ceiling is not None and run.plan.ceiling.truth else None
    return measure_label_ceiling(run.plan, run.arrays, run.baselines, engine, truth)


def rows_of(run: Trained, scores: list[CeilingScore], sweep_id: str) -> pd.DataFrame:
    """Lay scores out as rows of a sweep."""
    sweep: Any = SimpleNamespace(sweep_id=sweep_id, artifact_identity=lambda asset, crypto: {"asset": asset})
    return ceiling_rows(cast("Sweep", sweep), run.plan.crypto, scores, run_id="run")
