"""Seeds depend on the place of a fit in the plan, and never on its variant."""

from __future__ import annotations

import pytest

from ftf_assets.training.fit_seeds import control_seed, fit_seed, model_seed, out_of_fold_seed

SEED = {"sweep_seed": 7, "crypto": "OPUSDC", "fold": 1, "role": "model", "repeat": 0}


@pytest.mark.parametrize(
    "changed",
    [{"sweep_seed": 8}, {"crypto": "ARBUSDC"}, {"fold": 2}, {"role": "out_of_fold_0"}, {"repeat": 1}],
    ids=lambda changed: next(iter(changed)),
)
def test_every_part_of_a_fits_identity_changes_its_seed(changed):
    assert fit_seed(**SEED | changed) != fit_seed(**SEED)


def test_seeds_are_in_the_range_of_xgboost_and_reproducible():
    seeds = {fit_seed(7, "OPUSDC", fold, "model") for fold in range(200)}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert fit_seed(**SEED) == fit_seed(7, "OPUSDC", 1, "model")


def test_variants_of_one_fold_share_their_seed_and_folds_do_not(standard_run):
    seeds = {(cell.fold, cell.seed) for cell in standard_run.models.cells}
    assert len(seeds) == 2
    assert len({seed for _, seed in seeds}) == 2
    plan = standard_run.plan
    others = [out_of_fold_seed(plan, 0, block) for block in range(5)] + [control_seed(plan, 0)]
    assert len({model_seed(plan, 0), model_seed(plan, 0, 1), *others}) == 8
