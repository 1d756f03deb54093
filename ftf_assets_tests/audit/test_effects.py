"""What noise costs and cleaning recovers: scikit-learn's scores, and no share of a loss that was none."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from ftf_assets.audit.effects import WEEK, Score, measure_effects, score, week_resamples
from ftf_assets.contracts.bundles import Outcome

N_TEST = 1_500
START = np.arange(N_TEST, dtype=np.int64) * 3_600_000_000_000


def scores(*values: float, spread: float = 0.001) -> list[Score]:
    """One score a seed; the weeks move all models alike, as the same test rows do."""
    weeks = np.random.default_rng(0).normal(0, spread, 200)
    return [Score(value, value + weeks) for value in values]


def test_a_score_equals_the_average_precision_of_scikit_learn_also_with_ties():
    random = np.random.default_rng(0)
    y = (random.random(N_TEST) < 0.2).astype(np.int8)
    probability = np.round(random.random(N_TEST), 2)
    times = week_resamples(START, np.random.default_rng(1), 20)
    found = score(y, probability, times)
    assert found.value == pytest.approx(average_precision_score(y, probability))
    for b in (0, 7):
        assert found.resampled[b] == pytest.approx(
            average_precision_score(np.repeat(y, times[b]), np.repeat(probability, times[b]))
        )


def test_weeks_are_drawn_whole():
    times = week_resamples(START, np.random.default_rng(1), 20)
    for week in np.unique(START // WEEK):
        inside = times[:, week == START // WEEK]
        assert (inside == inside[:, :1]).all()
    n_weeks = len(np.unique(START // WEEK))
    first_of_week = np.unique(START // WEEK, return_index=True)[1]
    assert (times[:, first_of_week].sum(axis=1) == n_weeks).all()


def test_the_share_recovered_is_won_over_lost():
    effects = measure_effects(
        "bursts",
        scores(0.30, 0.30, 0.31, 0.30, 0.30),
        scores(0.20, 0.21, 0.20, 0.20, 0.20),
        {"filter": scores(0.25, 0.25, 0.26, 0.25, 0.25), "filter_random": scores(0.2, 0.2, 0.2, 0.2, 0.2)},
        n_test=N_TEST,
    )
    cleaned, control = effects
    assert (cleaned.clean, cleaned.noisy, cleaned.treated) == pytest.approx((0.302, 0.202, 0.252))
    assert cleaned.lost.value == pytest.approx(0.1)
    assert cleaned.won.value == pytest.approx(0.05)
    assert cleaned.recovered.value == pytest.approx(0.5)
    assert 0.4 < cleaned.recovered.low < 0.5 < cleaned.recovered.high < 0.6
    assert cleaned.over_random.value == pytest.approx(0.052)
    assert cleaned.over_lowest_p is None, "that control was not run"
    assert control.over_random is None, "a control is not compared with itself"


def test_where_nothing_was_lost_no_share_is_given():
    effects = measure_effects(
        "independent",
        scores(0.200, 0.210, 0.190, 0.205, 0.195),
        scores(0.195, 0.212, 0.188, 0.206, 0.194),
        {"filter": scores(0.3, 0.3, 0.3, 0.3, 0.3)},
        n_test=N_TEST,
    )
    assert effects[0].lost.low < 0 < effects[0].lost.high
    assert effects[0].recovered is None
    assert effects[0].won.value > 0.09, "what the treatment does is said all the same"


def test_a_treatment_that_failed_is_an_effect_that_says_so():
    failed = Outcome.failed(RuntimeError("boom"), "fit")
    (effect,) = measure_effects("bursts", scores(0.3, 0.3), scores(0.2, 0.2), {"filter": failed}, n_test=9)
    assert effect.outcome == failed
    assert effect.treated is None
    assert effect.recovered is None
