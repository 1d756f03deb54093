"""What a sweep would cost: cells, fits, what is done already, and the time that the rest will take."""

from __future__ import annotations

import itertools
from typing import Any

from ftf_assets.contracts.errors import StoreError
from ftf_assets.progress import SweepProgress
from ftf_assets.storage.artifacts import read_header
from ftf_assets.storage.cores import n_cores
from ftf_assets.storage.fit_store import FolderFitStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep import Sweep

#: Finished fits whose seconds are averaged for the estimate.
_SAMPLE = 200


def describe_plan(sweep: Sweep, home: Home) -> dict[str, Any]:
    """Describe a sweep without running anything.

    Parameters
    ----------
    sweep
        What would run.
    home
        Whose finished fits count.

    Returns
    -------
    dict
        Identity, counts, and ``estimated_seconds`` for the fits that are left, from the mean seconds of fits
        that this home has finished; None where there are none to learn from.
    """
    store = FolderFitStore(home.fits)
    keys = [key for crypto in sweep.cryptos for key in sweep.plan(crypto).fit_keys()]
    left = sum(key not in store for key in keys)
    workers = n_cores(sweep.settings.workers)
    seconds = _mean_seconds(store)
    return {
        "sweep_id": sweep.sweep_id,
        "source": sweep.settings.source,
        "cryptos": ", ".join(sweep.cryptos),
        "variants": ", ".join(variant.name for variant in sweep.variants),
        "folds": sweep.settings.n_folds,
        "fold_edges": sweep.settings.fold_edges or "per crypto",
        "cells": sweep.n_cells,
        "tuning": sweep.tuning.in_words,
        "fits": len(keys),
        "tuning_fits": sweep.n_tuning_fits,
        "fits_done": len(keys) - left,
        "fits_left": left,
        "workers": workers,
        "estimated_seconds": None if seconds is None else round(left * seconds / workers, 1),
    }


def sweep_progress(sweep: Sweep, home: Home) -> SweepProgress:
    """Open the count of a sweep's fits and cells, those that the home has finished counted already."""
    store, cells, fits = FolderFitStore(home.fits), [], []
    for crypto in sweep.cryptos:
        plan = sweep.plan(crypto)
        fits += plan.fit_keys()
        cells += [plan.cell_fit_keys(fold, v) for fold in range(plan.n_folds) for v in plan.variants]
    return SweepProgress(len(fits), cells, [key for key in fits if key in store])


def _mean_seconds(store: FolderFitStore) -> float | None:
    seconds = []
    for header in itertools.islice(store.folder.glob("*/*/header.json"), _SAMPLE):
        try:
            seconds.append(float(read_header(header.parent)["value"]["seconds"]))
        except (StoreError, KeyError, TypeError, ValueError):
            continue  # a damaged fit will be refitted; here it only has nothing to teach
    return sum(seconds) / len(seconds) if seconds else None
