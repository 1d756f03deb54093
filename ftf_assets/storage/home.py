"""The home: where all state of a project lies, in one folder or with its values in a bucket."""

from __future__ import annotations

import functools
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ftf_assets.contracts.errors import input_error
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.listed_blobs import ListedBlobs
from ftf_assets.storage.blobs.open_blobs import bucket_address, is_bucket, open_blobs
from ftf_assets.storage.blobs.protocol import BlobStore

HOME_VARIABLE = "FTF_HOME"
DEFAULT_HOME = ".ftf"
#: Variable with the folder of this machine that holds copies and records of homes that are buckets.
CACHE_VARIABLE = "FTF_CACHE"


@dataclass(frozen=True)
class Home:
    """Where everything that a project stores lies.

    Attributes
    ----------
    path
        A folder of this machine, absolute: the home itself, or what this machine keeps of a bucket: the
        index of the results, copies of objects, lock files, and Dagster's records where no instance is
        configured. It can be deleted at any time.
    bucket
        Address of the bucket that holds the values, such as ``s3://bucket/prefix``; None for a folder.
    """

    path: Path
    bucket: str | None = None

    @classmethod
    def locate(cls, address: str = "") -> Home:
        """Find the home: ``address``, else the variable ``FTF_HOME``, else ``.ftf`` in the working directory.

        Raises
        ------
        InputError
            An address that is neither a folder nor a bucket, or that holds a credential.
        """
        address = address or os.environ.get(HOME_VARIABLE) or DEFAULT_HOME
        if is_bucket(address):
            address = bucket_address(address)
            return cls(_folder_of_bucket(address), address)
        return cls(Path(address).resolve())

    @property
    def address(self) -> str:
        """What people call it, and what finds it again."""
        return self.bucket or str(self.path)

    @property
    def blobs(self) -> BlobStore:
        """The store of its values.

        Raises
        ------
        StoreError
            A bucket that cannot be opened here.
        """
        return _blobs(self.address, self.path)

    @property
    def dagster(self) -> Path:
        """The Dagster instance: runs, events and logs."""
        return self.path / "dagster"

    @property
    def results(self) -> Path:
        """The DuckDB file of the results."""
        return self.path / "results.duckdb"

    @property
    def has_results(self) -> bool:
        """Whether a sweep has stored its settings here, which comes before its first row."""
        return bool(self.blobs.entries("results/sweeps/"))

    @property
    def fits(self) -> BlobFolder:
        """Finished fits by key."""
        return BlobFolder(self.blobs, "fits")

    @property
    def scores(self) -> BlobFolder:
        """Scores of finished cells by key."""
        return BlobFolder(self.blobs, "scores")

    @property
    def artifacts(self) -> BlobFolder:
        """Values of the partitioned assets."""
        return BlobFolder(self.blobs, "artifacts")

    @property
    def frames(self) -> Path:
        """Data that a caller gave as frames."""
        return self.path / "frames"

    def report_name(self, sweep_id: str) -> str:
        """Name of the report of a sweep among the blobs.

        Raises
        ------
        InputError
            The sweep_id is not one plain word, so the path could lead out of the home.
        """
        return f"reports/{_word(sweep_id)}.html"

    def report(self, sweep_id: str) -> Path:
        """File of the report of a sweep: the blob itself, or this machine's copy of it. Raises likewise."""
        return self.path / self.report_name(sweep_id)

    def artifact(self, asset: str, crypto: str, key: str) -> BlobFolder:
        """The folder of an asset's value for one crypto; ``key`` is the hash of its settings and inputs.

        Raises
        ------
        InputError
            A part is not one plain word, so the path could lead out of the home.
        """
        return self.artifacts / _word(asset) / _word(crypto) / _word(key)


@dataclass(frozen=True)
class ListedHome(Home):
    """A home in a bucket as one listing of each of these folders shows it: for a look that writes nothing.

    Attributes
    ----------
    folders
        Names of folders in the bucket, each with ``/`` at its end.
    """

    folders: tuple[str, ...] = ()

    @functools.cached_property
    def blobs(self) -> ListedBlobs:
        """The bucket, listed."""
        return ListedBlobs(_blobs(self.address, self.path), self.folders)


@functools.cache
def _blobs(address: str, path: Path) -> BlobStore:
    return open_blobs(address, path)


def _folder_of_bucket(address: str) -> Path:
    given = os.environ.get(CACHE_VARIABLE)
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(given) if given else Path(user) / "ftf"
    return folder.resolve() / hashlib.sha256(address.encode()).hexdigest()[:16]


def _word(part: str) -> str:
    """Refuse a part of a path that is not one plain word."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", part):
        raise input_error(
            "a name in a path must be one plain word",
            found=repr(part),
            allowed="letters, digits and _, up to 64",
        )
    return part
