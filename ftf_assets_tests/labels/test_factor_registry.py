"""Adding a factor is one module and one registry line: a toy of each kind runs through every stage."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.labels.factor import Factor, LabelFactor, RowFactor, WeightFactor
from ftf_assets.labels.factor_registry import FACTORS, registry
from ftf_assets.labels.fit_rows import Judgement, TreatedRows
from ftf_assets.labels.smoothing import LABEL_SMOOTHING
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.training.evaluation import evaluate_cells
from ftf_assets.training.fit_keys import model_fit_key
from ftf_assets.training.planned_fits import planned_fit_keys
from ftf_assets_tests.support.production import SCORING, plan_of, train, variants_of
from ftf_assets_tests.support.results_rows import SWEEP, ok_row

COMMON = {"baseline": "as_is", "default_levels": ("as_is", "toy_a"), "levels": ("as_is", "toy_a", "toy_b")}


def hedge(level, labels, settings):
    """Pull every label a little towards one half."""
    share = {"toy_a": 0.1, "toy_b": 0.2}[level]
    return (labels + (0.5 - labels) * np.float32(share)).astype(np.float32)


def late(level, rows, settings):
    """Weigh the later half of the fit part more."""
    return np.where(np.arange(len(rows.y)) * 2 >= len(rows.y), {"toy_a": 2.0, "toy_b": 3.0}[level], 1.0)


def doubt(level, judged, settings):
    """Suspect the oldest rows."""
    suspect = np.arange(len(judged.rows.y)) < {"toy_a": 5, "toy_b": 9}[level]
    quality = np.where(judged.rows.y == 1, judged.probability, 1 - judged.probability)
    return Judgement(label_quality=quality, flagged=suspect, suspect=suspect)


def drop(level, judged, judgement):
    """Drop them."""
    return TreatedRows(suspect=judgement.suspect, keep=~judgement.suspect, weight=judged.weight)


TOYS = {
    "labels": LabelFactor(name="toy", description="A toy.", treat=hedge, **COMMON),
    "weights": WeightFactor(name="toy", description="A toy.", treat=late, **COMMON),
    "rows": RowFactor(name="toy", description="A toy.", judge=doubt, treat=drop, **COMMON),
}


@pytest.fixture(params=TOYS.values(), ids=TOYS)
def toy(request, monkeypatch) -> Factor:
    monkeypatch.setitem(FACTORS, "toy", request.param)
    return request.param


def rows_of(run) -> list[dict]:
    identity = {name: ok_row()[name] for name in ("sweep_id", "data_source", "data_fingerprint", "run_id")}
    identity |= {name: ok_row()[name] for name in ("code_version", "phase", "created_at")}
    rows = evaluate_cells(run.plan, run.arrays, run.masks, run.models, scoring=SCORING)
    return [identity | one.row for one in rows]


def test_a_factor_that_is_registered_runs_from_the_plan_to_the_results_table(
    toy, training_arrays, standard_run, tmp_path
):
    variants = variants_of("cleanlab=filter,toy", "factorial")
    assert [variant.name for variant in variants] == ["baseline", "toy_a", "filter", "filter+toy_a"]
    run = train(plan_of(training_arrays, variants=variants), training_arrays)
    assert set(run.store.fits) == set(planned_fit_keys(run.plan))
    run.masks.validate(
        "OPUSDC",
        labels=training_arrays.y,
        fit_parts={fold.index: fold.fit for fold in run.plan.folds(training_arrays)},
        suspect_cap=0.10,
    )
    frame = contract_frame(finetune_results_contract(), rows_of(run))
    assert set(frame["status"]) == {OK}
    assert frame.columns[4 : 4 + len(FACTORS)].tolist() == [*FACTORS]
    assert frame["toy"].tolist() == ["as_is", "toy_a"] * 4
    store = ResultsStore(Home(tmp_path))
    store.write_partition(frame, SWEEP, "OPUSDC")
    assert store.leaderboard(SWEEP)["toy"].value_counts().to_dict() == {"as_is": 2, "toy_a": 2}
    for fold in (0, 1):
        untreated, treated = (run.cell(name, fold).test_probability for name in ("filter", "filter+toy_a"))
        assert (untreated != treated).any()
        # What the toy leaves alone is what it was without a toy, to the key and to the bit.
        for name in ("baseline", "filter"):
            ours, theirs = run.cell(name, fold), standard_run.cell(name, fold)
            assert ours.fit_keys == theirs.fit_keys
            np.testing.assert_array_equal(ours.test_probability, theirs.test_probability)


def test_the_judges_of_a_variant_train_on_its_labels_and_weights(toy, training_arrays):
    variants = variants_of("cleanlab=filter,toy=toy_a", "single")
    plan = plan_of(training_arrays, variants=variants)
    judges = {"labels": ["toy_a"], "weights": ["toy_a"], "rows": ["baseline"]}
    kind = next(name for name, one in TOYS.items() if one is toy)
    assert [judge.name for judge in plan.judges] == judges[kind]


def test_two_row_factors_act_one_after_the_other(training_arrays, monkeypatch):
    monkeypatch.setitem(FACTORS, "toy", TOYS["rows"])
    run = train(
        plan_of(training_arrays, variants=variants_of("cleanlab=reweight,toy=toy_a", "single")),
        training_arrays,
    )
    cleaned, thinned = run.masks.find(0, "reweight+toy_a")
    assert (cleaned.cleaner, thinned.cleaner) == ("reweight", "toy_a")
    np.testing.assert_array_equal(thinned.weight, cleaned.weight)
    assert run.cell("reweight+toy_a").n_kept == thinned.keep.sum() < len(thinned.rows)
    row = rows_of(run)[0]
    assert row["n_suspects"] == (cleaned.suspect | thinned.suspect).sum()
    assert row["n_dropped"] == 5


def test_a_levels_identity_is_part_of_its_keys_and_of_no_others(toy, training_arrays):
    before = plan_of(training_arrays, variants=variants_of("toy"))
    keys = {variant.name: model_fit_key(before, 0, variant) for variant in before.variants}
    stronger = dataclasses.replace(toy, identity=lambda level, settings: {"level": level, "strength": 2})
    FACTORS["toy"] = stronger  # the fixture's monkeypatch takes it out again
    after = {variant.name: model_fit_key(before, 0, variant) for variant in before.variants}
    assert after["baseline"] == keys["baseline"]
    assert after["toy_a"] != keys["toy_a"]


@pytest.mark.parametrize(
    "twice",
    [
        dataclasses.replace(TOYS["rows"], name="cleanlab"),
        dataclasses.replace(TOYS["rows"], levels=("as_is", "filter")),
        dataclasses.replace(TOYS["rows"], levels=("as_is", "label_smoothing")),
    ],
    ids=["name of a factor", "level of another", "level like a factor"],
)
def test_names_that_would_not_tell_variants_apart_are_refused(twice):
    with pytest.raises(InputError, match="must be unique in the registry"):
        registry((*FACTORS.values(), twice))


def test_baselines_may_share_a_name():
    toy = dataclasses.replace(TOYS["rows"], baseline="none", levels=("none", "toy_a"))
    assert list(registry((LABEL_SMOOTHING, toy))) == ["label_smoothing", "toy"]
