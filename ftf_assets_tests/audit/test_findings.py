"""Measures within each observed class: a perfect, a useless and a class-guessing detector get their due."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.audit import findings
from ftf_assets.audit.detector import Detection, Evidence
from ftf_assets.audit.detectors import CONTROLS, DETECTORS
from ftf_assets.audit.findings import Finding, correct, measure_kind
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.noise import AuditLabels, NoisyLabels
from ftf_assets.contracts.bundles import Outcome
from ftf_assets_tests.support.audit_labels import evidence_of, runs_of_labels

SEEDS = 5
RATES = (0.1, 0.2, 0.1, 0.2, 0.1)


def draws_of(kind: str, n_rows: int = 3_000) -> list[NoisyLabels]:
    labels = AuditLabels(y=runs_of_labels(n_rows))
    return [NOISE_KINDS[kind].inject(labels, 0.1, np.random.default_rng(seed)) for seed in range(SEEDS)]


def controls_on(draws: list[NoisyLabels]) -> dict[str, list[Detection]]:
    shown = [evidence_of(draw.given) for draw in draws]
    return {name: [DETECTORS[name].detect(one) for one in shown] for name in CONTROLS}


def measure(kind: str, draws: list[NoisyLabels], judged: list[Detection]) -> dict[str, Finding]:
    """Measure ``judged`` in cleanlab's place, by observed label."""
    generators = [np.random.default_rng(100 + seed) for seed in range(len(draws))]
    said = {"cleanlab": judged, **controls_on(draws)}
    found = correct(measure_kind(NOISE_KINDS[kind], draws, said, generators))
    return {one.given_label: one for one in found if one.detector == "cleanlab"}


@pytest.mark.parametrize("kind", ["independent", "partial_bursts", "block_copy"])
def test_a_detector_that_knows_the_truth_beats_every_control_in_both_classes(kind):
    draws = draws_of(kind)
    found = measure(kind, draws, [Detection(draw.wrong.astype(float)) for draw in draws])
    for label in ("BUY", "HOLD"):
        one = found[label]
        assert one.average_precision == pytest.approx(1.0)
        assert one.lift.value == pytest.approx(np.mean([1 / draw.wrong[draw.given == (label == "BUY")].mean()
                                                        for draw in draws]))  # fmt: skip
        assert one.beats_controls
        assert one.margin.low > 0


def test_a_detector_that_only_knows_the_class_scores_overall_and_beats_nothing():
    draws = draws_of("independent")
    random = np.random.default_rng(0)
    guesses = [Detection(draw.given + 0.5 * random.random(len(draw.given))) for draw in draws]
    found = measure("independent", draws, guesses)
    assert found["all"].lift.value > 2.5
    assert found["all"].beats_controls is None, "overall average precision is no evidence"
    for label in ("BUY", "HOLD"):
        assert 0.8 < found[label].lift.value < 1.3
        assert found[label].beats_controls is False


def test_a_cleaner_that_is_a_rolling_mean_does_not_beat_the_rolling_mean():
    draws = draws_of("bursts")
    found = measure("bursts", draws, controls_on(draws)["rolling_mean"])
    for label in ("BUY", "HOLD"):
        assert found[label].lift.value > 2
        assert found[label].hardest_control == "rolling_mean"
        assert found[label].margin.value == 0
        assert found[label].beats_controls is False


def test_the_hardest_control_is_the_one_with_the_weakest_evidence():
    draws = draws_of("bursts")
    noise = np.random.default_rng(1)
    weak = [Detection(draw.wrong + 3 * noise.random(len(draw.given))) for draw in draws]
    found = measure("bursts", draws, weak)
    assert found["BUY"].hardest_control == "rolling_mean"
    assert found["BUY"].p_value > 0.5


def test_counts_are_summed_over_the_draws():
    draws = draws_of("missed_buys")
    found = measure("missed_buys", draws, [Detection(np.zeros(len(draw.given))) for draw in draws])
    assert found["HOLD"].n_wrong == found["all"].n_wrong == sum(draw.wrong.sum() for draw in draws)
    assert found["HOLD"].n_bursts == found["HOLD"].n_wrong
    assert found["HOLD"].n_seeds == SEEDS
    assert found["all"].n_rows == SEEDS * 3_000
    buy = found["BUY"]
    assert (buy.n_seeds, buy.n_wrong, buy.lift, buy.beats_controls) == (0, 0, None, None), "no BUY is wrong"


def test_where_nothing_is_flipped_there_are_only_estimated_noise_rates():
    draws = draws_of("none")
    estimates = [Detection(np.zeros(len(draw.given)), rate) for draw, rate in zip(draws, RATES, strict=True)]
    found = measure("none", draws, estimates)
    assert set(found) == {"all"}
    assert found["all"].estimated_noise_rate == pytest.approx(0.14)
    assert found["all"].average_precision is None


def test_equal_draws_and_generators_give_equal_numbers():
    draws = draws_of("bursts")
    judged = [Detection(draw.wrong + 1.0 * np.arange(len(draw.given)) % 7) for draw in draws]
    assert measure("bursts", draws, judged) == measure("bursts", draws, judged)


def test_p_values_are_corrected_for_everything_that_was_tested():
    blank = Finding("bursts", "cleanlab", "BUY", Outcome())
    found = correct([dataclasses.replace(blank, p_value=p) for p in (0.01, 0.04, None, 0.5)])
    assert [one.p_corrected for one in found] == [pytest.approx(0.03), pytest.approx(0.06), None, 0.5]
    assert [one.beats_controls for one in found] == [True, False, None, False]
    assert correct([]) == []


def test_no_cleaner_beats_the_controls_where_one_of_them_is_missing(monkeypatch):
    monkeypatch.setattr(findings, "CONTROLS", (*CONTROLS, "another"))
    draws = draws_of("independent")
    found = measure("independent", draws, [Detection(draw.wrong.astype(float)) for draw in draws])
    assert found["BUY"].beats_controls is None


def test_detectors_are_shown_labels_and_models_and_never_the_truth():
    shown = {field.name for field in dataclasses.fields(Evidence)}
    assert shown.isdisjoint({field.name for field in dataclasses.fields(AuditLabels)} - {"y"})
    assert shown.isdisjoint({field.name for field in dataclasses.fields(NoisyLabels)})
