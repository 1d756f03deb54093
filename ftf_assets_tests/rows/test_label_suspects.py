"""Suspects are data too: every suspect row of every mask, in a table that keeps its contract."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.bundles import CleaningMask, CleanlabMasks, Outcome
from ftf_assets.rows.label_suspects import suspect_rows, suspects_once
from ftf_assets_tests.support.production import CRYPTO, Trained
from ftf_assets_tests.support.results_rows import SWEEP


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


def test_a_cleaner_in_several_variants_has_the_same_suspects_in_each(standard_run: Trained):
    masks = standard_run.masks.masks
    smoothed = tuple(dataclasses.replace(mask, variant=f"mild+{mask.variant}") for mask in masks)
    both = suspect_rows(SWEEP, CRYPTO, standard_run.arrays, CleanlabMasks((*masks, *smoothed)))
    assert both.groupby(both["variant"].str.startswith("mild")).size().nunique() == 1


def test_each_suspected_row_is_given_once_worst_first_with_all_its_cleaners(suspects, standard_run):
    once = suspects_once(suspects)
    assert not once.duplicated(["crypto", "timestamp"]).any()
    assert set(once["timestamp"]) == set(suspects["timestamp"])
    assert once["label_quality"].is_monotonic_increasing
    latest = suspects.groupby("timestamp")["fold"].max()
    assert once.set_index("timestamp")["fold"].to_dict() == latest.to_dict()
    cleaners = suspects.groupby("timestamp")["cleaner"].agg(lambda names: ", ".join(sorted(set(names))))
    assert once.set_index("timestamp")["cleaners"].to_dict() == cleaners.to_dict()
