"""Why a run of a job stopped: the first error of its failed step, as an error of this project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import dagster as dg

from ftf_assets.contracts.errors import BlockedError, FtfError, InputError, Interrupted, RunError, StoreError
from ftf_assets.graph.check_history import BLOCKING_CHECKS, FailedCheck
from ftf_assets.graph.instance import unusable_records

#: What Dagster raises in a step of which a blocking check has failed.
_BLOCKED = "DagsterAssetCheckFailedError"


@dataclass(frozen=True)
class Cause:
    """One error of a chain.

    Attributes
    ----------
    kind
        Name of its class.
    message
        As Dagster keeps it: the class with its module, a colon and the text.
    """

    kind: str
    message: str

    @property
    def text(self) -> str:
        """The text alone."""
        return self.message.partition(": ")[2].strip()


def raise_failure(
    result: dg.ExecuteInProcessResult, name: str, failed_checks: Sequence[FailedCheck], records: Path
) -> NoReturn:
    """Raise what stopped a run in this process.

    Parameters
    ----------
    result
        Of the run, which did not succeed.
    name, failed_checks, records
        As :func:`failure_of` takes them.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        As :func:`failure_of` gives them.
    """
    failures = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
    causes = [cause for failure in failures for cause in _causes(failure)]
    raise failure_of(causes, name, result.run_id, failed_checks, records)


def failure_of(
    causes: Sequence[Cause], name: str, run_id: str, failed_checks: Sequence[FailedCheck], records: object
) -> FtfError | Interrupted:
    """Turn what stopped a run into an error of this project.

    Parameters
    ----------
    causes
        The errors of its failed steps, each followed by its causes; empty where the run was stopped.
    name, run_id
        Crypto or job, as messages name it, and the id of the run.
    failed_checks
        The asset checks that failed in the run.
    records
        Where Dagster's records lie, as messages name it.

    Returns
    -------
    InputError, StoreError or RunError
        A step raised it, or Dagster's records cannot be written.
    BlockedError
        A blocking check failed.
    RunError
        A step raised any other error; the message names the run.
    Interrupted
        The user stopped the run.
    """
    for cause in causes:
        if cause.kind == "DagsterExecutionInterruptedError":
            return Interrupted()
        for kind in (InputError, StoreError, RunError):
            if cause.kind in {kind.__name__, *(one.__name__ for one in kind.__subclasses__())}:
                return kind(cause.text)
        # Dagster also writes its records while a step runs, and reports their failure as the step's.
        if cause.message.startswith(("sqlite3.", "psycopg2.")):
            return unusable_records(records, cause.text, server=cause.message.startswith("psycopg2."))
    # Other checks may have failed in a run that a step has stopped: they did not stop it.
    red = [check for check in failed_checks if not check.is_warning]
    if red and all(cause.kind == _BLOCKED for cause in causes):
        stopping = next((one for one in red if one.check in BLOCKING_CHECKS.get(one.asset, ())), red[0])
        return BlockedError(f"stopped, because a blocking check failed. {stopping.in_words}")
    if not causes:
        return Interrupted()
    return RunError(f"{name}: {causes[-1].message.strip()} (run {run_id}, see ftf ui)")


def _causes(error: Any) -> list[Cause]:
    chain = []
    while error is not None:
        chain.append(Cause(error.cls_name or "", error.message))
        error = error.cause
    return chain
