"""What is checked before a run: arrays that are stored are not read again, also in a bucket."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import InputError
from ftf_assets.running.preflight import check_inputs
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.storage.artifacts import write_artifact
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.small_sweep import small_sweep


class Bucket(LocalBlobs):
    """A folder that stands for a bucket and remembers what was read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.read: list[str] = []

    def get(self, name: str) -> bytes:
        self.read.append(name.rpartition("/")[2])
        return super().get(name)


@pytest.mark.parametrize("level", ["label_stability", "time_decay"])
def test_of_stored_arrays_in_a_bucket_the_header_says_which_columns_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, training_arrays: TrainingArrays, level: str
):
    candles = MarketSource().candles("OPUSDC")
    candles = candles.assign(date=candles.index - pd.Timedelta(hours=1))
    candles.to_parquet(tmp_path / "OPUSDC_1h.parquet", index=False)
    sweep = small_sweep(
        source="candles", path=str(tmp_path), cryptos="OPUSDC", factors={"sample_weight": ["none", level]}
    )
    bucket = Bucket(tmp_path / "bucket")
    monkeypatch.setattr("ftf_assets.storage.home._blobs", lambda *_: bucket)
    monkeypatch.setattr("ftf_assets.running.preflight._read_arrays", lambda *_: pytest.fail("read again"))
    home = Home(tmp_path / "machine", "s3://bucket/home")
    key = sweep.artifact_key("coerced_arrays", "OPUSDC")
    arrays = dataclasses.replace(training_arrays, label_stability=None, label_stability_end=None)
    write_artifact(home.artifact("coerced_arrays", "OPUSDC", key), arrays)
    if level == "label_stability":
        with pytest.raises(InputError, match="needs this column"):
            check_inputs(sweep, home)
    else:
        check_inputs(sweep, home)
    assert bucket.read == ["header.json"]
