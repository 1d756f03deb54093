"""From trained cells to rows of ``finetune_results``: evaluation plus what identifies and explains a row."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.results import results_frame
from ftf_assets.rows.regimes import sweep_regimes
from ftf_assets.rows.results_table import finetune_results
from ftf_assets.rows.suspects import sweep_suspects
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.evaluation import ScoreStore, evaluate_cells
from ftf_assets.training.keys import code_version

BASIS_POINT = 1e-4

#: Columns that say the same in every row of a crypto, whatever run writes them.
ROW_IDENTITY = (
    "sweep_id",
    "data_source",
    "source_file",
    "quote_currency",
    "data_fingerprint",
    "code_version",
    "tuning",
    "phase",
)


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


def row_identity(sweep: Sweep, crypto: str) -> dict[str, str | None]:
    """The values of ``ROW_IDENTITY``: sweep, data and code of a crypto's rows."""
    provenance = sweep.provenance(crypto)
    values = (
        sweep.sweep_id,
        provenance.source,
        provenance.file or None,
        provenance.quote_currency or None,
        provenance.fingerprint,
        code_version(),
        sweep.tuning.mode,
        sweep.settings.phase,
    )
    return dict(zip(ROW_IDENTITY, values, strict=True))


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
    common = {**row_identity(sweep, crypto), "run_id": run_id, "created_at": pd.Timestamp.now("UTC")}
    return results_frame(finetune_results(), [{**common, **row} for row in rows])
