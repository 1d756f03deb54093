"""The cost of a sweep before it runs: cells, fits, those that are done, and time for the rest."""

from __future__ import annotations

import itertools
from typing import Any

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import read_header
from ftf_assets.storage.cpu_core_locks import n_cores
from ftf_assets.storage.fit_store import FolderFitStore
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep

#: Finished fits from which the pace is taken. Keys are hashes, so the first ones are a random sample.
_SAMPLE = 200


def describe_plan(sweep: Sweep, home: Home) -> dict[str, Any]:
    """Count the cells and fits of a sweep and estimate its time, without running anything.

    Parameters
    ----------
    sweep
        The sweep.
    home
        The home whose finished fits are reused.

    Returns
    -------
    dict
        Identity, counts and ``estimated_seconds``: the training rows of the fits that are left, times the
        seconds per row that fits of this home took, divided by the cores. None without a finished fit.
    """
    store = FolderFitStore(home.fits)
    rows = {key: n for crypto in sweep.cryptos for key, n in sweep.expected_rows(crypto).items()}
    left = [key for key in rows if key not in store]
    workers = n_cores(sweep.settings.run.workers)
    pace = _seconds_per_row(store)
    return {
        "sweep_id": sweep.sweep_id,
        "source": sweep.settings.data.source,
        "cryptos": ", ".join(sweep.cryptos),
        "variants": ", ".join(variant.name for variant in sweep.variants),
        "folds": sweep.settings.folds.n_folds,
        "fold_edges": ", ".join(f"{edge:%Y-%m-%dT%H:%M:%SZ}" for edge in sweep.settings.folds.edges or ())
        or "per crypto",
        "cells": sweep.n_cells,
        "tuning": sweep.tuning.in_words,
        "fits": len(rows),
        "tuning_fits": sweep.n_tuning_fits,
        "fits_done": len(rows) - len(left),
        "fits_left": len(left),
        "workers": workers,
        "estimated_seconds": None
        if pace is None
        else round(sum(rows[key] for key in left) * pace / workers, 1),
    }


def _seconds_per_row(store: FolderFitStore) -> float | None:
    seconds, rows = 0.0, 0
    for header in itertools.islice(store.folder.glob("*/*/header.json"), _SAMPLE):
        try:
            fit = read_header(header.parent)["value"]
            n_rows, spent = int(fit["n_rows"]), float(fit["seconds"])
        except (StoreError, KeyError, TypeError, ValueError):
            continue  # damaged: it will be fitted again
        seconds, rows = seconds + spent, rows + n_rows
    return seconds / rows if rows else None
