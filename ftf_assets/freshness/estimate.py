"""The cost of a sweep before it runs: cells, fits, those that are done, and time for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ftf_assets.freshness.reason import StaleAsset
from ftf_assets.storage.home import Home
from ftf_assets.storage.time_estimate import estimate_sweep
from ftf_assets.sweep.asset_inputs import CEILING
from ftf_assets.sweep.data_read import data_read
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.device import Device, is_gpu


@dataclass(frozen=True)
class GpuPays:
    """From which size fits on a GPU are done sooner than on the cores of the same machine.

    Attributes
    ----------
    rows
        Training rows of a fit.
    measured_on
        GPU, cores and features of the measurement.
    """

    rows: int
    measured_on: str


#: From ``python -m benchmarks.gpu``: fits four at a time on the GPU against as many one-thread fits as cores.
#: None where it has not been measured, or a GPU did not pay at any measured size.
GPU_PAYS_FROM: GpuPays | None = GpuPays(30_000, "50 features, an H100 against 16 cores")
#: The assets that are made by fits.
_FITTED = ("fold_baselines", "cleanlab_masks", "trained_models", CEILING)


def describe_plan(sweep: Sweep, home: Home, stale: Sequence[StaleAsset]) -> dict[str, Any]:
    """Count the cells and fits of a sweep and estimate its time, without running anything.

    Parameters
    ----------
    sweep
        The sweep.
    home
        The home whose finished fits are reused.
    stale
        What a run would make. Where that is none of a crypto's fitted values, none of its fits is left,
        though the home may lack some: ``ftf clean`` removes those that no stored value needs.

    Returns
    -------
    dict
        Identity, counts and ``estimated_seconds``: the training rows of the fits that are left, times the
        seconds per row of finished fits of this home, divided by the cores. ``estimated_by`` says where the
        pace comes from: without a finished fit it is the published one. ``data`` says which files serve the
        cryptos, as :func:`~ftf_assets.sweep.data_read.data_read` does. ``tuning_advice`` says what leaving
        the tuning out would save; None where nothing is tuned. ``gpu_advice`` names the device
        that fits faster; None where that is the plan's own, or was not measured.
    """
    current = {*sweep.cryptos} - {one.crypto for one in stale if one.asset in _FITTED}
    estimate = estimate_sweep(sweep, home, current=current)
    return {
        "sweep_id": sweep.sweep_id,
        "source": sweep.settings.data.source,
        "cryptos": ", ".join(sweep.cryptos),
        "skipped": dict(sweep.skipped),
        "data": data_read(sweep),
        "variants": ", ".join(variant.name for variant in sweep.variants),
        "folds": sweep.settings.folds.n_folds,
        "fold_edges": ", ".join(f"{edge:%Y-%m-%dT%H:%M:%SZ}" for edge in sweep.settings.folds.edges or ())
        or "per crypto",
        "cells": sweep.n_cells,
        "tuning": sweep.tuning.in_words,
        "fits": sweep.n_fits,
        "tuning_fits": sweep.n_tuning_fits,
        "fits_done": sweep.n_fits - estimate.n_left,
        "fits_left": estimate.n_left,
        "workers": estimate.workers,
        "estimated_seconds": round(estimate.seconds, 1),
        "estimated_by": estimate.pace.in_words,
        "tuning_advice": _tuning_advice(sweep),
        "gpu_advice": _gpu_advice(estimate.largest_fit, sweep.settings.training.device),
    }


def _tuning_advice(sweep: Sweep) -> str | None:
    if not sweep.n_tuning_fits:
        return None
    return (
        f"--trials 0 saves {sweep.n_tuning_fits} of {sweep.n_fits} fits: over the default parameters tuning "
        "gained +0.002 in AUC on embedded markets and nothing on candles (docs/tuning.md)"
    )


def _gpu_advice(largest_fit: float, device: Device) -> str | None:
    """Advise the other device where it fits faster; None where the plan's own does, or nobody measured."""
    if GPU_PAYS_FROM is None or is_gpu(device) == (largest_fit >= GPU_PAYS_FROM.rows):
        return None
    return (
        f"--device {'cpu' if is_gpu(device) else 'cuda'} fits faster: the largest fit here has "
        f"{largest_fit:.0f} training rows, and a GPU pays from {GPU_PAYS_FROM.rows} "
        f"({GPU_PAYS_FROM.measured_on}; docs/operating.md)"
    )
