"""The fits of a sweep that are finished and those that wait."""

from __future__ import annotations

from ftf_assets.storage.fit_store import fit_store
from ftf_assets.storage.home import Home
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.fit_keys import cell_fit_keys
from ftf_assets.training.fit_progress import FitProgress
from ftf_assets.training.planned_fits import planned_fit_keys


def sweep_progress(sweep: Sweep, home: Home, *, with_cells: bool = True) -> FitProgress:
    """Start counting a sweep's fits; fits that the home holds count as finished.

    Parameters
    ----------
    sweep, home
        The sweep, and where its fits lie.
    with_cells
        Whether to count finished cells too. That needs to know which fit each event is of.
    """
    store, cells, fits = fit_store(home), [], []
    for crypto in sweep.cryptos:
        plan = sweep.plan(crypto)
        fits += planned_fit_keys(plan)
        if with_cells:
            cells += [cell_fit_keys(plan, fold, v) for fold in range(plan.n_folds) for v in plan.variants]
    store.load(fits)
    return FitProgress(len(fits), cells, [key for key in fits if key in store])


def waiting_fits(sweep: Sweep, home: Home) -> dict[str, list[str]]:
    """List the keys of the fits that the home does not hold, by crypto, in the plan's order."""
    store = fit_store(home)
    planned = {crypto: planned_fit_keys(sweep.plan(crypto)) for crypto in sweep.cryptos}
    store.load(key for keys in planned.values() for key in keys)
    return {crypto: [key for key in keys if key not in store] for crypto, keys in planned.items()}
