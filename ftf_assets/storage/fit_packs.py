"""Packs of finished fits in a bucket: one object holds the fits of a stage, another names their keys."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.protocol import BlobMissing, BlobStore

#: The keys are listed again where one is missing, but not more often than this.
_SECONDS_BETWEEN_LISTINGS = 2.0
#: Lists of keys that are read at the same time.
_READERS = 16


class FitPacks:
    """Packs of results, each ``<folder>/packs/<hash>.zip`` with its keys in ``<folder>/keys/<hash>.json``.

    Both are named by their content and never change. The keys are written last, so that a pack that was cut
    is never found.

    Parameters
    ----------
    blobs
        The bucket.
    folder
        ``fits`` or ``scores``.
    local
        Where results are unpacked, by key.
    """

    def __init__(self, blobs: BlobStore, folder: str, local: BlobFolder) -> None:
        self.blobs, self.folder, self.local = blobs, folder, local
        self._pack_of: dict[str, str] = {}
        self._listed: set[str] = set()
        self._next_listing = 0.0

    def __contains__(self, key: str) -> bool:
        """Whether a pack holds the result of a key."""
        if key not in self._pack_of and time.monotonic() >= self._next_listing:
            self._list()
        return key in self._pack_of

    def upload(self, results: Mapping[str, BlobFolder]) -> None:
        """Upload a pack of the results in these folders of this machine."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            for key, folder in sorted(results.items()):
                files = sorted(entry.name.rpartition("/")[2] for entry in folder.entries())
                # The header last, as it was written: whoever unpacks it has the files that it names.
                for file in sorted(files, key=lambda name: name == HEADER):
                    # A date of its own would give equal packs other bytes.
                    archive.writestr(zipfile.ZipInfo(f"{key}/{file}"), folder.read(file))
        pack = _named(content.getvalue(), "zip")
        self.blobs.put(f"{self.folder}/packs/{pack}", content.getvalue())
        keys = json.dumps({"pack": pack, "keys": sorted(results)}).encode()
        self.blobs.put(f"{self.folder}/keys/{_named(keys, 'json')}", keys)
        self._pack_of |= dict.fromkeys(results, pack)

    def fetch(self, key: str) -> None:
        """Unpack the pack that holds the result of a key, with all of its results.

        Raises
        ------
        StoreError
            The pack is missing or damaged.
        """
        name = f"{self.folder}/packs/{self._pack_of[key]}"
        content = self.blobs.get(name)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for member in archive.namelist():
                    packed, _, file = member.partition("/")
                    (self.local / packed[:2] / packed).write(file, archive.read(member))
        except zipfile.BadZipFile as error:
            raise StoreError(f"{self.blobs.address}/{name} is damaged ({error})") from None

    def _list(self) -> None:
        found = (entry.name for entry in self.blobs.entries(f"{self.folder}/keys/"))
        names = [name for name in found if name not in self._listed]
        # Each is a request, and a new machine has them all to make.
        with ThreadPoolExecutor(_READERS) as readers:
            for pack, keys in readers.map(functools.partial(read_keys, self.blobs), names):
                self._pack_of |= dict.fromkeys(keys, pack)
        self._listed.update(names)
        self._next_listing = time.monotonic() + _SECONDS_BETWEEN_LISTINGS


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
    except (BlobMissing, ValueError, KeyError, TypeError):
        return "", set()  # its fits are made again


def _named(content: bytes, suffix: str) -> str:
    return f"{hashlib.sha256(content).hexdigest()[:24]}.{suffix}"
