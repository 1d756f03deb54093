"""A check counts the folds that the sweep counts, and the rows that it calls enough are enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sweep.crypto_check import CryptoCheck, check_crypto
from ftf_assets.sweep.settings import SweepSettings, sweep_settings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.folds.short_history import short_history
from ftf_assets_tests.support.production import feature_cache

CRYPTO = "OPUSDC"


def write(folder: Path, source: str, n_rows: int) -> SweepSettings:
    if source == "candles":
        MarketSource().candles(CRYPTO).head(n_rows).to_parquet(folder / "OPUSDC.parquet")
    else:
        feature_cache(n_rows).to_parquet(folder / "OPUSDC.parquet")
    where = {"data.source": source, "data.path": str(folder), "data.cryptos": [CRYPTO]}
    stamp = {"data.stamp": "close"} if source == "candles" else {}
    return sweep_settings({**where, **stamp, "folds.n_folds": 2})


def folds_of_sweep(settings: SweepSettings) -> list[tuple[int, int, str]]:
    """Rows that are fitted and scored in each fold of a sweep, and why it is skipped."""
    sweep = open_sweep(settings)
    frame, _ = sweep.source.feature_cache(CRYPTO, sweep.source.candles(CRYPTO))
    arrays = coerce_feature_cache(frame, crypto=CRYPTO, missing=settings.data.missing)
    folds = sweep.plan(CRYPTO).folds(arrays)
    return [(len(fold.fit), len(fold.test), short_history(fold, arrays.y) or "") for fold in folds]


def folds_of_check(check: CryptoCheck) -> list[tuple[int, int, str]]:
    return [(fold.fit_rows, fold.test_rows, fold.skipped) for fold in check.folds]


@pytest.mark.parametrize(("source", "n_rows"), [("candles", 2_600), ("features", 2_300)])
def test_folds_are_those_of_the_sweep_and_enough_rows_are_enough(tmp_path, source, n_rows):
    settings = write(tmp_path, source, n_rows)
    check = check_crypto(settings, CRYPTO)
    assert folds_of_check(check) == folds_of_sweep(settings)
    assert "fit rows, 1000 needed" in check.folds[0].skipped
    assert check.n_folds == 1
    enough = check.rows_needed + (n_rows - check.rows)
    (tmp_path / "OPUSDC.parquet").unlink()
    longer = check_crypto(write(tmp_path, source, enough), CRYPTO)
    assert longer.rows == check.rows_needed
    assert longer.n_folds == len(longer.folds)
    assert longer.rows_needed == 0
    assert longer.folds[0].fit_rows < 1_050, "few more than are needed"
