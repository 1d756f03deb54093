"""Noise that is put in: as much as asked for, where its kind says, the same again, only in the labels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.audit.kinds import NOISE_KINDS, bursts, chosen_kinds
from ftf_assets.audit.noise import NO_BURST, AuditLabels
from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets_tests.support.audit_labels import N_ROWS, audit_labels

DRAWN = [name for name, kind in NOISE_KINDS.items() if kind.drawn]
SHARE = 0.10
N_FLIPS = round(SHARE * N_ROWS)

#: Wrong labels of each kind at a share of 10 %: half of it for missed BUYs, which are only BUYs.
EXPECTED = dict.fromkeys(DRAWN, N_FLIPS) | {"missed_buys": N_FLIPS // 2}


def draw(name: str, seed: int = 0, share: float = SHARE, labels: AuditLabels | None = None):
    return NOISE_KINDS[name].inject(labels or audit_labels(), share, np.random.default_rng(seed))


def stretches(burst: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(burst == number) for number in np.unique(burst[burst != NO_BURST])]


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("share", [0.02, 0.10, 0.15])
def test_the_share_of_wrong_labels_is_exact(name, share):
    n_wrong = draw(name, share=share).wrong.sum()
    expected = round(share * N_ROWS) if name != "missed_buys" else round(share / 2 * N_ROWS)
    assert n_wrong == expected - (expected % 2 if name == "block_copy" else 0)


@pytest.mark.parametrize("name", NOISE_KINDS)
def test_only_labels_change_and_what_is_wrong_is_known(name):
    labels = audit_labels()
    before = labels.y.copy()
    noisy = draw(name, labels=labels)
    np.testing.assert_array_equal(labels.y, before)
    assert noisy.given.dtype == noisy.true.dtype == np.int8
    np.testing.assert_array_equal(noisy.wrong, noisy.given != noisy.true)
    np.testing.assert_array_equal(noisy.burst == NO_BURST, ~noisy.wrong)
    if name != "known_truth":
        np.testing.assert_array_equal(noisy.true, before)


@pytest.mark.parametrize("name", DRAWN)
def test_equal_generators_draw_equal_noise_and_others_do_not(name):
    one, same, other = draw(name, seed=3), draw(name, seed=3), draw(name, seed=4)
    np.testing.assert_array_equal(one.given, same.given)
    np.testing.assert_array_equal(one.burst, same.burst)
    assert (one.given != other.given).any()


def test_nothing_is_flipped_where_nothing_should_be():
    noisy = draw("none")
    assert not noisy.wrong.any()


def test_independent_flips_make_a_third_of_the_observed_buys_wrong():
    wrong = [
        draw("independent", seed).wrong[draw("independent", seed).given == 1].mean() for seed in range(5)
    ]
    assert 0.30 < np.mean(wrong) < 0.42


def test_missed_buys_are_buys_and_never_more_than_half_of_them():
    labels = audit_labels()
    noisy = draw("missed_buys", labels=labels)
    assert (labels.y[noisy.wrong] == 1).all()
    rare = dataclasses.replace(labels, y=np.where(np.arange(N_ROWS) < 20, 1, 0).astype(np.int8))
    assert draw("missed_buys", labels=rare).wrong.sum() == 10


def test_bursts_are_whole_stretches_of_6_to_96_rows_of_many_lengths():
    lengths = []
    for seed in range(5):
        noisy = draw("bursts", seed)
        found = stretches(noisy.burst)
        for rows in found:
            assert (np.diff(rows) == 1).all()
        # The last one is cut short where the share is reached.
        lengths += sorted(map(len, found))[1:]
    assert min(lengths) >= bursts.SHORTEST
    assert max(lengths) <= bursts.LONGEST
    assert np.quantile(lengths, 0.75) > 2 * np.quantile(lengths, 0.25), "no window fits them all"


def test_in_partial_bursts_every_second_label_is_wrong():
    inside = [
        noisy.wrong[rows[0] : rows[-1] + 1].mean()
        for noisy in (draw("partial_bursts", seed) for seed in range(5))
        for rows in stretches(noisy.burst)
        if len(rows) > 5
    ]
    assert 0.45 < np.mean(inside) < 0.62


def test_block_copy_keeps_the_rate_of_every_stretch_and_its_labels_come_from_elsewhere():
    labels = audit_labels()
    for seed in range(5):
        noisy = draw("block_copy", seed, labels=labels)
        assert noisy.given.sum() == labels.y.sum()
        for rows in stretches(noisy.burst):
            assert noisy.given[rows].sum() == labels.y[rows].sum() == len(rows) / 2
            span = slice(rows[0], rows[-1] + 1)
            windows = np.lib.stride_tricks.sliding_window_view(labels.y, span.stop - span.start)
            copied = (windows == noisy.given[span]).all(axis=1)
            cut_short = rows[-1] == np.flatnonzero(noisy.wrong).max() or not copied.any()
            assert copied.any() or cut_short


def test_label_jitter_flips_unstable_labels_only_the_less_stable_the_likelier():
    labels = audit_labels()
    stability = labels.stability
    flipped = np.concatenate(
        [stability[draw("label_jitter", seed, labels=labels).wrong] for seed in range(5)]
    )
    assert (flipped < 1).all()
    assert flipped.mean() < stability[stability < 1].mean()


def test_label_jitter_flips_what_there_is_where_few_labels_are_unstable():
    stability = np.ones(N_ROWS, np.float32)
    stability[100:150] = 0.5
    few = dataclasses.replace(audit_labels(), stability=stability)
    noisy = draw("label_jitter", labels=few)
    assert noisy.wrong.sum() == 50
    assert len(stretches(noisy.burst)) == 1, "neighbours overlap and go wrong together"
    steady = dataclasses.replace(few, stability=np.ones(N_ROWS, np.float32))
    with pytest.raises(CellError, match="no label changes under jittered barriers"):
        draw("label_jitter", labels=steady)


def test_near_barrier_flips_half_of_the_closest_calls():
    labels = audit_labels()
    noisy = draw("near_barrier", labels=labels)
    pool = np.argsort(labels.margin, kind="stable")[: 2 * N_FLIPS]
    assert np.isin(np.flatnonzero(noisy.wrong), pool).all()
    assert noisy.wrong[pool].mean() == 0.5


def test_the_known_truth_judges_the_observed_labels_and_injects_nothing():
    labels = audit_labels()
    noisy = draw("known_truth", labels=labels)
    assert noisy.given is labels.y
    assert noisy.true is labels.truth.label
    inside = noisy.burst[(noisy.wrong) & labels.truth.in_burst]
    assert len(np.unique(inside)) == 2, "the market's two bursts"
    scattered = noisy.burst[noisy.wrong & ~labels.truth.in_burst]
    assert len(np.unique(scattered)) == len(scattered)


@pytest.mark.parametrize(
    ("name", "missing", "reason"),
    [
        ("label_jitter", "stability", "needs label_stability"),
        ("near_barrier", "margin", "needs candles"),
        ("known_truth", "truth", "only the embedded market knows"),
    ],
)
def test_a_kind_that_needs_more_than_labels_says_what_is_missing(name, missing, reason):
    with pytest.raises(CellError, match=reason):
        draw(name, labels=dataclasses.replace(audit_labels(), **{missing: None}))


def test_labels_without_room_for_the_bursts_are_refused():
    short = AuditLabels(y=np.zeros(20, np.int8))
    with pytest.raises(CellError, match="no room for the bursts in 20 rows"):
        draw("block_copy", labels=short)


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        (None, tuple(NOISE_KINDS)),
        (("bursts", "independent"), ("independent", "bursts")),
        (("none",), ("none",)),
    ],
)
def test_kinds_come_in_the_order_of_the_registry(named, chosen):
    assert chosen_kinds(named) == chosen


def test_an_audit_of_no_kind_is_refused():
    with pytest.raises(InputError, match="at least one kind of noise"):
        chosen_kinds(())


def test_an_unknown_kind_is_named_with_those_that_exist():
    with pytest.raises(InputError, match=r"unknown kind of noise.*'burst'.*partial_bursts"):
        chosen_kinds(("burst",))
