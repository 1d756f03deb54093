"""Why a run of a job stopped: the first error of its failed step, as an error of this project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import dagster as dg

from ftf_assets.contracts.errors import InputError, Interrupted, RunError, StoreError
from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.graph.instance import unusable_records


def raise_failure(
    result: dg.ExecuteInProcessResult, name: str, failed_checks: Sequence[FailedCheck], records: Path
) -> NoReturn:
    """Raise what stopped a run.

    Parameters
    ----------
    result
        Of the run, which did not succeed.
    name
        Crypto or job, as messages name it.
    failed_checks
        The asset checks that failed in the run.
    records
        Folder of Dagster's records.

    Raises
    ------
    InputError, StoreError
        A step raised it, or Dagster's records cannot be written, or a blocking check failed.
    RunError
        A step raised any other error; the message names the run.
    Interrupted
        The user stopped the run.
    """
    failures = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    causes = [cause for failure in failures for cause in _causes(failure)]
    for cause in causes:
        if cause.cls_name == "DagsterExecutionInterruptedError":
            raise Interrupted
        for kind in (InputError, StoreError):
            if cause.cls_name in {kind.__name__, *(one.__name__ for one in kind.__subclasses__())}:
                raise kind(cause.message.partition(": ")[2].strip())
        # Dagster also writes its records while a step runs, and reports their failure as the step's.
        if cause.message.startswith("sqlite3."):
            raise unusable_records(records, cause.message.partition(": ")[2].strip())
    if failed_checks:
        raise InputError(f"stopped, because a blocking check failed. {failed_checks[0].in_words}")
    if not causes:
        raise Interrupted
    raise RunError(f"{name}: {causes[-1].message.strip()} (run {result.run_id}, see ftf ui)")


def _causes(error: Any) -> list[Any]:
    chain = []
    while error is not None:
        chain.append(error)
        error = error.cause
    return chain
