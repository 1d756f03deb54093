"""The lock of a home: runs share it, pruning needs it for itself."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.home import Home


@contextmanager
def shared_lock(home: Home) -> Iterator[None]:
    """Hold the lock while a run reads and writes the home; runs do not wait for one another.

    The operating system releases the lock when its holder ends.

    Raises
    ------
    StoreError
        The home cannot be written.
    """
    with _locked(home, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive_lock(home: Home) -> Iterator[None]:
    """Hold the lock while values are removed; runs that start meanwhile wait.

    Raises
    ------
    StoreError
        A run is using the home, or it cannot be written.
    """
    try:
        with _locked(home, fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield
    except BlockingIOError:
        raise StoreError(
            f"a run is using {home.path}; deleting now could remove values it needs. Run ftf clean again "
            "when it has finished, or preview with --dry-run"
        ) from None


@contextmanager
def _locked(home: Home, operation: int) -> Iterator[None]:
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        file = (home.path / "home.lock").open("w")
    except OSError as error:
        raise StoreError(f"the home {home.path} cannot be used: {error.strerror or error}") from error
    with file:
        fcntl.flock(file, operation)
        yield
