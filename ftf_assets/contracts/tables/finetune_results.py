"""The contract of ``finetune_results``, one row per cell: the only list of its columns.

The DuckDB table, the Dagster type of the asset, the documentation of the columns and the blocking check all
come from :func:`results_contract`. It takes the names of the factors, one column each, because this room does
not know their registry; :mod:`ftf_assets.rows.factor_columns` fills them in.
"""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.tables.checks import StoredTable, json_objects, unique_rows
from ftf_assets.contracts.tables.fields import (
    Count,
    Text,
    UtcTimestamp,
    key,
    optional,
    optional_amount,
    optional_share,
)

OK = "ok"
TRAINING_FAILED = "training_failed"
SKIPPED_SHORT_HISTORY = "skipped_short_history"
STATUSES = (OK, TRAINING_FAILED, SKIPPED_SHORT_HISTORY)

TUNE_MODES = ("baseline", "per_variant", "off")

PRIMARY_KEY = ("sweep_id", "crypto", "fold", "variant")

#: Measured on the test rows of a cell: given if its status is ok, null otherwise.
METRIC_COLUMNS = (
    *("f1_buy", "precision_buy", "recall_buy", "average_precision", "roc_auc", "log_loss", "brier", "ece"),
    *("ece_debiased", "ece_smoothing_corrected", "ece_debiased_smoothing_corrected", "mcc", "threshold"),
    *("f1_always_buy", "predicted_buy_rate"),
    *("trade_threshold", "n_trades", "return_net", "max_drawdown"),
)
#: Columns with the standard deviation of a metric over the single fits of a cell; null for a single fit.
SEED_SPREAD_COLUMNS = {
    "roc_auc": "roc_auc_seed_sd",
    "f1_buy": "f1_buy_seed_sd",
    "average_precision": "average_precision_seed_sd",
}
#: Metrics that a good cell has exactly where it trades.
TRADE_COLUMNS = ("trade_precision", "win_rate", "expectancy_net")
#: Metrics that are undefined for some good cells: without a trade, a losing day, a class, or a second fit.
CONDITIONAL_METRIC_COLUMNS = (
    *("breakeven_precision", "sortino"),
    *TRADE_COLUMNS,
    *SEED_SPREAD_COLUMNS.values(),
)
#: Shares: a number outside [0, 1] in such a column of a file is another quantity, such as a percentage.
SHARE_COLUMNS = (
    *("f1_buy", "precision_buy", "recall_buy", "average_precision", "roc_auc", "brier"),
    *("ece", "ece_debiased", "f1_always_buy", "predicted_buy_rate"),
    *("trade_precision", "win_rate"),
)


class _Cell(StoredTable):
    sweep_id: Text = key("Hash of the sweep's settings: the same settings are the same sweep.")
    crypto: Text = key("Trading pair, such as OPUSDC.")
    fold: Series[np.int64] = pa.Field(
        ge=0, description="Walk-forward fold, from 0; the same weeks for a group."
    )
    variant: Text = key("Levels that differ from the baseline, or baseline.")


class _CellResult(pa.DataFrameModel):
    status: Text = pa.Field(isin=STATUSES, description="ok, training_failed or skipped_short_history.")
    error_type: Text = optional("Exception class of a failed cell.")
    error_message: Text = optional("Message of a failed cell; the reason of a skipped one.")
    error_stage: Text = optional("Stage at which a failed cell failed.")

    f1_buy: Series[float] = optional_share("F1 of BUY on hard test labels at the cell's threshold.")
    precision_buy: Series[float] = optional_share("Precision of BUY; 0 where no row was called BUY.")
    recall_buy: Series[float] = optional_share("Recall of BUY.")
    average_precision: Series[float] = optional_share("Average precision of P(BUY).")
    roc_auc: Series[float] = optional_share("Area under the ROC curve of P(BUY).")
    log_loss: Series[float] = optional_amount("Log loss of P(BUY) against hard labels, nats.")
    brier: Series[float] = optional_share("Brier score of P(BUY) against hard labels.")
    ece: Series[float] = optional_share("Expected calibration error, 15 equal-mass bins; biased upwards.")
    ece_debiased: Series[float] = optional_share(
        "ece minus that of a perfect model on the same rows, at least 0."
    )
    ece_smoothing_corrected: Series[float] = optional_share(
        "ece of (p - e_hold) / (1 - e_buy - e_hold), clipped."
    )
    ece_debiased_smoothing_corrected: Series[float] = optional_share("The debiased ece_smoothing_corrected.")
    mcc: Series[float] = pa.Field(ge=-1, le=1, nullable=True, description="Matthews correlation coefficient.")
    threshold: Series[float] = optional_share(
        "BUY is called at and above it: F1-optimal on the validation slice."
    )
    f1_always_buy: Series[float] = optional_share("F1 of calling every test row BUY.")
    predicted_buy_rate: Series[float] = optional_share("Share of test rows called BUY.")
    breakeven_precision: Series[float] = optional(
        "(L + c) / (W + L): mean gain W of BUY and mean loss L of HOLD labels on the fit part, cost c."
    )
    f1_buy_seed_sd: Series[float] = optional_amount(
        "SD of f1_buy over single fits that differ in their seed alone; null where the cell has one fit."
    )
    average_precision_seed_sd: Series[float] = optional_amount("The same SD of average_precision.")
    roc_auc_seed_sd: Series[float] = optional_amount("The same SD of roc_auc.")

    trade_threshold: Series[float] = optional_share(
        "A trade may open at and above it: quantile 1 - evaluation.trade_share of P(BUY) on the validation "
        "slice."
    )
    trade_precision: Series[float] = optional_share(
        "Precision of BUY at trade_threshold, beside breakeven_precision; null where no row is called."
    )
    n_trades: Count = optional_amount("Trades at trade_threshold, one position at a time.")
    win_rate: Series[float] = optional_share("Share of trades with a net gain; null without trades.")
    expectancy_net: Series[float] = optional(
        "Mean return per trade after costs, basis points; null without trades."
    )
    return_net: Series[float] = optional("All trades compounded after costs; 0.01 = 1 %.")
    sortino: Series[float] = optional(
        "Annualised Sortino ratio of daily net returns, target 0; null without a losing day."
    )
    max_drawdown: Series[float] = optional_amount(
        "Deepest fall of the compounded equity, a positive fraction."
    )

    n_train: Count = optional_amount("Rows of the fit part.")
    n_train_buy: Count = optional_amount("BUY rows of the fit part.")
    n_kept: Count = optional_amount("Rows of the fit part that cleaning kept.")
    weight_sum: Series[float] = optional_amount("Sum of the training weights after cleaning.")
    n_suspects: Count = optional_amount("Rows of the fit part suspected of a wrong label.")
    n_suspects_buy: Count = optional_amount("BUY rows among the suspects.")
    n_dropped: Count = optional_amount("Rows that cleaning dropped.")
    n_dropped_buy: Count = optional_amount("BUY rows that cleaning dropped.")
    n_test: Count = optional_amount("Test rows.")
    buy_rate_train: Series[float] = optional_share("Share of BUY in the fit part.")
    buy_rate_test: Series[float] = optional_share("Share of BUY in the test rows.")
    train_start: Series[UtcTimestamp] = optional("First timestamp of the training window, UTC.")
    train_end: Series[UtcTimestamp] = optional("Latest label end of the training window, UTC.")
    test_start: Series[UtcTimestamp] = optional("First timestamp of the test rows, UTC.")
    test_end: Series[UtcTimestamp] = optional("Latest label end of the test rows, UTC.")

    best_iteration: Count = optional_amount("Boosting rounds of the model.")
    params: Text = optional("Hyper-parameters, a JSON object.")
    tuning: Text = pa.Field(
        isin=TUNE_MODES, nullable=True, description="Who is tuned in the sweep: baseline, per_variant or off."
    )
    n_trials: Count = optional_amount("Tuning trials; 0 without tuning.")
    seed: Series[np.int64] = pa.Field(ge=0, description="Seed of the first fit, one for all variants.")
    n_seeds: Series[np.int64] = pa.Field(ge=1, description="Fits whose probabilities are averaged.")
    fit_seconds: Series[float] = optional_amount(
        "Time that the cell's fits took, seconds; not part of any key."
    )

    data_source: Text = key("Where the rows came from: market, candles or features.")
    source_file: Text = optional(
        "File that the rows came from, below the data folder; of several, the first and last."
    )
    quote_currency: Text = optional("Currency of the prices, such as USDT.")
    data_fingerprint: Text = key("Hash of the source file's content, or of the embedded market's parameters.")
    cell_key: Text = optional("Hash of everything that the cell's result depends on.")
    code_version: Text = key("Version of the code that decides results.")
    run_id: Text = key("Dagster run that wrote the row.")
    phase: Text = key("Why the sweep was run, such as manual.")
    created_at: Series[UtcTimestamp] = pa.Field(description="When the row was written, UTC.")

    one_row_a_cell = unique_rows(PRIMARY_KEY)

    @pa.dataframe_check(error="status ok needs every metric and no error")
    def ok_rows_are_measured(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: N805
        measured = frame[list(METRIC_COLUMNS)].notna().all(axis=1)
        return (frame["status"] != OK) | (measured & _error_columns(frame).isna().all(axis=1))

    @pa.dataframe_check(error="only status ok has metrics")
    def other_rows_are_not_measured(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: N805
        measured = frame[[*METRIC_COLUMNS, *CONDITIONAL_METRIC_COLUMNS]].notna().any(axis=1)
        return (frame["status"] == OK) | ~measured

    @pa.dataframe_check(error="trade_precision, win_rate and expectancy_net are there exactly with trades")
    def trades_are_measured(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: N805
        traded = frame["n_trades"].fillna(0) > 0
        return frame[list(TRADE_COLUMNS)].notna().eq(traded, axis=0).all(axis=1)

    @pa.dataframe_check(error="status training_failed needs error_type, error_message and error_stage")
    def failed_rows_say_why(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: N805
        return (frame["status"] != TRAINING_FAILED) | _error_columns(frame).notna().all(axis=1)

    @pa.dataframe_check(error="status skipped_short_history needs its reason in error_message, and no more")
    def skipped_rows_say_why(cls, frame: pd.DataFrame) -> Series[bool]:  # noqa: N805
        said = frame["error_message"].notna() & frame[["error_type", "error_stage"]].isna().all(axis=1)
        return (frame["status"] != SKIPPED_SHORT_HISTORY) | said

    params_are_json = json_objects("params")


#: All columns but those of factors.
CELL_COLUMNS = frozenset({*_CellResult.__annotations__, *_Cell.__annotations__})


@functools.cache
def results_contract(factors: tuple[str, ...]) -> type[pa.DataFrameModel]:
    """Build the contract of ``finetune_results`` for a registry of factors.

    Parameters
    ----------
    factors
        Names of the factors, one column each between ``variant`` and ``status``, in this order.

    Returns
    -------
    type of DataFrameModel
        One row per cell (crypto × fold × variant) of a sweep, however the cell ended: exactly these columns,
        in this order.

    Raises
    ------
    InputError
        A factor is named like another column.
    """
    taken = CELL_COLUMNS & {*factors}
    if taken:
        raise input_error(
            "a factor must not be named like a column of the results",
            found=", ".join(sorted(taken)),
            fix="Give it another name.",
        )
    levels = type(
        "_Levels",
        (pa.DataFrameModel,),
        {
            "__annotations__": dict.fromkeys(factors, Text),
            **{name: key(f"Level of the factor {name}.") for name in factors},
        },
    )
    config = type("Config", (), {"name": "finetune_results"})
    model: type[pa.DataFrameModel] = type("FinetuneResults", (_CellResult, levels, _Cell), {"Config": config})
    return model


def _error_columns(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["error_type", "error_message", "error_stage"]]
