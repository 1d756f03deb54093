"""The text of a file: its encoding, told by a byte-order mark, else UTF-8."""

from __future__ import annotations

import codecs
from pathlib import Path

from ftf_assets.contracts.errors import input_error
from ftf_assets.sources.readers.errors import unreadable_file

#: Byte-order mark, encoding, and its name. The longer mark of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with byte-order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)


def decoded(data: bytes, path: Path, crypto: str | None, *, as_format: str) -> tuple[str, str]:
    """Return the text and the name of its encoding.

    Raises
    ------
    InputError
        The bytes are no text of that encoding, or hold a NUL byte.
    """
    mark, encoding, name = next(
        ((mark, encoding, name) for mark, encoding, name in _MARKS if data.startswith(mark)),
        (b"", "utf-8", "UTF-8"),
    )
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        if mark:
            raise unreadable_file(as_format, path, crypto, error) from None
        raise input_error(
            f"the file is not a readable {as_format} table",
            crypto=crypto,
            file=path.name,
            found=f"a byte that is no UTF-8 at position {error.start}",
            allowed="UTF-8, or UTF-16 with a byte-order mark",
            fix="Save the file as UTF-8.",
        ) from None
    if "\0" in text:
        raise unreadable_file(as_format, path, crypto, f"a NUL byte at position {text.index(chr(0))}")
    return text, name
