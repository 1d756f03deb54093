"""Whole sweeps on embedded markets for calibration: the graph's own functions, with the rows kept on disk.

A calibration runs hundreds of sweeps. Dagster's events and reports would double its time and are not what it
tests, so the functions that the assets call run here directly, in the order of the graph. The rows of a
finished sweep are kept in a folder under the sweep's id and the version of the code that decides results: a
killed benchmark goes on where it stopped, and changed code never reads old rows.
"""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from ftf_assets.contracts.coercion import coerce_candles, coerce_feature_cache
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.frames import with_contract_dtypes
from ftf_assets.gate.decision import Decision
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.rows.finetune_results import CryptoResults, crypto_results
from ftf_assets.rows.gate_decision import SweepRows, decide_sweep
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.sweep.true_labels import truth_for_labels
from ftf_assets.training.baseline import fit_baselines
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.fit_engine import FitEngine
from ftf_assets.training.fit_executors import ThreadFitExecutor
from ftf_assets.training.keys import code_version
from ftf_assets.training.masks import make_masks
from ftf_assets.training.models import train_cells


def market_sweep(seed: int, settings: dict[str, object]) -> Sweep:
    """Open the untuned sweep of one market; ``data.market_seed`` and ``training.seed`` are both ``seed``."""
    fixed: dict[str, object] = {
        "data.market_seed": seed,
        "training.seed": seed,
        "training.trials": 0,
        "training.seed_check": False,
        "ceiling.enabled": False,
    }
    return open_sweep(sweep_settings({**fixed, **settings}))


def sweep_rows(sweep: Sweep, folder: Path) -> CryptoResults:
    """Run a sweep, or read its rows where it is done.

    Parameters
    ----------
    sweep
        From :func:`market_sweep`.
    folder
        Where the rows of finished sweeps are kept.

    Returns
    -------
    CryptoResults
        The rows of all cryptos, each table as the results store would return it.
    """
    place = folder / f"{sweep.sweep_id}_{code_version()}"
    if not place.is_dir():
        by_crypto = [_rows_of_crypto(sweep, crypto) for crypto in sweep.cryptos]
        unfinished = place.with_suffix(f".{os.getpid()}")
        unfinished.mkdir(parents=True)
        for name in ("cells", *by_crypto[0].details):
            rows = [one.cells if name == "cells" else one.details[name] for one in by_crypto]
            pd.concat(rows, ignore_index=True).to_parquet(unfinished / f"{name}.parquet")
        unfinished.rename(place)
    details = {name: _read(contract, place, name) for name, (contract, _) in CELL_DETAILS.items()}
    return CryptoResults(_read(finetune_results_contract(), place, "cells"), details)


def _read(contract: type[pa.DataFrameModel], place: Path, name: str) -> pd.DataFrame:
    return with_contract_dtypes(contract, pd.read_parquet(place / f"{name}.parquet"))


def sweep_decision(sweep: Sweep, rows: CryptoResults) -> Decision:
    """Judge a sweep by its rows, as the gate's asset does."""
    read = SweepRows(rows.cells, rows.details["weekly_results"], rows.details["seed_scores"])
    return decide_sweep(read, sweep.settings, sweep.sweep_id)


def _rows_of_crypto(sweep: Sweep, crypto: str) -> CryptoResults:
    plan, settings = sweep.plan(crypto), sweep.settings
    candles = sweep.source.candles(crypto)
    cache, _ = sweep.source.feature_cache(crypto, candles)
    arrays = coerce_feature_cache(cache, crypto=crypto, missing=settings.data.missing)
    engine = FitEngine(
        _FitsInMemory(),
        ThreadFitExecutor(settings.run.workers or len(os.sched_getaffinity(0))),
        lambda _: None,
    )
    labels = plan.soft_labels(arrays.y, truth_for_labels(sweep, crypto, arrays))
    baselines = fit_baselines(plan, arrays, engine)
    bars = coerce_candles(candles, crypto=crypto) if plan.needs_candles else None
    masks = make_masks(plan, arrays, labels, baselines, engine, bars)
    models = train_cells(plan, arrays, labels, baselines, masks, engine)
    return crypto_results(sweep, crypto, arrays, masks, models, run_id="benchmark")


class _FitsInMemory(dict[str, FitResult]):
    """Finished fits of one crypto: the baseline's first fit is a fit of the baseline's cell too."""

    def put(self, key: str, result: FitResult) -> None:
        self[key] = result
