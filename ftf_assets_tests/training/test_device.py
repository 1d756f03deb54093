"""Names of devices, and the memory of a GPU that a fit needs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.training import boosting, gpu
from ftf_assets.training.binning import binned_bytes, matrices_of
from ftf_assets.training.boosting import _binned_by_first_fit, fit_booster, require_device
from ftf_assets.training.device import gpu_number, is_gpu, parse_device
from ftf_assets.training.fit_task import FitTask, bins_of
from ftf_assets.training.gpu import GpuMemoryError, is_out_of_memory, peak_bytes, require_memory
from ftf_assets_tests.support.production import QUICK


@pytest.mark.parametrize(
    ("text", "device", "on_gpu", "number"),
    [
        ("cpu", "cpu", False, 0),
        ("cuda", "cuda", True, 0),
        ("cuda:0", "cuda", True, 0),
        ("cuda:1", "cuda:1", True, 1),
        ("cuda:12", "cuda:12", True, 12),
    ],
)
def test_one_device_has_one_name(text: str, device: str, on_gpu: bool, number: int):
    assert parse_device(text) == device
    assert sweep_settings({"training.device": text}).training.device == device
    assert (is_gpu(device), gpu_number(device)) == (on_gpu, number)


@pytest.mark.parametrize(
    "text", ["", "gpu", "CUDA", "cuda:", "cuda:01", "cuda:-1", "cuda:1000", "cuda:1 ", "cpu:0", "cuda:\u0661"]
)
def test_another_name_is_refused(text: str):
    with pytest.raises(InputError, match=r"unknown device .*allowed: cpu, cuda or cuda:N"):
        parse_device(text)
    with pytest.raises(InputError, match="unknown device"):
        sweep_settings({"training.device": text})


@pytest.mark.parametrize(
    ("asked", "used", "allowed"),
    [
        ("cpu", "cpu", True),
        ("cuda", "cuda:0", True),
        ("cuda:1", "cuda:1", True),
        ("cuda:1", "cuda:0", False),
        ("cuda:1", "cuda:11", False),
        ("cuda", "cpu", False),
        ("cuda", "cuda:1", False),
    ],
)
def test_a_model_that_xgboost_made_on_another_device_is_no_result(asked: str, used: str, allowed: bool):
    class Booster:
        def save_config(self) -> str:
            return f'{{"learner": {{"generic_param": {{"device": "{used}"}}}}}}'

    if allowed:
        boosting._require_trained_on(Booster(), asked)
    else:
        with pytest.raises(CellError, match=f"device {asked} was asked for, XGBoost used {used}"):
            boosting._require_trained_on(Booster(), asked)


def test_without_a_driver_a_gpu_is_refused_and_the_cpu_is_not(monkeypatch):
    monkeypatch.setattr(gpu, "_driver", lambda: None)
    assert require_device("cpu") is None
    with pytest.raises(InputError, match=r"device cuda was asked for and no GPU is visible \(allowed: cpu\)"):
        require_device("cuda")


def test_bins_made_by_the_first_fit_have_no_weights_and_do_not_change(training_arrays):
    # The way in which bins are made on a GPU, here on the CPU.
    X, y = training_arrays.X[:1_500], training_arrays.y[:1_500].astype(np.float32)
    matrix = _binned_by_first_fit(X, QUICK, "cpu", threads=2)
    edges = matrix.get_quantile_cut()[1]
    how = {"parameters": QUICK, "rounds": 5, "seed": 3}
    heavy = np.where(X[:, 0] > np.median(X[:, 0]), 50.0, 0.1).astype(np.float32)
    first = fit_booster(boosting.BinnedFeatures(matrix), y, heavy, **how).to_ubjson()
    np.testing.assert_array_equal(matrix.get_quantile_cut()[1], edges)
    fit_booster(boosting.BinnedFeatures(matrix), y, np.ones_like(y), **how)
    assert fit_booster(boosting.BinnedFeatures(matrix), y, heavy, threads=2, **how).to_ubjson() == first


def test_the_memory_of_a_fit_grows_with_values_rows_bins_and_depth():
    small = peak_bytes(1_000_000, 200, {"max_depth": 5})
    assert 16 * 200_000_000 < small < 20 * 200_000_000, "XGBoost sorts the values with their columns"
    assert peak_bytes(2_000_000, 200, {"max_depth": 5}) - small == 2 * (200_000_000 * 9 + 32_000_000)
    assert peak_bytes(1_000_000, 200, {"max_depth": 6}) - small == 64 * 200 * 256 * 16
    assert peak_bytes(1_000_000, 200, {"max_depth": 5, "max_bin": 512}) - small == 64 * 200 * 256 * 16


@pytest.mark.parametrize(("free", "enough"), [(10_000, True), (9_999, False)])
def test_a_fit_that_would_be_binned_in_pieces_is_refused(monkeypatch, free: int, enough: bool):
    monkeypatch.setattr(gpu, "free_bytes", lambda device: free)
    if enough:
        require_memory("cuda", 8_000)
    else:
        with pytest.raises(GpuMemoryError, match="out of memory on device cuda") as error:
            require_memory("cuda", 8_000)
        assert error.value.stage == "fit"
        assert is_out_of_memory(error.value)


def test_fits_on_other_devices_share_no_bins(training_arrays):
    rows = np.arange(500)
    how = {"crypto": "A", "fold": 0, "name": "a", "predict": {}, "rounds": 1, "parameters": {}, "seed": 1}
    y, weight = training_arrays.y[rows].astype(np.float32), training_arrays.base_weight[rows]
    keys = {
        bins_of(FitTask("a", rows=rows, labels=y, weight=weight, device=device, **how))
        for device in ("cpu", "cuda", "cuda:1")
    }
    assert len(keys) == 3


def test_matrices_of_a_device_are_kept_apart_and_those_of_a_gpu_have_room_for_the_largest(training_arrays):
    arrays = dataclasses.replace(training_arrays)
    on_cpu, on_gpu = matrices_of(arrays), matrices_of(arrays, "cuda")
    assert on_cpu is not on_gpu
    for device, matrices in (("cpu", on_cpu), ("cuda", on_gpu)):
        assert binned_bytes(*arrays.X.shape, device) <= matrices.capacity
    assert matrices_of(arrays, "cuda") is on_gpu
