"""Frames become files once, named by their content."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.storage.frame_files import write_frames
from ftf_assets.storage.home import Home
from ftf_assets_tests.support.production import feature_cache_of_120_rows


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


def test_a_frame_comes_back_as_it_was(home):
    frame = feature_cache_of_120_rows()
    folder, _ = write_frames(home, {"OPUSDC": frame})
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "OPUSDC.parquet"), frame, check_freq=False)


def test_equal_frames_give_the_same_folder_in_any_order_and_are_written_once(home):
    one, other = feature_cache_of_120_rows(), feature_cache_of_120_rows().iloc[:60]
    labelled = one.copy()
    labelled.attrs["note"] = "mine"
    folder, _ = write_frames(home, {"OPUSDC": one, "LDOUSDC": other})
    written = (folder / "OPUSDC.parquet").stat().st_mtime_ns
    assert write_frames(home, {"LDO/USDC": other.copy(), "OPUSDC": labelled}) == (
        folder,
        ("LDOUSDC", "OPUSDC"),
    )
    assert (folder / "OPUSDC.parquet").stat().st_mtime_ns == written
    assert [path.name for path in home.frames.iterdir()] == [folder.name]


def test_a_changed_value_or_crypto_is_another_folder_and_leaves_the_other_file_as_it_was(home):
    frame = feature_cache_of_120_rows()
    changed = frame.copy()
    changed.iloc[7, 0] += 1e-9
    folders = [
        write_frames(home, frames)[0]
        for frames in (
            {"OPUSDC": frame, "LDOUSDC": frame},
            {"OPUSDC": frame, "LDOUSDC": changed},
            {"OPUSDC": frame},
        )
    ]
    assert len(set(folders)) == 3
    assert len({(folder / "OPUSDC.parquet").read_bytes() for folder in folders}) == 1


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ({}, "at least one crypto"),
        ({"../OP": pd.DataFrame()}, r"unknown crypto: .*found '../OP'"),
        ({"OPUSDC": pd.DataFrame(), "op/usdc": pd.DataFrame()}, "a crypto is there twice"),
        ({"OPUSDC": [1, 2]}, r"OPUSDC: the data of a crypto must be a DataFrame \(found list"),
        ({"OPUSDC": pd.DataFrame({"a": [1, "x"]})}, "OPUSDC: the frame cannot be written as Parquet .*'?a'?"),
        (
            {"OPUSDC": pd.DataFrame(np.ones((2, 2)), columns=["a", "a"])},
            "'a': a column is there twice. Keep one",
        ),
    ],
    ids=["nothing", "name", "same name", "list", "mixed", "twice"],
)
def test_what_is_no_frame_of_a_crypto_is_refused_and_nothing_is_written(home, frames, says):
    with pytest.raises(InputError, match=says) as refused:
        write_frames(home, frames)
    assert "\n" not in str(refused.value)
    assert not home.path.exists()


def test_a_home_that_cannot_be_written_is_a_store_error(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match="cannot write frames"):
        write_frames(Home(tmp_path / "home"), {"OPUSDC": feature_cache_of_120_rows()})
