"""The detectors: what each may look at, the controls' formulas, and what the controls score."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.audit.detectors import CONTROLS, DETECTORS
from ftf_assets.audit.detectors.controls import WINDOW
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.noise import AuditLabels, NoisyLabels
from ftf_assets.audit.ranking import average_precision, rank
from ftf_assets.contracts.errors import CellError
from ftf_assets.labels.cleaning.confident_learning import flag_label_issues, label_quality
from ftf_assets.labels.triple_barrier import triple_barrier
from ftf_assets.sources.candles.indicators import wilder_atr
from ftf_assets_tests.support.audit_labels import evidence_of, random_candles, runs_of_labels


def overall(detector: str, noisy: NoisyLabels) -> float:
    said = DETECTORS[detector].detect(evidence_of(noisy.given)).suspicion
    return average_precision(rank(said, noisy.wrong, noisy.burst))


def noise(kind: str, seed: int) -> NoisyLabels:
    labels = AuditLabels(y=runs_of_labels(20_000, 0.16, seed))
    return NOISE_KINDS[kind].inject(labels, 0.10, np.random.default_rng(seed))


def test_label_only_scores_a_third_overall_on_independent_flips_and_finds_nothing_within_a_class():
    """At a BUY rate of 16 %, suspecting every observed BUY scores an average precision of 0.31 to 0.35."""
    for seed in range(5):
        noisy = noise("independent", seed)
        assert 0.31 <= overall("label_only", noisy) <= 0.35
        assert overall("constant_p", noisy) == pytest.approx(overall("label_only", noisy))
        for label in (0, 1):
            chosen = noisy.given == label
            said = DETECTORS["label_only"].detect(evidence_of(noisy.given)).suspicion[chosen]
            lift = average_precision(rank(said, noisy.wrong[chosen], noisy.burst[chosen]))
            assert lift == pytest.approx(noisy.wrong[chosen].mean(), rel=0.05)


def test_a_rolling_mean_of_the_labels_finds_bursts_without_any_model():
    """On flips in bursts its average precision is above 0.77; on single flips hardly more than chance."""
    assert all(overall("rolling_mean", noise("bursts", seed)) > 0.77 for seed in range(5))
    assert all(overall("rolling_mean", noise("independent", seed)) < 0.15 for seed in range(5))


def test_no_control_finds_copied_blocks():
    for name in CONTROLS:
        found = [overall(name, noise("block_copy", seed)) for seed in range(5)]
        assert np.mean(found) < 0.25, "what label only scores: the share of wrong labels among BUYs"


def test_the_rolling_mean_is_the_mean_label_of_the_rows_around_fewer_at_the_ends():
    y = runs_of_labels(100)
    said = DETECTORS["rolling_mean"].detect(evidence_of(y)).suspicion
    half = WINDOW // 2
    for row in (0, 5, 50, 99):
        assert said[row] == pytest.approx(y[max(row - half, 0) : row + half + 1].mean())


def test_the_controls_by_hand():
    y = np.array([1, 0, 0, 0] * 10, np.int8)
    assert DETECTORS["label_only"].detect(evidence_of(y)).suspicion[:2].tolist() == [1.0, 0.0]
    assert DETECTORS["constant_p"].detect(evidence_of(y)).suspicion[:2].tolist() == [0.75, 0.25]


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_need_no_model_and_estimate_no_noise(name):
    detector = DETECTORS[name]
    assert detector.schemes == ()
    assert detector.detect(evidence_of(runs_of_labels(60))).estimated_noise_rate is None


@pytest.mark.parametrize(("name", "scheme"), [("cleanlab", "time_blocks"), ("cleanlab_shuffled", "shuffled")])
def test_cleanlab_is_the_sweeps_label_quality_and_its_flags_before_any_cap(name, scheme):
    random = np.random.default_rng(2)
    y = runs_of_labels(500)
    probability = np.clip(0.16 + 0.1 * random.normal(size=500), 0.01, 0.99)
    found = DETECTORS[name].detect(evidence_of(y, **{scheme: probability}))
    np.testing.assert_allclose(found.suspicion, 1 - label_quality(y, probability, "self_confidence"))
    assert found.estimated_noise_rate == flag_label_issues(y, probability).mean()


def test_a_detector_without_its_models_says_so():
    with pytest.raises(CellError, match="no out-of-fold probabilities of the scheme time_blocks"):
        DETECTORS["cleanlab"].detect(evidence_of(runs_of_labels(60)))


def test_every_name_is_its_own_and_every_role_is_there():
    assert all(name == detector.name for name, detector in DETECTORS.items())
    assert {detector.role for detector in DETECTORS.values()} == {"cleaner", "reference", "control"}
    assert CONTROLS == ("label_only", "constant_p", "rolling_mean"), "a cleaner must beat exactly these three"


def test_the_temporal_judge_finds_bursts_and_says_how_many_labels_it_holds_for_wrong():
    candles = random_candles(6_000)
    y = triple_barrier(candles, wilder_atr(candles)).label
    noisy = NOISE_KINDS["bursts"].inject(AuditLabels(y=y), 0.10, np.random.default_rng(0))
    shown = evidence_of(noisy.given, candles, time_blocks=np.full(len(y), float(y.mean())))
    found = DETECTORS["temporal"].detect(shown)
    assert average_precision(rank(found.suspicion, noisy.wrong, noisy.burst)) > 0.6
    assert 0.05 < found.estimated_noise_rate < 0.2
    np.testing.assert_allclose(1 - found.suspicion, shown.judgement("reweight_temporal").label_quality)


def test_a_judge_is_asked_once_for_all_of_its_levels():
    y = runs_of_labels(500)
    shown = evidence_of(y, time_blocks=np.random.default_rng(0).uniform(0.05, 0.4, 500))
    assert shown.judgement("filter") is shown.judgement("filter_lowest_p")


def test_judges_see_neither_the_return_nor_the_stability_of_the_true_label():
    y = runs_of_labels(500)
    judged = evidence_of(y, time_blocks=np.full(500, 0.16)).judged
    assert not judged.rows.label_return.any()
    assert judged.rows.label_stability is None
