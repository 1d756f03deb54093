"""The instance of a home: created by runs, only read by who asks what is current."""

from __future__ import annotations

import threading
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock

from ftf_assets.contracts.errors import StoreError
from ftf_assets.graph.instance import existing_instance, open_instance
from ftf_assets.storage.home import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in ("DAGSTER_HOME", "FTF_HOME"):
        monkeypatch.setenv(name, "")
    return Home(tmp_path / "home")


def test_a_fresh_home_has_no_instance_to_read_and_gets_none(home: Home):
    with existing_instance(home) as instance:
        assert instance is None
    assert not home.path.exists()


@pytest.mark.parametrize("settings", ["telemetry: {enabled: false}\n", "\x00 damaged"])
def test_an_existing_instance_is_read_whatever_its_settings_file_holds(home: Home, settings: str):
    with open_instance(home) as instance:
        run = instance.add_run(dg.DagsterRun(job_name="ftf_sweep"))
    file = home.dagster / "dagster.yaml"
    file.write_text(settings, encoding="utf-8")
    with existing_instance(home) as instance:
        assert instance.get_run_by_id(run.run_id) is not None
    assert file.read_text(encoding="utf-8") == settings


def test_opening_an_instance_mends_its_settings_file(home: Home):
    with open_instance(home):
        pass
    file = home.dagster / "dagster.yaml"
    written = file.read_bytes()
    file.write_bytes(b"\x00 damaged")
    with open_instance(home):
        pass
    assert file.read_bytes() == written


def test_damaged_records_are_named_with_what_to_do(home: Home):
    with open_instance(home):
        pass
    records = home.dagster / "history" / "runs" / "index.db"
    records.write_bytes(b"not a database" * 1_000)
    with (
        pytest.raises(StoreError, match=r"Dagster's records in .* move that folder away"),
        existing_instance(home) as instance,
    ):
        instance.event_log_storage.get_pool_limits()


def test_a_reader_waits_for_the_process_that_creates_the_instance(home: Home):
    with open_instance(home):
        pass
    opened = threading.Event()

    def read() -> None:
        with existing_instance(home):
            opened.set()

    reader = threading.Thread(target=read)
    with FileLock(home.path / "instance.lock"):  # as the process that creates it holds it
        reader.start()
        assert not opened.wait(0.5)
    reader.join(timeout=60)
    assert opened.is_set()
