"""What travels to a Dask worker: little, and the task as it was; a worker of other versions is refused."""

from __future__ import annotations

import dataclasses
import pickle
import sys
from collections import OrderedDict
from types import SimpleNamespace

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.storage import dask_worker
from ftf_assets.storage.dask_worker import (
    PackedFit,
    PackedRows,
    content_name,
    fit_packed,
    require_versions,
    versions,
)
from ftf_assets.training.binning import matrices_of
from ftf_assets.training.fit_task import FitTask
from ftf_assets.training.parameters import Rounds
from ftf_assets_tests.support.production import CRYPTO, QUICK


@pytest.fixture
def task(training_arrays) -> FitTask:
    rows = np.r_[0:900, 1_000:1_400]
    return FitTask(
        key="key",
        crypto=CRYPTO,
        fold=1,
        name="filter",
        rows=rows,
        labels=training_arrays.y[rows].astype(np.float32),
        weight=training_arrays.base_weight[rows],
        predict={"validation": np.arange(1_600, 1_800), "test": np.arange(1_800, 2_000)},
        rounds=Rounds(2, 20, 3),
        parameters=QUICK,
        seed=3,
        device="cpu",
    )


def assert_equal_tasks(one: FitTask, other: FitTask) -> None:
    for field in dataclasses.fields(FitTask):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, dict) and field.name == "predict":
            assert list(left) == list(right)
            for name, rows in left.items():
                np.testing.assert_array_equal(rows, right[name], strict=True)
        elif isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right, strict=True)
        else:
            assert left == right, field.name


@pytest.mark.parametrize("changed", ["nothing", "labels", "weight"])
def test_a_task_arrives_as_it_was_sent(task, training_arrays, changed: str) -> None:
    if changed != "nothing":
        task = dataclasses.replace(task, **{changed: getattr(task, changed) * np.float32(0.9)})
    packed = pickle.loads(pickle.dumps(PackedFit.of(task, training_arrays)))
    assert_equal_tasks(packed.unpack(training_arrays), task)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="none"),
        pytest.param([0], id="the first"),
        pytest.param([9], id="the last"),
        pytest.param([1, 3, 8], id="increasing"),
        pytest.param([3, 1], id="not increasing"),
        pytest.param([2, 2], id="twice the same"),
    ],
)
def test_rows_arrive_in_their_order(rows: list[int]) -> None:
    positions = np.array(rows, np.int64)
    np.testing.assert_array_equal(PackedRows.of(positions, 10).positions_of(), positions, strict=True)


def test_rows_travel_as_a_bit_each_and_the_labels_of_the_arrays_not_at_all(task, training_arrays) -> None:
    whole = len(pickle.dumps(task))
    packed = PackedFit.of(task, training_arrays)
    assert packed.labels is None
    assert packed.weight is None
    assert len(packed.rows.bits) == -(-training_arrays.n_rows // 8)
    assert len(pickle.dumps(packed)) < whole / 8
    smoothed = dataclasses.replace(task, labels=task.labels * np.float32(0.9) + np.float32(0.05))
    assert len(pickle.dumps(PackedFit.of(smoothed, training_arrays))) < whole / 8


def test_fits_of_a_worker_share_their_bins_though_dask_brings_the_arrays_anew(
    task, training_arrays, monkeypatch
) -> None:
    monkeypatch.setitem(
        sys.modules, "distributed", SimpleNamespace(get_worker=lambda: SimpleNamespace(address=""))
    )
    monkeypatch.setattr(dask_worker, "_kept", OrderedDict())
    first, again = (
        pickle.loads(pickle.dumps((training_arrays, training_arrays))),
        dataclasses.replace(training_arrays),
    )
    packed = PackedFit.of(task, training_arrays)
    results = [fit_packed(packed, arrays) for arrays in (first[0], again)]
    assert results[0].booster == results[1].booster
    assert len(matrices_of(first[0])._idle) == 1
    assert not matrices_of(again)._idle

    monkeypatch.setattr(dask_worker, "KEPT_BYTES", training_arrays.X.nbytes)
    other = dataclasses.replace(training_arrays, X=training_arrays.X + np.float32(1))
    assert content_name(other) != content_name(again) == content_name(training_arrays)
    fit_packed(PackedFit.of(task, other), other)
    assert list(dask_worker._kept) == [content_name(other)]


def test_a_worker_of_other_versions_is_refused_in_one_sentence() -> None:
    ours = versions()
    assert {"Python", "xgboost", "numpy", "ftf-assets", "code"} <= set(ours)
    require_versions(ours, dict(ours), "tcp://10.0.0.7:4000")
    theirs = {**ours, "xgboost": "3.1.0"}
    del theirs["numpy"]
    with pytest.raises(InputError) as refused:
        require_versions(ours, theirs, "tcp://10.0.0.7:4000")
    assert str(refused.value) == (
        f"the Dask worker tcp://10.0.0.7:4000 has xgboost 3.1.0 instead of {ours['xgboost']}, numpy is "
        f"missing instead of {ours['numpy']}, so its fits would have other bits. Start workers from the same "
        "environment as the client."
    )
