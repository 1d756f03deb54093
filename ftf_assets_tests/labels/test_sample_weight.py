"""Sample weights: the weight of a row by overlap, return, age and stability of its label."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.labels.apply_factors import treated_weight
from ftf_assets.labels.fit_rows import FitRows
from ftf_assets.labels.sample_weight import (
    OLDEST_WEIGHT,
    SAMPLE_WEIGHT,
    average_uniqueness,
    sample_weight,
    time_decay,
)
from ftf_assets_tests.support.production import plan_of

HOUR = 3_600_000_000_000


def hours(*numbers: float) -> np.ndarray:
    return (np.array(numbers) * HOUR).astype(np.int64)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param([0, 4, 8], [4, 8, 12], [1, 1, 1], id="one after the other: the bars do not overlap"),
        pytest.param([0, 0.5], [4, 4], [4 / 8, 4 / 8], id="the same bars"),
        pytest.param([0, 2], [4, 6], [(1 + 1 + 1 / 2 + 1 / 2) / 4] * 2, id="half of the bars are shared"),
        pytest.param([0, 1, 2], [4, 2, 3], [(1 + 1 / 2 + 1 / 2 + 1) / 4, 1 / 2, 1 / 2], id="one holds two"),
        pytest.param([0, 100], [1, 101], [1, 1], id="a gap between them counts for nothing"),
        pytest.param([3], [3], [1], id="a label that ends at once still has its bar"),
    ],
)
def test_uniqueness_is_the_mean_over_a_labels_bars_of_one_over_the_open_labels(start, end, expected) -> None:
    found = average_uniqueness(hours(*start), hours(*end), HOUR)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def uniqueness_bar_by_bar(start: np.ndarray, end: np.ndarray) -> list[float]:
    """López de Prado's snippets 4.1 and 4.2, on whole hours: a count of open labels a bar, then its mean."""
    bars = [range(int(s) + 1, max(int(e), int(s) + 1) + 1) for s, e in zip(start, end, strict=True)]
    n_open = {bar: sum(bar in other for other in bars) for of in bars for bar in of}
    return [float(np.mean([1 / n_open[bar] for bar in of])) for of in bars]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 12)), min_size=1, max_size=40))
def test_uniqueness_equals_the_count_bar_by_bar(steps) -> None:
    start = np.cumsum([step for step, _ in steps])
    end = start + np.array([length for _, length in steps])
    found = average_uniqueness(start * HOUR, end * HOUR, HOUR)
    np.testing.assert_allclose(found, uniqueness_bar_by_bar(start, end), rtol=1e-9)


def test_decay_ages_by_uniqueness_and_not_by_rows() -> None:
    alone, crowd = np.ones(4), np.array([1.0, 0.5, 0.5, 1.0])
    np.testing.assert_allclose(time_decay(alone), OLDEST_WEIGHT + 0.5 * np.array([1, 2, 3, 4]) / 4)
    np.testing.assert_allclose(time_decay(crowd), OLDEST_WEIGHT + 0.5 * np.array([1, 1.5, 2, 3]) / 3)
    assert time_decay(alone)[-1] == 1.0


@pytest.fixture
def rows(training_arrays) -> FitRows:
    rows = np.arange(200, 1_400, dtype=np.int64)
    return FitRows.of(training_arrays, rows, HOUR, np.ones(len(rows), np.bool_))


def weight_of(rows: FitRows, level: str, training_arrays) -> np.ndarray:
    return treated_weight((("sample_weight", level),), rows, plan_of(training_arrays))


@pytest.mark.parametrize("level", SAMPLE_WEIGHT.levels[1:])
def test_every_level_multiplies_the_base_weight_by_multipliers_of_mean_one(
    rows, training_arrays, level
) -> None:
    weight = weight_of(rows, level, training_arrays)
    assert weight.dtype == np.float32
    multiplier = weight / rows.base_weight
    assert multiplier.mean() == pytest.approx(1.0, rel=1e-5)
    assert multiplier.std() > 0.01
    assert (weight >= 0).all()


def test_each_level_weighs_as_it_is_defined(rows, training_arrays) -> None:
    plan = plan_of(training_arrays)
    uniqueness = sample_weight("uniqueness", rows, plan)
    attribution = sample_weight("return_attribution", rows, plan)
    np.testing.assert_allclose(attribution, np.abs(rows.label_return.astype(float)) * uniqueness, rtol=1e-12)
    np.testing.assert_array_equal(sample_weight("time_decay", rows, plan), time_decay(uniqueness))
    np.testing.assert_array_equal(sample_weight("label_stability", rows, plan), rows.label_stability)
    # Targets are three stops away: the few BUYs weigh about as much as the many HOLDs.
    buy = rows.y == 1
    assert attribution[buy].mean() > 2 * attribution[~buy].mean()


@pytest.mark.parametrize("level", SAMPLE_WEIGHT.levels[1:])
def test_weights_depend_on_the_rows_of_their_fit_only(rows, training_arrays, level) -> None:
    """Other rows before and after the fit part change no weight."""
    inside = np.zeros(training_arrays.n_rows, bool)
    inside[200:1_400] = True
    other = dataclasses.replace(
        training_arrays,
        label_return=np.where(inside, training_arrays.label_return, np.float32(9)),
        end=np.where(inside, training_arrays.end, training_arrays.end + 50 * HOUR),
        label_stability=np.where(inside, training_arrays.label_stability, np.float32(0)),
    )
    changed = FitRows.of(other, np.arange(200, 1_400, dtype=np.int64), HOUR, np.ones(1_200, np.bool_))
    np.testing.assert_array_equal(
        weight_of(changed, level, training_arrays), weight_of(rows, level, training_arrays)
    )


def test_without_a_weight_factor_the_base_weight_passes_through_as_the_same_object(rows, training_arrays):
    assert treated_weight((), rows, plan_of(training_arrays)) is rows.base_weight
    moved = (("label_smoothing", "mild"), ("cleanlab", "filter"))
    assert treated_weight(moved, rows, plan_of(training_arrays)) is rows.base_weight


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({"label_return": np.zeros(1_200, np.float32)}, "return_attribution"),
        ({"label_stability": np.zeros(1_200, np.float32)}, "label_stability"),
    ],
    ids=["no label earned or lost anything", "no label is stable"],
)
def test_weights_that_are_all_zero_fail_at_stage_weighting(rows, training_arrays, change, level) -> None:
    with pytest.raises(CellError, match=rf"sample_weight = {level}.*only zero") as failed:
        weight_of(dataclasses.replace(rows, **change), level, training_arrays)
    assert failed.value.stage == "weighting"


def test_data_without_label_stability_are_refused(rows, training_arrays) -> None:
    with pytest.raises(InputError, match=r"column 'label_stability': the data have no label_stability"):
        weight_of(dataclasses.replace(rows, label_stability=None), "label_stability", training_arrays)


def test_an_unknown_level_is_refused(rows, training_arrays) -> None:
    with pytest.raises(InputError, match=r"unknown level of the factor sample_weight \(found 'volume'"):
        sample_weight("volume", rows, plan_of(training_arrays))
