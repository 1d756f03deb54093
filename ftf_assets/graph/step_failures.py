"""A refusal fails its step with its own sentence, so the UI shows that and no frames of libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.sources.faults import FaultsError


class NotPartOfSweepError(InputError):
    """A backfill runs a partition that its sweep does not have: nothing is wrong, and nothing is made."""


@contextmanager
def refusals_as_failures() -> Iterator[None]:
    """Fail the step with the sentence of a refusal, and with what it names as metadata.

    Dagster shows the traceback of any other error first, and most of it is Dagster's own. Refused input is
    never retried: it would be refused again. A store may be back, so a retry policy may retry its failure;
    no policy is set by default, so by default nothing is retried.

    Raises
    ------
    dagster.Failure
        In place of an ``InputError`` or ``StoreError``, which is its cause.
    """
    try:
        yield
    except (InputError, StoreError) as error:
        raise dg.Failure(
            description=str(error),
            metadata=_metadata(error),
            allow_retries=not isinstance(error, InputError),
        ) from error


def _metadata(error: InputError | StoreError) -> dict[str, Any]:
    if not isinstance(error, InputError):
        return {}
    metadata: dict[str, Any] = {name: dg.MetadataValue.text(text) for name, text in error.details.items()}
    if error.rule:
        metadata["rule"] = dg.MetadataValue.text(error.rule)
    if isinstance(error, FaultsError) and len(error.faults) > 1:
        records = [
            dg.TableRecord(
                {
                    "column": fault.column or "",
                    "first row": fault.first[0][0] if fault.first else "",
                    "rows": fault.count,
                    "rule": fault.rule,
                    "found": fault.first[0][1] if fault.first else fault.found or "",
                    "allowed": fault.allowed or "",
                    "fix": fault.fix or "",
                }
            )
            for fault in error.faults
        ]
        metadata["faults"] = dg.MetadataValue.table(records)
    return metadata
