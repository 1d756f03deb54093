"""The contracts of ``noise_audit`` and ``noise_audit_effects``: what finds wrong labels, what cleaning gains.

The DuckDB tables, the blocking check of the asset and the documentation of the columns come from the two
models. A number that was not measured is null.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, json_objects, unique_rows
from ftf_assets.contracts.tables.fields import Text, UtcTimestamp, amount, key, optional, optional_share

OK, FAILED, SKIPPED, UNAVAILABLE = "ok", "failed", "skipped_short_history", "unavailable"
STATUSES = (OK, FAILED, SKIPPED, UNAVAILABLE)
ROLES = ("cleaner", "reference", "control")
GIVEN_LABELS = ("BUY", "HOLD", "all")

AUDIT_KEY = ("audit_id", "crypto", "kind", "detector", "given_label")
EFFECTS_KEY = ("audit_id", "crypto", "kind", "treatment")


class NoiseAudit(StoredTable):
    """One row per kind of noise, detector and observed label: how well the detector finds wrong labels."""

    audit_id: Text = key("Hash of data, labels and settings: the same audit replaces its rows.")
    arrays_key: Text = key("Key of the rows that were audited: sweeps of the same data and labels find it.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    kind: Text = key("Kind of noise that was put into the labels.")
    detector: Text = key("What looked for it.")
    role: Text = pa.Field(
        isin=ROLES, description="cleaner: judged. reference: shown beside. control: what must be beaten."
    )
    given_label: Text = pa.Field(
        isin=GIVEN_LABELS,
        description="Observed label of the rows that were ranked; all is shown but is no evidence.",
    )
    status: Text = pa.Field(isin=STATUSES, description="ok, failed, skipped_short_history or unavailable.")
    reason: Text = optional("Why nothing was measured.")
    n_seeds: Series[np.int64] = amount("Draws of the noise that the numbers are means of.")
    n_rows: Series[np.int64] = amount("Rows that were ranked, summed over the draws.")
    n_wrong: Series[np.int64] = amount("Wrong labels among them.")
    n_bursts: Series[np.int64] = amount(
        "Bursts of wrong labels; a scattered wrong label is a burst of its own."
    )
    average_precision: Series[float] = optional_share("Average precision of the wrong labels.")
    lift: Series[float] = pa.Field(
        ge=0, nullable=True, description="Average precision over the share of wrong labels; 1 is chance."
    )
    lift_low: Series[float] = optional("Lower end of its 95 % interval, by burst.")
    lift_high: Series[float] = optional("Upper end of its 95 % interval, by burst.")
    hardest_control: Text = optional("The control that is hardest to beat; null for controls and for all.")
    margin: Series[float] = optional("Lift minus that of the hardest control.")
    margin_low: Series[float] = optional("Lower end of its 95 % interval, by burst.")
    margin_high: Series[float] = optional("Upper end of its 95 % interval, by burst.")
    p_value: Series[float] = optional_share(
        "One-sided p-value of beating every control: the largest of the three."
    )
    p_corrected: Series[float] = optional_share(
        "The same after Benjamini-Hochberg over all tests of the crypto."
    )
    beats_controls: Series[pd.BooleanDtype] = optional("Whether p_corrected is below 0.05.")
    estimated_noise_rate: Series[float] = optional_share(
        "Share of all labels that the detector judges wrong."
    )
    rounds: Series[np.int64] = amount("Boosting rounds of every model; 0 where none was fitted.")
    settings: Text = key("Settings of the audit, a JSON object.")
    data_source: Text = key("Where the rows came from: market, candles or features.")
    source_file: Text = optional(
        "File that the rows came from, below the data folder; of several, the first and last."
    )
    data_fingerprint: Text = key("Hash of the source file's content, or of the market's parameters.")
    code_version: Text = key("Version of the code that decides results.")
    run_id: Text = key("Dagster run that wrote the row.")
    created_at: Series[UtcTimestamp] = pa.Field(description="When the row was written, UTC.")

    class Config:
        name = "noise_audit"

    one_row_a_measurement = unique_rows(AUDIT_KEY)

    @pa.dataframe_check(error="only status ok is measured, and every other says why")
    def others_say_why(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        unmeasured = frame[["average_precision", "lift", "estimated_noise_rate"]].isna().all(axis=1)
        return (frame["status"] == OK) | (unmeasured & frame["reason"].notna())

    @pa.dataframe_check(error="controls and given_label all are never said to beat the controls")
    def only_evidence_is_judged(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        no_evidence = (frame["role"] == "control") | (frame["given_label"] == "all")
        return ~no_evidence | frame["beats_controls"].isna()

    settings_are_json = json_objects("settings")


class NoiseAuditEffects(StoredTable):
    """One row per kind of noise and treatment: how much of the loss from the noise the treatment recovers."""

    audit_id: Text = key("The audit, as in noise_audit.")
    arrays_key: Text = key("Key of the rows that were audited.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    kind: Text = key("Kind of noise that was put into the training labels.")
    treatment: Text = key("Level of the factor cleanlab that cleaned them.")
    control: Series[np.bool_] = pa.Field(description="Whether the treatment is what the others must beat.")
    status: Text = pa.Field(isin=STATUSES, description="ok, failed, skipped_short_history or unavailable.")
    reason: Text = optional("Why nothing was measured.")
    n_seeds: Series[np.int64] = amount("Draws of the noise that the numbers are means of.")
    n_test: Series[np.int64] = amount("Test rows; their labels are hard and untouched.")
    clean: Series[float] = optional_share("Average precision on them after training on the true labels.")
    noisy: Series[float] = optional_share("The same after training on the noisy labels.")
    treated: Series[float] = optional_share("The same after the treatment of the noisy labels.")
    lost: Series[float] = optional("clean - noisy.")
    lost_low: Series[float] = optional("Lower end of its 95 % interval.")
    lost_high: Series[float] = optional("Upper end of its 95 % interval.")
    nothing_lost: Series[pd.BooleanDtype] = optional("Whether the interval of lost holds 0 or less.")
    won: Series[float] = optional("treated - noisy.")
    won_low: Series[float] = optional("Lower end of its 95 % interval.")
    won_high: Series[float] = optional("Upper end of its 95 % interval.")
    recovered: Series[float] = optional("won / lost; null where nothing was lost beyond chance.")
    recovered_low: Series[float] = optional("Lower end of its 95 % interval.")
    recovered_high: Series[float] = optional("Upper end of its 95 % interval.")
    over_random: Series[float] = optional("treated minus that of doing the same to as many rows at random.")
    over_random_low: Series[float] = optional("Lower end of its 95 % interval.")
    over_random_high: Series[float] = optional("Upper end of its 95 % interval.")
    over_lowest_p: Series[float] = optional("treated minus that of dropping as many rows of lowest P.")
    over_lowest_p_low: Series[float] = optional("Lower end of its 95 % interval.")
    over_lowest_p_high: Series[float] = optional("Upper end of its 95 % interval.")
    created_at: Series[UtcTimestamp] = pa.Field(description="When the row was written, UTC.")

    class Config:
        name = "noise_audit_effects"

    one_row_a_treatment = unique_rows(EFFECTS_KEY)

    @pa.dataframe_check(error="only status ok is measured, and every other says why")
    def others_say_why(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        measured = frame[["clean", "noisy", "treated"]].notna()
        ok = frame["status"] == OK
        return (ok & measured.all(axis=1)) | (~ok & ~measured.any(axis=1) & frame["reason"].notna())

    @pa.dataframe_check(error="where nothing was lost there is nothing to recover a share of")
    def no_share_of_nothing(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        lost = ~frame["nothing_lost"].fillna(value=True)
        return frame["recovered"].notna() == lost
