"""Result rows as objects: one for a crypto in a sweep, replaced by counting up, without any lock."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import logging
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ftf_assets.contracts.errors import StoreError, input_error
from ftf_assets.storage.blobs.protocol import CONCURRENT_READS, BlobMissing, BlobStore, is_plain
from ftf_assets.storage.blobs.zip_errors import ZIP_ERRORS
from ftf_assets.storage.results_schema import SCHEMA_VERSION, tables

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

logger = logging.getLogger(__name__)

_FOLDER = "results"
_MANIFEST = "manifest.json"
#: Kinds whose versions are one sequence over all sweeps or audits, so that their order is that of writing.
_ORDERED = ("sweeps", "audits")
#: How often versions are listed again where one was replaced before it was read.
_ATTEMPTS = 20
#: Numbers that a writer tries: each that is taken is another run's, and fewer runs write one partition.
_NUMBERS = 200
#: Said once a process: a command reads a partition several times.
_NAMED_AS_DAMAGED: set[tuple[str, str]] = set()
T = TypeVar("T")


@dataclass(frozen=True)
class Partition:
    """What one version replaces.

    Attributes
    ----------
    kind
        ``cells`` (with the tables that break them down), ``ceiling``, ``decision``, ``sweeps`` (settings) or
        ``audits``.
    owner
        The sweep_id, or the audit_id of an audit.
    crypto
        The crypto; "" for what covers a whole sweep.
    """

    kind: str
    owner: str
    crypto: str = ""

    @property
    def folder(self) -> str:
        """Folder of its versions."""
        if self.kind in _ORDERED:
            return f"{_FOLDER}/{self.kind}/" + (f"{self.crypto}/" if self.crypto else "")
        return f"{_FOLDER}/of/{self.owner}/{self.kind}/" + (f"{self.crypto}/" if self.crypto else "")


@dataclass(frozen=True)
class Version:
    """One version of a partition.

    Attributes
    ----------
    partition
        What it is a version of.
    counter
        Its number: of several versions the highest is current.
    name
        Name of its object.
    """

    partition: Partition
    counter: int
    name: str


class ReplacedError(Exception):
    """A version was replaced after it was listed."""


class OtherSchemaError(StoreError):
    """A version was written by an ftf with another schema of the results."""


class ResultObjects:
    """The objects of a home's results.

    A version is one object: a ZIP file, not compressed, of a manifest and a Parquet file a table. It is
    written by ``put_if_absent`` under the next counter, so two runs of one partition leave two versions, of
    which the later counts, whatever the clocks say. Older versions are removed afterwards; a reader that
    meets a removed one lists them again.

    Parameters
    ----------
    blobs
        Where the home's values lie.
    """

    def __init__(self, blobs: BlobStore) -> None:
        self.blobs = blobs

    def write(
        self, partition: Partition, frames: Mapping[str, pd.DataFrame], facts: Mapping[str, str]
    ) -> Version:
        """Write the next version of a partition; afterwards it is the current one.

        Parameters
        ----------
        partition
            What is replaced.
        frames
            Rows by table, validated.
        facts
            What else the manifest keeps, such as the settings of a sweep.

        Raises
        ------
        InputError
            Two rows have one primary key, or the name of the crypto is no plain word.
        StoreError
            The store cannot be written, or calls every number taken; the old version stays.
        """
        content = _packed(partition, frames, facts)
        suffix = f".{partition.owner}" if partition.kind in _ORDERED else ""
        counter = max((version.counter for version in self._listed(partition.folder)), default=0)
        for _ in range(_NUMBERS):
            counter += 1
            name = f"{partition.folder}{counter:08d}{suffix}.zip"
            if not self.blobs.put_if_absent(name, content):
                continue
            try:
                listed = [v for v in self._listed(partition.folder) if v.partition == partition]
                newest = max((version.counter for version in listed), default=counter)
                if newest > counter:
                    # Another run has meanwhile replaced what had this number: ours is the later one.
                    self.blobs.delete([name])
                    counter = newest
                    continue
                self.blobs.delete([version.name for version in listed if version.counter < counter])
            except StoreError as error:
                # The rows are written, and what was not removed does not count.
                logger.warning("event=older_results_stay name=%s error=%s", name, error)
            return Version(partition, counter, name)
        raise StoreError(
            f"{self.blobs.address}/{name} cannot be written: the store called {_NUMBERS} numbers in a row "
            "taken. Either as many runs write the same results, or it refuses new objects. Run again: "
            "finished fits are reused"
        )

    def current(
        self, owner: str | None = None, kind: str | None = None, crypto: str | None = None
    ) -> list[Version]:
        """Name the current version of every partition.

        Parameters
        ----------
        owner
            Only of this sweep; None gives those of all sweeps and audits.
        kind, crypto
            Of the sweep only this kind, and of it only this crypto.
        """
        if owner is None:
            return _newest(self._listed(f"{_FOLDER}/"))
        parts = [part for part in (owner, kind, crypto) if part is not None]
        if not all(is_plain(part) for part in parts):
            return []
        return _newest(self._listed(f"{_FOLDER}/of/{'/'.join(parts)}/"))

    def of_kind(self, kind: str) -> list[Version]:
        """Name the current versions of the settings of sweeps, or of audits, in the order of writing."""
        newest = _newest(self._listed(f"{_FOLDER}/{kind}/"))
        return sorted(newest, key=lambda version: (version.counter, version.name))

    def read(self, versions: Iterable[Version], *, other_schemas: bool = False) -> dict[Version, Contents]:
        """Read versions, many at a time; a damaged one is left out and logged.

        Parameters
        ----------
        versions
            What to read.
        other_schemas
            Whether versions of another schema are left out; without it they are an error.

        Raises
        ------
        ReplacedError
            One was replaced since it was listed: :meth:`listed_again` lists and reads again.
        StoreError
            The store cannot be read, or a version was written by an ftf with another schema.
        """
        wanted = list(versions)
        if not wanted:
            return {}
        read = functools.partial(self._read, other_schemas=other_schemas)
        with ThreadPoolExecutor(min(CONCURRENT_READS, len(wanted))) as executor:
            found = dict(zip(wanted, executor.map(read, wanted), strict=True))
        return {version: contents for version, contents in found.items() if contents is not None}

    def listed_again(self, attempt: Callable[[], T]) -> T:
        """Do what lists and reads versions, again where one of them was replaced in between.

        Raises
        ------
        StoreError
            They are replaced faster than they are read, or as ``attempt`` raises.
        """
        for number in range(_ATTEMPTS):
            try:
                return attempt()
            except ReplacedError:
                time.sleep(0.02 * number)
        where = f"{self.blobs.address}/{_FOLDER}"
        raise StoreError(f"{where}: results are replaced faster than they are read. Run the command again")

    def _read(self, version: Version, *, other_schemas: bool) -> Contents | None:
        try:
            content = self.blobs.get(version.name)
        except BlobMissing:
            raise ReplacedError(version.name) from None
        try:
            return _unpacked(version, content)
        except OtherSchemaError:
            if other_schemas:
                return None
            raise
        except (*ZIP_ERRORS, TypeError, AttributeError) as error:
            if (self.blobs.address, version.name) not in _NAMED_AS_DAMAGED:
                _NAMED_AS_DAMAGED.add((self.blobs.address, version.name))
                logger.warning(
                    "event=damaged_results name=%s action=counts_as_missing error=%s: %s",
                    *(version.name, type(error).__name__, " ".join(str(error).split())),
                )
            return None

    def _listed(self, prefix: str) -> list[Version]:
        found = (_version(entry.name) for entry in self.blobs.entries(prefix))
        return [version for version in found if version is not None]


@dataclass(frozen=True)
class Contents:
    """What a version holds.

    Attributes
    ----------
    tables
        Rows by table, Arrow.
    facts
        What else its manifest keeps.
    """

    tables: dict[str, pa.Table]
    facts: dict[str, str]


def _newest(versions: Iterable[Version]) -> list[Version]:
    newest: dict[Partition, Version] = {}
    for version in versions:
        known = newest.get(version.partition)
        if known is None or known.counter < version.counter:
            newest[version.partition] = version
    return list(newest.values())


def _version(name: str) -> Version | None:
    """Read the name of an object; None for what is no version."""
    parts = name.split("/")
    number, _, rest = parts[-1].removesuffix(".zip").partition(".")
    if not name.endswith(".zip") or not number.isdecimal():
        return None
    if len(parts) in (3, 4) and parts[1] in _ORDERED and rest:
        return Version(Partition(parts[1], rest, parts[2] if len(parts) == 4 else ""), int(number), name)
    if len(parts) in (5, 6) and parts[1] == "of" and not rest:
        return Version(Partition(parts[3], parts[2], parts[4] if len(parts) == 6 else ""), int(number), name)
    return None


def _packed(partition: Partition, frames: Mapping[str, pd.DataFrame], facts: Mapping[str, str]) -> bytes:
    known, files = tables(), {}
    for table, frame in frames.items():
        _refuse_twice(table, frame, known[table][1])
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        files[table] = buffer.getvalue()
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "partition": [partition.kind, partition.owner, partition.crypto],
        "tables": {
            table: {
                "rows": len(frames[table]),
                "primary_key": list(known[table][1]),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for table, content in files.items()
        },
        "facts": dict(facts),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        # A date of its own would give equal contents other bytes.
        archive.writestr(zipfile.ZipInfo(_MANIFEST), json.dumps(manifest))
        for table, content in files.items():
            archive.writestr(zipfile.ZipInfo(f"{table}.parquet"), content)
    return packed.getvalue()


def _refuse_twice(table: str, frame: pd.DataFrame, key: tuple[str, ...]) -> None:
    twice = frame.duplicated(list(key))
    if twice.any():
        first = frame.loc[twice, list(key)].iloc[0]
        raise input_error(
            f"rows of {table} must be unique by {', '.join(key)}",
            crypto=str(first["crypto"]) if "crypto" in key else None,
            found=f"{int(twice.sum())} more rows, the first of {tuple(first.astype(str))}",
        )


def _unpacked(version: Version, content: bytes) -> Contents:
    import pyarrow.parquet as pq

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        manifest = json.loads(archive.read(_MANIFEST))
        if manifest["schema_version"] != SCHEMA_VERSION:
            raise OtherSchemaError(
                f"{version.name} has results of schema version {manifest['schema_version']}, this ftf reads "
                f"version {SCHEMA_VERSION}. Use the ftf that wrote it, or remove it and run the sweep again: "
                "finished fits are reused"
            )
        partition = version.partition
        if manifest["partition"] != [partition.kind, partition.owner, partition.crypto]:
            raise ValueError("it is a version of another partition")
        found = {}
        for table, stated in manifest["tables"].items():
            rows = archive.read(f"{table}.parquet")
            if hashlib.sha256(rows).hexdigest() != stated["sha256"]:
                raise ValueError(f"{table} does not have the checksum that it states")
            # No threads: a process that has read results may fork.
            found[table] = pq.read_table(io.BytesIO(rows), use_threads=False)
        return Contents(found, {str(name): str(text) for name, text in manifest["facts"].items()})
