"""Packs of finished fits in a bucket: one object holds the fits of a stage, another names their keys.

Those of a crypto lie together, so that a run of one lists and reads nothing of the others.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import threading
import time
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER
from ftf_assets.storage.blobs.blob_cache import cache_bytes
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.protocol import (
    CONCURRENT_READS,
    BlobDamaged,
    BlobEntry,
    BlobMissing,
    BlobStore,
    is_plain,
)
from ftf_assets.storage.blobs.zip_errors import ZIP_ERRORS
from ftf_assets.training.keys import owner_of

#: The keys of a crypto are listed again where one is missing, but not more often than this: only another
#: machine that fits the same crypto at the same time adds to them.
_SECONDS_BETWEEN_LISTINGS = 60.0
#: Where room is made, it is made for more than the next results.
_SHARE_KEPT = 0.8


class FitPacks:
    """Packs of results, each ``packs/<hash>.zip`` with its keys in ``keys/<hash>.json``.

    Both lie in ``<folder>/<owner>``, where :func:`~ftf_assets.training.keys.owner_of` names the owner of a
    key. They are named by their content and never change. The keys are written last, so that a pack that was
    cut is never found.

    Parameters
    ----------
    blobs
        The bucket.
    folder
        ``fits`` or ``scores``.
    local
        Where results are unpacked, by key.
    max_bytes
        How much may lie there; None takes the size of the cache. Where there is more, results of packs go,
        those that were written longest ago first; one that no pack holds stays.
    """

    def __init__(
        self, blobs: BlobStore, folder: str, local: BlobFolder, max_bytes: int | None = None
    ) -> None:
        self.blobs, self.folder, self.local = blobs, folder, local
        self.max_bytes = cache_bytes() if max_bytes is None else max_bytes
        self._n_bytes: int | None = None
        self._packs_of: dict[str, tuple[str, ...]] = {}
        self._bad: set[str] = set()
        self._changing = threading.Lock()  # the steps of a run share a store
        self._listed: set[str] = set()
        self._next_listing: dict[str, float] = {}

    def __contains__(self, key: str) -> bool:
        """Whether a pack that is not known to be bad holds the result of a key."""
        if key not in self._packs_of:
            self.load([key])
        return key in self._packs_of

    def load(self, keys: Iterable[str]) -> None:
        """Learn which of these keys there are, so that looking them up one by one is quick afterwards."""
        now = time.monotonic()
        owners = {owner_of(key) for key in keys}
        due = sorted(owner for owner in owners if now >= self._next_listing.get(owner, 0.0))
        if not due:
            return
        # Each is a request, and a new machine has them all to make.
        with ThreadPoolExecutor(CONCURRENT_READS) as readers:
            listed = list(readers.map(self._new_lists, due))
            new = [name for lists, _ in listed for name in lists]
            packs = set[str]().union(*(packs for _, packs in listed))
            for pack, found in readers.map(functools.partial(read_keys, self.blobs), new):
                if pack in packs:  # what a pack that is gone held counts as missing
                    self._add(pack, found)
        self._listed.update(new)
        self._next_listing |= dict.fromkeys(due, time.monotonic() + _SECONDS_BETWEEN_LISTINGS)

    def upload(self, results: Mapping[str, BlobFolder]) -> None:
        """Upload the results in these folders of this machine, those of an owner in a pack."""
        for owner in sorted(set(map(owner_of, results))):
            self._upload(owner, {key: folder for key, folder in results.items() if owner_of(key) == owner})

    def _upload(self, owner: str, results: Mapping[str, BlobFolder]) -> None:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            for key, folder in sorted(results.items()):
                files = sorted(entry.name.rpartition("/")[2] for entry in folder.entries())
                # The header last, as it was written: whoever unpacks it has the files that it names.
                for file in sorted(files, key=lambda name: name == HEADER):
                    # A date of its own would give equal packs other bytes.
                    archive.writestr(zipfile.ZipInfo(f"{key}/{file}"), folder.read(file))
        pack = _named(content.getvalue(), "zip")
        self.blobs.put(f"{self.folder}/{owner}/packs/{pack}", content.getvalue())
        keys = json.dumps({"pack": pack, "keys": sorted(results)}).encode()
        name = f"{self.folder}/{owner}/keys/{_named(keys, 'json')}"
        self.blobs.put(name, keys)
        self._listed.add(name)
        self._bad.discard(pack)  # the same fits make the same pack, which is whole again
        self._add(pack, results)
        self._make_room(len(content.getvalue()), are_here=True)

    def fetch(self, key: str) -> None:
        """Unpack a pack that holds the result of a key, with all of its results.

        A pack that is missing or damaged is not asked again, so that its results are stored in another one.

        Raises
        ------
        StoreError
            No pack is whole, or the bucket cannot be read.
        """
        missing: StoreError = BlobMissing(f"no pack in {self.blobs.address}/{self.folder} holds {key}")
        for pack in reversed(self._packs_of.get(key, ())):
            try:
                members = self._members(pack, key)
            except (BlobMissing, BlobDamaged) as error:
                self._forget(pack)
                missing = error
                continue
            self._make_room(sum(map(len, members.values())), are_here=False)
            for member, content in members.items():
                packed, _, file = member.partition("/")
                (self.local / packed[:2] / packed).write(file, content)
            return
        raise missing

    def _make_room(self, n_bytes: int, *, are_here: bool) -> None:
        """Remove results of packs if so many more bytes make too many; whoever needs one unpacks it again."""
        with self._changing:
            counted, self._n_bytes = self._n_bytes, (self._n_bytes or 0) + n_bytes
            if counted is not None and self._n_bytes <= self.max_bytes:
                return
        results: dict[str, list[BlobEntry]] = {}
        for entry in self.local.entries():  # again, because other processes add to it too
            results.setdefault(entry.name.rpartition("/")[0], []).append(entry)
        left = sum(entry.n_bytes for files in results.values() for entry in files)
        left += 0 if are_here else n_bytes
        if left > self.max_bytes:
            self.load(name.rpartition("/")[2] for name in results)  # also what other runs have fitted here
            left = self._remove_oldest(results, left)
        self._n_bytes = left

    def _remove_oldest(self, results: Mapping[str, list[BlobEntry]], left: int) -> int:
        for name in sorted(results, key=lambda name: results[name][0].modified):
            if left <= self.max_bytes * _SHARE_KEPT:
                break
            if name.rpartition("/")[2] in self._packs_of:
                header_first = sorted(results[name], key=lambda entry: not entry.name.endswith(HEADER))
                self.local.blobs.delete([entry.name for entry in header_first])
                left -= sum(entry.n_bytes for entry in results[name])
        return left

    def _members(self, pack: str, key: str) -> dict[str, bytes]:
        name = f"{self.folder}/{owner_of(key)}/packs/{pack}"
        content = self.blobs.get(name)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = {member: archive.read(member) for member in archive.namelist()}
        except ZIP_ERRORS as error:
            raise BlobDamaged(f"{self.blobs.address}/{name} is damaged ({error})") from None
        if f"{key}/{HEADER}" not in members or not all(map(is_plain, members)):
            raise BlobDamaged(f"{self.blobs.address}/{name} is damaged: it does not hold what its keys say")
        return members

    def _add(self, pack: str, keys: Iterable[str]) -> None:
        with self._changing:
            if pack not in self._bad:
                for key in keys:
                    self._packs_of[key] = (*self._packs_of.get(key, ()), pack)

    def _forget(self, pack: str) -> None:
        with self._changing:
            self._bad.add(pack)
            left = {key: tuple(one for one in packs if one != pack) for key, packs in self._packs_of.items()}
            self._packs_of = {key: packs for key, packs in left.items() if packs}

    def _new_lists(self, owner: str) -> tuple[list[str], set[str]]:
        """Name the lists of an owner's keys that were not read yet, and the packs that there are."""
        names = [entry.name for entry in self.blobs.entries(f"{self.folder}/{owner}/")]
        lists = [name for name in names if "/keys/" in name and name not in self._listed]
        return lists, {name.rpartition("/")[2] for name in names if "/packs/" in name}


def read_keys(blobs: BlobStore, name: str) -> tuple[str, set[str]]:
    """Read the name of a pack and the keys of its results; none where they are damaged or gone.

    Raises
    ------
    StoreError
        The store cannot be read: nobody may take its packs for unneeded, or their fits for missing.
    """
    try:
        found = json.loads(blobs.get(name))
        return str(found["pack"]), set(found["keys"])
    except (BlobMissing, BlobDamaged, ValueError, KeyError, TypeError):
        return "", set()  # its fits are made again


def _named(content: bytes, suffix: str) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:24]}.{suffix}"
