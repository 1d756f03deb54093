"""Candles as production sends them: UTC close times, float64, now and then a gap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.sources.embedded_market.price_path import market_candles
from ftf_assets_tests.support.real_candles import require_real_candles


@pytest.fixture(scope="session")
def hourly_candles() -> pd.DataFrame:
    """1,500 simulated hours with a bridged gap (4 bars missing) and one that restarts the indicators (30)."""
    candles = market_candles("OPUSDC", seed=1).iloc[:1500]
    return candles.drop(candles.index[np.r_[500:504, 900:930]])


@pytest.fixture(scope="session")
def real_candle_directory() -> Path:
    return require_real_candles()
