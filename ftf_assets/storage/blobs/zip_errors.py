"""What Python raises where it reads the bytes of a damaged ZIP archive."""

from __future__ import annotations

import struct
import zipfile
import zlib

#: An unknown compression or version (NotImplementedError), an encrypted member (RuntimeError), a name that
#: is no UTF-8 (ValueError), a member that is not there (KeyError), a position before the start (OSError).
#: Our own errors are RuntimeErrors and ValueErrors too: catch these only around the reading of the archive.
ZIP_ERRORS = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    EOFError,
    zlib.error,
    struct.error,
    ValueError,
    KeyError,
    OSError,
)
