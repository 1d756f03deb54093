"""A folder of blobs: one artifact, or the folder that holds many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.blobs.protocol import BlobEntry, BlobStore


@dataclass(frozen=True)
class BlobFolder:
    """A name in a store below which there are blobs.

    Attributes
    ----------
    blobs
        The store.
    name
        Name of the folder, without a slash at its end.

    Examples
    --------
    >>> BlobFolder.of_path(Path("/data/fits")) / "3a"
    BlobFolder(/data/fits/3a)
    """

    blobs: BlobStore
    name: str

    @classmethod
    def of_path(cls, path: Path) -> BlobFolder:
        """Give a folder of this machine, which need not exist."""
        return cls(LocalBlobs(path.parent), path.name)

    def __truediv__(self, part: str) -> BlobFolder:
        """Give the folder of this name in it."""
        return BlobFolder(self.blobs, f"{self.name}/{part}")

    def __str__(self) -> str:
        """Where it is, for people."""
        return f"{self.blobs.address}/{self.name}"

    def __repr__(self) -> str:
        return f"BlobFolder({self})"

    def read(self, file: str) -> bytes:
        """Read a file in it; raises as :meth:`BlobStore.get`."""
        return self.blobs.get(f"{self.name}/{file}")

    def write(self, file: str, content: bytes) -> None:
        """Write a file in it, in one step."""
        self.blobs.put(f"{self.name}/{file}", content)

    def local_file(self, file: str) -> Path:
        """Give a local copy of a file in it, to be mapped."""
        return self.blobs.local_file(f"{self.name}/{file}")

    def check(self, file: str, n_bytes: int) -> None:
        """Make sure that a file in it is there as it was written; raises as :meth:`BlobStore.check`."""
        self.blobs.check(f"{self.name}/{file}", n_bytes)

    def holds(self, file: str) -> bool:
        """Whether there is this file in it."""
        return self.blobs.exists(f"{self.name}/{file}")

    def entries(self) -> list[BlobEntry]:
        """List everything below it; names are those of the store."""
        return self.blobs.entries(f"{self.name}/")
