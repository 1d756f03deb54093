"""What each level of the factor ``cleanlab`` does with the suspects of its judge."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.labels.cleaning.confident_learning import flag_label_issues, label_quality
from ftf_assets.labels.cleaning.suspect_cap import cap_per_class
from ftf_assets.labels.cleaning.suspect_treatments import clean
from ftf_assets_tests.support.weak_model import weak_model

METHODS = ("self_confidence", "adjusted_self_confidence")


@pytest.fixture(scope="module")
def judged():
    y, probability = weak_model()
    quality = label_quality(y, probability, "self_confidence")
    suspect = cap_per_class(flag_label_issues(y, probability), quality, y, 0.10)
    base_weight = np.random.default_rng(1).uniform(0.5, 1.5, len(y)).astype(np.float32)
    judged = {"y": y, "probability": probability, "quality": quality, "suspect": suspect}
    return judged | {"base_weight": base_weight}


def counts(rows: np.ndarray, y: np.ndarray) -> list[int]:
    return [int((rows & (y == label)).sum()) for label in (0, 1)]


def test_filter_drops_the_suspects_and_keeps_every_weight(judged):
    cleaning = clean("filter", **judged, seed=1)
    assert cleaning.suspect.any()
    assert (cleaning.keep == ~judged["suspect"]).all()
    assert cleaning.weight is judged["base_weight"]


@pytest.mark.parametrize("method", METHODS)
def test_for_two_classes_the_capped_filter_is_filter_lowest_p(method):
    y, probability = weak_model(seed=5)
    quality = label_quality(y, probability, method)
    suspect = cap_per_class(flag_label_issues(y, probability), quality, y, 0.10)
    rows = {"y": y, "suspect": suspect, "quality": quality, "probability": probability}
    rows["base_weight"] = np.ones(len(y), np.float32)
    filtered, lowest = (clean(level, **rows, seed=1) for level in ("filter", "filter_lowest_p"))
    assert suspect.any()
    np.testing.assert_array_equal(lowest.keep, filtered.keep)
    np.testing.assert_array_equal(lowest.suspect, filtered.suspect)


def test_filter_random_drops_as_many_of_each_class_by_its_seed(judged):
    first, again, other = (clean("filter_random", **judged, seed=seed) for seed in (1, 1, 2))
    assert counts(first.suspect, judged["y"]) == counts(judged["suspect"], judged["y"])
    assert (first.keep == ~first.suspect).all()
    assert (first.keep == again.keep).all()
    assert (first.keep != other.keep).any()
    assert (first.suspect != judged["suspect"]).any()


@pytest.mark.parametrize("weighted", [False, True], ids=["equal weights", "base weights"])
def test_reweight_keeps_each_class_total_and_touches_only_suspects_up_to_the_rescale(judged, weighted):
    base = judged["base_weight"] if weighted else np.ones_like(judged["base_weight"])
    y, suspect, quality = judged["y"], judged["suspect"], judged["quality"]
    cleaning = clean("reweight", **judged | {"base_weight": base}, seed=1)
    assert cleaning.keep.all()
    assert cleaning.weight.dtype == np.float32
    for label in (0, 1):
        of_class = y == label
        np.testing.assert_allclose(cleaning.weight[of_class].sum(), base[of_class].sum(), rtol=1e-6)
        ratio = (cleaning.weight / base)[of_class]
        untouched = ~suspect[of_class]
        rescale = ratio[untouched].mean()
        assert rescale >= 1
        np.testing.assert_allclose(ratio[untouched], rescale, rtol=1e-5)
        np.testing.assert_allclose(ratio[~untouched], rescale * quality[of_class & suspect], rtol=1e-5)


def test_reweight_without_suspects_is_the_base_weight(judged):
    nobody = np.zeros_like(judged["suspect"])
    cleaning = clean("reweight", **judged | {"suspect": nobody}, seed=1)
    np.testing.assert_array_equal(cleaning.weight, judged["base_weight"])


def test_reweight_leaves_a_class_without_base_weight_alone(judged):
    base = np.where(judged["y"] == 1, np.float32(0), judged["base_weight"])
    assert clean("reweight", **judged | {"base_weight": base}, seed=1).weight[judged["y"] == 1].sum() == 0


def test_reweight_that_would_leave_a_class_nothing_fails_the_cell(judged):
    y = judged["y"]
    every_buy = {"suspect": y == 1, "quality": np.zeros(len(y))}
    with pytest.raises(CellError, match="no weight to label 1") as failed:
        clean("reweight", **judged | every_buy, seed=1)
    assert failed.value.stage == "cleaning"


@pytest.mark.parametrize("level", ["off", "drop", ""])
def test_a_level_that_cleans_nothing_is_refused(judged, level):
    with pytest.raises(InputError, match="filter, reweight, filter_random, filter_lowest_p"):
        clean(level, **judged, seed=1)


def test_relabel_gives_the_suspects_the_other_label_and_keeps_rows_and_weights(judged):
    cleaning = clean("relabel", **judged, seed=1)
    np.testing.assert_array_equal(cleaning.label != judged["y"], judged["suspect"])
    np.testing.assert_array_equal(cleaning.suspect, judged["suspect"])
    assert cleaning.label.dtype == np.int8
    assert cleaning.keep.all()
    assert cleaning.weight is judged["base_weight"]


def test_relabel_random_turns_as_many_labels_of_each_class_by_its_seed(judged):
    first, again, other = (clean("relabel_random", **judged, seed=seed) for seed in (1, 1, 2))
    turned = first.label != judged["y"]
    assert counts(turned, judged["y"]) == counts(judged["suspect"], judged["y"])
    assert first.keep.all()
    np.testing.assert_array_equal(first.label, again.label)
    assert (first.label != other.label).any()
    assert (turned != judged["suspect"]).any()


def test_the_levels_that_drop_or_weigh_leave_every_label_and_the_loss(judged):
    for level in ("filter", "reweight", "filter_random", "filter_lowest_p"):
        cleaning = clean(level, **judged, seed=1)
        assert (cleaning.label, cleaning.flip_rates) == (None, None)


def test_relabelling_that_leaves_one_class_fails_the_cell(judged):
    with pytest.raises(CellError, match="relabelling leaves no row of label 1"):
        clean("relabel", **judged | {"suspect": judged["y"] == 1}, seed=1)


def test_forward_keeps_rows_labels_and_weights_and_hands_on_the_rates(judged):
    rates = FlipRates(0.3, 0.05)
    cleaning = clean("forward", **judged, seed=1, flip_rates=rates)
    assert cleaning.flip_rates is rates
    assert cleaning.keep.all()
    assert not cleaning.suspect.any()
    assert cleaning.label is None
    assert cleaning.weight is judged["base_weight"]


def test_forward_refuses_rates_that_leave_nothing_to_learn(judged):
    with pytest.raises(CellError, match=r"missed BUY 0.80, false BUY 0.15\) leave 0.05"):
        clean("forward", **judged, seed=1, flip_rates=FlipRates(0.8, 0.15))
    clean("forward", **judged, seed=1, flip_rates=FlipRates(0.75, 0.15))
