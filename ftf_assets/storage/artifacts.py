"""Artifacts: a JSON header and files named by their content, written atomically, read with checksums.

One folder holds one value. The name of each file is the hash of its content, and the header, which names the
files, is written last: after a kill a reader finds the old value or the new one, whole. Nothing is pickled.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
import types
import typing
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ftf_assets.contracts.errors import StoreError, shown
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.protocol import BlobMissing

if TYPE_CHECKING:
    import pandas as pd

HEADER = "header.json"
#: Smaller arrays are not memory-mapped: a map costs a page, a file descriptor and a second read of the file.
_BYTES_WORTH_MAPPING = 65_536
FORMAT = 2
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
    header = {
        "format": FORMAT,
        "type": type(value).__name__,
        "identity": dict(identity or {}),
        "value": _pack(value, folder, {}),
    }
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
        There is none, it has another type or format, its header does not describe it, or a file is missing,
        has other content than its name states, or could hold code.
    """
    header = read_header(folder)
    if header.get("format") != FORMAT or header.get("type") != kind.__name__:
        raise StoreError(
            f"{folder} holds {header.get('type')} of format {header.get('format')}, expected "
            f"{kind.__name__} of format {FORMAT}. {_FIX}"
        )
    try:
        value = _unpack(kind, header["value"], folder)
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


def _pack(value: Any, folder: BlobFolder, written: dict[int, dict[str, str]]) -> Any:
    import pandas as pd

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _pack(getattr(value, f.name), folder, written) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(name): _pack(item, folder, written) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_pack(item, folder, written) for item in value]
    if isinstance(value, np.ndarray | pd.DataFrame | bytes):
        # Cells of one fold share their row numbers: an object is written once.
        if id(value) not in written:
            content, suffix = _encode(value)
            name = _content_name(content, suffix)
            folder.write(name, content)
            written[id(value)] = {"file": name}
        return written[id(value)]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"an artifact cannot hold {type(value).__name__}")


def _encode(value: np.ndarray | pd.DataFrame | bytes) -> tuple[bytes, str]:
    import pandas as pd

    if isinstance(value, bytes):
        return value, ".ubj"
    buffer = io.BytesIO()
    if isinstance(value, pd.DataFrame):
        value.to_parquet(buffer)
        return buffer.getvalue(), ".parquet"
    np.save(buffer, value, allow_pickle=False)
    return buffer.getvalue(), ".npy"


def _unpack(hint: Any, packed: Any, folder: BlobFolder) -> Any:
    if isinstance(packed, dict) and set(packed) == {"file"}:
        return _decode(folder, PurePosixPath(packed["file"]).name)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _type_hints(hint)
        try:
            return hint(
                **{f.name: _unpack(hints[f.name], packed[f.name], folder) for f in dataclasses.fields(hint)}
            )
        except KeyError as error:
            raise StoreError(f"{folder}/{HEADER} lacks {error}. {_FIX}") from None
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is dict:
        return {name: _unpack(arguments[1], item, folder) for name, item in packed.items()}
    if typing.get_origin(hint) is types.UnionType and isinstance(packed, dict):
        bundle = next(one for one in arguments if dataclasses.is_dataclass(one))
        return _unpack(bundle, packed, folder)
    if typing.get_origin(hint) is tuple:
        return tuple(_unpack(arguments[0], item, folder) for item in packed)
    return packed


# Resolving annotations compiles them each time, and a bundle holds many objects of one class.
_type_hints = functools.cache(typing.get_type_hints)


def _decode(folder: BlobFolder, name: str) -> np.ndarray | pd.DataFrame | bytes:
    try:
        content = folder.read(name)
    except StoreError as error:
        raise StoreError(f"{error}. {_FIX}") from None
    suffix = PurePosixPath(name).suffix
    if _content_name(content, suffix) != name:
        raise StoreError(
            f"{folder}/{name} is damaged: its content does not have the checksum of its name. {_FIX}"
        )
    # A planted file can have the right checksum: nothing that could hold code is opened.
    if suffix == ".ubj":
        return content
    if suffix == ".parquet":
        from ftf_assets.sources.readers.arrow_files import arrow_table

        return arrow_table(content, "Parquet", Path(name), None).frame
    if suffix != ".npy" or not content.startswith(np.lib.format.MAGIC_PREFIX):
        raise StoreError(f"{folder}/{name} is not a file written by ftf. {_FIX}")
    if len(content) >= _BYTES_WORTH_MAPPING:
        # Another process may remove the copy of an object before it is mapped: then the content is kept.
        with suppress(FileNotFoundError):
            mapped: np.ndarray = np.load(folder.local_file(name), mmap_mode="r", allow_pickle=False)
            # As a plain read-only ndarray, so that no other code has to know of memory maps.
            return mapped.view(np.ndarray)
    array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    array.flags.writeable = False
    return array


def _content_name(content: bytes, suffix: str) -> str:
    return hashlib.sha256(content).hexdigest()[:24] + suffix


def _checksum(header: dict[str, Any]) -> str:
    # Numbers such as thresholds and rounds lie in the header itself, so it needs a checksum too.
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest()[:24]
