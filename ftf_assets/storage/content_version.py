"""The data version of a value: a hash of its content, equal for equal content."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np

#: Fields that belong to the run and not to the value: the same cells, fitted again, are the same data.
_OF_THE_RUN = frozenset({"fit_seconds", "seconds", "run_id", "created_at"})


def content_version(value: object) -> str:
    """Hash a frame, array or bundle to 16 hex digits: values, dtypes, names and order.

    Fields that belong to the run, such as seconds, do not count.

    Parameters
    ----------
    value
        ``DataFrame``, ndarray, or a tree of dataclasses, mappings and sequences over them and plain values.

    Raises
    ------
    TypeError
        A value that is none of these.
    """
    digest = hashlib.sha256()
    _feed(digest, value)
    return digest.hexdigest()[:16]


def _feed(digest: Any, value: Any) -> None:
    import pandas as pd

    digest.update(type(value).__name__.encode())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            if one.name not in _OF_THE_RUN:
                digest.update(one.name.encode())
                _feed(digest, getattr(value, one.name))
    elif isinstance(value, dict):
        for name, item in value.items():
            _feed(digest, name)
            _feed(digest, item)
    elif isinstance(value, tuple | list):
        digest.update(str(len(value)).encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).tobytes())
    elif isinstance(value, pd.DataFrame):
        lasting = value.drop(columns=[name for name in value if name in _OF_THE_RUN])
        digest.update(lasting.to_parquet())
    elif isinstance(value, bytes):
        digest.update(value)
    else:
        digest.update(json.dumps(value).encode())
