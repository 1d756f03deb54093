"""Artifacts: whole or absent, checked when read, never pickled."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import (
    BaselineParameters,
    CleaningMask,
    CleanlabMasks,
    FlipRates,
    FoldBaseline,
    NoiseEstimate,
    Outcome,
    SmoothedLabels,
)
from ftf_assets.contracts.errors import StoreError
from ftf_assets.storage.artifacts import HEADER, read_artifact, write_artifact
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.training.boosting import FitResult
from ftf_assets_tests.support.planted import rewrite_header


def candles() -> pd.DataFrame:
    index = pd.date_range("2023-03-23 16:00", periods=50, freq="h", tz="UTC", name="timestamp").as_unit("ns")
    frame = pd.DataFrame({"close": np.linspace(1.0, 2.0, 50), "volume": 10.0}, index=index)
    frame.iloc[:3, 0] = np.nan
    return frame


NOISE = NoiseEstimate(0.08, 12.5, 3.25, 0.25, 0.01, 0.95, 0.1, 0.02, 0.5)


def mask(fold: int) -> CleaningMask:
    return CleaningMask(
        fold=fold,
        variant="filter",
        cleaner="filter",
        outcome=Outcome(),
        rows=np.arange(40, dtype=np.int64),
        probability=np.linspace(0.1, 0.3, 40),
        label_quality=np.linspace(0.7, 0.9, 40),
        label=(np.arange(40) % 3 == 0).astype(np.int8),
        flip_rates=FlipRates(0.3, 0.05) if fold else None,
        suspect=np.arange(40) < 4,
        keep=np.arange(40) >= 4,
        weight=np.ones(40, np.float32),
        noise=NOISE if fold == 1 else None,
    )


def test_a_frame_comes_back_with_its_index_dtypes_and_missing_values(tmp_path: Path):
    write_artifact(BlobFolder.of_path(tmp_path / "candles"), candles())
    pd.testing.assert_frame_equal(
        read_artifact(BlobFolder.of_path(tmp_path / "candles"), pd.DataFrame), candles(), check_freq=False
    )


def test_a_bundle_comes_back_bit_for_bit_with_its_outcomes(tmp_path: Path):
    failed = CleaningMask(1, "filter", "filter", Outcome.failed(ValueError("no class"), "cleaning"))
    write_artifact(BlobFolder.of_path(tmp_path / "masks"), CleanlabMasks((mask(0), failed, mask(1))))
    back = read_artifact(BlobFolder.of_path(tmp_path / "masks"), CleanlabMasks)
    for name in ("rows", "probability", "label_quality", "suspect", "keep", "weight", "label"):
        np.testing.assert_array_equal(getattr(back.masks[0], name), getattr(mask(0), name))
        assert getattr(back.masks[0], name).dtype == getattr(mask(0), name).dtype
    assert back.masks[1].outcome == failed.outcome
    assert len(back.masks[1].rows) == 0
    assert [one.noise for one in back.masks] == [None, None, NOISE]
    assert [one.flip_rates for one in back.masks] == [None, None, FlipRates(0.3, 0.05)]


def test_training_arrays_come_back_with_what_is_unavailable(tmp_path: Path, training_arrays: TrainingArrays):
    write_artifact(BlobFolder.of_path(tmp_path / "arrays"), training_arrays)
    back = read_artifact(BlobFolder.of_path(tmp_path / "arrays"), TrainingArrays)
    for name in ("label_stability", "label_stability_end"):
        np.testing.assert_array_equal(getattr(back, name), getattr(training_arrays, name))
    np.testing.assert_array_equal(back.regime, training_arrays.regime)
    assert (back.regime.dtype, back.regime_names) == (np.int8, ("down", "up"))
    without = {"label_stability": None, "label_stability_end": None, "regime": None, "regime_names": ()}
    write_artifact(BlobFolder.of_path(tmp_path / "ready"), dataclasses.replace(training_arrays, **without))
    back = read_artifact(BlobFolder.of_path(tmp_path / "ready"), TrainingArrays)
    assert (back.label_stability, back.regime, back.regime_names) == (None, None, ())


@pytest.mark.parametrize(
    ("n_rows", "mapped"), [(0, False), (1_000, False), (20_000, True)], ids=["empty", "small", "large"]
)
def test_arrays_come_read_only_and_the_large_ones_memory_mapped(tmp_path: Path, n_rows, mapped):
    written = np.arange(n_rows, dtype=np.float32)
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels({"none": written}))
    array = read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels).levels["none"]
    assert type(array) is np.ndarray
    assert isinstance(array.base.base, np.memmap) == mapped
    assert not array.flags.writeable
    np.testing.assert_array_equal(array, written)


def test_parameters_come_back_as_numbers_and_text(tmp_path: Path):
    baseline = FoldBaseline(0, Outcome(), 37, {"max_depth": 5, "learning_rate": 0.05}, "default", 0, "ab12")
    write_artifact(BlobFolder.of_path(tmp_path / "baseline"), BaselineParameters((baseline,)))
    assert read_artifact(BlobFolder.of_path(tmp_path / "baseline"), BaselineParameters).folds == (baseline,)


def test_one_array_that_several_records_share_lies_once_in_the_file(tmp_path: Path):
    same = np.ones(1000, np.float32)
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels({"none": same, "mild": same}))
    (file,) = (tmp_path / "labels").glob("*.pack")
    assert file.stat().st_size == same.nbytes
    back = read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels)
    np.testing.assert_array_equal(back.levels["mild"], same)


def test_writing_again_replaces_the_value_and_heals_a_damaged_file(tmp_path: Path):
    labels = SmoothedLabels({"none": np.ones(1000, np.float32)})
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), labels)
    (file,) = (tmp_path / "labels").glob("*.pack")
    file.write_bytes(file.read_bytes()[:-4] + b"ruin")
    with pytest.raises(StoreError, match="does not have the checksum of its name"):
        read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels)
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), labels)
    assert read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels).levels["none"].sum() == 1000


def _truncate(folder: Path) -> None:
    (file,) = folder.glob("*.pack")
    file.write_bytes(file.read_bytes()[:-100])


def _remove(folder: Path) -> None:
    (file,) = folder.glob("*.pack")
    file.unlink()


def _break_header(folder: Path) -> None:
    (folder / HEADER).write_text('{"format": 1, "type"', encoding="utf-8")


def _list_header(folder: Path) -> None:
    (folder / HEADER).write_text("[]", encoding="utf-8")


def _other_format(folder: Path) -> None:
    header = json.loads((folder / HEADER).read_text(encoding="utf-8"))
    (folder / HEADER).write_text(json.dumps(header | {"format": 99}), encoding="utf-8")


def _drop_field(folder: Path) -> None:
    rewrite_header(folder, lambda header: header | {"value": {}})


def _flip_a_digit(folder: Path) -> None:
    text = (folder / HEADER).read_text(encoding="utf-8")
    (folder / HEADER).write_text(text.replace("none", "nope"), encoding="utf-8")


def _other_parts(folder: Path) -> None:
    rewrite_header(folder, lambda header: header | {"value": {"levels": [1, 2]}})


def _another_value(folder: Path) -> None:
    rewrite_header(folder, lambda header: header | {"value": 5})


DAMAGE = [
    (_truncate, "is damaged"),
    (_remove, "there is no file"),
    (_break_header, "is damaged"),
    (_list_header, "not a JSON object"),
    (_other_format, "of format 99"),
    (_drop_field, "lacks 'levels'"),
    (_flip_a_digit, "does not have the checksum that it states"),
    (_other_parts, "does not describe SmoothedLabels"),
    (_another_value, "does not describe SmoothedLabels"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGE, ids=[one.__name__[1:] for one, _ in DAMAGE])
def test_the_error_names_the_damage_and_what_to_do(tmp_path: Path, damage, message: str):
    write_artifact(
        BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels({"none": np.ones(1000, np.float32)})
    )
    damage(tmp_path / "labels")
    with pytest.raises(StoreError, match=message) as refused:
        read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels)
    assert "Materialise it again or run the same ftf sweep again" in str(refused.value)


def test_the_error_names_a_folder_without_an_artifact(tmp_path: Path):
    with pytest.raises(StoreError, match=r"there is no artifact in .*labels\. Materialise it first"):
        read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels)


def test_another_type_is_refused(tmp_path: Path):
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels({"none": np.ones(10, np.float32)}))
    with pytest.raises(StoreError, match="holds SmoothedLabels of format 3, expected CleanlabMasks"):
        read_artifact(BlobFolder.of_path(tmp_path / "labels"), CleanlabMasks)


def test_a_planted_pickle_is_never_loaded(tmp_path: Path):
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels({"none": np.ones(10, np.float32)}))
    (file,) = (tmp_path / "labels").glob("*.pack")
    with file.open("wb") as stream:
        np.save(stream, np.array([{"planted": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(StoreError, match="is damaged"):
        read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels)


def test_object_arrays_are_not_written(tmp_path: Path):
    @dataclass
    class Loose:
        anything: np.ndarray

    with pytest.raises(TypeError, match="cannot hold an array of object"):
        write_artifact(BlobFolder.of_path(tmp_path / "loose"), Loose(np.array([{}], dtype=object)))
    with pytest.raises(TypeError, match="cannot hold set"):
        write_artifact(BlobFolder.of_path(tmp_path / "set"), {"a": {1, 2}})


def test_a_file_name_in_the_header_cannot_leave_the_folder(tmp_path: Path):
    write_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels({"none": np.ones(10, np.float32)}))
    outside = {"file": "../../outside.pack", "n_bytes": 40}
    rewrite_header(tmp_path / "labels", lambda header: header | {"pack": outside})
    with pytest.raises(StoreError, match=r"there is no file .*labels/outside\.pack"):
        read_artifact(BlobFolder.of_path(tmp_path / "labels"), SmoothedLabels)


def test_a_link_inside_the_home_is_not_followed_by_a_write(tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "fits").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=r"a link leads from .*Remove the link"):
        write_artifact(
            BlobFolder.of_path(tmp_path / "home" / "fits" / "ab"),
            SmoothedLabels({"none": np.ones(3, np.float32)}),
        )
    assert not list((tmp_path / "elsewhere").glob("**/*.*"))


def test_the_error_names_a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        write_artifact(
            BlobFolder.of_path(tmp_path / "file" / "labels"), SmoothedLabels({"none": np.ones(3, np.float32)})
        )


def test_a_fit_keeps_its_booster_as_bytes(tmp_path: Path):
    fit = FitResult(b"{L\x00booster", 21, 0.5, {"test": np.linspace(0, 1, 7)})
    write_artifact(BlobFolder.of_path(tmp_path / "fit"), fit)
    back = read_artifact(BlobFolder.of_path(tmp_path / "fit"), FitResult)
    assert (back.booster, back.rounds, back.seconds) == (fit.booster, 21, 0.5)
    np.testing.assert_array_equal(back.probabilities["test"], fit.probabilities["test"])
