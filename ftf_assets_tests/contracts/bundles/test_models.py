"""``TrainedModels``: the cells of a run are valid, and each broken one is refused by its rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ftf_assets.contracts.bundles import Outcome, TrainedCell, TrainedModels
from ftf_assets.contracts.errors import InputError


def at(values, row, value):
    values = values.copy()
    values[row] = value
    return values


def test_missing_cells_are_listed(standard_run):
    variants = tuple(variant.name for variant in standard_run.plan.variants)
    assert standard_run.models.missing_cells(2, variants) == []
    fewer = TrainedModels(standard_run.models.cells[1:-1])
    assert fewer.missing_cells(2, variants) == [(0, "baseline"), (1, "reweight")]


def validate_cells(run, *cells):
    variants = tuple(variant.name for variant in run.plan.variants)
    TrainedModels(cells).validate("OPUSDC", n_rows=run.arrays.n_rows, n_folds=2, variants=variants)


def test_trained_models_of_a_run_are_valid_and_failed_or_missing_cells_are_not_refused(standard_run):
    validate_cells(standard_run, *standard_run.models.cells)
    validate_cells(standard_run, *standard_run.models.cells[1:])
    validate_cells(standard_run, TrainedCell(0, "mild", {}, Outcome.failed(ValueError("boom"), "fit")))


def two_seeds(cell, probability=0.5, threshold=0.5):
    return {
        "seed_thresholds": np.array([0.5, threshold]),
        "seed_probability": np.full((2, len(cell.test_rows)), probability),
    }


BROKEN_CELLS = {
    "no such fold": (lambda cell: {"fold": 2}, "no such fold .found 2; allowed: folds 0 to 1"),
    "no such variant": (lambda cell: {"variant": "wild"}, "no such variant .found wild; allowed: baseline,"),
    "no fit": (lambda cell: {"fit_keys": ()}, "needs a fit .* .found 0 fits of"),
    "no rounds": (lambda cell: {"rounds": 0}, "needs a fit .* .found 1 fits of 0 rounds"),
    "threshold above 1": (lambda cell: {"threshold": 1.5}, "threshold must be in .0, 1. .found 1.5"),
    "threshold of a seed": (lambda cell: two_seeds(cell, threshold=-1.0), "threshold .*found -1.0"),
    "probability above 1": (
        lambda cell: {"test_probability": at(cell.test_probability, 3, 1.5)},
        "test probability must be in .0, 1. .found 1.5",
    ),
    "missing probability": (
        lambda cell: {"test_probability": at(cell.test_probability, 3, np.nan)},
        "test probability must be in .0, 1. .found nan",
    ),
    "probability of a seed": (lambda cell: two_seeds(cell, probability=2.0), "test probability .*found 2.0"),
    "row beyond the arrays": (
        lambda cell: {"test_rows": at(cell.test_rows, -1, 2_486)},
        "test rows must be increasing row numbers .* 2486; allowed: 0 to 2485",
    ),
    "repeated row": (lambda cell: {"test_rows": at(cell.test_rows, 1, cell.test_rows[0])}, "increasing row"),
    "no test row": (
        lambda cell: {"test_rows": cell.test_rows[:0], "test_probability": cell.test_probability[:0]},
        "increasing row numbers .* .found 0 rows;",
    ),
}


@pytest.mark.parametrize(("change", "rule"), BROKEN_CELLS.values(), ids=BROKEN_CELLS)
def test_broken_trained_cells_are_refused(standard_run, change, rule):
    cell = standard_run.cell("mild")
    with pytest.raises(InputError, match=f"OPUSDC: cell of fold ., variant .*: .*{rule}"):
        validate_cells(standard_run, replace(cell, **change(cell)))


def test_a_repeated_cell_is_refused(standard_run):
    cell = standard_run.cell("mild")
    with pytest.raises(InputError, match="OPUSDC: cell of fold 0, variant mild: a cell must not repeat"):
        validate_cells(standard_run, cell, cell)
