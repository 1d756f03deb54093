"""The contracts of ``gate_metrics`` and ``gate_verdicts``: the verdicts and the numbers behind them.

The DuckDB tables, the documentation of their columns and the blocking check of ``gate_decision`` come from
the two models. A number that could not be computed is null, never infinite.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.tables.checks import StoredTable, json_objects, unique_rows
from ftf_assets.contracts.tables.fields import (
    Count,
    Text,
    UtcTimestamp,
    amount,
    key,
    optional,
    optional_amount,
    optional_share,
)
from ftf_assets.contracts.tables.finetune_results import TUNE_MODES

#: Trades of a variant, in all and in its poorest fold, below which a verdict carries a warning. 63
#: observations a group resolve an effect of d = 0.5 at p < 0.05 with 80 % power, by the normal approximation
#: 2 (1.960 + 0.842)² / 0.5² = 62.8 (Cohen 1988, *Statistical Power Analysis for the Behavioral Sciences*,
#: section 2.4; with Student's t it is 64). 30 a fold is a convention of the field.
MIN_TRADES = 63
MIN_TRADES_A_FOLD = 30

#: Metrics that decide, the family of the correction for multiple tests. Higher is better.
VERDICT_METRICS = ("f1_buy", "average_precision", "expectancy_net", "sortino")
#: Metrics that are compared and shown but decide nothing. Lower is better.
SHOWN_METRICS = ("ece_debiased", "log_loss")

INVALID = "INVALID"
NO_SIGNAL = "NO_SIGNAL"
ABANDON = "ABANDON"
LOCK = "LOCK"
KEEP_AVAILABLE = "KEEP_AVAILABLE"
VERDICTS = (INVALID, NO_SIGNAL, ABANDON, LOCK, KEEP_AVAILABLE)

#: Tuning mode of a results file that does not state one.
NOT_STATED = "not stated"

WINS, LOSES, NEITHER = "wins", "loses", "neither"
OUTCOMES = (WINS, LOSES, NEITHER)

METRICS_KEY = ("sweep_id", "factor", "level", "metric")
VERDICTS_KEY = ("sweep_id", "factor", "level")


class GateMetrics(StoredTable):
    """One row per level and metric: the level compared with its factor's baseline, cell by cell."""

    sweep_id: Text = key("The sweep, or the file, that was judged.")
    factor: Text = key("Factor whose level is compared with its baseline, the others at theirs.")
    level: Text = key("Level that is compared.")
    metric: Text = pa.Field(
        isin=(*VERDICT_METRICS, *SHOWN_METRICS),
        description="Metric; lower is better for ece_debiased and log_loss.",
    )
    n_pairs: Series[np.int64] = amount("Pairs: (crypto, fold) cells where level and baseline were measured.")
    mean_difference: Series[float] = optional(
        "Mean of level minus baseline, in the metric's unit; null without pairs."
    )
    median_difference: Series[float] = optional("Median of level minus baseline; null without pairs.")
    ci_low: Series[float] = optional("Lower end of the t interval of the mean difference, 95 % by default.")
    ci_high: Series[float] = optional("Upper end of the t interval of the mean difference.")
    bootstrap_low: Series[float] = optional(
        "Lower end of the percentile bootstrap interval over pairs; shown, decides nothing."
    )
    bootstrap_high: Series[float] = optional("Upper end of the bootstrap interval; shown, decides nothing.")
    t: Series[float] = optional(
        "Paired t statistic; null for fewer than two pairs or equal differences: nothing can be tested."
    )
    p_value: Series[float] = optional_share("Two-sided p-value of t, before correction.")
    p_corrected: Series[float] = optional_share(
        "p_value after Benjamini-Hochberg over the verdict metrics of all levels; null outside that family."
    )
    wilcoxon_p: Series[float] = optional_share("Wilcoxon signed-rank p-value; shown, decides nothing.")
    cohens_d: Series[float] = optional("Cohen's d: mean over standard deviation of the differences.")
    fold_n: Series[np.int64] = amount(
        "Clusters of the fold-level test: folds, or cryptos if there is only one fold."
    )
    fold_t: Series[float] = optional("t statistic with the cluster means as the sample.")
    fold_p: Series[float] = optional_share("Two-sided p-value of fold_t.")
    cryptos_better: Series[np.int64] = amount("Cryptos whose mean difference is in the better direction.")
    cryptos_worse: Series[np.int64] = amount("Cryptos whose mean difference is in the worse direction.")
    outcome: Text = pa.Field(
        isin=OUTCOMES,
        nullable=True,
        description="wins or loses: corrected p, effect size and fold test agree. Null outside the family.",
    )
    in_family: Series[np.bool_] = pa.Field(description="Whether the metric decides and is corrected for.")
    seed_n: Series[np.int64] = amount(
        "Cells of the baseline that were fitted with several seeds; 0 where the metric's noise is unknown."
    )
    seed_sd: Series[float] = optional(
        "SD of the difference between two cells of the baseline that differ in their seed alone."
    )
    seed_margin: Series[float] = optional(
        "Mean differences up to this size, either way, come from the seed alone (95 % by default); "
        "shown, decides nothing."
    )

    class Config:
        name = "gate_metrics"

    one_row_a_metric = unique_rows(METRICS_KEY)

    @pa.dataframe_check(error="only metrics of the family have an outcome and a corrected p")
    def the_family_decides(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        outside = frame["outcome"].isna() & frame["p_corrected"].isna()
        return outside.where(~frame["in_family"], frame["outcome"].notna())


class GateVerdicts(StoredTable):
    """One row per level: the verdict, its reason and what it was made from."""

    sweep_id: Text = key("The sweep, or the file, that was judged.")
    factor: Text = key("Factor whose level is judged.")
    level: Text = key("Level that is judged.")
    verdict: Text = pa.Field(
        isin=VERDICTS,
        description="INVALID, NO_SIGNAL, ABANDON, LOCK or KEEP_AVAILABLE; the first that holds.",
    )
    reason: Text = key("Why, in one sentence, with the numbers that decided.")
    warnings: Text = optional("What weakens the verdict without changing it; one line each, null for none.")
    n_expected: Series[np.int64] = amount("Pairs that are expected; a pair with a short history is not.")
    n_pairs: Series[np.int64] = amount("Pairs that were measured.")
    n_trades: Count = optional_amount("Trades of the level on the paired cells; null where not counted.")
    min_trades_a_fold: Count = optional_amount("Trades of the level in its poorest fold; null where unknown.")
    underpowered: Series[pd.BooleanDtype] = optional(
        f"Whether level or baseline has too few trades, below {MIN_TRADES} in all or {MIN_TRADES_A_FOLD} a "
        "fold; null where not counted."
    )
    tuning: Text = pa.Field(
        isin=(*TUNE_MODES, NOT_STATED),
        description="Who was tuned: baseline, per_variant, off, or not stated where a file does not say.",
    )
    n_trials: Count = optional_amount("Tuning trials a (crypto, fold); null where not stated.")
    useful_gain: Series[float] = pa.Field(ge=0, description="Smallest gain of f1_buy worth having, absolute.")
    rows_fingerprint: Text = key("Hash of the result rows and expected cells that the verdict was made from.")
    settings_fingerprint: Text = key("Hash of the settings.")
    settings: Text = key("Bounds and baselines that the verdict was made with, a JSON object.")
    created_at: Series[UtcTimestamp] = pa.Field(description="When the verdict was made, UTC.")

    class Config:
        name = "gate_verdicts"

    one_row_a_level = unique_rows(VERDICTS_KEY)

    @pa.dataframe_check(error="n_pairs must not exceed n_expected")
    def pairs_are_expected(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        return frame["n_pairs"] <= frame["n_expected"]

    settings_are_json = json_objects("settings")
