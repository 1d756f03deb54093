"""A GPU's name and memory, by CUDA's driver, and the memory that a fit needs there.

Whatever is called here opens CUDA in its process, and CUDA does not survive a fork: the child of a process
that has opened it can use no GPU. Call it only where no fork follows, such as in a fresh child process.

XGBoost bins a matrix on the GPU in one piece only where four fifths of the free memory hold it. Else it bins
in pieces whose number depends on what else runs, and so do the bins. A fit that does not have this memory is
therefore refused here (:func:`require_memory`), before it can have other bits than the same fit alone.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass

from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import typed
from ftf_assets.training.device import Device, gpu_number
from ftf_assets.training.parameters import Parameters, max_bins

#: Bytes per value that binning takes for a moment: the values with their columns (8) twice, for the sort,
#: and the bins (at most 2).
_BYTES_PER_VALUE = 18
#: Labels, weights, gradients, predictions and the partition of rows by node.
_BYTES_PER_ROW = 64
#: Sums of gradients and Hessians, 8 bytes each, of one bin of one node.
_BYTES_PER_BIN = 16
#: What a fit needs besides: code, queues, and small allocations that are rounded up.
_BYTES_PER_FIT = 64 << 20
#: Share of the free memory within which XGBoost bins in one piece.
_SHARE_FOR_BINNING = 0.8

_OUT_OF_MEMORY = re.compile(
    r"out of memory|cudaErrorMemoryAllocation|bad_alloc|memory allocation error", re.I
)


class GpuMemoryError(CellError):
    """A fit does not have the memory that it needs on the GPU; alone there it may have it."""

    def __init__(self, message: str) -> None:
        super().__init__("fit", message)


@dataclass(frozen=True)
class Gpu:
    """A GPU.

    Attributes
    ----------
    name
        As its driver names it, such as ``NVIDIA H100 80GB HBM3``.
    total_bytes
        Its memory.
    bus
        Where it sits in the machine, such as ``00000000-1B-00-0``. Its number depends on which are visible.
    """

    name: str
    total_bytes: int
    bus: str


@typed
def open_gpu(device: Device) -> Gpu:
    """Open CUDA and describe a GPU.

    Raises
    ------
    InputError
        There is no driver or no GPU, or none with this number. XGBoost would take another device instead.
    """
    driver = _driver()
    count, handle, total = ctypes.c_int(), ctypes.c_int(), ctypes.c_size_t()
    name, bus = ctypes.create_string_buffer(256), ctypes.create_string_buffer(64)
    if driver is None or driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        raise input_error(
            f"device {device} was asked for and no GPU is visible",
            allowed="cpu",
            fix="Leave out --device, or run on a machine with a GPU.",
        )
    if gpu_number(device) >= count.value:
        raise input_error(
            "there is no GPU with this number",
            found=device,
            allowed=", ".join(["cpu", "cuda", *(f"cuda:{number}" for number in range(1, count.value))]),
            fix="Choose another --device, or make the GPU visible with CUDA_VISIBLE_DEVICES.",
        )
    _check(driver.cuDeviceGet(ctypes.byref(handle), gpu_number(device)))
    _check(driver.cuDeviceGetName(name, len(name), handle))
    _check(driver.cuDeviceTotalMem_v2(ctypes.byref(total), handle))
    _check(driver.cuDeviceGetPCIBusId(bus, len(bus), handle))
    return Gpu(name.value.decode(errors="replace"), total.value, re.sub(r"\W", "-", bus.value.decode()))


@typed
def peak_bytes(n_rows: int, n_features: int, parameters: Parameters) -> int:
    """Estimate the largest memory that a fit needs at a time on a GPU.

    Parameters
    ----------
    n_rows
        Its training rows, or the rows of its largest prediction if they are more.
    n_features
        Number of features.
    parameters
        XGBoost parameters: the histograms grow with ``max_bin`` and ``max_depth``.
    """
    nodes = 2 << min(int(parameters.get("max_depth", 6)), 10)
    histograms = nodes * n_features * max_bins(parameters) * _BYTES_PER_BIN
    values, rows = n_rows * n_features * _BYTES_PER_VALUE, n_rows * _BYTES_PER_ROW
    return values + rows + histograms + _BYTES_PER_FIT


@typed
def require_memory(device: Device, n_bytes: int) -> None:
    """Refuse to bin where XGBoost would not do it in one piece; see the module.

    Raises
    ------
    GpuMemoryError
        Four fifths of the GPU's free memory are fewer bytes.
    """
    free = free_bytes(device)
    if n_bytes > _SHARE_FOR_BINNING * free:
        raise GpuMemoryError(
            f"out of memory on device {device}: a fit of this size needs {n_bytes / 1e9:.1f} GB, "
            f"and {_SHARE_FOR_BINNING * free / 1e9:.1f} GB can be used. Lower run.gpu_fits, or fit on the CPU"
        )


@typed
def free_bytes(device: Device) -> int:
    """Return the memory of a GPU that no process uses. XGBoost has opened the GPU before."""
    driver = _driver()
    if driver is None:
        raise CellError("fit", f"device {device} was asked for and no GPU is visible")
    handle, context, before = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    _check(driver.cuInit(0))
    _check(driver.cuDeviceGet(ctypes.byref(handle), gpu_number(device)))
    _check(driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), handle))
    try:
        _check(driver.cuCtxPushCurrent_v2(context))
        code = driver.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total))
        _check(driver.cuCtxPopCurrent_v2(ctypes.byref(before)))
        _check(code)
    finally:
        driver.cuDevicePrimaryCtxRelease_v2(handle)
    return int(free.value)


@typed
def is_out_of_memory(error: Exception) -> bool:
    """Whether a fit failed because the GPU had no memory left, by XGBoost's words or ours."""
    return bool(_OUT_OF_MEMORY.search(str(error)))


def _driver() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None


def _check(code: int) -> None:
    if code:
        raise CellError("fit", f"CUDA's driver gave error {code} when it was asked about a GPU")
