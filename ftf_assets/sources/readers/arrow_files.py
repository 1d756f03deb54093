"""Parquet, Feather and Arrow streams as tables, without the extension types that may carry code."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.sources.readers.contents import MOST_UNPACKED, Kind
from ftf_assets.sources.readers.errors import unreadable_file
from ftf_assets.sources.readers.raw_table import RawTable


def arrow_table(data: bytes, kind: Kind, path: Path, crypto: str | None) -> RawTable:
    """Read a table with the index that its pandas metadata states.

    Parameters
    ----------
    data
        The bytes of the file. Page checksums are verified where a Parquet file has them.
    kind
        ``Parquet``, ``Feather`` or ``Arrow stream``.
    path, crypto
        File and crypto that errors name.

    Raises
    ------
    InputError
        The bytes are no such table, are damaged, expand beyond ``MOST_UNPACKED``, or hold extension types,
        which may carry pickled code.
    """
    try:
        table = _parquet(data, path, crypto) if kind == "Parquet" else _arrow(data, kind, path, crypto)
        frame: pd.DataFrame = table.to_pandas()
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a decoder may raise anything on bytes from outside
        raise unreadable_file(kind, path, crypto, error) from None
    return RawTable(frame, kind, is_text=False)


def _parquet(data: bytes, path: Path, crypto: str | None) -> pa.Table:
    file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
    _refuse_extensions(file.schema_arrow, path, crypto)
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    # Repeated values take next to no bytes in a file, but eight each in memory.
    decoded = sum(8 * group.num_rows * max(1, group.num_columns) for group in groups)
    _refuse_bomb(max(decoded, sum(group.total_byte_size for group in groups)), path, crypto)
    return file.read()


def _arrow(data: bytes, kind: Kind, path: Path, crypto: str | None) -> pa.Table:
    _refuse_bomb(unpacked_size(data, kind), path, crypto)
    if kind == "Feather":
        file = pa.ipc.open_file(pa.BufferReader(data))
        batches = (file.get_batch(number) for number in range(file.num_record_batches))
    else:
        file = batches = pa.ipc.open_stream(pa.BufferReader(data))
    _refuse_extensions(file.schema, path, crypto)
    read = []
    for batch in batches:
        # A damaged file may hold offsets that point outside of its buffers.
        batch.validate(full=True)
        read.append(batch)
    return pa.Table.from_batches(read, schema=file.schema)


def unpacked_size(data: bytes, kind: Kind) -> int:
    """Add up what the compressed buffers of an Arrow file or stream say that they hold, unpacking none.

    Arrow unpacks a whole batch at once, so its size must be known before. A compressed buffer begins with its
    unpacked length, int64; the message before it, a flatbuffer, says where it begins. The fields are those of
    Arrow's ``Message.fbs``: ``Message(version, header_type, header, …)``,
    ``RecordBatch(length, nodes, buffers, compression)``, ``DictionaryBatch(id, data)``.
    """
    total = 0
    for message in _messages_of_file(data) if kind == "Feather" else _messages_of_stream(data):
        if message.type not in ("record batch", "dictionary"):
            continue
        table = _FlatTable.root(message.metadata.to_pybytes()).table(2)
        batch = table.table(1) if message.type == "dictionary" else table
        body = memoryview(message.body)
        if batch.position(3) is None:
            total += len(body)
            continue
        for begin, length in batch.entries(2, "<qq"):
            if length >= 8:
                total += max(length, struct.unpack_from("<q", body, begin)[0])
    return total


def _messages_of_stream(data: bytes) -> Iterator[pa.ipc.Message]:
    yield from pa.ipc.MessageReader.open_stream(pa.BufferReader(data))


def _messages_of_file(data: bytes) -> Iterator[pa.ipc.Message]:
    """Yield the messages that the footer names: ``Footer(version, schema, dictionaries, recordBatches)``."""
    # The file ends with the footer, its size, int32, and six letters.
    size = struct.unpack_from("<i", data, len(data) - 10)[0]
    footer = _FlatTable.root(data[len(data) - 10 - size : len(data) - 10])
    buffer = pa.py_buffer(data)
    for field in (2, 3):
        if footer.position(field) is not None:
            for offset, _, _, _ in footer.entries(field, "<qiiq"):
                yield pa.ipc.read_message(pa.BufferReader(buffer.slice(offset)))


@dataclass(frozen=True)
class _FlatTable:
    """A table of a flatbuffer: fields are found by their number in a list of offsets."""

    data: bytes
    start: int

    @classmethod
    def root(cls, data: bytes) -> _FlatTable:
        return cls(data, struct.unpack_from("<I", data)[0])

    def position(self, field: int) -> int | None:
        """Return where a field lies; None where it is not set."""
        offsets = self.start - struct.unpack_from("<i", self.data, self.start)[0]
        size = struct.unpack_from("<H", self.data, offsets)[0]
        if 4 + 2 * field >= size:
            return None
        offset = struct.unpack_from("<H", self.data, offsets + 4 + 2 * field)[0]
        return self.start + offset if offset else None

    def _target(self, field: int) -> int:
        position = self.position(field)
        if position is None:
            raise ValueError("a message lacks a field")
        return int(position + struct.unpack_from("<I", self.data, position)[0])

    def table(self, field: int) -> _FlatTable:
        return _FlatTable(self.data, self._target(field))

    def entries(self, field: int, form: str) -> Iterator[tuple[int, ...]]:
        """Yield the entries of a vector of structs, whose numbers have the form that ``struct`` names."""
        begin, size = self._target(field), struct.calcsize(form)
        count = struct.unpack_from("<I", self.data, begin)[0]
        return struct.iter_unpack(form, self.data[begin + 4 : begin + 4 + size * count])


def _refuse_bomb(size: int, path: Path, crypto: str | None) -> None:
    if size > MOST_UNPACKED:
        raise input_error(
            "the file expands too far",
            crypto=crypto,
            file=path.name,
            found=f"{size:,} bytes",
            allowed=f"at most {MOST_UNPACKED:,} bytes",
        )


def _refuse_extensions(schema: pa.Schema, path: Path, crypto: str | None) -> None:
    for field in schema:
        if _holds_extension(field):
            raise input_error(
                "extension types are refused",
                crypto=crypto,
                file=path.name,
                column=field.name,
                found=(field.metadata or {}).get(b"ARROW:extension:name", b"").decode(errors="replace")
                or str(field.type),
                allowed="numbers, text, booleans and times",
                fix="Write the column as plain values.",
            )


def _holds_extension(field: pa.Field) -> bool:
    named = b"ARROW:extension:name" in (field.metadata or {})
    inner = [field.type.field(number) for number in range(field.type.num_fields)]
    return named or isinstance(field.type, pa.BaseExtensionType) or any(map(_holds_extension, inner))
