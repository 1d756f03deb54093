"""Feature caches that leak: the command says which column, and the verdict is INVALID everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ftf_assets
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.production import WARM_UP, feature_cache
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS

pytestmark = pytest.mark.end_to_end

CASES = Path(ftf_assets.__file__).parents[2] / "shared" / "cases"
SWEEP = ("--source", "features", "--crypto", "UNIUSDC", "--trials", "0", "--factor", "cleanlab=off,filter")
SMALL = set_options(n_folds=2, **QUICK_FITS)


def written(frame: pd.DataFrame, folder: Path) -> Path:
    folder.mkdir()
    frame.to_parquet(folder / "UNIUSDC.parquet")
    return folder


def cache() -> pd.DataFrame:
    """Three indicators, as in the shared cases."""
    frame = feature_cache().iloc[WARM_UP:]
    return frame[["rsi_14", "return_1", "return_24", "label", "label_end", "label_return"]]


@pytest.fixture(params=["fixture", pytest.param("shared case", marks=pytest.mark.slow)])
def target_left_in(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "fixture":
        return written(cache().assign(target=lambda f: f["label"]), tmp_path / "caches")
    return shared_case("features_target_left_in")


@pytest.fixture(params=["fixture", "shared case"])
def label_end_is_row_time(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "fixture":
        return written(cache().assign(label_end=lambda f: f.index), tmp_path / "caches")
    return shared_case("features_label_end_is_row_time")


def shared_case(name: str) -> Path:
    if not (CASES / name).is_dir():
        pytest.skip(f"the case ../shared/cases/{name} is absent")
    return CASES / name


def test_the_label_among_the_features_makes_the_verdict_invalid_and_is_named(
    ftf: Ftf, home: Home, target_left_in: Path
):
    shown = ftf("sweep", *SWEEP, "--path", str(target_left_in), *SMALL)
    assert shown.returncode == 1, "a check failed"
    words = "column 'target' nearly is the label: alone it ranks BUY against HOLD with AUC 1.0000"
    assert "INVALID" in shown.stdout
    assert f"coerced_arrays of UNIUSDC: {words}" in shown.stdout
    assert f"Check no_leaking_column of coerced_arrays failed for UNIUSDC: {words}" in shown.stdout

    store = ResultsStore(home)
    (sweep_id,) = store.sweep_ids()
    verdicts = store.decision(sweep_id).verdicts
    assert set(verdicts["verdict"]) == {"INVALID"}
    assert verdicts["reason"].str.contains("column 'target'").all()
    page = home.report(sweep_id).read_text(encoding="utf-8").replace("&#39;", "'")
    assert words in page

    # Another sweep on the same arrays finds the same leak, although it computes nothing of them again.
    other = ftf("sweep", *SWEEP, "--path", str(target_left_in), *SMALL, "--set", "training.seed=7", "--json")
    assert other.returncode == 1, "a check that ran before has failed"
    said = json.loads(other.stdout)
    assert {one["verdict"] for one in said["verdicts"]} == {"INVALID"}
    assert "no_leaking_column" in {check["check"] for check in said["failed_checks"]}


def test_a_file_that_is_put_back_after_a_leak_is_judged_again(ftf: Ftf, tmp_path: Path):
    folder, seen = written(cache(), tmp_path / "caches"), []
    for frame in (cache(), cache().assign(target=lambda f: f["label"]), cache()):
        frame.to_parquet(folder / "UNIUSDC.parquet")
        done = ftf("sweep", *SWEEP, "--path", str(folder), *SMALL, "--json")
        said = json.loads(done.stdout)
        red = [check["check"] for check in said["failed_checks"] if not check["is_warning"]]
        seen.append((done.returncode, red, {one["verdict"] == "INVALID" for one in said["verdicts"]}))
    assert seen == [(0, [], {False}), (1, ["no_leaking_column"], {True}), (0, [], {False})]
    assert "every stored value is current" in ftf("plan", *SWEEP, "--path", str(folder), *SMALL).stdout


def test_a_label_end_at_the_time_of_its_row_is_refused_before_anything_is_written(
    ftf: Ftf, home: Home, label_end_is_row_time: Path
):
    done = ftf("sweep", *SWEEP, "--path", str(label_end_is_row_time), *SMALL)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    for part in (
        *("UNIUSDC", "file UNIUSDC.parquet", "column 'label_end'", "row 20"),
        *("label_end must lie after its row", "the row's own time", "allowed: a time after"),
        "Write when the barrier was touched or the horizon ended",
    ):
        assert part in done.stderr
    assert not home.path.exists()


def test_returns_in_per_cent_are_refused_before_anything_is_written(ftf: Ftf, home: Home, tmp_path: Path):
    in_per_cent = cache().assign(label_return=lambda f: np.maximum(100 * f["label_return"], -1))
    done = ftf("sweep", *SWEEP, "--path", str(written(in_per_cent, tmp_path / "caches")), *SMALL)
    assert done.returncode == 2
    assert "column 'label_return'" in done.stderr
    assert "reads like per cent" in done.stderr
    assert not home.path.exists()
