"""From trained cells to rows of ``finetune_results``: the cells' scores and what identifies each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pandera.pandas as pa

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.tables.confidence_curve import ConfidenceCurve
from ftf_assets.contracts.tables.frames import contract_frame, unvalidated_frame
from ftf_assets.contracts.tables.seed_scores import SeedScores
from ftf_assets.contracts.tables.weekly_results import WeeklyResults
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.rows.label_suspects import suspect_rows
from ftf_assets.rows.regime_results import rows_by_regime
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.evaluation import CellScores, EvaluatedCell, ScoreStore, evaluate_cells
from ftf_assets.training.keys import code_version

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
    cells
        Rows of ``finetune_results``.
    details
        Rows of each table of ``CELL_DETAILS``, by its name.
    """

    cells: pd.DataFrame
    details: Mapping[str, pd.DataFrame]


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
    """Evaluate a crypto's cells, break them down, and list what its cleaners suspect.

    Parameters
    ----------
    sweep, crypto
        The sweep and the crypto whose cells are scored.
    arrays, masks, models
        The crypto's values from the stages before.
    run_id
        Dagster run that writes the rows.
    store
        Where scores are kept, so that equal cells are scored once; None keeps none.
    """
    scoring = sweep.settings.evaluation.scoring
    evaluated = evaluate_cells(sweep.plan(crypto), arrays, masks, models, scoring=scoring, store=store)
    common = {**row_identity(sweep, crypto), "run_id": run_id, "created_at": pd.Timestamp.now("UTC")}
    cells = unvalidated_frame(finetune_results_contract(), [{**common, **one.row} for one in evaluated])
    sweep_id = sweep.sweep_id
    return CryptoResults(
        cells=cells,
        details={
            "regime_results": rows_by_regime(sweep_id, crypto, arrays, models, cells),
            "weekly_results": _detail_rows(WeeklyResults, sweep_id, evaluated, lambda scores: scores.weeks),
            "seed_scores": _detail_rows(SeedScores, sweep_id, evaluated, lambda scores: scores.fits),
            "confidence_curve": _detail_rows(
                ConfidenceCurve, sweep_id, evaluated, lambda scores: scores.curve
            ),
            "label_suspects": suspect_rows(sweep_id, crypto, arrays, masks),
        },
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


def _detail_rows(
    contract: type[pa.DataFrameModel],
    sweep_id: str,
    cells: Sequence[EvaluatedCell],
    rows_of: Callable[[CellScores], Sequence[Mapping[str, float | int | None]]],
) -> pd.DataFrame:
    """Add the name of its cell to each row that breaks a cell down; the frame satisfies the contract."""
    return contract_frame(
        contract,
        [
            {"sweep_id": sweep_id, **{name: cell.row[name] for name in ("crypto", "fold", "variant")}, **row}
            for cell in cells
            for row in rows_of(cell.scores)
        ],
    )
