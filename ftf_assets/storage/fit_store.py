"""Finished fits and scores by key, shared by every sweep of a home and safe for several processes."""

from __future__ import annotations

import functools
import itertools
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER, check_artifact, read_artifact, read_header, write_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.fit_packs import FitPacks
from ftf_assets.storage.home import Home
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.evaluation import CellScores

logger = logging.getLogger(__name__)
T = TypeVar("T")


class KeyedStore(Protocol[T]):
    """Results by key."""

    def __contains__(self, key: str) -> bool:
        """Whether there is a result, without reading it."""

    def read(self, key: str) -> T:
        """Read a result.

        Raises
        ------
        StoreError
            It is missing or damaged.
        """

    def get(self, key: str) -> T | None:
        """Return a result, or None if it must be made: it is missing, or damaged, which is logged."""

    def load(self, keys: Iterable[str]) -> None:
        """Learn which of these keys there are, so that looking them up one by one is quick afterwards."""

    def check(self, key: str) -> None:
        """Make sure that a result is there as it was stored, without making it of its arrays.

        Raises
        ------
        StoreError
            It is missing or damaged.
        """

    def put(self, key: str, result: T) -> None:
        """Store a result.

        Raises
        ------
        StoreError
            The store cannot be written.
        """

    def finish(self) -> None:
        """Make sure that other machines find what was stored or used. A stage calls it at its end."""

    def headers(self, n_most: int) -> Iterator[dict[str, Any]]:
        """Give the values in the headers of some results, at most so many."""


@functools.cache
def fit_store(home: Home) -> KeyedStore[FitResult]:
    """Give the finished fits of a home: the booster as UBJSON and its probabilities as arrays."""
    return _store(home, "fits", "fit", FitResult)


@functools.cache
def score_store(home: Home) -> KeyedStore[CellScores]:
    """Give the scores of cells on their test rows."""
    return _store(home, "scores", "scores", CellScores)


def _store(home: Home, folder: str, name: str, kind: type[T]) -> KeyedStore[T]:
    if home.bucket is None:
        return KeyedFolders(BlobFolder(home.blobs, folder), name, kind)
    local = KeyedFolders(BlobFolder.of_path(home.path / folder), name, kind)
    return PackedKeys(local, FitPacks(home.blobs, folder, local.folder))


class _FoundOrMade(ABC, Generic[T]):
    """What both stores say of a result that must be made again.

    Attributes
    ----------
    name
        What a result is called in logs.
    """

    name: str

    @abstractmethod
    def __contains__(self, key: str) -> bool: ...

    @abstractmethod
    def read(self, key: str) -> T:
        """Read a result; see :class:`KeyedStore`."""

    def get(self, key: str) -> T | None:
        """Return a result, or None if it must be made."""
        if key not in self:
            return None
        try:
            return self.read(key)
        except StoreError as error:
            logger.warning("event=damaged_%s key=%s action=again error=%s", self.name, key, error)
            return None


class KeyedFolders(_FoundOrMade[T]):
    """Results by key, each in ``folder/<first two digits>/<key>/``.

    Parameters
    ----------
    folder
        The folder; the first result creates it.
    name
        What a result is called in logs.
    kind
        The class of a result.
    """

    def __init__(self, folder: BlobFolder, name: str, kind: type[T]) -> None:
        self.folder, self.name, self.kind = folder, name, kind

    def __contains__(self, key: str) -> bool:
        return self.of(key).holds(HEADER)

    def read(self, key: str) -> T:
        """Read a result; see :class:`KeyedStore`."""
        return read_artifact(self.of(key), self.kind)

    def load(self, keys: Iterable[str]) -> None:
        """Do nothing: a look into a folder is quick."""

    def check(self, key: str) -> None:
        """Make sure that a result is there as it was stored."""
        check_artifact(self.of(key), self.kind)

    def put(self, key: str, result: T) -> None:
        """Store a result."""
        write_artifact(self.of(key), result)

    def finish(self) -> None:
        """Do nothing: each result is there for everybody as soon as it is stored."""

    def headers(self, n_most: int) -> Iterator[dict[str, Any]]:
        """Give the values in the headers of some results; what cannot be read is left out and counted."""
        unread: list[Exception] = []
        for folder in itertools.islice(self._folders(), n_most):
            try:
                value: dict[str, Any] = read_header(folder)["value"]
            except (StoreError, KeyError) as error:
                unread.append(error)
                continue
            yield value
        if unread:
            logger.warning(
                "event=unread_headers of=%s n=%d action=left_out first=%s", self.name, len(unread), unread[0]
            )

    def of(self, key: str) -> BlobFolder:
        """Give the folder of a result."""
        return self.folder / key[:2] / key

    def _folders(self) -> Iterator[BlobFolder]:
        # By the first digits of the keys, so that a few results are found without listing all of them.
        for digits in range(256):
            for entry in (self.folder / f"{digits:02x}").entries():
                if entry.name.endswith(f"/{HEADER}"):
                    yield BlobFolder(self.folder.blobs, entry.name.rpartition("/")[0])


class PackedKeys(_FoundOrMade[T]):
    """Results by key in a bucket: packed, many in one object, because each small object costs a request.

    A result lies on this machine first, where a kill loses none. :meth:`finish` packs those of a stage and
    uploads them; other machines fetch a pack when they need one of its results. So does this one, where its
    own copy is damaged or had to make room.

    Parameters
    ----------
    local
        The results on this machine.
    packs
        The packs in the bucket.
    """

    def __init__(self, local: KeyedFolders[T], packs: FitPacks) -> None:
        self.local, self.packs, self.name = local, packs, local.name
        self._not_uploaded: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self.local or key in self.packs

    def read(self, key: str) -> T:
        """Read a result; see :class:`KeyedStore`."""
        try:
            result = self.local.read(key)
        except StoreError:
            # It was never here, made room for others, or is damaged.
            if key not in self.packs:
                raise
            self.packs.fetch(key)
            result = self.local.read(key)
        self._not_uploaded.add(key)
        return result

    def load(self, keys: Iterable[str]) -> None:
        """Learn which of these keys the packs hold, those of all cryptos side by side."""
        self.packs.load(key for key in keys if key not in self.local)

    def check(self, key: str) -> None:
        """Make sure that a result is on this machine as it was stored, or in a pack that is there."""
        if key in self.local or key not in self.packs:
            self.local.check(key)

    def put(self, key: str, result: T) -> None:
        """Store a result on this machine."""
        self.local.put(key, result)
        self._not_uploaded.add(key)

    def finish(self) -> None:
        """Upload the results that were stored or used since the last call and that no pack holds."""
        waiting = self._not_uploaded.copy()
        missing = sorted(key for key in waiting if key not in self.packs and key in self.local)
        if missing:
            self.packs.upload({key: self.local.of(key) for key in missing})
        # Only now: after an upload that failed, the next call tries again.
        self._not_uploaded -= waiting

    def headers(self, n_most: int) -> Iterator[dict[str, Any]]:
        """Give the values in the headers of some results on this machine."""
        return self.local.headers(n_most)
