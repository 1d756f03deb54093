"""Artifacts: a JSON header beside one pack of all arrays, written atomically, read with checksums.

One folder holds one value. The pack is named by the hash of its content, and the header, which names the pack
and says where in it each array lies, is written last: after a kill a reader finds the old value or the new
one, whole. Two objects a value, because each costs a request where they lie in a bucket. Nothing is pickled.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
import re
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ftf_assets.contracts.errors import StoreError, shown
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.protocol import PACK_SUFFIX, BlobMissing

if TYPE_CHECKING:
    import pandas as pd

HEADER = "header.json"
#: Smaller packs are not memory-mapped: a map costs a page and a file descriptor.
_BYTES_WORTH_MAPPING = 65_536
#: Arrays begin at multiples of it, as those that numpy makes.
_ALIGNMENT = 64
#: Booleans, numbers, text, times. Others, objects above all, are never made from bytes.
_DTYPE = re.compile(r"[<>|][biufcSUMm]\d+(\[\w+\])?")
FORMAT = 3
_FIX = "Materialise it again or run the same ftf sweep again"
T = TypeVar("T")


def write_artifact(folder: BlobFolder, value: object, identity: Mapping[str, Any] | None = None) -> None:
    """Store a frame or a bundle (a tree of dataclasses over arrays, bytes, text and numbers).

    Parameters
    ----------
    folder
        Where. A value that is already there is replaced in one step.
    value
        ``DataFrame``, ndarray, or a dataclass whose annotations :func:`read_artifact` can follow.
    identity
        What the value was made from, a JSON mapping that the header keeps.

    Raises
    ------
    StoreError
        The store cannot be written: the disk is full, read-only or missing, a link leads out of the home, or
        the bucket refuses.
    TypeError
        The value is of a type that cannot be stored.
    """
    packer = _Packer()
    packed = packer.add(value)
    content = packer.content()
    header = {
        "format": FORMAT,
        "type": type(value).__name__,
        "identity": dict(identity or {}),
        "pack": {"file": pack_name(content), "n_bytes": len(content)} if content else None,
        "value": packed,
    }
    if content:
        folder.write(pack_name(content), content)
    signed = header | {"checksum": _checksum(header)}
    folder.write(HEADER, json.dumps(signed, allow_nan=False).encode())


def read_artifact(folder: BlobFolder, kind: type[T]) -> T:
    """Read a value back; arrays come read-only, the large ones memory-mapped.

    Parameters
    ----------
    folder
        The folder that :func:`write_artifact` wrote.
    kind
        ``DataFrame`` or the bundle's class.

    Raises
    ------
    StoreError
        There is none, it has another type or format, its header does not describe it, or its pack is missing,
        has other content than its name states, or could hold code.
    """
    header = _header_of(folder, kind)
    try:
        value = _Unpacker(folder, _opened(folder, header)).value(kind, header["value"])
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001  a damaged header may hold anything
        message = " ".join(str(error).split()) or "no message"
        raise StoreError(
            f"{folder}/{HEADER} does not describe {kind.__name__} ({type(error).__name__}: "
            f"{shown(message)}). {_FIX}"
        ) from None
    if not isinstance(value, kind):
        raise StoreError(f"{folder}/{HEADER} does not contain a {kind.__name__}. {_FIX}")
    return value


def check_artifact(folder: BlobFolder, kind: type[object]) -> Any:
    """Make sure that a value is there as it was written, and give what its header holds of it.

    Numbers and text are in the header, arrays are not read: of them only the pack is looked at, as
    :meth:`~ftf_assets.storage.blobs.protocol.BlobStore.check` does.

    Raises
    ------
    StoreError
        As :func:`read_artifact`.
    """
    header = _header_of(folder, kind)
    if pack := _pack_of(folder, header):
        try:
            folder.check(*pack)
        except StoreError as error:
            raise StoreError(f"{error}. {_FIX}") from None
    return header["value"]


def _header_of(folder: BlobFolder, kind: type[object]) -> dict[str, Any]:
    header = read_header(folder)
    if header.get("format") != FORMAT or header.get("type") != kind.__name__:
        raise StoreError(
            f"{folder} holds {header.get('type')} of format {header.get('format')}, expected "
            f"{kind.__name__} of format {FORMAT}. {_FIX}"
        )
    return header


def read_header(folder: BlobFolder) -> dict[str, Any]:
    """Read the header of an artifact.

    Raises
    ------
    StoreError
        There is none, it is not a JSON object, or its checksum is wrong.
    """
    try:
        header = json.loads(folder.read(HEADER))
    except BlobMissing:
        raise StoreError(f"there is no artifact in {folder}. Materialise it first") from None
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{folder}/{HEADER} is damaged ({error}). {_FIX}") from None
    if not isinstance(header, dict):
        raise StoreError(f"{folder}/{HEADER} is damaged (not a JSON object). {_FIX}")
    stated = header.pop("checksum", None)
    if header.get("format") == FORMAT and stated != _checksum(header):
        raise StoreError(
            f"{folder}/{HEADER} is damaged: it does not have the checksum that it states. {_FIX}"
        )
    return header


class _Packer:
    """Puts the arrays, frames and bytes of a value behind each other."""

    def __init__(self) -> None:
        self._parts: list[bytes | memoryview] = []
        self._n_bytes = 0
        self._places: dict[int, dict[str, Any]] = {}

    def add(self, value: Any) -> Any:
        """Add what a value holds, and give what the header says of it."""
        import pandas as pd

        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: self.add(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, dict):
            return {str(name): self.add(item) for name, item in value.items()}
        if isinstance(value, tuple | list):
            return [self.add(item) for item in value]
        if isinstance(value, np.ndarray | pd.DataFrame | bytes):
            # Cells of one fold share their row numbers: an object is packed once.
            if id(value) not in self._places:
                self._places[id(value)] = self._placed(value)
            return self._places[id(value)]
        if value is None or isinstance(value, str | int | float | bool):
            return value
        raise TypeError(f"an artifact cannot hold {type(value).__name__}")

    def content(self) -> bytes:
        """Give the pack."""
        return b"".join(self._parts)

    def _placed(self, value: np.ndarray | pd.DataFrame | bytes) -> dict[str, Any]:
        if isinstance(value, bytes):
            return {"packed": "bytes", "at": self._append(value), "n_bytes": len(value)}
        if isinstance(value, np.ndarray):
            if not _DTYPE.fullmatch(value.dtype.str):
                raise TypeError(f"an artifact cannot hold an array of {value.dtype}")
            plain = np.asarray(value, order="C")
            # As plain bytes, because arrays of times have no buffer; copied only where they must be.
            content = plain.reshape(-1).view(np.uint8).data if plain.size else b""
            stated = {"dtype": value.dtype.str, "shape": list(value.shape)}
            return {"packed": "array", "at": self._append(content), **stated}
        buffer = io.BytesIO()
        value.to_parquet(buffer)
        return {"packed": "frame", "at": self._append(buffer.getvalue()), "n_bytes": buffer.tell()}

    def _append(self, content: bytes | memoryview) -> int:
        padding = -self._n_bytes % _ALIGNMENT
        at = self._n_bytes + padding
        self._parts += [bytes(padding), content]
        self._n_bytes = at + len(content)
        return at


class _Unpacker:
    """Makes a value from what its header says and its pack."""

    def __init__(self, folder: BlobFolder, pack: np.ndarray) -> None:
        self._folder, self._pack = folder, pack

    def value(self, hint: Any, packed: Any) -> Any:
        """Make what an annotation describes."""
        if isinstance(packed, dict) and "packed" in packed:
            return self._at(packed)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            hints = _type_hints(hint)
            try:
                return hint(
                    **{f.name: self.value(hints[f.name], packed[f.name]) for f in dataclasses.fields(hint)}
                )
            except KeyError as error:
                raise StoreError(f"{self._folder}/{HEADER} lacks {error}. {_FIX}") from None
        arguments = typing.get_args(hint)
        if typing.get_origin(hint) is dict:
            return {name: self.value(arguments[1], item) for name, item in packed.items()}
        if typing.get_origin(hint) is types.UnionType and isinstance(packed, dict):
            bundle = next(one for one in arguments if dataclasses.is_dataclass(one))
            return self.value(bundle, packed)
        if typing.get_origin(hint) is tuple:
            return tuple(self.value(arguments[0], item) for item in packed)
        return packed

    def _at(self, place: dict[str, Any]) -> np.ndarray | pd.DataFrame | bytes:
        # A planted pack can have the right checksum: nothing that could hold code is opened.
        if place["packed"] == "array":
            if not _DTYPE.fullmatch(place["dtype"]):
                raise StoreError(f"{self._folder}/{HEADER} names an array that ftf does not write. {_FIX}")
            # Fails where the array would lie outside of the pack.
            return np.ndarray(tuple(place["shape"]), place["dtype"], buffer=self._pack, offset=place["at"])
        content = self._pack[place["at"] : place["at"] + place["n_bytes"]].tobytes()
        if place["packed"] == "bytes":
            return content
        from ftf_assets.sources.readers.arrow_files import arrow_table

        return arrow_table(content, "Parquet", Path(HEADER), None).frame


# Resolving annotations compiles them each time, and a bundle holds many objects of one class.
_type_hints = functools.cache(typing.get_type_hints)


def _pack_of(folder: BlobFolder, header: dict[str, Any]) -> tuple[str, int] | None:
    """Give the name of the pack, which lies in the same folder, and its size; None where there is none."""
    pack = header["pack"]
    try:
        return None if pack is None else (PurePosixPath(pack["file"]).name, int(pack["n_bytes"]))
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{folder}/{HEADER} does not name its pack. {_FIX}") from None


def _opened(folder: BlobFolder, header: dict[str, Any]) -> np.ndarray:
    """Open the pack as read-only bytes, and compare them with its name."""
    pack = _pack_of(folder, header)
    if pack is None:
        return np.frombuffer(b"", np.uint8)
    file, n_bytes = pack
    content: np.ndarray | None = None
    try:
        if n_bytes >= _BYTES_WORTH_MAPPING:
            # Another process may remove the copy of an object before it is mapped: then it is read.
            with suppress(FileNotFoundError):
                path = folder.local_file(file)
                if path.stat().st_size:
                    # As a plain ndarray, so that no other code has to know of memory maps.
                    content = np.memmap(path, np.uint8, "r").view(np.ndarray)
        if content is None:
            content = np.frombuffer(folder.read(file), np.uint8)
    except StoreError as error:
        raise StoreError(f"{error}. {_FIX}") from None
    if pack_name(content.data) != file:
        raise StoreError(
            f"{folder}/{file} is damaged: its content does not have the checksum of its name. {_FIX}"
        )
    return content


def pack_name(content: bytes | memoryview) -> str:
    """Name a pack by its content."""
    return hashlib.sha256(content).hexdigest()[:24] + PACK_SUFFIX


def _checksum(header: dict[str, Any]) -> str:
    # Numbers such as thresholds and rounds lie in the header itself, so it needs a checksum too.
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()[:24]
