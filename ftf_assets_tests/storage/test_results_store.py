"""The results store: a partition is replaced whole, by one process at a time, and nothing is lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from filelock import FileLock

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.contracts.tables.finetune_results import PRIMARY_KEY
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.storage import duckdb_file as results_database
from ftf_assets.storage.results_schema import SCHEMA_VERSION
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.processes import PROCESSES
from ftf_assets_tests.support.results_rows import (
    SWEEP,
    failed_row,
    ok_row,
    partition,
    results_table,
    skipped_row,
)

COLUMNS = finetune_results_contract().to_schema().columns


@pytest.fixture
def store(tmp_path: Path) -> ResultsStore:
    return ResultsStore(tmp_path / "home" / "results.duckdb")


def write(store: ResultsStore, rows: list[dict], crypto: str = "OPUSDC", sweep_id: str = SWEEP) -> None:
    store.write_partition(results_table(rows), sweep_id, crypto)


def by_key(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(PRIMARY_KEY)).reset_index(drop=True)


def query(path: Path, sql: str) -> list[tuple]:
    connection = duckdb.connect(str(path), read_only=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


# --- writing and reading -------------------------------------------------------------------------------


def test_rows_come_back_as_they_went_in(store):
    rows = [*partition(folds=4), failed_row(fold=4, variant="mild"), skipped_row(fold=4)]
    write(store, rows)
    pd.testing.assert_frame_equal(store.read(), by_key(results_table(rows)))


@pytest.mark.parametrize(
    "rows", [[failed_row()], [skipped_row()], [ok_row()]], ids=["failed", "skipped", "ok"]
)
def test_dtypes_hold_for_columns_without_a_value(store, rows):
    write(store, rows)
    pd.testing.assert_series_equal(store.read().dtypes, results_table(partition()).dtypes)
    pd.testing.assert_series_equal(store.read(crypto="nothing").dtypes, results_table(partition()).dtypes)


def test_a_retry_replaces_its_rows_and_never_adds(store):
    for attempt in range(3):
        write(store, partition(f1_buy=0.2 + attempt / 100))
    rows = store.read()
    assert len(rows) == 25
    assert rows["f1_buy"].unique() == pytest.approx([0.22])


def test_a_retry_with_fewer_cells_leaves_none_of_the_old_ones(store):
    write(store, partition(folds=5))
    write(store, partition(folds=2))
    assert store.read()["fold"].unique().tolist() == [0, 1]


def test_a_partition_leaves_other_cryptos_and_sweeps_alone(store):
    other = "ftf_ba9876543210"
    write(store, partition("OPUSDC"))
    write(store, partition("ARBUSDC"), "ARBUSDC")
    write(store, partition("OPUSDC", sweep_id=other), "OPUSDC", other)
    write(store, partition("OPUSDC", folds=1))
    counts = store.read().groupby(["sweep_id", "crypto"]).size().to_dict()
    assert counts == {(SWEEP, "ARBUSDC"): 25, (SWEEP, "OPUSDC"): 5, (other, "OPUSDC"): 25}
    assert len(store.read(sweep_id=SWEEP)) == 30
    assert len(store.read(sweep_id=SWEEP, crypto="OPUSDC")) == 5
    assert len(store.read(crypto="OPUSDC")) == 30


def test_rows_are_read_in_one_order(store):
    write(store, partition("OPUSDC")[::-1])
    write(store, partition("AAVEUSDC"), "AAVEUSDC")
    keys = store.read()[list(PRIMARY_KEY)]
    pd.testing.assert_frame_equal(keys, by_key(keys))


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (partition("ARBUSDC"), "another sweep or crypto.*ARBUSDC"),
        (
            [ok_row(), ok_row(fold=1, sweep_id="ftf_ba9876543210")],
            "another sweep or crypto.*ftf_ba9876543210",
        ),
        ([ok_row(), ok_row()], "unique"),
        ([ok_row(f1_buy=None)], "status ok needs every metric"),
    ],
    ids=["crypto", "sweep", "duplicate", "contract"],
)
def test_rows_that_do_not_belong_are_refused_and_old_rows_stay(store, rows, rule):
    write(store, partition(folds=2))
    before = store.path.read_bytes()
    with pytest.raises(InputError, match=rule):
        write(store, rows)
    assert store.path.read_bytes() == before


@pytest.mark.parametrize(
    "crypto", ["'; DROP TABLE finetune_results; --", 'OP"USDC', "OP' OR '1'='1", "$1", "новый/монета", "%"]
)
def test_a_name_that_looks_like_sql_is_stored_as_text(store, crypto):
    write(store, partition("OPUSDC"))
    write(store, partition(crypto, folds=1), crypto)
    write(store, partition(crypto, folds=1), crypto)
    assert store.read(crypto=crypto)["crypto"].tolist() == [crypto] * 5
    assert len(store.read()) == 30
    assert len(store.read(sweep_id=crypto)) == 0


# --- views ---------------------------------------------------------------------------------------------


def test_the_leaderboard_counts_every_cell_and_averages_the_good_ones(store):
    write(
        store,
        [
            ok_row(fold=0, variant="mild", f1_buy=0.30, n_trades=40, expectancy_net=4.0),
            ok_row(fold=1, variant="mild", f1_buy=0.20, n_trades=20, expectancy_net=-5.0),
            failed_row(fold=2, variant="mild", label_smoothing="mild", cleanlab="off"),
            ok_row(fold=0, variant="filter", roc_auc=0.60, n_trades=10),
            skipped_row(fold=1, variant="filter", label_smoothing="none", cleanlab="filter"),
            failed_row(fold=0, variant="aggressive", label_smoothing="aggressive", cleanlab="off"),
        ],
    )
    board = store.leaderboard(SWEEP)
    assert board["variant"].tolist() == ["filter", "mild", "aggressive"]  # without a good cell: last
    assert set(FACTORS) < set(board.columns)
    mild = board.set_index("variant").loc["mild"]
    assert (mild["n_cells"], mild["n_failed"], mild["n_skipped"], mild["n_trades"]) == (3, 1, 0, 60)
    assert (mild["f1_buy"], mild["expectancy_net"]) == pytest.approx((0.25, -0.5))
    filtered = board.set_index("variant").loc["filter"]
    assert (filtered["n_cells"], filtered["n_failed"], filtered["n_skipped"]) == (2, 0, 1)
    assert pd.isna(board.set_index("variant").loc["aggressive", "f1_buy"])


def test_a_mean_of_the_leaderboard_leaves_out_the_cells_without_trades(store):
    no_trades = {"n_trades": 0, "win_rate": None, "expectancy_net": None, "trade_precision": None}
    write(store, [ok_row(fold=0, expectancy_net=8.0), ok_row(fold=1, **no_trades), ok_row(fold=2)])
    (one,) = store.leaderboard(SWEEP).to_dict("records")
    assert one["expectancy_net"] == pytest.approx((8.0 + ok_row()["expectancy_net"]) / 2)
    assert one["trade_precision"] == pytest.approx(ok_row()["trade_precision"])
    assert one["n_trades"] == 2 * ok_row()["n_trades"]


def test_clean_results_has_the_good_rows_only(store):
    write(store, [ok_row(fold=0), failed_row(fold=1), skipped_row(fold=2)])
    assert query(store.path, "SELECT fold, status FROM clean_results") == [(0, "ok")]


@pytest.mark.parametrize("days", [(1, 2), (2, 1)], ids=["the clock goes on", "the clock was set back"])
def test_the_latest_sweep_is_the_one_that_wrote_last(store, days):
    for number, day in enumerate(days):
        sweep_id = f"ftf_00000000000{number}"
        when = pd.Timestamp(2024, 5, day, tz="UTC")
        write(store, [ok_row(sweep_id=sweep_id, created_at=when)], sweep_id=sweep_id)
        assert store.latest_sweep_id() == sweep_id
    assert store.sweep_ids() == ["ftf_000000000001", "ftf_000000000000"]
    stamps = store.read().set_index("sweep_id")["created_at"]
    assert stamps["ftf_000000000000"] < stamps["ftf_000000000001"]


def test_the_database_documents_itself(store):
    write(store, [ok_row()])
    comments = dict(
        query(
            store.path,
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'finetune_results'",
        )
    )
    assert comments == {name: column.description for name, column in COLUMNS.items()}


def test_the_table_itself_has_the_primary_key_and_the_required_columns(store):
    write(store, [ok_row()])
    (key,) = query(
        store.path,
        "SELECT constraint_column_names FROM duckdb_constraints() "
        "WHERE table_name = 'finetune_results' AND constraint_type = 'PRIMARY KEY'",
    )
    assert tuple(key[0]) == PRIMARY_KEY
    nullable = dict(
        query(
            store.path,
            "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = 'finetune_results'",
        )
    )
    assert nullable == {name: column.nullable for name, column in COLUMNS.items()}


# --- files that are missing, foreign or of another version ---------------------------------------------


@pytest.mark.parametrize(
    "read", [ResultsStore.read, ResultsStore.latest_sweep_id, lambda store: store.leaderboard(SWEEP)]
)
def test_reading_before_the_first_sweep_says_no_results_yet_and_creates_nothing(tmp_path, read):
    store = ResultsStore(tmp_path / "home" / "results.duckdb")
    with pytest.raises(StoreError, match="no results yet"):
        read(store)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_has_no_latest_sweep(store):
    write(store, [])
    with pytest.raises(StoreError, match="no results yet"):
        store.latest_sweep_id()


@pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1], ids=["older", "newer"])
def test_a_file_of_another_schema_version_is_refused_and_left_alone(store, version):
    write(store, partition())
    connection = duckdb.connect(str(store.path))
    connection.execute("UPDATE schema_version SET version = $1", [version])
    connection.close()
    before = store.path.read_bytes()
    for use in (lambda: write(store, partition()), store.read, store.latest_sweep_id):
        with pytest.raises(StoreError, match=f"schema version {version}.*move the file away"):
            use()
    assert store.path.read_bytes() == before
    assert sorted(p.name for p in store.path.parent.iterdir()) == ["results.duckdb", "results.duckdb.lock"]


def test_a_store_from_before_a_factor_was_registered_gets_its_column_at_the_baseline(
    store, tmp_path, monkeypatch
):
    with monkeypatch.context() as before:
        before.delitem(FACTORS, "reseeded")
        rows = [{k: v for k, v in row.items() if k != "reseeded"} for row in partition()]
        write(store, rows)
        store.write_sweep(SWEEP, '{"factor": "cleanlab"}')
        assert "reseeded" not in store.read().columns
    pd.testing.assert_frame_equal(store.read(), by_key(results_table(partition())))
    assert store.sweeps()["settings"].tolist() == ['{"factor": "cleanlab"}']
    assert "reseeded" in store.leaderboard(SWEEP).columns
    write(store, partition("ARBUSDC", reseeded="again"), "ARBUSDC")
    assert len(store.read()) == 50
    assert query(store.path, "SELECT count(*) FROM clean_results") == [(50,)]
    assert sorted(p.name for p in store.path.parent.iterdir()) == ["results.duckdb", "results.duckdb.lock"]

    fresh = ResultsStore(tmp_path / "fresh" / "results.duckdb")
    write(fresh, partition())
    described = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default, comment "
        "FROM duckdb_columns() ORDER BY ALL"
    )
    assert query(store.path, described) == query(fresh.path, described)


def test_a_kill_while_a_factor_is_added_leaves_the_store_as_it_was(store, monkeypatch):
    with monkeypatch.context() as before:
        before.delitem(FACTORS, "reseeded")
        write(store, [{k: v for k, v in row.items() if k != "reseeded"} for row in partition()])
    with monkeypatch.context() as broken:
        broken.setattr(
            results_database, "add_factors_sql", lambda factors: ["DROP VIEW leaderboard", "not a statement"]
        )
        with pytest.raises(StoreError, match="DuckDB says"):
            store.read()
    assert len(store.read()) == len(store.leaderboard(SWEEP)) * 5 == 25


def test_a_file_with_a_factor_that_is_gone_is_refused_and_left_alone(store, monkeypatch):
    write(store, partition())
    before = store.path.read_bytes()
    monkeypatch.delitem(FACTORS, "reseeded")
    with pytest.raises(StoreError, match="columns that this ftf does not know: reseeded"):
        store.read()
    assert store.path.read_bytes() == before


def test_a_duckdb_file_of_something_else_is_refused_and_left_alone(store):
    store.path.parent.mkdir()
    connection = duckdb.connect(str(store.path))
    connection.execute("CREATE TABLE finetune_results (mine INTEGER)")
    connection.close()
    before = store.path.read_bytes()
    for use in (lambda: write(store, partition()), store.read):
        with pytest.raises(StoreError, match="not a results store"):
            use()
    assert store.path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"sweep_id,crypto\n" * 1000], ids=["empty", "csv"])
def test_a_file_that_is_no_database_is_refused_and_left_alone(store, content):
    store.path.parent.mkdir()
    store.path.write_bytes(content)
    for use in (lambda: write(store, partition()), store.read):
        with pytest.raises(StoreError, match=r"results\.duckdb.*not a valid DuckDB database"):
            use()
    assert store.path.read_bytes() == content


def test_the_error_names_a_home_that_cannot_be_written(tmp_path):
    (tmp_path / "home").write_text("a file where the directory should be")
    with pytest.raises(StoreError, match=r"results\.duckdb\.lock cannot be written"):
        write(ResultsStore(tmp_path / "home" / "results.duckdb"), partition())


# --- faults --------------------------------------------------------------------------------------------


@pytest.mark.faults
def test_an_error_inside_the_transaction_leaves_the_old_rows(store, monkeypatch):
    write(store, partition(folds=2))
    # Past the contract, into the table's own primary key: the delete has happened when the insert fails.
    monkeypatch.setattr("ftf_assets.storage.results_store.validated", lambda model, frame, key: frame)
    with pytest.raises(StoreError, match="DuckDB says"):
        write(store, [*partition(folds=1), ok_row(fold=0), ok_row(fold=0)])
    pd.testing.assert_frame_equal(store.read(), by_key(results_table(partition(folds=2))))


@pytest.mark.faults
def test_waiting_for_the_lock_ends_with_a_message_that_names_it(store):
    write(store, partition())
    impatient = ResultsStore(store.path, lock_timeout=0.2)
    with FileLock(store.lock_path):
        started = time.monotonic()
        for use in (lambda: write(impatient, partition()), impatient.read):
            with pytest.raises(StoreError, match=r"waited 0\.2 s for the lock .*results\.duckdb\.lock"):
                use()
        assert time.monotonic() - started < 5
    assert len(impatient.read()) == 25


@pytest.mark.faults
def test_the_error_says_that_another_program_holds_the_database(store):
    write(store, partition())
    holder = PROCESSES.Process(target=hold_database, args=(store.path,))
    holder.start()
    try:
        wait_for(store.path.with_name("held"))
        with pytest.raises(StoreError, match=r"results\.duckdb.*lock"):
            write(store, partition())
    finally:
        holder.kill()
        holder.join()


@pytest.mark.faults
def test_a_store_is_created_over_the_leftover_of_a_killed_creation(store):
    store.path.parent.mkdir()
    store.path.with_name("results.duckdb.unfinished").write_bytes(b"half a file")
    store.path.with_name("results.duckdb.unfinished.wal").write_bytes(b"half a log")
    with pytest.raises(StoreError, match="no results yet"):
        store.read()
    write(store, partition())
    assert len(store.read()) == 25
    assert sorted(p.name for p in store.path.parent.iterdir()) == ["results.duckdb", "results.duckdb.lock"]


@pytest.mark.faults
def test_eight_processes_write_one_fresh_file_and_none_is_lost(store):
    cryptos = [f"COIN{i}USDC" for i in range(8)]
    barrier = PROCESSES.Barrier(len(cryptos))
    writers = [
        PROCESSES.Process(target=write_together, args=(store.path, crypto, barrier)) for crypto in cryptos
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * len(cryptos)
    assert store.read().groupby("crypto").size().to_dict() == dict.fromkeys(cryptos, 25)


@pytest.mark.faults
def test_a_process_killed_inside_its_transaction_leaves_the_old_rows_and_blocks_nobody(store):
    write(store, partition("OPUSDC"))
    victim = PROCESSES.Process(target=hang_in_transaction, args=(store.path,))
    victim.start()
    wait_for(store.path.with_name("held"))
    waiting = PROCESSES.Process(target=write_together, args=(store.path, "ARBUSDC", None))
    waiting.start()
    os.kill(victim.pid, signal.SIGKILL)
    victim.join(30)
    waiting.join(60)
    assert (victim.exitcode, waiting.exitcode) == (-signal.SIGKILL, 0)
    old = by_key(results_table(partition("OPUSDC")))
    pd.testing.assert_frame_equal(store.read(crypto="OPUSDC"), old)
    assert len(store.read(crypto="ARBUSDC")) == 25
    write(store, partition("OPUSDC", folds=1))
    assert len(store.read(crypto="OPUSDC")) == 5


def write_together(path: Path, crypto: str, barrier) -> None:
    frame = results_table(partition(crypto))
    if barrier is not None:
        barrier.wait(120)
    ResultsStore(path).write_partition(frame, SWEEP, crypto)


def hang_in_transaction(path: Path) -> None:
    """Do what a write does up to its COMMIT, and stay there with the lock."""
    with FileLock(ResultsStore(path).lock_path):
        connection = duckdb.connect(str(path))
        connection.execute("BEGIN TRANSACTION")
        connection.execute("DELETE FROM finetune_results")
        path.with_name("held").touch()
        time.sleep(120)


def hold_database(path: Path) -> None:
    connection = duckdb.connect(str(path))
    connection.execute("SELECT 1")
    path.with_name("held").touch()
    time.sleep(120)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.02)
