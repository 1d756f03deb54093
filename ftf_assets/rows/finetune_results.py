"""From trained cells to rows of ``finetune_results``: the cells' scores and what identifies each row."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.tables.frames import unvalidated_frame
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.rows.label_suspects import suspect_rows
from ftf_assets.rows.regime_results import rows_by_regime
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.evaluation import ScoreStore, evaluate_cells
from ftf_assets.training.keys import code_version

BASIS_POINT = 1e-4

#: Columns that have the same value in every row of a crypto, whichever run writes them.
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
    """Everything that one crypto of a sweep adds to the results store, in one transaction.

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
    """Evaluate a crypto's cells, as a whole and by regime, and list what its cleaners suspect.

    Parameters are those of :func:`cell_rows`.
    """
    cells = cell_rows(sweep, crypto, arrays, masks, models, run_id=run_id, store=store)
    return CryptoResults(
        cells=cells,
        regimes=rows_by_regime(sweep.sweep_id, crypto, arrays, models, cells),
        suspects=suspect_rows(sweep.sweep_id, crypto, arrays, masks),
    )


def row_identity(sweep: Sweep, crypto: str) -> dict[str, str | None]:
    """Give the values of ``ROW_IDENTITY``: sweep, data and code of a crypto's rows."""
    provenance = sweep.provenance(crypto)
    values = (
        sweep.sweep_id,
        provenance.source,
        provenance.file or None,
        provenance.quote_currency or None,
        provenance.fingerprint,
        code_version(),
        sweep.tuning.mode,
        sweep.settings.run.phase,
    )
    return dict(zip(ROW_IDENTITY, values, strict=True))


def cell_rows(
    sweep: Sweep,
    crypto: str,
    arrays: TrainingArrays,
    masks: CleanlabMasks,
    models: TrainedModels,
    *,
    run_id: str,
    store: ScoreStore | None = None,
) -> pd.DataFrame:
    """Score a crypto's cells on their test rows and add what identifies each row.

    Parameters
    ----------
    sweep, crypto
        The sweep and the crypto whose cells are scored.
    arrays, masks, models
        The crypto's values from the stages before.
    run_id
        Dagster run that writes them.
    store
        Where scores are kept, so that equal cells are scored once; None keeps none.

    Returns
    -------
    DataFrame
        Satisfies ``FinetuneResults``: one row per cell, failed and skipped ones included.
    """
    cost = sweep.settings.evaluation.cost_bps * BASIS_POINT
    rows = evaluate_cells(sweep.plan(crypto), arrays, masks, models, cost=cost, store=store)
    common = {**row_identity(sweep, crypto), "run_id": run_id, "created_at": pd.Timestamp.now("UTC")}
    return unvalidated_frame(finetune_results_contract(), [{**common, **row} for row in rows])
