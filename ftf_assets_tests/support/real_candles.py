"""Hourly candles of an exchange: market data beside the repository, not part of the product."""

from __future__ import annotations

from pathlib import Path

import pytest

import ftf_assets

REAL_CANDLES = Path(ftf_assets.__file__).parents[2] / "shared" / "data" / "candles_1h"


def require_real_candles() -> Path:
    """Return their folder, or skip the test where they are absent."""
    if not REAL_CANDLES.is_dir():
        pytest.skip("the real candles of ../shared/data/candles_1h are absent")
    return REAL_CANDLES
