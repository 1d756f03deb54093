"""What stopped a run of a job: told in the words of whoever can mend it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from ftf_assets.contracts.errors import FtfError, InputError, RunError, StoreBusyError, StoreError
from ftf_assets.running.job_runs import _raise_what_stopped


def full_disk() -> None:
    """As SQLAlchemy tells it of Dagster's own store, which is written within a step."""
    said = sqlite3.OperationalError("database or disk is full")
    raise OperationalError("INSERT INTO event_logs", {}, said) from said


def bad_input() -> None:
    raise InputError("OPUSDC, column 'close': not a number")


def busy_store() -> None:
    raise StoreBusyError("the results store is busy")


def defect() -> None:
    raise ZeroDivisionError("ours")


@pytest.mark.parametrize(
    ("fault", "told", "message"),
    [
        (
            full_disk,
            StoreError,
            "Dagster's records in records cannot be used: database or disk is full. Make",
        ),
        (bad_input, InputError, "OPUSDC, column 'close': not a number"),
        (busy_store, StoreError, "the results store is busy"),
        (defect, RunError, "OPUSDC: ZeroDivisionError: ours (run "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_stopped_a_step_is_told_by_its_cause(fault, told: type[FtfError], message: str):
    @dg.op
    def step() -> None:
        fault()

    @dg.job
    def job() -> None:
        step()

    result = job.execute_in_process(raise_on_error=False)
    with pytest.raises(FtfError) as stopped:
        _raise_what_stopped(result, "OPUSDC", [], Path("records"))
    assert type(stopped.value) is told
    assert str(stopped.value).startswith(message)
