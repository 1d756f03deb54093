"""Masks of the temporal cleaner: pandas and arrays alike, its controls, and no look-ahead."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from jaxtyping import TypeCheckError

from ftf_assets.contracts.coercion import coerce_candles, coerce_training_data
from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.cleaning import judges
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.masks import make_masks
from ftf_assets_tests.support.production import CRYPTO, MemoryFitStore, plan_of, train, variants_of
from ftf_assets_tests.support.production import candles as candles_of

TEMPORAL = ("filter_temporal", "reweight_temporal", "filter_temporal_random", "filter_temporal_lowest_p")
LEVELS = variants_of("cleanlab=filter," + ",".join(TEMPORAL))


@pytest.fixture(scope="session")
def candle_frame(_feature_cache) -> pd.DataFrame:
    return candles_of(_feature_cache)


@pytest.fixture(scope="session")
def bars(candle_frame):
    return coerce_candles(candle_frame, crypto=CRYPTO)


@pytest.fixture(scope="session")
def run(training_arrays, bars):
    return train(plan_of(training_arrays, variants=LEVELS), training_arrays, candles=bars)


def counts(rows: np.ndarray, y: np.ndarray) -> list[int]:
    return [int((rows & (y == label)).sum()) for label in (0, 1)]


def test_suspects_are_the_smaller_of_cap_and_expected_errors_the_likeliest_first(run):
    for fold in (0, 1):
        mask = run.mask("filter_temporal", fold)
        y = run.arrays.y[mask.rows]
        wrong = 1.0 - mask.label_quality
        expected = (mask.noise.expected_errors_hold, mask.noise.expected_errors_buy)
        assert mask.noise.noise_rate == pytest.approx(wrong.mean())
        for label in (0, 1):
            of_class = y == label
            assert expected[label] == pytest.approx(wrong[of_class].sum())
            limit = min(int(expected[label]), int(0.10 * of_class.sum() + 1e-9))
            assert (mask.suspect & of_class).sum() == limit
            if limit:
                assert wrong[mask.suspect & of_class].min() >= wrong[~mask.suspect & of_class].max()
        assert mask.suspect.any()
    folds = {fold.index: fold.fit for fold in run.plan.folds(run.arrays)}
    run.masks.validate(CRYPTO, labels=run.arrays.y, fit_parts=folds, suspect_cap=0.10)


def test_filter_drops_and_reweight_keeps_each_class_total(run):
    for fold in (0, 1):
        dropped, weighed = run.mask("filter_temporal", fold), run.mask("reweight_temporal", fold)
        y, base = run.arrays.y[dropped.rows], run.arrays.base_weight[dropped.rows]
        np.testing.assert_array_equal(dropped.suspect, weighed.suspect)
        assert (dropped.keep == ~dropped.suspect).all()
        assert weighed.keep.all()
        for label in (0, 1):
            of_class = y == label
            np.testing.assert_allclose(weighed.weight[of_class].sum(), base[of_class].sum(), rtol=1e-5)
        assert (weighed.weight[weighed.suspect] < base[weighed.suspect]).all()
        assert run.cell("filter_temporal", fold).n_kept == dropped.keep.sum()


@pytest.mark.parametrize("control", ["filter_temporal_random", "filter_temporal_lowest_p"])
def test_a_control_drops_as_many_of_each_class_as_its_own_cleaner_but_other_rows(run, control):
    for fold in (0, 1):
        cleaned, other = run.mask("filter_temporal", fold), run.mask(control, fold)
        y = run.arrays.y[cleaned.rows]
        assert counts(other.suspect, y) == counts(cleaned.suspect, y)
        assert (other.keep == ~other.suspect).all()
        assert (other.keep != cleaned.keep).any()


def test_the_lowest_probability_control_depends_on_the_model_only(run):
    mask = run.mask("filter_temporal_lowest_p", fold=1)
    y = run.arrays.y[mask.rows]
    own = np.where(y == 1, mask.probability, 1.0 - mask.probability)
    for label in (0, 1):
        of_class = y == label
        if (mask.suspect & of_class).any():
            assert own[mask.suspect & of_class].max() <= own[~mask.suspect & of_class].min()


def test_each_judge_runs_once_for_all_its_levels(training_arrays, bars, monkeypatch):
    asked = []

    def note(name):
        ask = getattr(judges, name)
        return lambda *arguments, **keywords: asked.append(name) or ask(*arguments, **keywords)

    for name in ("temporal_noise", "flag_label_issues"):
        monkeypatch.setattr(judges, name, note(name))
    variants = variants_of("cleanlab=filter,reweight," + ",".join(TEMPORAL))
    train(plan_of(training_arrays, variants=variants), training_arrays, candles=bars)
    assert sorted(asked) == ["flag_label_issues"] * 2 + ["temporal_noise"] * 2


def end_of_fit(run, fold: int = 0) -> int:
    return int(run.arrays.end[run.mask("filter_temporal", fold).rows].max())


def masks_with(run, arrays, candles):
    """Masks of other rows or candles with the same baselines, because validation rows choose their rounds."""
    engine = FitEngine(MemoryFitStore(), ThreadFitExecutor(1), lambda _: None)
    return make_masks(run.plan, arrays, run.soft_labels, run.baselines, engine, candles)


def test_rows_and_candles_after_the_fit_part_change_no_mask(run, bars):
    """Later candles, and labels and features of validation and test rows, must not be read."""
    later = bars.close_time > end_of_fit(run)
    changed = {name: np.where(later, 7.0, getattr(bars, name)) for name in ("open", "high", "low", "close")}
    fold = run.plan.folds(run.arrays)[0]
    y, X = run.arrays.y.copy(), run.arrays.X.copy()
    y[fold.validation[0] :], X[fold.validation[0] :] = 1 - y[fold.validation[0] :], 0
    arrays = dataclasses.replace(run.arrays, y=y, X=X)
    expected = run.mask("filter_temporal")
    (found,) = masks_with(run, arrays, dataclasses.replace(bars, **changed)).find(0, "filter_temporal")
    np.testing.assert_array_equal(found.label_quality, expected.label_quality)
    np.testing.assert_array_equal(found.keep, expected.keep)
    assert found.noise == expected.noise


def test_candles_inside_the_fit_part_do_change_it(run, candle_frame):
    rougher = coerce_candles(candles_of(candle_frame, seed=6), crypto=CRYPTO)
    (found,) = masks_with(run, run.arrays, rougher).find(0, "filter_temporal")
    assert (found.label_quality != run.mask("filter_temporal").label_quality).any()


def test_both_forms_and_any_number_of_workers_give_the_same_masks_to_the_bit(run, production_data, bars):
    for form, workers in (("pandas", 2), ("ndarray", 1)):
        arrays = coerce_training_data(**production_data.of(form), crypto=CRYPTO)
        other = train(run.plan, arrays, workers=workers, candles=bars)
        for one, same in zip(run.masks.masks, other.masks.masks, strict=True):
            np.testing.assert_array_equal(one.label_quality, same.label_quality)
            np.testing.assert_array_equal(one.keep, same.keep)
            np.testing.assert_array_equal(one.weight, same.weight)


def test_without_candles_nothing_is_fitted(training_arrays, run):
    with pytest.raises(InputError, match=r"OPUSDC.*temporal cleaners need candles"):
        masks_with(run, training_arrays, None)


def test_a_frame_of_candles_does_not_pass_the_boundary(run, candle_frame):
    with pytest.raises(TypeCheckError, match="candles"):
        masks_with(run, run.arrays, candle_frame)


def test_too_few_candles_fail_the_temporal_cells_alone(training_arrays, bars):
    few = dataclasses.replace(
        bars, **{f.name: getattr(bars, f.name)[:200] for f in dataclasses.fields(bars) if f.name != "bar"}
    )
    variants = variants_of("cleanlab=filter,filter_temporal")
    outcomes = {
        (cell.variant, cell.fold): (cell.outcome.status, cell.outcome.error_stage)
        for cell in train(
            plan_of(training_arrays, variants=variants), training_arrays, candles=few
        ).models.cells
    }
    failed = {name for name, (status, _) in outcomes.items() if status != "ok"}
    assert failed == {("filter_temporal", 0), ("filter_temporal", 1)}
    assert {outcomes[name] for name in failed} == {("training_failed", "cleaning")}
