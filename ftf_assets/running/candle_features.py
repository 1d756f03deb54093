"""Candles as a sweep reads them, and the feature cache of them, as frames that a user adds columns to."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.sources.protocol import Source
from ftf_assets.storage.frame_files import frames_by_name, parquet_of
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import source_of

#: What the arguments say.
_GIVEN = {"data.source", "data.path", "data.cryptos"}


def candles_of_files(folder: str | Path, crypto: str, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Read the candles of a crypto; the parameters are those of :func:`ftf_assets.api.candles`."""
    source, name = _source(folder, crypto, settings)
    return source.candles(name)


def features_of_candles(
    candles: pd.DataFrame | str | Path, crypto: str, settings: Mapping[str, Any]
) -> pd.DataFrame:
    """Make features and labels of candles; the parameters are those of :func:`ftf_assets.api.features`."""
    if not isinstance(candles, pd.DataFrame):
        return _features(*_source(candles, crypto, settings))
    ((name, frame),) = frames_by_name({crypto: candles}).items()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.parquet").write_bytes(parquet_of(name, frame))
        return _features(*_source(folder, crypto, settings))


def _features(source: Source, crypto: str) -> pd.DataFrame:
    cache, _ = source.feature_cache(crypto, source.candles(crypto))
    return cache


def _source(folder: str | Path, crypto: str, settings: Mapping[str, Any]) -> tuple[Source, str]:
    """Open a folder of candle files; the crypto comes with it under the name that the source knows."""
    if not isinstance(folder, str | Path):
        raise input_error(
            "candles must be a frame of bars or the folder of their files",
            found=f"{type(folder).__module__}.{type(folder).__qualname__}",
        )
    given = sorted(_GIVEN & settings.keys())
    if given:
        raise input_error(
            "which candles are read is said by the arguments, not by settings",
            found=", ".join(given),
            fix="Give the folder or frame of candles, and crypto.",
        )
    path = str(Path(folder).resolve())
    data = {"data.source": "candles", "data.path": path, "data.cryptos": [crypto]}
    wanted = sweep_settings({**settings, **data})
    (name,) = wanted.data.crypto_names
    return source_of(wanted, path), name
