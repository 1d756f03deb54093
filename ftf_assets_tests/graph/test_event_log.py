"""The event log of the command's runs: Dagster's own files, each opened once."""

import threading
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from ftf_assets.graph.event_log import KeptConnectionsEventLog
from ftf_assets.graph.instance import open_instance
from ftf_assets.storage.home import Home


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["AAVEUSDC"]))
def rows() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"n": 3}, data_version=dg.DataVersion("1a2b"))


@dg.asset_check(asset=rows)
def sound() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def run_once(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = dg.Definitions([rows], jobs=[dg.define_asset_job("rows_job")], asset_checks=[sound])
    silent = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return job.resolve_job_def("rows_job").execute_in_process(
        instance=instance, partition_key="AAVEUSDC", run_config=silent
    )


def open_databases(folder: Path) -> list[str]:
    """Name the databases in a folder that this process has open, as often as it has them open."""
    opened = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = link.readlink()
        except FileNotFoundError:  # the listing's own
            continue
        if target.parent == folder and target.suffix == ".db":
            opened.append(target.stem)
    return sorted(opened)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def test_the_command_keeps_one_connection_a_database_and_closes_it_with_the_instance(home):
    with open_instance(home) as instance:
        assert isinstance(instance.event_log_storage, KeptConnectionsEventLog)
        runs = [run_once(instance).run_id for _ in range(2)]
        folder = Path(instance.event_log_storage.path_for_shard("index")).parent
        opened = open_databases(folder)
        assert set(opened) == {*runs, "index"}
        # Looking for a table Dagster opens a connection of its own, whose descriptor SQLite keeps for later.
        assert len(opened) <= len(runs) + 2
    assert open_databases(folder) == []


def test_dagsters_own_storage_reads_the_same_records(home):
    with open_instance(home) as instance:
        run_id = run_once(instance).run_id
        written = instance.all_logs(run_id)
        folder = Path(instance.event_log_storage.path_for_shard("index")).parent
    with dg.DagsterInstance.from_config(str(home.dagster)) as instance:  # as the Dagster UI opens it
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert Path(instance.event_log_storage.path_for_shard("index")).parent == folder
        assert instance.all_logs(run_id) == written
        event = instance.get_latest_materialization_event(rows.key)
        assert event.asset_materialization.tags["dagster/data_version"] == "1a2b"
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key([sound.check_key])
        assert [one.run_id for one in checks.values()] == [run_id]


def test_what_dagsters_own_storage_wrote_meanwhile_is_seen(home):
    with open_instance(home) as ours:
        mine = run_once(ours).run_id
        with dg.DagsterInstance.from_config(str(home.dagster)) as theirs:
            other = run_once(theirs).run_id
        seen = ours.fetch_materializations(rows.key, limit=9).records
        assert {record.run_id for record in seen} == {mine, other}


def test_threads_share_the_connection(home):
    with open_instance(home) as instance:
        run_id, counts = run_once(instance).run_id, []
        threads = [
            threading.Thread(target=lambda: counts.append(len(instance.all_logs(run_id)))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert counts == [len(instance.all_logs(run_id))] * 8


def test_a_record_that_fails_leaves_the_connection_usable(home):
    with open_instance(home) as instance:
        first = run_once(instance).run_id
        with pytest.raises(RuntimeError), instance.event_log_storage.index_connection():
            raise RuntimeError
        second = run_once(instance).run_id
        assert len(instance.all_logs(first)) == len(instance.all_logs(second)) > 0
