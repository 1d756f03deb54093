"""Fold edges in their two forms: instants in the settings, int64 nanoseconds in the arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from ftf_assets.contracts.typed import Array

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000


def edges_from_nanoseconds(edges: Array) -> tuple[datetime, ...]:
    """Turn fold edges, nanoseconds of whole seconds, into the UTC instants of ``folds.edges``."""
    return tuple(_EPOCH + timedelta(seconds=int(edge) // _SECOND) for edge in edges)


def edges_in_nanoseconds(edges: Sequence[datetime]) -> Array:
    """Turn fold edges into int64 nanoseconds since the epoch, shape (n_folds + 1,)."""
    return np.array([(edge - _EPOCH) // timedelta(microseconds=1) * 1000 for edge in edges], np.int64)
