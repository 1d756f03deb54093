"""Suspects are data too: every suspect row of every mask, in a table that keeps its contract."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.bundles import CleaningMask, CleanlabMasks, Outcome
from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.suspects import SUSPECTS_KEY, suspects_frame
from ftf_assets.rows.suspects import suspect_rows
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.production import CRYPTO, Trained
from ftf_assets_tests.support.results_rows import SWEEP, partition, results_table


@pytest.fixture(scope="module")
def suspects(standard_run: Trained) -> pd.DataFrame:
    return suspect_rows(SWEEP, CRYPTO, standard_run.arrays, standard_run.masks)


def test_every_suspect_of_every_mask_is_a_row_with_its_label_and_time(suspects, standard_run):
    for mask in standard_run.masks.masks:
        rows = suspects[(suspects["fold"] == mask.fold) & (suspects["cleaner"] == mask.cleaner)]
        arrays, judged = standard_run.arrays, mask.rows[mask.suspect]
        assert len(rows) == len(judged) > 0
        by_time = rows.sort_values("timestamp")
        assert by_time["timestamp"].dt.tz_convert(None).to_numpy("datetime64[ns]").view(
            np.int64
        ).tolist() == (arrays.start[judged].tolist())
        assert by_time["label"].tolist() == arrays.y[judged].tolist()
        assert by_time["p_buy"].tolist() == mask.probability[mask.suspect].tolist()
        assert rows["label_quality"].is_monotonic_increasing


def test_filter_drops_its_suspects_and_reweight_keeps_them_with_less_weight(suspects):
    dropped = suspects.groupby("cleaner")["dropped"].unique()
    assert dropped["filter"].tolist() == [True]
    assert dropped["reweight"].tolist() == [False]
    assert (suspects.loc[suspects["dropped"], "weight"] == 0).all()
    assert (suspects.loc[~suspects["dropped"], "weight"] > 0).all()


@pytest.mark.parametrize(
    "masks",
    [
        (),
        (CleaningMask(0, "filter", "filter", Outcome.failed(RuntimeError("broken"), "cleaning")),),
    ],
    ids=["nothing cleaned", "cleaning failed"],
)
def test_without_suspects_the_table_is_empty_and_keeps_its_contract(masks, suspects, standard_run):
    empty = suspect_rows(SWEEP, CRYPTO, standard_run.arrays, CleanlabMasks(masks))
    assert empty.empty
    pd.testing.assert_series_equal(empty.dtypes, suspects.dtypes)


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("label", 2, "isin"),
        ("p_buy", 1.5, "less_than_or_equal_to"),
        ("label_quality", np.nan, "not_nullable"),
        ("weight", -1.0, "greater_than_or_equal_to"),
    ],
)
def test_rows_that_break_the_contract_are_refused_by_rule(suspects, column, value, rule):
    broken = suspects.copy()
    broken.loc[broken.index[-1], column] = value
    with pytest.raises(InputError, match=rule):
        suspects_frame({name: broken[name] for name in broken})


def test_a_suspect_stands_once(suspects):
    twice = pd.concat([suspects, suspects.head(1)], ignore_index=True)
    with pytest.raises(InputError, match="must be unique"):
        suspects_frame({name: twice[name] for name in twice})


def test_the_store_replaces_a_partition_and_gives_back_what_went_in(suspects, tmp_path: Path):
    store = ResultsStore(tmp_path / "results.duckdb")
    other = suspects.assign(crypto="ARBUSDC").astype({"crypto": "string"})
    for frame, crypto in ((suspects, CRYPTO), (other, "ARBUSDC"), (suspects, CRYPTO)):
        store.write_partition(results_table(partition(crypto)), SWEEP, crypto, suspects=frame)
    order = [*SUSPECTS_KEY[1:-1], "label_quality", "timestamp"]
    expected = pd.concat([other, suspects]).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(store.suspects(SWEEP), expected)
    assert store.suspects(SWEEP, ["ARBUSDC"])["crypto"].unique().tolist() == ["ARBUSDC"]
    assert store.suspects("ftf_ba9876543210").empty
    store.write_partition(results_table(partition(CRYPTO)), SWEEP, CRYPTO)
    assert store.suspects(SWEEP, [CRYPTO]).empty
    with pytest.raises(InputError, match="another partition"):
        store.write_partition(results_table(partition(CRYPTO)), SWEEP, CRYPTO, suspects=other)


def test_one_cleaner_in_several_variants_does_not_meet_itself(standard_run: Trained):
    masks = standard_run.masks.masks
    smoothed = tuple(dataclasses.replace(mask, variant=f"mild+{mask.variant}") for mask in masks)
    both = suspect_rows(SWEEP, CRYPTO, standard_run.arrays, CleanlabMasks((*masks, *smoothed)))
    assert both.groupby(both["variant"].str.startswith("mild")).size().nunique() == 1
