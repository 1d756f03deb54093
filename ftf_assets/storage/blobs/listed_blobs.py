"""A bucket as one listing shows it: for a look at many values that writes nothing."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from ftf_assets.storage.blobs.protocol import CONCURRENT_READS, BlobEntry, BlobMissing, BlobStore, damaged


class ListedBlobs(BlobStore):
    """Each of some folders is listed once, and what is asked of it is answered from that listing.

    A blob that was listed and is gone when it is read makes its folder be listed again.

    Parameters
    ----------
    blobs
        The bucket.
    folders
        Names of folders, each with ``/`` at its end. Others are asked of the bucket.
    """

    def __init__(self, blobs: BlobStore, folders: Sequence[str]) -> None:
        self.address = blobs.address
        self._blobs, self._folders = blobs, folders
        self._listed: dict[str, tuple[list[str], list[BlobEntry]]] = {}
        self._ahead: dict[str, bytes] = {}

    def read_ahead(self, names: Iterable[str]) -> None:
        """Read blobs side by side, those that are listed; each is kept until it is asked for."""
        there = [name for name in names if self.exists(name)]

        def read(name: str) -> None:
            with suppress(BlobMissing):  # removed since it was listed: whoever asks for it hears of it
                self._ahead[name] = self._blobs.get(name)

        with ThreadPoolExecutor(CONCURRENT_READS) as readers:
            list(readers.map(read, there))

    def get(self, name: str) -> bytes:
        """Read a blob whole."""
        if name in self._ahead:
            return self._ahead.pop(name)
        try:
            return self._blobs.get(name)
        except BlobMissing:
            self._listed.pop(self._folder_of(name) or "", None)
            raise

    def exists(self, name: str) -> bool:
        """Whether there is a blob of this name."""
        return self._blobs.exists(name) if self._folder_of(name) is None else self._entry(name) is not None

    def check(self, name: str, n_bytes: int) -> None:
        """Compare the size of an immutable blob with what was written."""
        if self._folder_of(name) is None:
            self._blobs.check(name, n_bytes)
            return
        entry = self._entry(name)
        if entry is None:
            raise BlobMissing(f"there is no object {self.address}/{name}")
        if entry.n_bytes != n_bytes:
            raise damaged(self.address, name)

    def entries(self, prefix: str = "") -> list[BlobEntry]:
        """List the blobs below a folder, ordered by name."""
        folder = self._folder_of(prefix)
        if folder is None:
            return self._blobs.entries(prefix)
        names, entries = self._list(folder)
        first = bisect.bisect_left(names, prefix)
        # "0" follows "/": the end of everything that begins with the prefix.
        return entries[first : bisect.bisect_left(names, f"{prefix[:-1]}0")]

    def local_file(self, name: str) -> Path:
        """Give a local file with the content of a blob."""
        return self._blobs.local_file(name)

    def put(self, name: str, content: bytes) -> None:
        """Write nothing: this is for looking."""
        raise NotImplementedError

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write nothing: this is for looking."""
        raise NotImplementedError

    def delete(self, names: Sequence[str]) -> None:
        """Remove nothing: this is for looking."""
        raise NotImplementedError

    def _folder_of(self, name: str) -> str | None:
        return next((folder for folder in self._folders if name.startswith(folder)), None)

    def _entry(self, name: str) -> BlobEntry | None:
        names, entries = self._list(self._folder_of(name) or "")
        place = bisect.bisect_left(names, name)
        return entries[place] if place < len(names) and names[place] == name else None

    def _list(self, folder: str) -> tuple[list[str], list[BlobEntry]]:
        if folder not in self._listed:
            entries = self._blobs.entries(folder)
            self._listed[folder] = [entry.name for entry in entries], entries
        return self._listed[folder]
