"""What the pytest workers of a run share: the first that needs it makes it, the others wait."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock


@contextmanager
def shared_folder(factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """Give a folder that every worker of this run sees, and whether the caller must fill it.

    The caller fills it within the context. Where that fails, the next worker tries.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, filled = base / name, base / f"{name}.filled"
    with FileLock(base / f"{name}.lock"):
        empty = not filled.exists()
        if empty:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        yield folder, empty
        filled.touch()
