"""Retrying a step that could not write because another process holds the results store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from ftf_assets.contracts.errors import StoreBusyError

#: Retries of a step, after the first attempt.
MAX_RETRIES = 2
#: Seconds before a step is retried; the store's own timeout has passed by then.
SECONDS_TO_WAIT = 10


@contextmanager
def retry_when_busy() -> Iterator[None]:
    """Retry the step where another process holds the results store, and only then.

    Any other error would come again. A retry is cheap: the fits of the step are kept.
    """
    try:
        yield
    except StoreBusyError as error:
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=SECONDS_TO_WAIT) from error
