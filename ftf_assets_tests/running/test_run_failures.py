"""Why a run stopped: an error whose type and words tell people what they can do about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from ftf_assets.contracts.errors import FtfError, InputError, RunError, StoreError
from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.running.run_failures import raise_failure
from ftf_assets.sources.faults import Faults
from ftf_assets.storage.results_database import NoResultsError


def full_disk() -> None:
    """As SQLAlchemy raises it for Dagster's own records, which are written while a step runs."""
    said = sqlite3.OperationalError("database or disk is full")
    raise OperationalError("INSERT INTO event_logs", {}, said) from said


def bad_input() -> None:
    raise InputError("OPUSDC, column 'close': not a number")


def faulty_file() -> None:
    faults = Faults(crypto="OPUSDC", file="OPUSDC.csv")
    faults.add("prices must be positive", column="close")
    faults.add("no volume column")
    raise faults.error()


def no_results() -> None:
    raise NoResultsError("no results yet")


def lost_cluster() -> None:
    raise RunError("the Dask cluster dask://h:1 is gone")


def defect() -> None:
    raise ZeroDivisionError("ours")


@pytest.mark.parametrize(
    ("fault", "raised", "message"),
    [
        (
            full_disk,
            StoreError,
            "Dagster's records in records cannot be used: database or disk is full. Free disk space",
        ),
        (bad_input, InputError, "OPUSDC, column 'close': not a number"),
        (faulty_file, InputError, "OPUSDC, file OPUSDC.csv"),
        (lost_cluster, RunError, "the Dask cluster dask://h:1 is gone"),
        (no_results, StoreError, "no results yet"),
        (defect, RunError, "OPUSDC: ZeroDivisionError: ours (run "),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_first_cause_of_a_failed_step_is_raised(fault, raised: type[FtfError], message: str):
    @dg.op
    def step() -> None:
        fault()

    @dg.job
    def job() -> None:
        step()

    result = job.execute_in_process(raise_on_error=False)
    with pytest.raises(FtfError) as stopped:
        raise_failure(result, "OPUSDC", [], Path("records"))
    assert type(stopped.value) is raised
    assert str(stopped.value).startswith(message)


def test_a_failed_blocking_check_stops_a_run_with_the_words_of_the_check():
    failed = FailedCheck("OPUSDC", "coerced_arrays", "contract", "row 17 is out of order", is_warning=False)

    @dg.job
    def job() -> None:
        pass

    others = [
        FailedCheck("OPUSDC", "trained_models", "cells_complete", "a fit failed", is_warning=True),
        FailedCheck("OPUSDC", "coerced_arrays", "no_leaking_column", "'x' is the label", is_warning=False),
    ]
    with pytest.raises(RunError) as stopped:
        raise_failure(job.execute_in_process(), "OPUSDC", [*others, failed], Path("records"))
    assert str(stopped.value) == (
        "stopped, because a blocking check failed. Check contract of coerced_arrays failed for OPUSDC: "
        "row 17 is out of order"
    )


def test_a_step_that_crashed_is_not_put_on_a_check_that_failed_beside_it():
    @dg.op
    def step() -> None:
        defect()

    @dg.job
    def job() -> None:
        step()

    result = job.execute_in_process(raise_on_error=False)
    for is_warning in (True, False):
        red = FailedCheck("OPUSDC", "trained_models", "cells_complete", "a fit failed", is_warning)
        with pytest.raises(RunError, match="OPUSDC: ZeroDivisionError: ours"):
            raise_failure(result, "OPUSDC", [red], Path("records"))


@pytest.mark.parametrize(
    ("crypto", "is_warning", "line"),
    [
        (None, True, "Warning: too few trades"),
        ("OPUSDC", True, "Warning: OPUSDC: too few trades"),
        (None, False, "Check enough_trades of gate_decision failed: too few trades"),
        ("OPUSDC", False, "Check enough_trades of gate_decision failed for OPUSDC: too few trades"),
    ],
)
def test_a_failed_check_reads_as_a_warning_or_names_its_check(crypto, is_warning, line):
    failed = FailedCheck(crypto, "gate_decision", "enough_trades", "too few trades", is_warning)
    assert failed.in_words == line
