"""The four cases that production broke, each with what production sends and with arrays."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.coercion import coerce_training_data
from ftf_assets.labels.smoothing import smooth_labels
from ftf_assets_tests.support.production import CRYPTO, plan_of, train, variants_of


@pytest.fixture(params=["pandas", "ndarray"])
def arrays(request, production_data):
    return coerce_training_data(**production_data.of(request.param), crypto=CRYPTO)


def single(arrays, factors):
    """The variant alone; its baseline is fitted, because its rounds are the variant's."""
    return train(plan_of(arrays, variants=variants_of(factors, "single")), arrays)


def test_off_path_identity(arrays, production_data):
    run = single(arrays, "label_smoothing=none,cleanlab=off")
    hard = arrays.y.astype(np.float32)
    assert smooth_labels(hard, epsilon_buy=0.0, epsilon_hold=0.0) is hard
    np.testing.assert_array_equal(run.soft_labels.levels["baseline"], production_data.arrays["y"])
    assert run.masks.masks == ()
    assert set(run.store.fits) == {baseline.fit_key for baseline in run.baselines.folds}
    for fold in run.plan.folds(arrays):
        cell = run.cell("baseline", fold.index)
        assert cell.n_kept == len(fold.fit)
        expected = production_data.arrays["base_weight"][fold.fit].sum(dtype=np.float64)
        assert cell.weight_sum == expected


def test_smoothing_only(arrays, production_data):
    run = single(arrays, "label_smoothing=mild")
    y = production_data.arrays["y"]
    soft = run.soft_labels.levels["mild"]
    np.testing.assert_array_equal(soft, np.where(y == 1, np.float32(0.9), np.float32(0.02)))
    assert run.masks.masks == ()
    for fold in run.plan.folds(arrays):
        cell = run.cell("mild", fold.index)
        assert cell.outcome.status == "ok"
        assert cell.n_kept == len(fold.fit)
        baseline = run.store.fits[run.baselines.folds[fold.index].fit_key]
        assert (cell.test_probability != baseline.probabilities["test"]).any()
    np.testing.assert_array_equal(arrays.y, y)


def test_full_cleanlab_filter_shrinks_the_data_set(arrays):
    run = single(arrays, "cleanlab=filter")
    for fold in run.plan.folds(arrays):
        cell, mask = run.cell("filter", fold.index), run.mask("filter", fold.index)
        assert cell.outcome.status == "ok"
        assert cell.n_kept == mask.keep.sum() < len(fold.fit)
        dropped = mask.rows[~mask.keep]
        share = [(arrays.y[dropped] == c).sum() / (arrays.y[fold.fit] == c).sum() for c in (0, 1)]
        assert max(share) <= 0.10
        kept_weight = arrays.base_weight[mask.rows[mask.keep]]
        assert cell.weight_sum == kept_weight.sum(dtype=np.float64)


def test_base_sample_weights_as_a_series_with_reweight(arrays, production_data):
    run = single(arrays, "cleanlab=reweight")
    base = production_data.pandas["base_weight"]
    for fold in run.plan.folds(arrays):
        cell, mask = run.cell("reweight", fold.index), run.mask("reweight", fold.index)
        assert cell.outcome.status == "ok"
        assert mask.keep.all()
        assert mask.suspect.any()
        assert cell.n_kept == len(fold.fit)
        given = base.iloc[fold.fit].to_numpy()
        for label in (0, 1):
            of_class = arrays.y[fold.fit] == label
            np.testing.assert_allclose(mask.weight[of_class].sum(), given[of_class].sum(), rtol=1e-5)
        assert (mask.weight[mask.suspect] < given[mask.suspect]).all()


@pytest.mark.parametrize(
    "factors",
    [
        "cleanlab=off",
        "label_smoothing=mild",
        "cleanlab=filter",
        "cleanlab=reweight",
        "cleanlab=filter_random",
        "sample_weight=uniqueness",
        "sample_weight=label_stability,cleanlab=reweight",
    ],
)
def test_both_forms_give_the_same_cells_to_the_bit(production_data, factors):
    from_pandas, from_arrays = (
        single(coerce_training_data(**production_data.of(form), crypto=CRYPTO), factors)
        for form in ("pandas", "ndarray")
    )
    for expected, found in zip(from_arrays.models.cells, from_pandas.models.cells, strict=True):
        assert found.outcome.status == "ok"
        assert (found.threshold, found.rounds, found.n_kept) == (
            expected.threshold,
            expected.rounds,
            expected.n_kept,
        )
        np.testing.assert_array_equal(found.test_probability, expected.test_probability)


def test_the_inputs_of_the_cases_are_not_changed(arrays):
    before = {name: getattr(arrays, name).copy() for name in ("X", "y", "start", "end", "base_weight")}
    train(plan_of(arrays, variants=variants_of("label_smoothing,cleanlab", "factorial")), arrays)
    for name, values in before.items():
        np.testing.assert_array_equal(getattr(arrays, name), values, err_msg=name)
