"""Confident learning: quality, suspects under a cap, and what each cleaner does with them."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cleanlab.filter import find_label_issues
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.labels.cleaning import cap_per_class, clean
from ftf_assets.labels.confident_learning import flag_label_issues, label_quality

METHODS = ("self_confidence", "adjusted_self_confidence")


def weak_model(n: int = 4_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels at 16 % BUY and the out-of-fold P(BUY) of a model with an AUC near 0.56, as on real candles."""
    random = np.random.default_rng(seed)
    y = (random.random(n) < 0.16).astype(np.int8)
    return y, 1 / (1 + np.exp(1.7 - random.normal(0.12 * y, 0.5)))


@pytest.fixture(scope="module")
def judged():
    y, probability = weak_model()
    quality = label_quality(y, probability, "self_confidence")
    suspect = cap_per_class(flag_label_issues(y, probability), quality, y, 0.10)
    base_weight = np.random.default_rng(1).uniform(0.5, 1.5, len(y)).astype(np.float32)
    judged = {"y": y, "probability": probability, "quality": quality, "suspect": suspect}
    return judged | {"base_weight": base_weight}


# --- quality and flags ---------------------------------------------------------------------------------


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


def test_failure_6_plain_cleanlab_wipes_out_the_minority_and_the_cap_saves_it():
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


def test_failure_5_cleanlab_finishes_inside_a_daemonised_process():
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


# --- the cap -------------------------------------------------------------------------------------------


def bools(text: str) -> np.ndarray:
    return np.array([mark == "x" for mark in text])


@pytest.mark.parametrize(
    ("flagged", "quality", "share", "expected"),
    [
        ("xxxxx.....", [5, 4, 3, 2, 1, 0, 0, 0, 0, 0], 0.2, "....x....."),
        ("xxxxx.....", [1, 1, 1, 1, 1, 0, 0, 0, 0, 0], 0.4, "xx........"),
        ("xx...xx...", [1, 2, 0, 0, 0, 2, 1, 0, 0, 0], 0.2, "x.....x..."),
        ("xxxxxxxxxx", [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], 0.59, "xx...xx..."),
        ("xxxxxxxxxx", [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], 0.0, ".........."),
        ("xx........", [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], 1.0, "xx........"),
    ],
    ids=["worst first", "earlier row on ties", "each class", "rounded down", "nothing", "only flagged rows"],
)
def test_the_cap_takes_the_worst_first_and_the_earlier_row_on_ties(flagged, quality, share, expected):
    y = np.array([1] * 5 + [0] * 5, np.int8)
    found = cap_per_class(bools(flagged), np.array(quality) / 10, y, share)
    assert found.tolist() == bools(expected).tolist()


@pytest.mark.parametrize(
    ("share", "n", "limit"), [(0.1, 120, 12), (0.1, 129, 12), (0.3, 10, 3), (0.07, 100, 7)]
)
def test_a_share_is_whole_rows_whatever_binary_floats_say(share, n, limit):
    y = np.ones(n, np.int8)
    assert cap_per_class(y == 1, np.linspace(0, 1, n), y, share).sum() == limit


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_a_cap_that_is_no_share_is_refused(share):
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        cap_per_class(bools("x"), np.zeros(1), np.ones(1, np.int8), share)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_cap_holds_for_any_flags_quality_and_share(data):
    row = st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.7, 1.0]), st.integers(0, 1))
    rows = data.draw(st.lists(row, min_size=1))
    flagged, quality, y = (np.array(column) for column in zip(*rows, strict=True))
    y = y.astype(np.int8)
    share = data.draw(st.floats(0, 1))
    suspect = cap_per_class(flagged, quality, y, share)
    assert not (suspect & ~flagged).any()
    for label in (0, 1):
        of_class = y == label
        assert suspect[of_class].sum() <= share * of_class.sum() + 1e-6
        spared = flagged & ~suspect & of_class
        if spared.any() and (suspect & of_class).any():
            assert quality[suspect & of_class].max() <= quality[spared].min()


# --- cleaners ------------------------------------------------------------------------------------------


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
