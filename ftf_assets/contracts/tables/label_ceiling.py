"""The contract of ``label_ceiling``: the baseline trained on noisier labels, and on the true ones.

The DuckDB table and its column documentation come from :class:`LabelCeiling`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, json_objects, unique_rows
from ftf_assets.contracts.tables.fields import Text, UtcTimestamp, amount, key, optional, optional_share
from ftf_assets.contracts.tables.finetune_results import OK, STATUSES

CEILING_KEY = ("sweep_id", "crypto", "fold", "noise", "exposure", "repeat")
NOISES = ("none", "independent", "bursts", "truth")


class LabelCeiling(StoredTable):
    """One row per cell of the baseline, dose of noise and repeat: how well the model then ranks."""

    sweep_id: Text = key("Hash of the sweep's settings.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    fold: Series[np.int64] = amount("Walk-forward fold, from 0.")
    noise: Text = pa.Field(
        isin=NOISES,
        description="Labels of the fit part: none, as observed; independent or bursts, with noise added; "
        "truth, the simulated market's own.",
    )
    exposure: Series[float] = amount("Dose of the added noise; exp(-exposure) of the labels' signal is left.")
    repeat: Series[np.int64] = amount("Repeat of noise and fit seed, from 0; as in seed_scores.")
    status: Text = pa.Field(isin=STATUSES, description="ok, training_failed or skipped_short_history.")
    reason: Text = optional("Why nothing was measured.")
    n_fit: Series[np.int64] = amount("Training rows.")
    n_test: Series[np.int64] = amount("Test rows; their labels are untouched.")
    buy_rate: Series[float] = optional_share("Share of BUY among the observed labels of the fit part.")
    changed: Series[float] = optional_share("Share of the fit part's labels that differ from the observed.")
    roc_auc: Series[float] = optional_share("ROC AUC on the observed test labels.")
    average_precision: Series[float] = optional_share("Average precision on the observed test labels.")
    roc_auc_true: Series[float] = optional_share("ROC AUC on the true test labels; null where unknown.")
    average_precision_true: Series[float] = optional_share(
        "Average precision on the true test labels; null where unknown."
    )
    rounds: Series[np.int64] = amount("Boosting rounds: those of the cell's baseline.")
    seed: Series[np.int64] = amount("Seed of the fit: that of the baseline's fit of the same repeat.")
    fit_key: Text = optional("Key of the fit; with noise none it is the baseline's own.")
    arrays_key: Text = key("Key of the crypto's rows: every noise audit of the same rows has it.")
    inputs: Text = key("Everything that the crypto's rows were made from, a JSON object.")
    run_id: Text = key("Dagster run that wrote the row.")
    created_at: Series[UtcTimestamp] = pa.Field(description="When the row was written, UTC.")

    class Config:
        name = "label_ceiling"

    one_row_a_dose = unique_rows(CEILING_KEY)

    @pa.dataframe_check(error="only status ok is measured, and every other says why")
    def others_say_why(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        measured = frame[["roc_auc", "average_precision", "changed", "buy_rate", "fit_key"]].notna()
        scored = frame[["roc_auc", "average_precision"]].notna()
        ok = frame["status"] == OK
        return (ok & measured.all(axis=1)) | (~ok & ~scored.any(axis=1) & frame["reason"].notna())

    @pa.dataframe_check(error="added noise has an exposure above 0, and other labels have 0")
    def only_added_noise_has_a_dose(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return (frame["exposure"] > 0) == frame["noise"].isin(["independent", "bursts"])

    @pa.dataframe_check(error="observed labels differ in no row from the observed ones")
    def no_noise_changes_nothing(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return (frame["noise"] != "none") | frame["changed"].isna() | (frame["changed"] == 0)

    inputs_are_json = json_objects("inputs")
