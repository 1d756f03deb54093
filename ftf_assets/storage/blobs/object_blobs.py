"""Blobs as objects of a bucket: S3 and what speaks its protocol, Google Cloud Storage, Azure."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ftf_assets.contracts.errors import StoreError, input_error, shown
from ftf_assets.storage.blobs.blob_cache import BlobCache, hash_of
from ftf_assets.storage.blobs.protocol import (
    PACK_SUFFIX,
    BlobEntry,
    BlobMissing,
    checked_folder,
    checked_name,
    content_hash,
    damaged,
)

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az")
logger = logging.getLogger(__name__)

#: Variable with the seconds within which a request that finds no answer is repeated; then the store is lost.
PATIENCE_VARIABLE = "FTF_STORE_PATIENCE"
_SECONDS_OF_RETRIES = 60
_SECONDS_FOR_AN_ANSWER = 30
#: An object that shows whether a store refuses to write what is there.
_PROBE = "conditional-writes.probe"
_CREDENTIALS = "Credentials come from the environment or the platform (docs/scale.md)"
#: What a store's answer holds, and what it means. The first that is found counts.
_MEANINGS = (
    (("NoSuchBucket", "ContainerNotFound"), "there is no such bucket. Create it, or correct the address"),
    (
        (
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidToken",
            "ExpiredToken",
            "AuthenticationFailed",
        ),
        f"the store refuses the credentials. {_CREDENTIALS}",
    ),
    (("AccessDenied", "403 Forbidden", "AuthorizationFailure"), "these credentials may not do that"),
    (
        ("no providers in chain", "Missing credential", "error fetching", "169.254."),
        f"no credentials. {_CREDENTIALS}",
    ),
    (
        ("SlowDown", "503 Service", "429 Too Many"),
        "the store is overloaded, also after retries. Run again later",
    ),
    (("timed out", "TimedOut"), "the store does not answer in time. Is the network up?"),
    (
        ("ConnectError", "dns error", "error sending request", "IncompleteBody", "error decoding"),
        "the store cannot be reached. Is the network up, is the address right?",
    ),
    (
        ("BadScheme", "URL scheme is not allowed"),
        "the endpoint is not https. For a store to try with, set AWS_ALLOW_HTTP=true",
    ),
)


class ObjectBlobs:
    """A bucket, or a folder in it.

    Parameters
    ----------
    address
        ``s3://bucket/prefix``, ``gs://bucket/prefix`` or ``az://container/prefix``.
    cache
        Where copies of immutable objects are kept.

    Raises
    ------
    InputError
        The address holds a credential or names no bucket.
    StoreError
        obstore is not installed, or refuses the configuration of the environment.
    """

    def __init__(self, address: str, cache: BlobCache) -> None:
        self.address = checked_address(address)
        self.cache = cache
        self._store = _opened(self.address)
        self._keeps_conditions = False

    def get(self, name: str) -> bytes:
        """Read a blob whole; an immutable one from its copy on this machine, where there is one."""
        known = content_hash(checked_name(name))
        copy = self.cache.find(known) if known else None
        return self._fetched(name) if copy is None else copy

    def put(self, name: str, content: bytes) -> None:
        """Write a blob in one step: an upload that is cut leaves the old object.

        The arrays of an artifact are kept as a copy too: the next step of the run reads them.
        """
        import obstore

        with self._errors(name, "written"):
            obstore.put(self._store, checked_name(name), content)
        if (known := content_hash(name)) and name.endswith(PACK_SUFFIX):
            self.cache.add(known, content)

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """Write a blob where there is none, by the store's own condition.

        Raises
        ------
        StoreError
            As :meth:`put`, and where the store ignores the condition, as some servers that speak the protocol
            of S3 do: two runs would replace each other's results without a word.
        """
        if not self._keeps_conditions:
            # The first try of a new bucket writes the probe, the second must be refused.
            contents = [uuid.uuid4().bytes for _ in range(2)]
            if all(self._created(_PROBE, content) for content in contents):
                raise StoreError(
                    f"{self.address} cannot hold results: the store ignores the condition of a write "
                    "(If-None-Match), so two runs could replace each other's. Use a store, or a version of "
                    "it, that honours conditional writes"
                )
            self._keeps_conditions = True
        return self._created(name, content)

    def _created(self, name: str, content: bytes) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._errors(name, "written"):
            try:
                obstore.put(self._store, checked_name(name), content, mode="create")
            except AlreadyExistsError:
                # Ours, where the answer to a first try was lost and the client has tried again.
                with suppress(FileNotFoundError):
                    return bytes(obstore.get(self._store, name).bytes()) == content
                return False  # another's, and removed since
            return True

    def exists(self, name: str) -> bool:
        """Whether there is a blob of this name."""
        try:
            self._size(name)
        except BlobMissing:
            return False
        return True

    def check(self, name: str, n_bytes: int) -> None:
        """Compare the size of an immutable blob with what was written."""
        if self._size(name) != n_bytes:
            raise damaged(self.address, name)

    def _size(self, name: str) -> int:
        import obstore

        with self._errors(name, "read"):
            return int(obstore.head(self._store, checked_name(name))["size"])

    def entries(self, prefix: str = "") -> list[BlobEntry]:
        """List the blobs below a folder, ordered by name."""
        import obstore

        with self._errors(prefix, "listed"):
            found = [
                BlobEntry(one["path"], one["size"], one["last_modified"].timestamp())
                for chunk in obstore.list(self._store, checked_folder(prefix) or None)
                for one in chunk
            ]
        return sorted(found, key=lambda entry: entry.name)

    def delete(self, names: Sequence[str]) -> None:
        """Remove blobs, many in a request; one that is not there is no error."""
        if not names:
            return
        try:
            self._delete([checked_name(name) for name in names], names[0])
        except BlobMissing:
            # S3 takes what is gone for removed; other stores stop there and leave the rest.
            for name in names:
                with suppress(BlobMissing):
                    self._delete(name, name)

    def _delete(self, names: str | list[str], first: str) -> None:
        import obstore

        with self._errors(first, "removed"):
            obstore.delete(self._store, names)

    def local_file(self, name: str) -> Path:
        """Give the copy of an immutable blob, which is fetched where there is none.

        Raises
        ------
        BlobMissing, StoreError
            As :meth:`get`, and where the name is not a hash of the content: a copy could be out of date.
        """
        known = content_hash(checked_name(name))
        if known is None:
            raise StoreError(f"{self.address}/{name} may change, so no copy of it is kept on this machine")
        if self.cache.find(known) is None:
            self._fetched(name)
        return self.cache.path(known)

    def _fetched(self, name: str) -> bytes:
        content, known = self._received(name), content_hash(name)
        if known is None:
            return content
        if hash_of(content) != known:
            content = self._received(name)  # the transfer may have been at fault
        if hash_of(content) != known:
            # Whoever looks only at sizes would take it for whole, so it must not stay.
            logger.warning("event=damaged_object name=%s action=removed", name)
            with suppress(StoreError):
                self.delete([name])
            raise damaged(self.address, name)
        self.cache.add(known, content)
        return content

    def _received(self, name: str) -> bytes:
        import obstore

        with self._errors(name, "read"):
            return bytes(obstore.get(self._store, name).bytes())

    @contextmanager
    def _errors(self, name: str, done: str) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError, PermissionError) as error:
            said = str(error)
            what = f"{self.address}/{name}" if name else self.address
            for signs, meaning in _MEANINGS:
                if any(sign in said for sign in signs):
                    raise StoreError(f"{what} cannot be {done}: {meaning}") from None
            if isinstance(error, FileNotFoundError):
                raise BlobMissing(f"there is no object {what}") from None
            first = said.partition("\n")[0].partition("<?xml")[0]
            raise StoreError(f"{what} cannot be {done}: {shown(first.strip(' :-'))}") from None


def checked_address(address: str) -> str:
    """Return the address of a bucket without a slash at its end.

    Raises
    ------
    InputError
        It holds a credential, names no bucket, or has parts that no bucket's address has.
    """
    parts = urlsplit(address)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise input_error(
            "the address of a bucket must hold nothing but bucket and folder",
            found=f"{parts.scheme}://…{parts.hostname or ''}{parts.path}",
            allowed="s3://bucket/folder",
            fix=_CREDENTIALS,
        )
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise input_error(
            "no such kind of store", found=address, allowed="s3://…, gs://…, az://… or a folder"
        )
    path = parts.path.strip("/")
    return (
        f"{parts.scheme}://{parts.netloc}/{checked_name(path)}"
        if path
        else f"{parts.scheme}://{parts.netloc}"
    )


def _patience() -> float:
    text = os.environ.get(PATIENCE_VARIABLE, str(_SECONDS_OF_RETRIES))
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise input_error(
            f"the variable {PATIENCE_VARIABLE} must be a number of seconds", found=text, allowed="> 0"
        )
    return seconds


def _opened(address: str) -> ObjectStore:
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise StoreError(f"{address} needs the package obstore: pip install 'ftf-assets[objects]'") from None
    client: dict[str, Any] = {
        "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
        "connect_timeout": timedelta(seconds=10),
        "timeout": timedelta(seconds=_SECONDS_FOR_AN_ANSWER),
    }
    retries: dict[str, Any] = {
        "max_retries": 8,
        "retry_timeout": timedelta(seconds=_patience()),
    }
    try:
        store: ObjectStore = from_url(address, client_options=client, retry_config=retries)  # type: ignore[call-overload]
        return store
    except BaseError as error:
        first = str(error).partition("\n")[0]
        raise StoreError(f"{address} cannot be opened: {shown(first)}. {_CREDENTIALS}") from None
