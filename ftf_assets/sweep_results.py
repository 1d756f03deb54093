"""From trained cells to rows of ``finetune_results``: evaluation plus what identifies and explains a row."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.results import results_frame
from ftf_assets.storage.results_table import finetune_results
from ftf_assets.sweep import Sweep
from ftf_assets.sweep_regimes import sweep_regimes
from ftf_assets.sweep_suspects import sweep_suspects
from ftf_assets.training.evaluation import ScoreStore, evaluate_cells
from ftf_assets.training.keys import code_version

BASIS_POINT = 1e-4


@dataclass(frozen=True, eq=False)
class CryptoResults:
    """What one crypto of a sweep adds to the results store, in one transaction.

    Attributes
    ----------
    cells, regimes, suspects
        Rows of ``finetune_results``, ``regime_results`` and ``label_suspects``.
    """

    cells: pd.DataFrame
    regimes: pd.DataFrame
    suspects: pd.DataFrame


def crypto_results(
    sweep: Sweep,
    crypto: str,
    arrays: TrainingArrays,
    masks: CleanlabMasks,
    models: TrainedModels,
    *,
    run_id: str,
    store: ScoreStore | None = None,
) -> CryptoResults:
    """Evaluate a crypto's cells, in all and by regime, and list what its cleaners suspect.

    Parameters are those of :func:`sweep_results`.
    """
    cells = sweep_results(sweep, crypto, arrays, masks, models, run_id=run_id, store=store)
    return CryptoResults(
        cells=cells,
        regimes=sweep_regimes(sweep.sweep_id, crypto, arrays, models, cells),
        suspects=sweep_suspects(sweep.sweep_id, crypto, arrays, masks),
    )


def sweep_results(
    sweep: Sweep,
    crypto: str,
    arrays: TrainingArrays,
    masks: CleanlabMasks,
    models: TrainedModels,
    *,
    run_id: str,
    store: ScoreStore | None = None,
) -> pd.DataFrame:
    """Evaluate a crypto's cells and complete their rows.

    Parameters
    ----------
    sweep, crypto
        Whose rows they are.
    arrays, masks, models
        The crypto's values of the stages before.
    run_id
        Dagster run that writes them.
    store
        Where the scores of cells are kept.

    Returns
    -------
    DataFrame
        Satisfies ``FinetuneResults``: one row a cell, failed and skipped ones included.
    """
    cost = sweep.settings.cost_bps * BASIS_POINT
    rows = evaluate_cells(sweep.plan(crypto), arrays, masks, models, cost=cost, store=store)
    provenance = sweep.provenance(crypto)
    common = {
        "sweep_id": sweep.sweep_id,
        "data_source": provenance.source,
        "source_file": provenance.file or None,
        "quote_currency": provenance.quote_currency or None,
        "data_fingerprint": provenance.fingerprint,
        "code_version": code_version(),
        "run_id": run_id,
        "tuning": sweep.tuning.mode,
        "phase": sweep.settings.phase,
        "created_at": pd.Timestamp.now("UTC"),
    }
    return results_frame(finetune_results(), [{**common, **row} for row in rows])
