"""Parquet files as tables, without the extension types that may carry code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.sources.readers.errors import unreadable_file


def read_parquet_table(path: Path, *, crypto: str | None = None) -> pd.DataFrame:
    """Read a Parquet file with the index that its pandas metadata states.

    Parameters
    ----------
    path
        The file. Page checksums are verified where the file has them.
    crypto
        Crypto that errors name.

    Raises
    ------
    InputError
        The file is no Parquet file, is damaged, or holds extension types, which may carry pickled code.
    """
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for field in file.schema_arrow:
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
        table: pd.DataFrame = file.read().to_pandas()
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001  a decoder may raise anything on bytes from outside
        raise unreadable_file("Parquet", path, crypto, error) from None
    return table


def _holds_extension(field: pa.Field) -> bool:
    named = b"ARROW:extension:name" in (field.metadata or {})
    inner = [field.type.field(number) for number in range(field.type.num_fields)]
    return named or isinstance(field.type, pa.BaseExtensionType) or any(map(_holds_extension, inner))
