"""Copies of a bucket's immutable objects on this machine: checked by their hash, bounded in size."""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from pathlib import Path

from ftf_assets.contracts.errors import StoreError, input_error

#: Variable with the size of the cache in megabytes.
SIZE_VARIABLE = "FTF_CACHE_MB"
_DEFAULT_MB = 10_000
#: The oldest copies go until this share of the size is left, so that not every write has to look.
_SHARE_KEPT = 0.8


class BlobCache:
    """A folder of copies, shared by the processes of this machine.

    A copy is named by the hash of its content, so it is never out of date, and a damaged one is found and
    fetched again. The copies that were used longest ago go when the folder grows beyond its size.

    Parameters
    ----------
    folder
        The folder; the first copy creates it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.max_bytes = _size() * 1_000_000
        self._n_bytes: int | None = None

    def find(self, content_hash: str) -> Path | None:
        """Give the copy with this hash, None where there is none or it is damaged."""
        path = self._path(content_hash)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest()[:24] != content_hash:
            path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            os.utime(path)
        return path

    def add(self, content_hash: str, content: bytes) -> Path:
        """Keep a copy.

        Raises
        ------
        StoreError
            The folder cannot be written, for instance because its disk is full.
        """
        path = self._path(content_hash)
        partial = path.with_name(f".{content_hash}.{uuid.uuid4().hex}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._make_room(len(content))
            partial.write_bytes(content)
            partial.replace(path)
        except OSError as error:
            raise StoreError(
                f"the cache {self.folder} cannot be written: {error.strerror or error}. Free disk space, or "
                "name another folder with FTF_CACHE; the values in the bucket are whole"
            ) from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        return path

    def _path(self, content_hash: str) -> Path:
        return self.folder / content_hash[:2] / content_hash

    def _make_room(self, n_bytes: int) -> None:
        if self._n_bytes is None:
            self._n_bytes = sum(size for _, size, _ in self._copies())
        self._n_bytes += n_bytes
        if self._n_bytes <= self.max_bytes:
            return
        left = 0
        for _, size, path in sorted(self._copies(), reverse=True):
            left += size
            if left > self.max_bytes * _SHARE_KEPT:
                # A file that is mapped stays readable until its last reader closes it.
                path.unlink(missing_ok=True)
                left -= size
        self._n_bytes = left + n_bytes

    def _copies(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.glob("*/*"):
            with suppress(FileNotFoundError):  # removed by another process
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found


def _size() -> int:
    text = os.environ.get(SIZE_VARIABLE, str(_DEFAULT_MB))
    if not text.isdecimal() or int(text) < 1:
        raise input_error(
            f"the variable {SIZE_VARIABLE} must be a number of megabytes", found=text, allowed=">= 1"
        )
    return int(text)
