"""Who works in a home: runs share a lock, and pruning waits for none of them but needs it alone."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.home import Home


@contextmanager
def in_use(home: Home) -> Iterator[None]:
    """Hold a home while a run reads and writes its cache; any number of runs may, none waits for another.

    The operating system lets go of the lock when its holder ends, however it ends.

    Raises
    ------
    StoreError
        Where the home cannot be written.
    """
    with _locked(home, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Hold a home alone; runs that start meanwhile wait.

    Raises
    ------
    StoreError
        A run works in it.
    """
    try:
        with _locked(home, fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield
    except BlockingIOError:
        raise StoreError(
            f"a run works in {home.path}; what it has made so far belongs to no sweep yet. Prune when it has "
            "ended, or look with --dry-run"
        ) from None


@contextmanager
def _locked(home: Home, how: int) -> Iterator[None]:
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        file = (home.path / "in_use.lock").open("w")
    except OSError as error:
        raise StoreError(f"the home {home.path} cannot be used: {error.strerror or error}") from error
    with file:
        fcntl.flock(file, how)
        yield
