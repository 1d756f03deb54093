"""The bytes of a file: unpacked within bounds, and what kind of content they are."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.sources.readers.errors import unreadable_file

Compression = Literal["gzip", "zip"]
Kind = Literal["text", "Parquet", "Feather", "Arrow stream"]

#: Most bytes that a compressed file may hold, and how many times its packed size. Candles as text pack about
#: five times, constant columns a hundred times; a decompression bomb a thousand times.
MOST_UNPACKED = 2 * 1024**3
MOST_EXPANDED = 200
#: A small file may expand further.
ALWAYS_UNPACKED = 16 * 1024**2

_CHUNK = 1024**2

#: First bytes of the kinds that are read.
_KINDS: tuple[tuple[bytes, Kind], ...] = (
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Feather"),
    (b"\xff\xff\xff\xff", "Arrow stream"),
)

#: First bytes of kinds that are not read: what they are, and what to do.
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"FEA1", "Feather version 1", "Write it again with a current pandas or pyarrow: to_feather()."),
    (b"PARE", "an encrypted Parquet file", "Write it without encryption."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it, or compress it with gzip or zip."),
    (b"BZh", "compressed with bzip2", "Unpack it, or compress it with gzip or zip."),
    (b"\xfd7zXZ\x00", "compressed with xz", "Unpack it, or compress it with gzip or zip."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it."),
    (b"Rar!", "a RAR archive", "Unpack it."),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "Unpack it, or compress it with gzip or zip."),
    (b"\x89HDF", "an HDF5 file", "Write the table as Parquet: to_parquet()."),
    (b"\x93NUMPY", "a NumPy array", "Write the table as Parquet or CSV, with column names."),
    (b"SQLite format 3", "a SQLite database", "Write the table as Parquet or CSV."),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook", "Save the sheet as CSV."),
    (b"Obj\x01", "an Avro file", "Write the table as Parquet or CSV."),
    (b"ORC", "an ORC file", "Write the table as Parquet or CSV."),
    (b"%PDF", "a PDF document", "Get the table as CSV."),
)
_PICKLES = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))


@dataclass(frozen=True)
class Contents:
    """What a file holds, unpacked.

    Attributes
    ----------
    data
        The bytes.
    compression
        How the file was packed; None for a plain file.
    kind
        What the bytes are; ``text`` for everything that is not one of the binary kinds.
    """

    data: bytes
    compression: Compression | None
    kind: Kind


def read_contents(path: Path, *, crypto: str | None = None) -> Contents:
    """Read a file, unpack it if it is packed, and tell what kind of content it is, by its first bytes.

    Parameters
    ----------
    path
        The file. Its suffix does not count.
    crypto
        Crypto that errors name.

    Raises
    ------
    InputError
        The file cannot be read or unpacked, expands beyond ``MOST_UNPACKED`` or ``MOST_EXPANDED``, is an
        archive of several files, or is of a kind that is not read, such as a pickle, which may run code.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise input_error(
            "the file cannot be read", crypto=crypto, file=path.name, found=error.strerror
        ) from None
    compression: Compression | None = None
    if data.startswith(b"\x1f\x8b"):
        data, compression = _gunzipped(data, path, crypto), "gzip"
    elif data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        data, compression = _unzipped(data, path, crypto), "zip"
    if compression and data.startswith((b"\x1f\x8b", b"PK\x03\x04")):
        raise input_error(
            "the file is packed twice", crypto=crypto, file=path.name, fix="Unpack it once, or altogether."
        )
    return Contents(data, compression, _kind(data, path, crypto))


def _kind(data: bytes, path: Path, crypto: str | None) -> Kind:
    for magic, kind in _KINDS:
        if data.startswith(magic):
            return kind
    for magic, what, fix in _FOREIGN:
        if data.startswith(magic):
            raise input_error(
                "a file of this kind is not read", crypto=crypto, file=path.name, found=what, fix=fix
            )
    if data.startswith(_PICKLES):
        raise input_error(
            "pickles are refused, because reading one may run code",
            crypto=crypto,
            file=path.name,
            fix="Write the table as Parquet: to_parquet().",
        )
    if data[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise input_error(
            "the file is a web page, not a table",
            crypto=crypto,
            file=path.name,
            fix="The download failed or was saved from a browser's view: get the file itself.",
        )
    return "text"


def _gunzipped(data: bytes, path: Path, crypto: str | None) -> bytes:
    parts: list[bytes] = []
    total, rest = 0, data
    try:
        # A gzip file may hold several members one after the other, such as one a month.
        while rest.startswith(b"\x1f\x8b"):
            member = zlib.decompressobj(wbits=31)
            while not member.eof:
                part = member.decompress(rest, _CHUNK)
                rest = member.unconsumed_tail
                total += len(part)
                parts.append(part)
                _refuse_bomb(total, len(data), path, crypto)
                if not part and not rest and not member.eof:
                    raise EOFError("the packed data end too early")
            rest = member.unused_data.lstrip(b"\0")
        if rest:
            raise ValueError("other data follow the packed ones")
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a decoder may raise anything on bytes from outside
        raise unreadable_file("gzip", path, crypto, error) from None
    return b"".join(parts)


def _unzipped(data: bytes, path: Path, crypto: str | None) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [entry for entry in archive.infolist() if _counts(entry)]
            if any(entry.filename == "[Content_Types].xml" for entry in names):
                raise input_error(
                    "a file of this kind is not read",
                    crypto=crypto,
                    file=path.name,
                    found="an Excel workbook",
                    fix="Save the sheet as CSV.",
                )
            if len(names) != 1:
                raise input_error(
                    "the archive must hold exactly one file",
                    crypto=crypto,
                    file=path.name,
                    found=", ".join(entry.filename for entry in names[:5])
                    + (f" and {len(names) - 5} more" if len(names) > 5 else "")
                    or "no file",
                    fix="Unpack it into the folder.",
                )
            if names[0].flag_bits & 0x1:
                raise input_error(
                    "the archive is encrypted",
                    crypto=crypto,
                    file=path.name,
                    fix="Unpack it into the folder.",
                )
            with archive.open(names[0]) as stream:
                parts: list[bytes] = []
                total = 0
                while part := stream.read(_CHUNK):
                    total += len(part)
                    parts.append(part)
                    _refuse_bomb(total, len(data), path, crypto)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a decoder may raise anything on bytes from outside
        raise unreadable_file("zip", path, crypto, error) from None
    return b"".join(parts)


def _counts(entry: zipfile.ZipInfo) -> bool:
    # Archives made on a Mac hold a shadow of each file.
    return not entry.is_dir() and not entry.filename.startswith("__MACOSX/")


def _refuse_bomb(unpacked: int, packed: int, path: Path, crypto: str | None) -> None:
    if unpacked > MOST_UNPACKED or unpacked > max(ALWAYS_UNPACKED, MOST_EXPANDED * packed):
        raise input_error(
            "the file expands too far",
            crypto=crypto,
            file=path.name,
            found=f"more than {unpacked:,} bytes from {packed:,}",
            allowed=f"at most {MOST_EXPANDED} times its size and {MOST_UNPACKED:,} bytes",
            fix="If you trust it, unpack it into the folder.",
        )
