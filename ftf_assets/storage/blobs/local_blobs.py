"""Blobs as files below a folder: each is written beside its place and moved there in one step."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.blobs.protocol import (
    BlobEntry,
    BlobMissing,
    checked_folder,
    checked_name,
    content_hash,
    damaged,
)


class LocalBlobs:
    """A folder.

    Parameters
    ----------
    root
        The folder, resolved; the first blob creates it. A link below it is refused, so that nothing is
        written outside.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.address = str(root)

    def get(self, name: str) -> bytes:
        """Read a blob whole."""
        path = self._path(name)
        with _errors(path, "read"):
            return path.read_bytes()

    def put(self, name: str, content: bytes) -> None:
        """Write a blob in one step."""
        self.replace(self._path(name), content)

    def replace(self, path: Path, content: bytes) -> None:
        """Write any file in one step, such as one that a user has named.

        Raises
        ------
        StoreError
            The disk is full, read-only or missing.
        """
        with self._partial(path, content) as partial:
            partial.replace(path)

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write a blob where there is none: a hard link to a whole file fails where the name is taken."""
        path = self._path(name)
        with self._partial(path, content) as partial:
            # What follows may remove an older version, so this one must outlive a power cut first.
            _synced(partial)
            try:
                os.link(partial, path)
            except FileExistsError:
                return False
            _synced(path.parent)
            return True

    def exists(self, name: str) -> bool:
        """Whether there is a blob of this name."""
        return self._path(name).exists()

    def check(self, name: str, n_bytes: int) -> None:
        """Compare the content of an immutable blob with the hash in its name."""
        path = self._path(name)
        with _errors(path, "read"), path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            whole = os.fstat(file.fileno()).st_size == n_bytes
        if not whole or found[:24] != content_hash(name):
            raise damaged(self.address, name)

    def entries(self, prefix: str = "") -> list[BlobEntry]:
        """List the blobs below a folder, ordered by name."""
        folder = self.root / checked_folder(prefix)
        found: list[BlobEntry] = []
        with _errors(folder, "read"):
            self._add_entries(folder, found)
        return sorted(found, key=lambda entry: entry.name)

    def delete(self, names: Sequence[str]) -> None:
        """Remove blobs, and the folders that are empty then."""
        for name in names:
            path = self._path(name)
            with _errors(path, "removed"):
                path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self.root:
                    break
                try:
                    folder.rmdir()
                except OSError:  # not empty, or gone already
                    break

    def local_file(self, name: str) -> Path:
        """Give the file itself."""
        path = self._path(name)
        if not path.exists():
            raise BlobMissing(f"there is no file {path}")
        return path

    def _path(self, name: str) -> Path:
        return self.root / checked_name(name)

    def _add_entries(self, folder: Path, found: list[BlobEntry]) -> None:
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            return
        for entry in entries:
            if entry.name.startswith("."):  # a file that is being written, or that a kill has left behind
                continue
            if entry.is_dir(follow_symlinks=False):
                self._add_entries(Path(entry.path), found)
                continue
            with suppress(FileNotFoundError):  # removed meanwhile
                status = entry.stat()
                name = Path(entry.path).relative_to(self.root).as_posix()
                found.append(BlobEntry(name, status.st_size, status.st_mtime))

    @contextmanager
    def _partial(self, path: Path, content: bytes) -> Iterator[Path]:
        """Write the content beside its place, under a hidden name that goes with the context."""
        with _errors(path, "written"):
            path.parent.mkdir(parents=True, exist_ok=True)
            # The root is resolved, so a folder that resolves elsewhere is linked inside it.
            if path.parent.resolve() != path.parent.absolute():
                raise StoreError(
                    f"a link leads from {path.parent} to {path.parent.resolve()}: nothing is written "
                    "outside the home. Remove the link; the home itself may be one"
                )
            partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
            try:
                partial.write_bytes(content)
                yield partial
            finally:
                partial.unlink(missing_ok=True)


def _synced(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _errors(path: Path, done: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        if done == "read":
            raise BlobMissing(f"there is no file {path}") from None
        raise StoreError(f"{path} cannot be {done}: {error.strerror or error}") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be {done}: {error.strerror or error}") from error
