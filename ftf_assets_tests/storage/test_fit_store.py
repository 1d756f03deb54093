"""Finished fits: found by key, refitted when damaged."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from ftf_assets.storage.fit_store import fit_store, score_store
from ftf_assets.storage.home import Home
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.evaluation import CellScores

FIT = FitResult(b"booster", 33, 0.2, {"validation": np.linspace(0, 1, 9), "test": np.linspace(0, 1, 5)})


def test_a_fit_is_found_by_its_key_and_by_no_other(tmp_path: Path):
    store = fit_store(Home(tmp_path))
    assert "0a1b2c3d4e5f6071" not in store
    store.put("0a1b2c3d4e5f6071", FIT)
    assert "0a1b2c3d4e5f6071" in store
    found = store.get("0a1b2c3d4e5f6071")
    assert found is not None
    np.testing.assert_array_equal(found.probabilities["test"], FIT.probabilities["test"])
    assert store.get("ffffffffffffffff") is None


@pytest.mark.parametrize("suffix", ["pack", "json"])
def test_a_damaged_fit_counts_as_absent_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, suffix: str
):
    store = fit_store(Home(tmp_path))
    store.put("0a1b2c3d4e5f6071", FIT)
    victim = next((tmp_path / "fits" / "0a" / "0a1b2c3d4e5f6071").glob(f"*.{suffix}"))
    victim.write_bytes(victim.read_bytes()[:-3])
    with caplog.at_level(logging.WARNING):
        assert store.get("0a1b2c3d4e5f6071") is None
    assert "event=damaged_fit key=0a1b2c3d4e5f6071 action=again" in caplog.text
    store.put("0a1b2c3d4e5f6071", FIT)
    assert store.get("0a1b2c3d4e5f6071") is not None


def test_headers_that_cannot_be_read_are_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    store = fit_store(Home(tmp_path))
    for key in ("0a1b2c3d4e5f6071", "0b1b2c3d4e5f6071", "0c1b2c3d4e5f6071"):
        store.put(key, FIT)
    for header in sorted(tmp_path.glob("fits/*/*/header.json"))[:2]:
        header.write_bytes(b"{")
    with caplog.at_level(logging.WARNING):
        assert len(list(store.headers(200))) == 1
    (said,) = caplog.messages
    assert said.startswith("event=unread_headers of=fit n=2 action=left_out first=")


def test_scores_are_kept_to_the_last_bit_and_an_absent_value_stays_absent(tmp_path: Path):
    values = {"f1_buy": 0.1 + 0.2, "n_trades": 7, "win_rate": None}
    scores = CellScores(
        values,
        weeks=({"week": 19_723 * 86_400 * 10**9, "auc_influence": -1 / 3},),
        fits=({"repeat": 0, "roc_auc": 0.1 + 0.2}, {"repeat": 1, "roc_auc": 0.55}),
        curve=({"top_share": 0.01, "precision": None},),
    )
    store = score_store(Home(tmp_path))
    store.put("0a1b2c3d4e5f6071", scores)
    found = score_store(Home(tmp_path)).get("0a1b2c3d4e5f6071")
    assert found == scores
    assert {name: type(value) for name, value in found.metrics.items()} == {
        name: type(value) for name, value in values.items()
    }
