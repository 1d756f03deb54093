"""The instance of a home: created by runs, only read by who asks what is current."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from filelock import FileLock

from ftf_assets.contracts.errors import StoreError
from ftf_assets.graph.instance import existing_instance, open_instance
from ftf_assets.graph.instance_settings import TEMPLATE, InstanceSettings, instance_settings
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


def test_our_own_settings_file_is_kept_up_to_date(home: Home):
    environment = dict(os.environ)
    with open_instance(home):
        pass
    assert dict(os.environ) == environment
    file = home.dagster / "dagster.yaml"
    written = file.read_bytes()
    file.write_bytes(written.partition(b"\n")[0] + b"\n# of an earlier version\n")
    with existing_instance(home) as instance:
        assert instance.get_runs_count() == 0, "a reader does not depend on the file, nor change it"
    assert file.read_bytes() != written
    with open_instance(home):
        pass
    assert file.read_bytes() == written


@pytest.mark.parametrize("place", ["the home", "DAGSTER_HOME"])
def test_settings_of_the_users_are_used_and_never_replaced(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
):
    folder = home.dagster if place == "the home" else tmp_path / "theirs"
    folder.mkdir(parents=True)
    theirs = f"storage: {{sqlite: {{base_dir: {tmp_path / 'records'}}}}}\ntelemetry: {{enabled: false}}\n"
    (folder / "dagster.yaml").write_text(theirs, encoding="utf-8")
    if place == "DAGSTER_HOME":
        monkeypatch.setenv("DAGSTER_HOME", str(folder))
    with open_instance(home) as instance:
        run = instance.add_run(dg.DagsterRun(job_name="ftf_sweep"))
        assert type(instance.event_log_storage) is SqliteEventLogStorage, "Dagster's own, as the user says"
    assert (folder / "dagster.yaml").read_text(encoding="utf-8") == theirs
    assert (tmp_path / "records" / "history" / "runs.db").is_file()
    assert not (home.dagster / "history").exists()
    with existing_instance(home) as instance:
        assert instance.get_run_by_id(run.run_id) is not None


def test_a_dagster_home_with_our_settings_is_another_homes(home: Home, tmp_path: Path, monkeypatch):
    (tmp_path / "dagster.yaml").write_bytes(TEMPLATE.read_bytes())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    assert instance_settings(home) == InstanceSettings(home.dagster, of_user=False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("\x00 damaged", "special characters are not allowed"),
        ("", "it is not a mapping of settings"),
        ("storage: {oracle: {}}", 'Received unexpected config entry "oracle"'),
        ("storage: {sqlite: {base_dir: {env: FTF_NOT_SET}}}", 'environment variable "FTF_NOT_SET"'),
    ],
    ids=["damaged", "empty", "unknown", "unset variable"],
)
def test_settings_that_dagster_cannot_use_are_named_and_left_alone(home: Home, settings: str, said: str):
    home.dagster.mkdir(parents=True)
    file = home.dagster / "dagster.yaml"
    file.write_text(settings, encoding="utf-8")
    for opening in (open_instance, existing_instance):
        with pytest.raises(StoreError) as refused, opening(home):
            pass
        assert str(refused.value).startswith(f"Dagster cannot use the settings in {file}: ")
        assert said in str(refused.value)
        assert "\n" not in str(refused.value)
    assert file.read_text(encoding="utf-8") == settings


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
