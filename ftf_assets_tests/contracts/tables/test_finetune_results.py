"""The contract of finetune_results: one row a cell, and no row that contradicts itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables import validation as table_validation
from ftf_assets.contracts.tables.finetune_results import (
    CONDITIONAL_METRIC_COLUMNS,
    METRIC_COLUMNS,
    PRIMARY_KEY,
    TRADE_COLUMNS,
    results_contract,
)
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets_tests.support.results_rows import failed_row, ok_row, partition, results_table, skipped_row

IDENTITY = (
    "sweep_id crypto fold variant label_smoothing cleanlab sample_weight label_truth reseeded "
    "status error_type error_message error_stage"
)
CLASSIFICATION = (
    "f1_buy precision_buy recall_buy average_precision roc_auc log_loss brier ece ece_debiased "
    "ece_smoothing_corrected ece_debiased_smoothing_corrected mcc threshold f1_always_buy predicted_buy_rate "
    "breakeven_precision f1_buy_seed_sd average_precision_seed_sd roc_auc_seed_sd"
)
TRADES = "trade_threshold trade_precision n_trades win_rate expectancy_net return_net sortino max_drawdown"
COUNTS = (
    "n_train n_train_buy n_kept weight_sum n_suspects n_suspects_buy n_dropped n_dropped_buy n_test "
    "buy_rate_train buy_rate_test train_start train_end test_start test_end"
)
FIT = "best_iteration params tuning n_trials seed n_seeds fit_seconds"
PROVENANCE = (
    "data_source source_file quote_currency data_fingerprint cell_key code_version run_id phase created_at"
)
DESIGNED_COLUMNS = " ".join([IDENTITY, CLASSIFICATION, TRADES, COUNTS, FIT, PROVENANCE]).split()

CONTRACT = finetune_results_contract()
COLUMNS = CONTRACT.to_schema().columns


def validated(frame: pd.DataFrame) -> pd.DataFrame:
    return table_validation.validated(CONTRACT, frame, key=PRIMARY_KEY)


@pytest.mark.parametrize("name", ["status", "fold"])
def test_a_factor_must_not_be_named_like_a_column(name):
    with pytest.raises(InputError, match=f"must not be named like a column of the results .found {name}"):
        results_contract(("cleanlab", name))


def test_the_table_has_the_designed_columns_in_their_order():
    assert list(COLUMNS) == DESIGNED_COLUMNS
    assert set(PRIMARY_KEY) | set(FACTORS) | set(METRIC_COLUMNS) <= set(DESIGNED_COLUMNS)


def test_every_column_says_what_it_is():
    assert [name for name, column in COLUMNS.items() if not column.description] == []


def test_a_partition_of_good_failed_and_skipped_cells_satisfies_the_contract():
    rows = [*partition("OPUSDC", folds=4), failed_row(fold=4, variant="mild"), skipped_row(fold=4)]
    frame = results_table(rows)
    pd.testing.assert_frame_equal(validated(frame), frame)


def test_the_standard_protocol_is_125_rows():
    group = ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC")
    assert len(validated(results_table([row for crypto in group for row in partition(crypto)]))) == 125


@pytest.mark.parametrize(
    "rows", [[ok_row()], [failed_row()], [skipped_row()], [ok_row(), failed_row(fold=1)], []],
    ids=["ok", "failed", "skipped", "mixed", "none"],
)  # fmt: skip
def test_dtypes_do_not_depend_on_what_the_rows_hold(rows):
    expected = {name: str(column.dtype.type) for name, column in COLUMNS.items()}
    found = results_table(rows).dtypes.astype(str).to_dict()
    assert {
        name: np.dtype(kind).name if kind == "float64" else kind for name, kind in found.items()
    } == expected


def test_times_may_come_as_nanoseconds():
    when = pd.Timestamp("2023-03-01 01:00", tz="UTC")
    assert results_table([ok_row(test_start=when.value)])["test_start"].iloc[0] == when


NO_TRADES = {"n_trades": 0, "win_rate": None, "expectancy_net": None, "trade_precision": None}


def test_a_cell_without_trades_has_no_mean_of_them_and_is_good():
    validated(results_table([ok_row(**NO_TRADES, sortino=None, breakeven_precision=None)]))


def test_a_sortino_ratio_may_be_of_any_size():
    validated(results_table([ok_row(sortino=37.0), ok_row(fold=4, sortino=-52.5)]))


BROKEN = [
    *(
        pytest.param(ok_row(**{name: None}), "status ok needs every metric", id=f"ok without {name}")
        for name in METRIC_COLUMNS
    ),
    pytest.param(
        ok_row(error_message="but"), "status ok needs every metric and no error", id="ok with an error"
    ),
    *(
        pytest.param(failed_row(**{name: 0.3}), "only status ok has metrics", id=f"failed with {name}")
        for name in ("f1_buy", *CONDITIONAL_METRIC_COLUMNS)
    ),
    *(
        pytest.param(
            failed_row(**{name: None}), "training_failed needs error_type", id=f"failed without {name}"
        )
        for name in ("error_type", "error_message", "error_stage")
    ),
    pytest.param(
        skipped_row(error_message=None), "skipped_short_history needs its reason", id="skip unexplained"
    ),
    pytest.param(
        skipped_row(error_stage="fit"), "skipped_short_history needs its reason", id="skip as failure"
    ),
    pytest.param(skipped_row(f1_buy=0.2), "only status ok has metrics", id="skip with a metric"),
    pytest.param(ok_row(status="done"), "status: isin", id="unknown status"),
    pytest.param(ok_row(f1_buy=1.2), "f1_buy: less_than_or_equal_to", id="f1 above 1"),
    pytest.param(ok_row(n_train=-1), "n_train: greater_than_or_equal_to", id="negative count"),
    *(
        pytest.param(ok_row(**{name: None}), "there exactly with trades", id=f"trades without {name}")
        for name in TRADE_COLUMNS
    ),
    *(
        pytest.param(
            ok_row(**(NO_TRADES | {name: 0.0})), "there exactly with trades", id=f"{name} without trades"
        )
        for name in TRADE_COLUMNS
    ),
    pytest.param(ok_row(log_loss=np.inf), "numbers must not be infinite", id="infinite"),
    pytest.param(ok_row(return_net=-np.inf), "numbers must not be infinite", id="minus infinite"),
    pytest.param(ok_row(params="{'max_depth': 4}"), "params must be a JSON object", id="a repr is not JSON"),
    pytest.param(ok_row(params="[]"), "params must be a JSON object", id="a list is no object"),
    pytest.param(ok_row(crypto=""), "crypto: str_length", id="empty crypto"),
    pytest.param(ok_row(run_id=None), "run_id: not_nullable", id="no run"),
    pytest.param(ok_row(created_at=None), "created_at: not_nullable", id="no time"),
]


@pytest.mark.parametrize(("row", "rule"), BROKEN)
def test_broken_rows_are_refused_by_rule_and_cell(row, rule):
    frame = results_table([ok_row(fold=0), row])
    with pytest.raises(InputError) as refused:
        validated(frame)
    assert all(part in str(refused.value) for part in rule.split(": "))
    assert f"fold 3, variant {row['variant']}" in str(refused.value)


def test_a_second_row_of_a_cell_is_refused():
    with pytest.raises(InputError, match=r"\(sweep_id, crypto, fold, variant\) must be unique"):
        validated(results_table([ok_row(), ok_row(fold=1), ok_row()]))


def test_the_same_cell_of_two_sweeps_is_two_rows():
    validated(results_table([ok_row(), ok_row(sweep_id="ftf_ba9876543210")]))


def test_every_broken_rule_is_named_at_once():
    with pytest.raises(InputError) as refused:
        validated(results_table([ok_row(f1_buy=2.0, brier=-1.0), ok_row()]))
    for rule in ("f1_buy", "brier", "unique"):
        assert rule in str(refused.value)


def test_rows_under_one_index_label_are_still_told_apart():
    one = results_table([ok_row(fold=1)])
    validated(pd.concat([one, results_table([ok_row(fold=2)])]))
    with pytest.raises(InputError, match="unique"):
        validated(pd.concat([one, one]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda frame: frame.drop(columns="ece"),
            "column 'ece': breaks the contract 'finetune_results': column_in_dataframe",
        ),
        (
            lambda frame: frame.assign(recall_hold=0.1),
            "column 'recall_hold': breaks the contract 'finetune_results': column_in_schema",
        ),
        (
            lambda frame: frame.assign(fold=frame["fold"].astype(float)),
            "column 'fold': breaks the contract 'finetune_results': dtype",
        ),
        (
            lambda frame: frame.assign(created_at=frame["created_at"].dt.tz_localize(None)),
            "column 'created_at': breaks the contract 'finetune_results': dtype",
        ),
    ],
    ids=["missing", "foreign", "dtype", "naive time"],
)
def test_another_shape_is_refused(change, message):
    with pytest.raises(InputError) as refused:
        validated(change(results_table([ok_row()])))
    assert message in str(refused.value)


def test_a_key_that_is_no_column_is_refused_when_rows_are_built():
    with pytest.raises(InputError, match="f1_bye"):
        results_table([ok_row(f1_bye=0.2)])


def test_the_model_is_strict_so_that_contract_and_table_cannot_drift():
    assert CONTRACT.to_schema().strict
    assert CONTRACT.to_schema().ordered
