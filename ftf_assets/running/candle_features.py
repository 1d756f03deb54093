"""The feature cache of candles, as a frame that a user adds columns to."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.storage.frame_files import frames_by_name, parquet_of
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import source_of


def features_of_candles(
    candles: pd.DataFrame | str | Path, crypto: str, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Make features and labels of candles; the parameters are those of :func:`ftf_assets.api.features`."""
    if isinstance(candles, pd.DataFrame):
        ((name, frame),) = frames_by_name({crypto: candles}).items()
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / f"{name}.parquet").write_bytes(parquet_of(name, frame))
            return _features(folder, crypto, settings)
    if not isinstance(candles, str | Path):
        raise input_error(
            "candles must be a frame of bars or the folder of their files",
            found=f"{type(candles).__module__}.{type(candles).__qualname__}",
        )
    return _features(str(Path(candles).resolve()), crypto, settings)


def _features(folder: str, crypto: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    data = {"data.source": "candles", "data.path": folder, "data.cryptos": [crypto]}
    wanted = sweep_settings({**settings, **data})
    source, (name,) = source_of(wanted, folder), wanted.data.crypto_names
    cache, _ = source.feature_cache(name, source.candles(name))
    return cache
