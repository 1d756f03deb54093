"""The results store: partitions are replaced whole, without a lock; results.duckdb is an index of them."""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.contracts.tables.finetune_results import PRIMARY_KEY
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.rows.factor_columns import finetune_results_contract
from ftf_assets.storage import result_objects, results_database
from ftf_assets.storage.blobs.protocol import BlobMissing
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_database import NoResultsError, forget_tables, refresh_index
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
from ftf_assets_tests.support.s3_server import bucket_home

COLUMNS = finetune_results_contract().to_schema().columns


@pytest.fixture
def store(tmp_path: Path) -> ResultsStore:
    return ResultsStore(Home(tmp_path / "home"))


def write(store: ResultsStore, rows: list[dict], crypto: str = "OPUSDC", sweep_id: str = SWEEP) -> None:
    store.write_sweep(sweep_id, "{}")
    store.write_partition(results_table(rows), sweep_id, crypto)


def objects(store: ResultsStore) -> dict[str, bytes]:
    folder = store.home.path / "results"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.zip")}


def by_key(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(PRIMARY_KEY)).reset_index(drop=True)


def query(store: ResultsStore, sql: str) -> list[tuple]:
    assert refresh_index(store.home, wait=60).note == ""
    connection = duckdb.connect(str(store.home.results), read_only=True)
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


def test_a_store_that_calls_every_number_taken_is_refused_and_the_old_rows_stay(store, monkeypatch):
    write(store, partition(folds=2))
    monkeypatch.setattr(type(store.home.blobs), "put_if_absent", lambda *_: False)
    with pytest.raises(StoreError, match=r"OPUSDC/\d+\.zip cannot be written: the store called 200 numbers"):
        store.write_partition(results_table(partition(folds=1)), SWEEP, "OPUSDC")
    assert len(store.read()) == 10


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
        ([ok_row(), ok_row(f1_buy=0.3)], "unique"),
        ([ok_row(f1_buy=None)], "status ok needs every metric"),
    ],
    ids=["crypto", "sweep", "duplicate", "contract"],
)
def test_rows_that_do_not_belong_are_refused_and_old_rows_stay(store, rows, rule):
    write(store, partition(folds=2))
    before = objects(store)
    with pytest.raises(InputError, match=rule):
        write(store, rows)
    assert objects(store) == before


@pytest.mark.parametrize(
    "crypto",
    ["'; DROP TABLE finetune_results; --", 'OP"USDC', "OP' OR '1'='1", "$1", "новый/монета", "%", "../../up"],
)
def test_a_name_that_looks_like_sql_or_a_path_is_refused_and_found_nowhere(store, crypto):
    write(store, partition("OPUSDC"))
    before = objects(store)
    with pytest.raises(InputError, match="plain words"):
        write(store, partition(crypto, folds=1), crypto)
    assert objects(store) == before
    assert len(store.read(crypto=crypto)) == len(store.read(sweep_id=crypto)) == 0
    assert len(store.read()) == 25


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
    assert query(store, "SELECT fold, status FROM clean_results") == [(0, "ok")]


@pytest.mark.parametrize("days", [(1, 2), (2, 1)], ids=["the clock goes on", "the clock was set back"])
def test_the_latest_sweep_is_the_one_that_wrote_last(store, days):
    for number, day in enumerate(days):
        sweep_id = f"ftf_00000000000{number}"
        when = pd.Timestamp(2024, 5, day, tz="UTC")
        write(store, [ok_row(sweep_id=sweep_id, created_at=when)], sweep_id=sweep_id)
        assert store.latest_sweep_id() == sweep_id
    assert store.sweep_ids() == ["ftf_000000000001", "ftf_000000000000"]
    write(store, [ok_row(sweep_id="ftf_000000000000")], sweep_id="ftf_000000000000")
    assert store.sweep_ids() == ["ftf_000000000000", "ftf_000000000001"]


def test_a_sweep_that_is_decided_again_is_not_the_latest_by_it(store):
    earlier, later = "ftf_000000000000", "ftf_000000000001"
    for sweep_id in (earlier, later):
        write(store, [ok_row(sweep_id=sweep_id)], sweep_id=sweep_id)
    store.write_settings(earlier, store.sweeps().set_index("sweep_id")["settings"][earlier])
    assert store.latest_sweep_id() == later
    store.write_settings(earlier, '{"gate": "changed"}')
    assert store.sweeps().set_index("sweep_id")["settings"][earlier] == '{"gate": "changed"}'


def test_the_database_documents_itself(store):
    write(store, [ok_row()])
    comments = dict(
        query(
            store,
            "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'finetune_results'",
        )
    )
    assert comments == {name: column.description for name, column in COLUMNS.items()}


def test_the_table_itself_has_the_primary_key_and_the_required_columns(store):
    write(store, [ok_row()])
    (key,) = query(
        store,
        "SELECT constraint_column_names FROM duckdb_constraints() "
        "WHERE table_name = 'finetune_results' AND constraint_type = 'PRIMARY KEY'",
    )
    assert tuple(key[0]) == PRIMARY_KEY
    nullable = dict(
        query(
            store,
            "SELECT column_name, is_nullable FROM duckdb_columns() WHERE table_name = 'finetune_results'",
        )
    )
    assert nullable == {name: column.nullable for name, column in COLUMNS.items()}


# --- versions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "read", [ResultsStore.read, ResultsStore.latest_sweep_id, lambda store: store.leaderboard(SWEEP)]
)
def test_reading_before_the_first_sweep_says_no_results_yet_and_creates_nothing(tmp_path, read):
    store = ResultsStore(Home(tmp_path / "home"))
    with pytest.raises(NoResultsError, match="no results yet"):
        read(store)
    assert list(tmp_path.iterdir()) == []


def test_a_partition_has_one_object_that_the_next_version_replaces(store):
    write(store, partition(folds=2))
    assert sorted(objects(store)) == [f"of/{SWEEP}/cells/OPUSDC/00000001.zip", f"sweeps/00000001.{SWEEP}.zip"]
    write(store, partition(folds=1))
    assert f"of/{SWEEP}/cells/OPUSDC/00000002.zip" in objects(store)
    assert len(objects(store)) == 2


def test_the_later_of_two_versions_counts_though_its_clock_is_behind(store):
    write(store, [ok_row(f1_buy=0.4, created_at=pd.Timestamp("2024-05-02", tz="UTC"))])
    write(store, [ok_row(f1_buy=0.3, created_at=pd.Timestamp("2024-05-01", tz="UTC"))])
    assert store.read()["f1_buy"].tolist() == [0.3]


def test_an_older_version_that_a_kill_has_left_behind_does_not_count(store):
    write(store, partition(folds=2))
    (old,) = (store.home.path / "results").glob("of/*/cells/*/*.zip")
    content = old.read_bytes()
    write(store, partition(folds=1))
    old.write_bytes(content)
    assert len(store.read()) == 5
    write(store, partition(folds=1))
    assert not old.exists(), "the next version removes it"


def test_a_reader_beside_a_writer_lists_again_and_never_misses_the_crypto(store, monkeypatch):
    write(store, partition(folds=2))
    current, moved = store.objects.current, []

    def replaced_after_it_is_listed(*where: object) -> list:
        versions = current(*where)
        if not moved:
            moved.append(True)
            write(store, partition(folds=1))
        return versions

    monkeypatch.setattr(store.objects, "current", replaced_after_it_is_listed)
    assert len(store.read(SWEEP)) == 5
    assert len(store.sweeps()) == 1


def test_results_that_are_always_replaced_are_an_error_and_no_endless_loop(store, monkeypatch):
    write(store, partition(folds=1))

    def missing(_: str) -> bytes:
        raise BlobMissing("gone")

    monkeypatch.setattr(store.objects.blobs, "get", missing)
    monkeypatch.setattr(result_objects.time, "sleep", lambda _: None)
    with pytest.raises(StoreError, match="replaced faster than they are read"):
        store.read(SWEEP)


def test_a_writer_whose_number_was_freed_by_a_later_one_takes_a_higher_number(store, monkeypatch):
    write(store, partition(folds=3))
    put, others = store.objects.blobs.put_if_absent, []

    def overtaken(name: str, content: bytes) -> bool:
        if not others and "/cells/" in name:
            others.append(name)
            for _ in range(2):  # another run writes 2 and 3 and removes 1 and 2
                ResultsStore(store.home).write_partition(results_table(partition(folds=2)), SWEEP, "OPUSDC")
        return put(name, content)

    monkeypatch.setattr(store.objects.blobs, "put_if_absent", overtaken)
    write(store, partition(folds=1))
    assert [name for name in objects(store) if "/cells/" in name] == [f"of/{SWEEP}/cells/OPUSDC/00000004.zip"]
    assert len(store.read()) == 5, "the rows of the one that ended last"


def test_rows_that_are_written_stand_though_the_older_ones_cannot_be_removed(store, monkeypatch, caplog):
    write(store, partition(folds=2))

    def refuse(_: object) -> None:
        raise StoreError("these credentials may not do that")

    monkeypatch.setattr(store.objects.blobs, "delete", refuse)
    write(store, partition(folds=1))
    assert len(store.read()) == 5
    assert "event=older_results_stay" in caplog.text


def test_of_one_crypto_only_its_objects_are_read(store, monkeypatch):
    for crypto in ("OPUSDC", "ARBUSDC"):
        write(store, partition(crypto), crypto)
    forget_tables()
    get, read = store.objects.blobs.get, []
    monkeypatch.setattr(store.objects.blobs, "get", lambda name: read.append(name) or get(name))
    store.partition(SWEEP, "OPUSDC")
    assert read == [f"results/of/{SWEEP}/cells/OPUSDC/00000001.zip"]


def test_reading_starts_no_thread_that_a_fork_would_lose(store):
    write(store, partition())
    before = threading.active_count()
    forget_tables()
    store.read()
    assert threading.active_count() == before
    assert results_database._IN_MEMORY
    forget_tables()
    assert not results_database._IN_MEMORY


@pytest.mark.parametrize("version", [SCHEMA_VERSION - 1, SCHEMA_VERSION + 1], ids=["older", "newer"])
def test_results_of_another_schema_version_are_refused_and_left_alone(store, monkeypatch, version):
    monkeypatch.setattr(result_objects, "SCHEMA_VERSION", version)
    write(store, [ok_row()])
    before = objects(store)
    monkeypatch.undo()
    with pytest.raises(
        StoreError, match=f"of schema version {version}, this ftf reads version {SCHEMA_VERSION}"
    ):
        store.read()
    assert objects(store) == before


def test_rows_of_a_factor_that_is_not_installed_here_are_read_without_its_column(store, monkeypatch):
    written, packed = results_table([ok_row()]), result_objects._packed

    def with_another_factor(partition, frames, facts):
        return packed(partition, {name: frame.assign(toy="big") for name, frame in frames.items()}, facts)

    monkeypatch.setattr(result_objects, "_packed", with_another_factor)
    store.write_partition(written, SWEEP, "OPUSDC")
    assert store.read().columns.tolist() == list(COLUMNS)
    assert query(store, "SELECT variant FROM finetune_results") == [("reweight",)]


def test_rows_from_before_a_factor_was_registered_are_read_at_its_baseline(store, monkeypatch):
    written = results_table([ok_row()])
    packed = result_objects._packed

    def without_the_factor(partition, frames, facts):
        return packed(
            partition,
            {name: frame.drop(columns=FACTORS["cleanlab"].name) for name, frame in frames.items()},
            facts,
        )

    monkeypatch.setattr(result_objects, "_packed", without_the_factor)
    store.write_partition(written, SWEEP, "OPUSDC")
    assert store.read()["cleanlab"].tolist() == ["off"]


HARMS = {
    "truncated": lambda content: content[:-40],
    "emptied": lambda content: b"",
    "changed": lambda content: content.replace(b"PAR1", b"PAR2", 1),
    "with the rows of another version": lambda content: with_other_rows(content),
}


def with_other_rows(content: bytes) -> bytes:
    """A whole archive, right in every checksum of its own, that holds one row less than its manifest says."""
    found, packed = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in found.namelist():
            inside = found.read(name)
            if name == "finetune_results.parquet":
                inside = pd.read_parquet(io.BytesIO(inside)).iloc[1:].to_parquet(index=False)
            archive.writestr(name, inside)
    return packed.getvalue()


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_damaged_object_counts_as_missing_and_is_named(store, caplog, harm):
    write(store, partition())
    write(store, partition("ARBUSDC"), "ARBUSDC")
    victim = store.home.path / "results" / "of" / SWEEP / "cells" / "ARBUSDC" / "00000001.zip"
    victim.write_bytes(harm(victim.read_bytes()))
    assert set(store.read()["crypto"]) == {"OPUSDC"}
    assert f"event=damaged_results name=results/of/{SWEEP}/cells/ARBUSDC/00000001.zip" in caplog.text
    write(store, partition("ARBUSDC"), "ARBUSDC")
    assert set(store.read()["crypto"]) == {"OPUSDC", "ARBUSDC"}


def test_damage_is_named_once_however_often_it_is_read(store, caplog):
    write(store, partition())
    victim = store.home.path / "results" / "of" / SWEEP / "cells" / "OPUSDC" / "00000001.zip"
    victim.write_bytes(b"")
    for _ in range(2):
        assert store.partition(SWEEP, "OPUSDC")["finetune_results"].empty
    assert caplog.text.count("event=damaged_results") == 1


def test_a_partition_is_read_by_one_listing_of_its_versions_also_where_it_has_none(store, monkeypatch):
    for crypto in ("OPUSDC", "ARBUSDC"):
        write(store, partition(crypto), crypto)
    entries, listed = type(store.home.blobs).entries, []

    def noted(blobs, prefix: str):
        listed.append(prefix)
        return entries(blobs, prefix)

    monkeypatch.setattr(type(store.home.blobs), "entries", noted)
    assert len(store.partition(SWEEP, "OPUSDC")["finetune_results"]) == 25
    assert listed == [f"results/of/{SWEEP}/cells/OPUSDC/"]
    assert store.partition(SWEEP, "LDOUSDC")["finetune_results"].empty
    assert listed[1:] == [f"results/of/{SWEEP}/cells/LDOUSDC/", "results/sweeps/"]
    store.load(SWEEP)
    assert listed[3:] == [f"results/of/{SWEEP}/"]
    assert len(store.read(SWEEP)) == 50


def test_an_object_in_the_place_of_another_is_not_read(store):
    write(store, partition())
    cells = store.home.path / "results" / "of" / SWEEP / "cells"
    shutil.copytree(cells / "OPUSDC", cells / "LDOUSDC")
    assert set(store.read()["crypto"]) == {"OPUSDC"}


def test_the_error_names_a_home_that_cannot_be_written(tmp_path):
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(StoreError, match=r"home/results/.* cannot be"):
        write(ResultsStore(Home(tmp_path / "home")), partition())


# --- several writers -----------------------------------------------------------------------------------


@pytest.fixture(params=["folder", "bucket"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    if request.param == "folder":
        yield Home(tmp_path / "home")
        return
    with bucket_home(tmp_path / "cache", monkeypatch) as home:
        yield home


@pytest.mark.faults
def test_eight_processes_write_together_and_none_is_lost(home: Home):
    cryptos = [f"COIN{i}USDC" for i in range(8)]
    run_together(home, [(crypto, 5) for crypto in cryptos])
    assert ResultsStore(home).read().groupby("crypto").size().to_dict() == dict.fromkeys(cryptos, 25)


@pytest.mark.faults
def test_eight_runs_of_one_partition_leave_exactly_one_version(home: Home):
    run_together(home, [("OPUSDC", folds) for folds in range(1, 9)])
    (left,) = home.blobs.entries(f"results/of/{SWEEP}/cells/OPUSDC/")
    # A writer whose number a later one had freed goes above it, so the number may be more than eight.
    assert int(left.name.rpartition("/")[2].removesuffix(".zip")) >= 8
    rows = ResultsStore(home).read()
    assert len(rows) in {5 * folds for folds in range(1, 9)}, "the rows of one of them"
    assert not rows.duplicated(list(PRIMARY_KEY)).any()


def run_together(home: Home, writes: list[tuple[str, int]]) -> None:
    barrier = PROCESSES.Barrier(len(writes))
    variables = dict(os.environ)  # those of the server of these processes were set before
    writers = [
        PROCESSES.Process(target=write_together, args=(home, *one, barrier, variables)) for one in writes
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0] * len(writes)


def write_together(home: Home, crypto: str, folds: int, barrier, variables: dict[str, str]) -> None:
    os.environ.update(variables)
    frame = results_table(partition(crypto, folds=folds))
    barrier.wait(120)
    ResultsStore(home).write_partition(frame, SWEEP, crypto)


# --- the index -----------------------------------------------------------------------------------------


def test_the_index_can_be_deleted_at_any_time(store):
    write(store, partition())
    assert query(store, "SELECT count(*) FROM finetune_results") == [(25,)]
    store.home.results.unlink()
    assert query(store, "SELECT count(*) FROM finetune_results") == [(25,)]
    write(store, partition(folds=1))
    assert query(store, "SELECT count(*) FROM finetune_results") == [(5,)]


def test_rows_whose_object_is_gone_leave_the_index(store):
    for crypto in ("OPUSDC", "ARBUSDC"):
        write(store, partition(crypto), crypto)
    assert query(store, "SELECT count(*) FROM finetune_results") == [(50,)]
    shutil.rmtree(store.home.path / "results" / "of" / SWEEP / "cells" / "ARBUSDC")
    assert query(store, "SELECT DISTINCT crypto FROM finetune_results") == [("OPUSDC",)]


def test_only_what_changed_is_read_into_the_index(store):
    for crypto in ("OPUSDC", "ARBUSDC"):
        write(store, partition(crypto), crypto)
    assert refresh_index(store.home).n_changed == 3
    assert refresh_index(store.home).n_changed == 0
    write(store, partition("ARBUSDC", folds=1), "ARBUSDC")
    assert refresh_index(store.home).n_changed == 2, "the old version is removed, the new one is read"


@pytest.mark.parametrize("content", [b"", b"no database", b"DUCK" * 2_000], ids=["empty", "text", "garbage"])
def test_a_damaged_index_is_moved_aside_and_made_again(store, content):
    write(store, partition())
    store.home.results.write_bytes(content)
    assert query(store, "SELECT count(*) FROM finetune_results") == [(25,)]
    assert (store.home.path / "results.old.duckdb").read_bytes() == content


def test_an_index_that_is_damaged_behind_its_head_is_made_again(store):
    for number in range(40):
        write(store, partition(f"COIN{number}USDC"), f"COIN{number}USDC")
    refresh_index(store.home)
    content = store.home.results.read_bytes()
    store.home.results.write_bytes(content[: len(content) // 2])
    write(store, partition("COIN0USDC", folds=1), "COIN0USDC")
    assert query(store, "SELECT count(*) FROM finetune_results") == [(39 * 25 + 5,)]


def test_every_database_of_something_else_is_moved_aside_whole_and_none_replaces_another(store):
    store.home.path.mkdir()
    write(store, partition())
    log = store.home.results.with_name("results.duckdb.wal")
    for number, again in enumerate([False, True, True]):
        store.home.results.unlink(missing_ok=True)
        connection = duckdb.connect(str(store.home.results))
        connection.execute(f"CREATE TABLE mine AS SELECT {number} AS answer")
        connection.close()
        log.write_bytes(b"" if number < 2 else b"changes")
        refreshed = refresh_index(store.home, again=again)
        assert refreshed.note == ""
        assert query(store, "SELECT count(*) FROM finetune_results") == [(25,)]
    for number, name in enumerate(["results.old.duckdb", "results.old2.duckdb"]):
        kept = duckdb.connect(str(store.home.path / name), read_only=True)
        assert kept.execute("SELECT answer FROM mine").fetchall() == [(number,)]
    assert (store.home.path / "results.old3.duckdb.wal").read_bytes() == b"changes"


@pytest.mark.parametrize("read_only", [True, False], ids=["to read", "to write"])
def test_a_program_that_holds_the_index_open_delays_it_and_nothing_else(store, read_only):
    write(store, partition(folds=1))
    refresh_index(store.home)
    holder = PROCESSES.Process(target=hold_database, args=(store.home.results, read_only))
    holder.start()
    try:
        wait_for(store.home.results.with_name("held"))
        write(store, partition(folds=2))
        assert len(store.read()) == 10
        assert "another program holds it open. The rows are safe; ftf index" in refresh_index(store.home).note
    finally:
        holder.kill()
        holder.join()
    assert query(store, "SELECT count(*) FROM finetune_results") == [(10,)]


def test_results_of_another_schema_delay_no_index(store, monkeypatch):
    monkeypatch.setattr(result_objects, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    write(store, partition("ARBUSDC"), "ARBUSDC")
    monkeypatch.undo()
    write(store, partition())
    assert query(store, "SELECT count(*) FROM finetune_results") == [(25,)]


def test_a_store_that_cannot_be_read_is_a_note_and_fails_no_run(store, monkeypatch):
    write(store, partition())

    def lost(*_: object) -> None:
        raise StoreError("the store cannot be reached")

    monkeypatch.setattr(result_objects.ResultObjects, "current", lost)
    assert "was not refreshed: the store cannot be reached" in refresh_index(store.home).note


def test_the_log_of_a_killed_writer_is_not_taken_for_that_of_a_new_file(store):
    write(store, partition())
    refresh_index(store.home)
    store.home.results.with_name("results.duckdb.wal").write_bytes(b"half a log")
    assert refresh_index(store.home, again=True).note == ""
    assert query(store, "SELECT count(*) FROM finetune_results") == [(25,)]


def test_a_file_is_created_over_the_leftover_of_a_killed_creation(store):
    store.home.path.mkdir()
    store.home.results.with_name("results.duckdb.unfinished").write_bytes(b"half a file")
    store.home.results.with_name("results.duckdb.unfinished.wal").write_bytes(b"half a log")
    write(store, partition())
    assert query(store, "SELECT count(*) FROM finetune_results") == [(25,)]
    assert not list(store.home.path.glob("*.unfinished*"))


def hold_database(path: Path, read_only: bool) -> None:
    connection = duckdb.connect(str(path), read_only=read_only)
    connection.execute("SELECT 1")
    path.with_name("held").touch()
    time.sleep(120)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.02)
