"""What every store of bytes can do, and the names that it takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ftf_assets.contracts.errors import StoreError, input_error

#: How the name of the object with an artifact's arrays ends.
PACK_SUFFIX = ".pack"
#: How many blobs a process reads at the same time where it needs many.
CONCURRENT_READS = 16
_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}/)*[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
#: ``<24 hex digits>.<suffix>``: the name is the hash of the content, so the content never changes.
_CONTENT_NAME = re.compile(r"(?:.*/)?([0-9a-f]{24})\.[a-z]+")


class BlobDamaged(StoreError):  # noqa: N818  a state: its content is made again
    """An immutable blob is not what was written, or does not hold what is said of it."""


class BlobMissing(StoreError):  # noqa: N818  a state that callers ask for, and an error where they did not
    """There is no blob of this name."""


@dataclass(frozen=True)
class BlobEntry:
    """A blob of a listing.

    Attributes
    ----------
    name
        Its name, relative to the store.
    n_bytes
        Its size.
    modified
        When it was written last, seconds since the epoch, by the clock of the store.
    """

    name: str
    n_bytes: int
    modified: float


class BlobStore(Protocol):
    """Bytes by name. Every failure is a :class:`StoreError` of one line.

    Attributes
    ----------
    address
        Where it is, as people write it; it never holds a credential.
    """

    address: str

    def get(self, name: str) -> bytes:
        """Read a blob whole.

        Raises
        ------
        BlobMissing
            There is none.
        StoreError
            The store cannot be read.
        """

    def put(self, name: str, content: bytes) -> None:
        """Write a blob in one step: a reader finds the old content or the new one, whole."""

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write a blob where there is none; exactly one of several writers of other contents gets True."""

    def exists(self, name: str) -> bool:
        """Whether there is a blob of this name, without reading it."""

    def check(self, name: str, n_bytes: int) -> None:
        """Make sure that an immutable blob is there as it was written.

        A folder compares the content with the hash in the name. A bucket keeps objects as they are, so there
        a look at the size suffices; the content is compared whenever it is read.

        Raises
        ------
        BlobMissing, StoreError
            It is not there, is damaged, or cannot be read.
        """

    def entries(self, prefix: str = "") -> list[BlobEntry]:
        """List the blobs below a folder, which ends with ``/``; ordered by name."""

    def delete(self, names: Sequence[str]) -> None:
        """Remove blobs; one that is not there is no error."""

    def local_file(self, name: str) -> Path:
        """Give a local file with the content of a blob, to be mapped and not to be changed.

        Raises
        ------
        BlobMissing, StoreError
            As :meth:`get`.
        """


def checked_name(name: str) -> str:
    """Return a name that is plain words, so that it cannot lead out of the store.

    Raises
    ------
    InputError
        It is not.

    Examples
    --------
    >>> checked_name("fits/3a/3af0/header.json")
    'fits/3a/3af0/header.json'
    """
    if not _NAME.fullmatch(name):
        raise input_error(
            "a name in a store must be plain words",
            found=repr(name),
            allowed="letters, digits, _, . and - between /, none beginning with . or -",
        )
    return name


def is_plain(name: str) -> bool:
    """Whether a store could have a blob of this name."""
    return _NAME.fullmatch(name) is not None


def checked_folder(prefix: str) -> str:
    """Return the name of a folder, "" or plain words that end with ``/``.

    Raises
    ------
    InputError
        It is neither.
    """
    if prefix and not (prefix.endswith("/") and _NAME.fullmatch(prefix[:-1])):
        raise input_error("a folder in a store must be plain words and end with /", found=repr(prefix))
    return prefix


def damaged(address: str, name: str) -> BlobDamaged:
    """Word that an immutable blob is not what was written."""
    return BlobDamaged(f"{address}/{name} is damaged: its content does not have the checksum of its name")


def content_hash(name: str) -> str | None:
    """Return the hash that the name of an immutable blob states, None for other names."""
    found = _CONTENT_NAME.fullmatch(name)
    return found[1] if found else None
