"""The contracts of ``gate_summary``, ``gate_verdicts`` and ``gate_metrics``: the answer and its numbers.

The DuckDB tables, the documentation of their columns and the blocking check of ``gate_decision`` come from
the three models. A number that could not be computed is null, never infinite.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.gate_bounds import MIN_TRADES, MIN_TRADES_A_FOLD, RULES
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

#: Metrics that can be the primary one, which decides: the first that the results have.
PRIMARY_METRICS = ("roc_auc", "average_precision", "f1_buy")
#: Metrics that decide or can prevent LOCK. Higher is better.
VERDICT_METRICS = (*PRIMARY_METRICS, "expectancy_net")
#: Metrics that are compared and shown but decide nothing.
SHOWN_METRICS = ("sortino", "ece_debiased", "log_loss")
#: Metrics of which two must win by the rule ``two_metrics``.
COUNTED_METRICS = ("f1_buy", "average_precision", "expectancy_net", "sortino")
#: Metrics that a measured cell may lack: it made no trade, or had no losing day.
OPTIONAL_METRICS = ("expectancy_net", "sortino")

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

#: What a metric does in a decision: the primary one decides, a veto can only prevent, a counted one is one of
#: several that must win (rule ``two_metrics``), a shown one decides nothing.
PRIMARY, VETO, COUNTED, SHOWN = "primary", "veto", "counted", "shown"
ROLES = (PRIMARY, VETO, COUNTED, SHOWN)

#: What ended the judgement of a level: the verdict, with the two grounds of ``ABANDON`` apart.
ENDS_INVALID, ENDS_NO_SIGNAL, ENDS_LOCK = "invalid", "no_signal", "lock"
ENDS_HARM, ENDS_NOTHING_USEFUL, ENDS_UNDECIDED = "harm", "nothing_useful", "undecided"
LEVEL_ENDINGS = (
    *(ENDS_INVALID, ENDS_NO_SIGNAL, ENDS_LOCK),
    *(ENDS_HARM, ENDS_NOTHING_USEFUL, ENDS_UNDECIDED),
)
#: Ending of a sweep whose levels ended in different ways.
ENDS_MIXED = "mixed"
ENDINGS = (*LEVEL_ENDINGS, ENDS_MIXED)

#: What the clustered test of a metric counts as one independent observation. ``pairs``: equal differences in
#: every pair, which the sign-flip test judges.
BY_WEEKS, BY_FOLDS, BY_CRYPTOS, BY_PAIRS = "weeks", "folds", "cryptos", "pairs"
CLUSTER_KINDS = (BY_WEEKS, BY_FOLDS, BY_CRYPTOS, BY_PAIRS)

#: Where the variance that seeds alone give a mean difference comes from: from the single fits of level and
#: baseline, paired by repeat; from the baseline's own repeats, as if level and baseline were independent; or
#: nowhere.
SEEDS_PAIRED, SEEDS_BASELINE, SEEDS_UNKNOWN = "paired", "baseline", "unknown"
SEED_SOURCES = (SEEDS_PAIRED, SEEDS_BASELINE, SEEDS_UNKNOWN)

METRICS_KEY = ("sweep_id", "factor", "level", "metric")
VERDICTS_KEY = ("sweep_id", "factor", "level")
SUMMARY_KEY = ("sweep_id",)


class GateMetrics(StoredTable):
    """One row per level and metric: the level compared with its factor's baseline, cell by cell."""

    sweep_id: Text = key("The sweep, or the file, that was judged.")
    factor: Text = key("Factor whose level is compared with its baseline, the others at theirs.")
    level: Text = key("Level that is compared.")
    metric: Text = pa.Field(
        isin=(*VERDICT_METRICS, *SHOWN_METRICS),
        description="Metric; lower is better for ece_debiased and log_loss.",
    )
    role: Text = pa.Field(
        isin=ROLES,
        description="primary: decides; veto: can only prevent LOCK; counted: one of several that must win "
        "(rule two_metrics); shown: decides nothing.",
    )
    n_pairs: Series[np.int64] = amount(
        "Pairs: (crypto, fold) cells where level and baseline have the metric."
    )
    n_left_out: Series[np.int64] = amount(
        "Measured pairs left out because one side has no value, such as the expectancy without a trade."
    )
    mean_difference: Series[float] = optional(
        "Mean of level minus baseline, in the metric's unit; null without pairs."
    )
    median_difference: Series[float] = optional("Median of level minus baseline; null without pairs.")
    ci_low: Series[float] = optional(
        "Lower end of the clustered t interval of the mean difference, 95 % by default."
    )
    ci_high: Series[float] = optional("Upper end of the clustered t interval of the mean difference.")
    bootstrap_low: Series[float] = optional(
        "Lower end of the percentile bootstrap interval over pairs; shown, decides nothing."
    )
    bootstrap_high: Series[float] = optional("Upper end of the bootstrap interval; shown, decides nothing.")
    clusters: Text = pa.Field(
        isin=CLUSTER_KINDS,
        nullable=True,
        description="What p_value and the interval count as one observation: calendar weeks, folds, cryptos, "
        "or pairs where every pair differs by the same; null where nothing can be tested.",
    )
    n_clusters: Series[np.int64] = amount("Number of those clusters.")
    standard_error: Series[float] = optional_amount(
        "Standard error of the mean difference, clusters and seeds included; null where unknown."
    )
    week_error: Series[float] = optional_amount(
        "Part of standard_error that comes from the weeks of the test span; null for other clusters."
    )
    seed_error: Series[float] = optional_amount(
        "Part of standard_error that comes from the seeds of the fits; null where unknown."
    )
    seed_source: Text = pa.Field(
        isin=SEED_SOURCES,
        nullable=True,
        description="Where seed_error comes from: paired fits of level and baseline, the baseline's fits "
        "alone, or unknown; null for other clusters than weeks, which contain it.",
    )
    t: Series[float] = optional("Clustered t statistic; null where nothing can be tested.")
    p_value: Series[float] = optional_share(
        "Two-sided p-value of t, before correction; of the sign-flip test where all pairs are equal."
    )
    p_corrected: Series[float] = optional_share(
        "p_value after Benjamini-Hochberg over the levels of the sweep; null for shown metrics."
    )
    smallest_visible: Series[float] = optional_amount(
        "Smallest true difference that this sweep finds with 80 % power at two-sided 5 %, in the metric's "
        "unit; null where the standard error is unknown."
    )
    true_difference: Series[float] = optional(
        "Mean difference on the scale of the true labels: divided by 1 - alpha - beta, the noise of the test "
        "labels; null unless known and at least 0.3. Shown, decides nothing."
    )
    cohens_d: Series[float] = optional("Cohen's d: mean over standard deviation of the differences.")
    cell_p: Series[float] = optional_share("Two-sided p-value of the t-test over pairs, clusters ignored.")
    wilcoxon_p: Series[float] = optional_share("Wilcoxon signed-rank p-value; shown, decides nothing.")
    fold_n: Series[np.int64] = amount("Folds, or cryptos if there is only one fold.")
    fold_t: Series[float] = optional("t statistic with those as the clusters; shown beside that of weeks.")
    fold_p: Series[float] = optional_share("Two-sided p-value of fold_t.")
    cryptos_better: Series[np.int64] = amount("Cryptos whose mean difference is in the better direction.")
    cryptos_worse: Series[np.int64] = amount("Cryptos whose mean difference is in the worse direction.")
    outcome: Text = pa.Field(
        isin=OUTCOMES,
        nullable=True,
        description="wins or loses: corrected p and effect size agree. Null for shown metrics.",
    )
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

    @pa.dataframe_check(error="only metrics that are not just shown have an outcome and a corrected p")
    def shown_metrics_decide_nothing(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        outside = frame["outcome"].isna() & frame["p_corrected"].isna()
        return outside.where(frame["role"] == SHOWN, frame["outcome"].notna())


class GateVerdicts(StoredTable):
    """One row per level: the verdict, its reason and what it was made from."""

    sweep_id: Text = key("The sweep, or the file, that was judged.")
    factor: Text = key("Factor whose level is judged.")
    level: Text = key("Level that is judged.")
    verdict: Text = pa.Field(
        isin=VERDICTS,
        description="INVALID, NO_SIGNAL, ABANDON, LOCK or KEEP_AVAILABLE; the first that holds.",
    )
    ending: Text = pa.Field(
        isin=LEVEL_ENDINGS,
        description="The same with the two grounds of ABANDON apart: harm, or nothing_useful.",
    )
    reason: Text = key("Why, in one sentence, with the numbers that decided.")
    advice: Text = optional(
        "What would decide it: months of test history, cryptos or seeds; null if decided."
    )
    warnings: Text = optional("What weakens the verdict without changing it; one line each, null for none.")
    n_expected: Series[np.int64] = amount("Pairs that are expected; a pair with a short history is not.")
    n_pairs: Series[np.int64] = amount("Pairs that were measured.")
    n_trades: Count = optional_amount("Trades of the level on the paired cells; null where not counted.")
    min_trades_a_fold: Count = optional_amount("Trades of the level in its poorest fold; null where unknown.")
    underpowered: Series[pd.BooleanDtype] = optional(
        f"Whether level or baseline has too few trades, below {MIN_TRADES} in all or {MIN_TRADES_A_FOLD} a "
        "fold; null where not counted."
    )
    level_auc: Series[float] = optional_share("Mean roc_auc of the level's cells; null where not measured.")
    signal_p: Series[float] = optional_share(
        "One-sided p-value that the level ranks better than chance; null where it cannot be tested."
    )
    net_bps: Series[float] = optional(
        "Mean over the level's cells of the net return per trade at the trading threshold, basis points."
    )
    trade_precision: Series[float] = optional_share("Mean precision of BUY at the trading threshold.")
    breakeven_precision: Series[float] = optional("Mean precision at which those trades would break even.")
    tradable: Series[pd.BooleanDtype] = optional(
        "Whether net_bps is above 0 and trade_precision at least break-even; null where neither is known."
    )
    tuning: Text = pa.Field(
        isin=(*TUNE_MODES, NOT_STATED),
        description="Who was tuned: baseline, per_variant, off, or not stated where a file does not say.",
    )
    n_trials: Count = optional_amount("Tuning trials a (crypto, fold); null where not stated.")
    rule: Text = pa.Field(isin=RULES, description="Rule of the verdict: primary_metric or two_metrics.")
    primary_metric: Text = pa.Field(
        isin=PRIMARY_METRICS,
        description="Metric that decides: roc_auc, else average_precision, else f1_buy.",
    )
    useful_gain: Series[float] = pa.Field(
        ge=0, description="Smallest gain of the primary metric worth having, absolute."
    )
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


class GateSummary(StoredTable):
    """One row per sweep: the answer in one sentence, and every number that it rests on."""

    sweep_id: Text = key("The sweep, or the file, that was judged.")
    ending: Text = pa.Field(
        isin=ENDINGS,
        description="The ending of all levels, or mixed where they differ.",
    )
    headline: Text = key("The answer in words.")
    rule: Text = pa.Field(isin=RULES, description="Rule of the verdicts: primary_metric or two_metrics.")
    primary_metric: Text = pa.Field(
        isin=PRIMARY_METRICS,
        description="Metric that decides: roc_auc, else average_precision, else f1_buy.",
    )
    useful_gain: Series[float] = pa.Field(
        ge=0, description="Smallest gain of the primary metric worth having, absolute."
    )

    signal_metric: Text = pa.Field(
        isin=("roc_auc", "average_precision"),
        nullable=True,
        description="Metric of the signal test; average_precision above the rate of BUY; null if untested.",
    )
    signal_value: Series[float] = optional(
        "Mean of that metric over the baseline's cells; of average_precision, less the rate of BUY."
    )
    signal_p: Series[float] = optional_share("One-sided p-value that the baseline ranks better than chance.")
    signal_clusters: Text = pa.Field(
        isin=CLUSTER_KINDS, nullable=True, description="What that test counts as one observation."
    )

    largest_factor: Text = optional("Factor of the level with the largest gain of the primary metric.")
    largest_level: Text = optional("That level; null where no level has pairs.")
    largest_difference: Series[float] = optional("Its mean difference.")
    largest_low: Series[float] = optional("Lower end of its clustered interval.")
    largest_high: Series[float] = optional("Upper end of its clustered interval.")

    smallest_visible: Series[float] = optional_amount(
        "Smallest true gain of the primary metric that this sweep finds in every level with 80 % power at "
        "two-sided 5 %; null where unknown."
    )
    clusters: Text = pa.Field(
        isin=CLUSTER_KINDS, nullable=True, description="What the primary metric's test counts as one."
    )
    n_clusters: Series[np.int64] = amount("Number of those clusters.")
    n_cryptos: Series[np.int64] = amount("Cryptos of the paired cells.")
    n_skipped: Series[np.int64] = amount("Cryptos of the sweep's group that took no part.")
    skipped: Text = optional("Each of them with the reason, one line each; null where nobody was skipped.")
    n_folds: Series[np.int64] = amount("Folds of the paired cells.")
    n_seeds: Count = optional_amount("Fits that a cell averages; null where not stated.")
    test_months: Series[float] = optional_amount("Months of test history: weeks of the paired cells / 4.35.")
    week_sd: Series[float] = optional_amount(
        "SD of the primary difference of one crypto in one week; of the levels, the largest; null unless "
        "clustered by weeks. With the next two it says what another design could see."
    )
    week_correlation: Series[float] = optional(
        "Correlation of that difference between two cryptos in the same week."
    )
    seed_sd: Series[float] = optional_amount(
        "SD of the primary difference of one cell between single fits of other seeds; null where unknown."
    )
    truth_factor: Series[float] = optional_share(
        "1 - alpha - beta of the test labels' noise: observed differences of roc_auc are this share of those "
        "on true labels; null where the rates are unknown."
    )

    f1_buy: Series[float] = optional_share("Mean f1_buy of the baseline at its F1 threshold.")
    f1_always_buy: Series[float] = optional_share("Mean F1 of calling every bar BUY.")
    beats_always_buy: Series[pd.BooleanDtype] = optional(
        "Whether the baseline's f1_buy is above that of calling every bar BUY by a one-sided test, clustered "
        "by folds, p < 0.05; null where it cannot be tested. Decides nothing."
    )
    net_bps: Series[float] = optional(
        "Mean over the baseline's cells of the net return per trade at the trading threshold, basis points."
    )
    trade_precision: Series[float] = optional_share("Mean precision of BUY at the trading threshold.")
    breakeven_precision: Series[float] = optional("Mean precision at which those trades would break even.")
    trade_share: Series[float] = optional_share(
        "Share of bars that the trading threshold calls BUY on the validation slice; null where not stated."
    )
    tradable: Series[pd.BooleanDtype] = optional(
        "Whether net_bps is above 0 and trade_precision at least break-even; null where neither is known. "
        "Decides nothing."
    )

    ceiling_low: Series[float] = optional(
        "Lower end of the interval of what correct training labels would be worth, in roc_auc; null where "
        "not measured."
    )
    ceiling_estimate: Series[float] = optional("What correct training labels would be worth, extrapolated.")
    ceiling_bound: Series[float] = optional("Upper bound of what they would be worth, 95 %.")
    ceiling_scenario: Text = optional("Noise that the bound assumes, in words; null where not measured.")
    created_at: Series[UtcTimestamp] = pa.Field(description="When the decision was made, UTC.")

    class Config:
        name = "gate_summary"

    one_row_a_sweep = unique_rows(SUMMARY_KEY)

    @pa.dataframe_check(error="a ceiling has an estimate, a bound and a scenario, or none of them")
    def ceiling_is_whole(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: D102, N805
        known = frame[["ceiling_estimate", "ceiling_bound", "ceiling_scenario"]].notna()
        return known.all(axis=1) | ~known.any(axis=1)


class DecisionTables(NamedTuple):
    """The rows of one decision, by table."""

    metrics: pd.DataFrame
    verdicts: pd.DataFrame
    summary: pd.DataFrame
