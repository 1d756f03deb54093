"""Published result files: what is read, and what is refused by row."""

from __future__ import annotations

import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.gate_rows_coercion import coerce_result_rows
from ftf_assets.gate.decide import decide
from ftf_assets.storage.result_files import read_result_file
from ftf_assets_tests.support.gate_rows import BASELINES, CRYPTOS, sweep_rows
from ftf_assets_tests.support.results_rows import SWEEP, failed_row, partition, results_table, skipped_row


def frame(**kwargs) -> pd.DataFrame:
    return pd.DataFrame(sweep_rows(0.02, **kwargs)).drop(columns="status")


def written(folder, table, name="published.csv"):
    path = folder / name
    if path.suffix == ".parquet":
        table.to_parquet(path, index=False)
    else:
        table.to_csv(path, index=False)
    return path


def judged(path, **changed):
    file = read_result_file(path, **changed)
    return decide(file.rows, file.baselines, sweep_id=file.sweep_id)


@pytest.mark.parametrize("name", ["published.csv", "published.parquet"])
def test_csv_and_parquet_give_the_decision_of_the_rows(tmp_path, name):
    decision = judged(written(tmp_path, frame(), name))
    direct = decide(coerce_result_rows(frame(), BASELINES), BASELINES, sweep_id=decision.sweep_id)
    assert decision == direct
    assert decision.verdicts[0].verdict == "LOCK"


def test_per_crypto_means_are_judged_by_crypto(tmp_path):
    means = frame(folds=1)[["crypto", "cleanlab", "f1_buy", "average_precision"]]
    path = written(tmp_path, means)
    file = read_result_file(path)
    assert file.baselines == {"cleanlab": "off"}
    (verdict,) = judged(path).verdicts
    assert (verdict.verdict, verdict.n_pairs) == ("LOCK", 5)
    said = "; ".join(verdict.warnings)
    assert "the results lack roc_auc, so average_precision decides" in said
    assert "its test takes 5 cryptos as the sample" in said
    assert "whether the model ranks was not tested" in said


def test_rows_without_folds_are_named_without_one(tmp_path):
    means = frame(folds=1)[["crypto", "cleanlab", "f1_buy", "average_precision"]]
    path = written(tmp_path, means.drop(index=1))
    (verdict,) = judged(path).verdicts
    assert (verdict.verdict, verdict.n_pairs) == ("INVALID", 4)
    assert verdict.reason.endswith("missing: AAVEUSDC.")
    with pytest.raises(
        InputError,
        match=r"row 1: no baseline result for this crypto and fold, so filter cannot be compared: cleanlab = "
        r"filter \(",
    ):
        read_result_file(written(tmp_path, means.drop(index=0)))


def test_an_export_of_a_sweep_keeps_its_name_and_its_failed_cells(tmp_path):
    rows = [row for crypto in CRYPTOS for row in partition(crypto)]
    rows = [row for row in rows if (row["crypto"], row["fold"], row["variant"]) != ("OPUSDC", 4, "reweight")]
    rows.append(failed_row(fold=4, variant="reweight", label_smoothing="none", cleanlab="reweight"))
    rows = [row for row in rows if (row["crypto"], row["fold"]) != ("OPUSDC", 0)]
    rows += [skipped_row(fold=0), skipped_row(fold=0, variant="baseline", cleanlab="off")]
    for name in ("sweep.csv", "sweep.parquet"):
        decision = judged(written(tmp_path, results_table(rows), name))
        assert decision.sweep_id == SWEEP
        by_level = {verdict.level: verdict for verdict in decision.verdicts}
        assert (by_level["reweight"].n_expected, by_level["reweight"].n_pairs) == (24, 23)


def test_a_factor_of_their_own_needs_its_baseline(tmp_path):
    path = written(tmp_path, frame().rename(columns={"cleanlab": "denoiser"}).drop(columns="label_smoothing"))
    with pytest.raises(InputError, match=r"no factor column.*denoiser.*cleanlab \(baseline off"):
        read_result_file(path)
    assert judged(path, factor="denoiser", baseline="off").verdicts[0].factor == "denoiser"


def test_folds_may_be_names_or_whole_floats(tmp_path):
    table = frame()
    floats = read_result_file(written(tmp_path, table.assign(fold=table.fold * 1.0)))
    assert floats.rows.fold.names == (0, 1, 2, 3, 4)
    named = read_result_file(written(tmp_path, table.assign(fold=[f"2023H{n}" for n in table.fold])))
    assert named.rows.fold.name(0) == "2023H0"


def test_a_level_called_none_and_a_crypto_called_na_are_names(tmp_path):
    table = frame().assign(label_smoothing="none")
    table["crypto"] = table.crypto.replace("OPUSDC", "NA")
    assert "NA" in read_result_file(written(tmp_path, table)).rows.crypto.names


def with_value(column, row, value):
    table = frame().astype({column: object})
    table.loc[row - 1, column] = value
    return table


BAD_TABLES = [
    pytest.param(
        frame().drop(columns="crypto"), "published.csv, column 'crypto': the results lack", id="no crypto"
    ),
    pytest.param(frame()[["crypto", "fold", "cleanlab"]], "no metric that can.*f1_buy", id="no metric"),
    pytest.param(frame()[:0], "no rows", id="header only"),
    pytest.param(
        with_value("crypto", 7, None), "column 'crypto', row 7: a value is missing", id="crypto missing"
    ),
    pytest.param(with_value("fold", 8, None), "row 8: some rows have a fold", id="fold missing"),
    pytest.param(
        with_value("f1_buy", 4, None), "column 'f1_buy', row 4: .*fold 1, .*= filter", id="empty metric"
    ),
    pytest.param(with_value("f1_buy", 4, "NaN"), "row 4: .*found NaN", id="NaN"),
    pytest.param(with_value("f1_buy", 4, "n/a"), "row 4: .*found n/a", id="text metric"),
    pytest.param(
        pd.concat([frame(), frame()[3:4]]), "published.csv: AAVEUSDC, row 51: two rows", id="duplicate"
    ),
    pytest.param(
        frame().drop(index=2),
        "row 3: no baseline result for this crypto and fold, so filter cannot be compared.*fold 1",
        id="unpaired",
    ),
    pytest.param(
        frame()[lambda t: t.cleanlab != "off"], "no row has every factor at its baseline", id="no baseline"
    ),
    pytest.param(frame()[lambda t: t.cleanlab == "off"], "the results hold only the baseline", id="no level"),
    pytest.param(frame().assign(sweep_id=["a", "b"] * 25), "several sweeps.*a, b", id="two sweeps"),
    pytest.param(
        pd.concat([frame(), frame()[["f1_buy"]]], axis=1),
        "column 'f1_buy': a column is there twice",
        id="twice",
    ),
]


@pytest.mark.parametrize(("table", "message"), BAD_TABLES)
def test_bad_tables_are_refused_by_row(tmp_path, table, message):
    with pytest.raises(InputError, match=message):
        read_result_file(written(tmp_path, table))


OUT_OF_RANGE = [
    pytest.param({"f1_buy": {9: 1.5}}, "column 'f1_buy', row 10: .*found 1.5; allowed: 0 to 1", id="share"),
    pytest.param({"roc_auc": {3: -0.1}}, "column 'roc_auc', row 4: .*found -0.1", id="shown nowhere"),
    pytest.param({"n_trades": {5: -1}}, r"column 'n_trades', row 6: .*allowed: >= 0", id="count"),
    pytest.param({"f1_buy": {9: 2}, "n_trades": {5: -1}}, "column 'n_trades', row 6", id="the first row"),
    pytest.param({"brier": {5: 2}, "n_trades": {5: -1}}, "column 'brier', row 6", id="the first column"),
]


@pytest.mark.parametrize("name", ["published.csv", "published.parquet"])
@pytest.mark.parametrize(("values", "message"), OUT_OF_RANGE)
def test_numbers_out_of_range_are_refused_by_their_first_row(tmp_path, name, values, message):
    table = frame().assign(roc_auc=0.5, brier=0.1)
    for column, changed in values.items():
        table[column] = table[column].astype(float)
        for row, value in changed.items():
            table.loc[row, column] = value
    with pytest.raises(InputError, match=message):
        read_result_file(written(tmp_path, table, name))


BAD_NAMES = [
    pytest.param("crypto", "OP\u200bUSDC", "invisible character", id="invisible"),
    pytest.param("cleanlab", "x" * 200, "too long", id="long"),
    pytest.param("fold", "\uff11", "plain characters", id="full width"),
    pytest.param("status", "done", "unknown status .found 'done'", id="status"),
]


@pytest.mark.parametrize("name", ["published.csv", "published.parquet"])
@pytest.mark.parametrize(("column", "value", "message"), BAD_NAMES)
def test_names_that_are_not_what_they_look_like_are_refused_by_their_first_row(
    tmp_path, name, column, value, message
):
    table = frame().assign(status="ok").astype({column: str})
    table.loc[[11, 23], column] = value
    with pytest.raises(InputError, match=f"column '{column}', row 12: .*{message}"):
        read_result_file(written(tmp_path, table, name))


@pytest.mark.parametrize("name", ["published.csv", "published.parquet"])
def test_an_empty_number_is_found_as_nothing_in_either_format(tmp_path, name):
    table = frame()
    table.loc[3, "f1_buy"] = None
    with pytest.raises(InputError, match=r"row 4: .*cleanlab = filter\. Fill it in") as refused:
        read_result_file(written(tmp_path, table, name))
    assert "found" not in str(refused.value)


def test_spaces_around_names_are_no_part_of_them(tmp_path):
    table = frame()
    table["crypto"] = [f" {name}" if row % 2 else f"{name} " for row, name in enumerate(table.crypto)]
    assert judged(written(tmp_path, table)).metrics == judged(written(tmp_path, frame())).metrics


def test_lists_in_a_column_of_names_are_read_as_they_look(tmp_path):
    lists = frame().assign(crypto=[[name] for name in frame().crypto])
    rows = read_result_file(written(tmp_path, lists, "published.parquet")).rows
    assert "['OPUSDC']" in rows.crypto.names


def test_a_level_that_lacks_a_cell_is_read_and_the_gate_names_it(tmp_path):
    (verdict,) = judged(written(tmp_path, frame().drop(index=3))).verdicts
    assert (verdict.verdict, verdict.n_pairs) == ("LOCK", 24)
    assert "missing pairs: AAVEUSDC fold 1" in verdict.warnings


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.csv", None, "does not exist"),
        ("results.xlsx", b"\xd0\xcf\x11\xe0", "an Excel workbook.*Save the sheet as CSV"),
        ("empty.csv", b"", "is empty"),
        ("broken.parquet", b"PAR1 not parquet at all", "not a readable Parquet table"),
        ("broken.csv", b"a,b\n" + 9 * b"1,2\n" + b"1,2,3,4\n", "too many cells"),
        ("binary.csv", b"\xff\xfe\x00\x81", "not a readable CSV table"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}.*{message}"):
        read_result_file(tmp_path / name)
