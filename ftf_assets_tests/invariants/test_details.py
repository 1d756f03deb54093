"""The details of a cell are recomputed: several fits, rounded shares and ties keep every rule."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ftf_assets.invariants.details import detail_breaches
from ftf_assets.training.evaluation import EvaluatedCell, evaluate_cells
from ftf_assets_tests.support.production import SCORING, Trained, plan_of, train


@pytest.fixture(scope="module")
def run(training_arrays) -> Trained:
    return train(plan_of(training_arrays, seeds=2), training_arrays)


def evaluated(run: Trained) -> list[EvaluatedCell]:
    return evaluate_cells(run.plan, run.arrays, run.masks, run.models, scoring=SCORING)


def breaches(run: Trained, one: EvaluatedCell, **changed) -> list[str]:
    weeks = [week | {"week": pd.Timestamp(week["week"], tz="UTC")} for week in one.scores.weeks]
    parts = {"weeks": weeks, "fits": one.scores.fits, "curve": one.scores.curve} | changed
    cell = run.cell(one.row["variant"], one.row["fold"])
    return detail_breaches(run.arrays, cell, {**one.row}, **parts)


def test_cells_of_several_fits_have_no_breach(run):
    assert [breaches(run, one) for one in evaluated(run)] == [[]] * 10


def test_cells_whose_probabilities_tie_have_no_breach(run):
    rounded = [
        dataclasses.replace(
            cell,
            validation_probability=np.round(cell.validation_probability, 2),
            test_probability=np.round(cell.test_probability, 2),
        )
        for cell in run.models.cells
    ]
    ties = dataclasses.replace(run, models=dataclasses.replace(run.models, cells=tuple(rounded)))
    assert [breaches(ties, one) for one in evaluated(ties)] == [[]] * 10


def test_a_lost_or_doubled_fit_is_a_breach(run):
    one = evaluated(run)[0]
    assert any("roc_auc_seed_sd" in said for said in breaches(run, one, fits=one.scores.fits[:1]))
    doubled = (*one.scores.fits, one.scores.fits[0])
    assert any("that of 3 rows of seed_scores" in said for said in breaches(run, one, fits=doubled))
