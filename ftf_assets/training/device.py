"""The names of the devices that a fit can run on: the CPU, or one of the GPUs that CUDA can see."""

from __future__ import annotations

import re

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed

#: ``cpu``, ``cuda`` (the first GPU) or ``cuda:N`` with N from 1.
Device = str

ALLOWED_DEVICES = "cpu, cuda or cuda:N, such as cuda:1"

_CUDA = re.compile(r"cuda(?::(0|[1-9][0-9]{0,2}))?")


@typed
def parse_device(text: str) -> Device:
    """Check the name of a device; ``cuda:0`` is ``cuda``, so that one GPU has one name in every key.

    Raises
    ------
    InputError
        Another name, or a number with leading zeros or more than three digits.

    Examples
    --------
    >>> parse_device("cuda:0"), parse_device("cuda:1"), parse_device("cpu")
    ('cuda', 'cuda:1', 'cpu')
    """
    if text == "cpu":
        return text
    match = _CUDA.fullmatch(text)
    if match is None:
        raise input_error("unknown device", found=repr(text), allowed=ALLOWED_DEVICES)
    number = int(match[1] or 0)
    return f"cuda:{number}" if number else "cuda"


@typed
def is_gpu(device: Device) -> bool:
    """Whether a fit on this device opens CUDA in its process."""
    return device != "cpu"


@typed
def gpu_number(device: Device) -> int:
    """Return the ordinal of a GPU among those that CUDA can see.

    Examples
    --------
    >>> gpu_number("cuda"), gpu_number("cuda:3")
    (0, 3)
    """
    return int(device.partition(":")[2] or 0)
