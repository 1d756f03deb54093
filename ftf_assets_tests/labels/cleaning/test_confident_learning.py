"""Confident learning: label quality and flags, as cleanlab computes them."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.contracts.errors import CellError
from ftf_assets.labels.cleaning.confident_learning import (
    confident_joint,
    flag_label_issues,
    flip_rates,
    label_quality,
    limits_of_joint,
)
from ftf_assets.labels.cleaning.suspect_cap import cap_per_class, limits_of_share
from ftf_assets_tests.support.weak_model import weak_model

METHODS = ("self_confidence", "adjusted_self_confidence")


@pytest.mark.parametrize("method", METHODS)
def test_quality_lies_between_0_and_1_and_is_low_where_the_model_disagrees(method):
    y, probability = np.array([1, 0, 1, 0], np.int8), np.array([0.9, 0.1, 0.2, 0.8])
    quality = label_quality(y, probability, method)
    assert quality.dtype == np.float64
    assert ((quality >= 0) & (quality <= 1)).all()
    assert quality[:2].min() > quality[2:].max()


def test_self_confidence_is_the_probability_of_the_given_label():
    y, probability = weak_model(500)
    expected = np.where(y == 1, probability, 1 - probability)
    np.testing.assert_allclose(label_quality(y, probability, "self_confidence"), expected, rtol=1e-12)


def test_within_a_class_both_methods_order_the_rows_alike():
    y, probability = weak_model(1_000)
    own, adjusted = (label_quality(y, probability, method) for method in METHODS)
    for label in (0, 1):
        of_class = y == label
        assert (np.argsort(own[of_class]) == np.argsort(adjusted[of_class])).all()


def test_plain_cleanlab_flags_a_third_of_the_minority_and_the_cap_prevents_it():
    y, probability = weak_model()
    flagged = flag_label_issues(y, probability)
    assert flagged[y == 1].mean() > 0.30
    assert flagged[y == 0].mean() < 0.01
    suspect = cap_per_class(flagged, label_quality(y, probability, "self_confidence"), y, 0.10)
    assert suspect[y == 1].sum() == int(0.10 * (y == 1).sum())
    assert suspect[y == 0].mean() <= 0.10
    assert not (suspect & ~flagged).any()


def test_flags_are_those_of_cleanlab():
    y, probability = weak_model(1_500, seed=2)
    expected = find_label_issues(y.astype(int), np.column_stack([1 - probability, probability]), n_jobs=1)
    np.testing.assert_array_equal(flag_label_issues(y, probability), expected)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_fails_the_cell(label):
    with pytest.raises(CellError, match=rf"only label \[{label}\]") as failed:
        flag_label_issues(np.full(20, label, np.int8), np.linspace(0, 1, 20))
    assert failed.value.stage == "cleaning"


def flag_and_report(connection) -> None:
    y, probability = weak_model()
    connection.send(int(flag_label_issues(y, probability).sum()))


def test_cleanlab_finishes_inside_a_daemonised_process():
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    worker = context.Process(target=flag_and_report, args=(sender,), daemon=True)
    worker.start()
    try:
        assert receiver.poll(60), "cleanlab hangs in a daemonised worker"
        assert receiver.recv() == flag_label_issues(*weak_model()).sum()
        worker.join(20)
        assert worker.exitcode == 0
    finally:
        worker.kill()


def test_threads_get_what_a_serial_call_gets():
    problems = [weak_model(600 + 50 * seed, seed) for seed in range(8)] * 3

    def judge(problem):
        return flag_label_issues(*problem), label_quality(*problem, "adjusted_self_confidence")

    serial = [judge(problem) for problem in problems]
    with ThreadPoolExecutor(8) as pool:
        threaded = list(pool.map(judge, problems))
    for expected, found in zip(serial, threaded, strict=True):
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


def test_the_joint_is_that_of_cleanlab_and_keeps_the_number_of_each_given_label():
    y, probability = weak_model(1_500, seed=2)
    joint = confident_joint(y, probability)
    expected = compute_confident_joint(y.astype(int), np.column_stack([1 - probability, probability]))
    np.testing.assert_array_equal(joint, expected)
    np.testing.assert_array_equal(joint.sum(axis=1), np.bincount(y))


def test_with_separated_classes_the_joint_finds_the_true_rates():
    """The case that confident learning assumes: the model is sure of every true label."""
    random = np.random.default_rng(0)
    truth = (random.random(20_000) < 0.2).astype(np.int8)
    flips = random.random(len(truth)) < np.where(truth == 1, 0.3, 0.05)
    given = np.where(flips, 1 - truth, truth).astype(np.int8)
    probability = np.where(truth == 1, 0.95, 0.05) + random.normal(0, 0.005, len(truth))
    joint = confident_joint(given, probability)
    rates = flip_rates(joint, limits_of_joint(joint))
    assert rates.missed_buy == pytest.approx(0.3, abs=0.02)
    assert rates.false_buy == pytest.approx(0.05, abs=0.01)


def test_on_a_weak_model_the_joint_calls_labels_without_any_noise_wrong_and_a_limit_prevents_it():
    y, probability = weak_model()
    joint = confident_joint(y, probability)
    assert joint[1, 0] > 0.3 * (y == 1).sum()
    believed = flip_rates(joint, limits_of_joint(joint))
    assert believed.kept < 0.2
    capped = flip_rates(joint, limits_of_share(y, 0.10))
    n_hold, n_buy = np.bincount(y)
    true_buy = n_buy - int(0.1 * n_buy) + int(0.1 * n_hold)
    assert capped.missed_buy == pytest.approx(int(0.1 * n_hold) / true_buy)
    assert capped.false_buy == pytest.approx(int(0.1 * n_buy) / (len(y) - true_buy))
    assert flip_rates(joint, (0, 0)) == FlipRates(0.0, 0.0)


def test_no_joint_without_both_classes():
    with pytest.raises(CellError, match="holds only label"):
        confident_joint(np.ones(50, np.int8), np.full(50, 0.5))
