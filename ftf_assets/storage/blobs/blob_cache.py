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
#: The folder is counted again after so many additions, because other processes add to it too.
_ADDITIONS_BETWEEN_COUNTS = 100


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
        self.max_bytes = cache_bytes()
        self._n_bytes = 0
        self._n_additions = 0

    def find(self, content_hash: str) -> bytes | None:
        """Read the copy with this hash, None where there is none or it is damaged."""
        path = self.path(content_hash)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if hash_of(content) != content_hash:
            path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            os.utime(path)
        return content

    def add(self, content_hash: str, content: bytes) -> None:
        """Keep a copy.

        Raises
        ------
        StoreError
            The folder cannot be written, for instance because its disk is full.
        """
        path = self.path(content_hash)
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

    def path(self, content_hash: str) -> Path:
        """Give the file of the copy with this hash; another process may remove it at any time."""
        return self.folder / content_hash[:2] / content_hash

    def _make_room(self, n_bytes: int) -> None:
        if self._n_additions % _ADDITIONS_BETWEEN_COUNTS == 0:
            self._n_bytes = sum(size for _, size, _ in self._copies())
        self._n_additions += 1
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


def hash_of(content: bytes) -> str:
    """Return the hash by which an immutable blob is named."""
    return hashlib.sha256(content).hexdigest()[:24]


def cache_bytes() -> int:
    """Return the size that copies may have on this machine, from the variable ``FTF_CACHE_MB``.

    Raises
    ------
    InputError
        It is no number of megabytes.
    """
    text = os.environ.get(SIZE_VARIABLE, str(_DEFAULT_MB))
    if not text.isdecimal() or int(text) < 1:
        raise input_error(
            f"the variable {SIZE_VARIABLE} must be a number of megabytes", found=text, allowed=">= 1"
        )
    return int(text) * 1_000_000
