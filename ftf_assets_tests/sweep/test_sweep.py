"""A sweep's identity: the same settings are the same sweep, and what differs never shares a key."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sweep.fold_edges import edges_from_nanoseconds, edges_in_nanoseconds
from ftf_assets.sweep.settings import stored_sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets.training.parameters import DEFAULT_SEARCH_SPACE
from ftf_assets_tests.support.settings import settings_of

ASSETS = [
    *("candles", "feature_cache", "coerced_arrays", "smoothed_labels", "fold_baselines"),
    *("cleanlab_masks", "trained_models"),
]


def sweep(**settings: object) -> Sweep:
    return open_sweep(settings_of(**settings))


def test_the_same_settings_are_the_same_sweep_however_they_are_written():
    one = sweep(factors="label_smoothing,cleanlab")
    assert one.sweep_id == sweep().sweep_id
    assert one.sweep_id == sweep(factors="label_smoothing=none,mild,aggressive,cleanlab").sweep_id
    assert one.sweep_id == sweep(power_mode="smoke", trials=15, seeds=4).sweep_id
    assert one.sweep_id == sweep(search_space=dict(reversed(DEFAULT_SEARCH_SPACE.items()))).sweep_id
    assert one.sweep_id == sweep(cryptos="UNIUSDC,OPUSDC,ARBUSDC,AAVEUSDC,LDOUSDC").sweep_id
    assert one.sweep_id == sweep(edges=one.settings.folds.edges).sweep_id, "frozen edges are the same edges"
    assert one.sweep_id == sweep(factors="cleanlab,label_smoothing").sweep_id
    assert one.sweep_id.startswith("ftf_")
    assert len(one.sweep_id) == 16


def test_settings_that_dagster_has_stored_with_sorted_names_are_still_the_same_sweep():
    one = sweep(trials=0)
    stored = json.dumps(one.settings.model_dump(mode="json"), sort_keys=True)
    assert open_sweep(stored_sweep_settings(one.sweep_id, stored)).sweep_id == one.sweep_id


def test_without_trials_it_does_not_matter_how_nothing_is_tuned():
    untuned = {
        sweep(**settings).sweep_id
        for settings in (
            {"trials": 0}, {"tune": "off"}, {"power_mode": "smoke", "seeds": 4},
            {"power_mode": "deep", "seeds": 4, "trials": 0}, {"trials": 0, "tune": "per_variant"},
            {"tune": "off", "trials": 9, "tune_folds": 5, "tune_seeds": 3, "search_space": "max_depth=2:6"},
        )
    }  # fmt: skip
    assert len(untuned) == 1
    assert sweep().sweep_id not in untuned


def test_the_number_of_seeds_is_that_of_the_power_mode_unless_it_is_given():
    for mode, n_seeds in {"smoke": 1, "standard": 4, "deep": 8}.items():
        by_mode, given = sweep(power_mode=mode, trials=0), sweep(trials=0, seeds=n_seeds)
        assert by_mode.plan("OPUSDC").seeds == given.plan("OPUSDC").seeds == n_seeds
        assert by_mode.sweep_id == given.sweep_id
    assert sweep(power_mode="deep", seeds=2).plan("OPUSDC").seeds == 2


def test_a_seed_check_is_part_of_the_identity_only_where_one_is_made():
    assert sweep(seeds=1, seed_check=False).sweep_id != sweep(seeds=1).sweep_id
    assert sweep(seed_check=False).sweep_id == sweep().sweep_id
    assert sweep(seeds=2, seed_check=False).sweep_id == sweep(seeds=2).sweep_id
    alone = {"factors": "cleanlab=filter", "design": "single", "seeds": 1}
    assert sweep(**alone, seed_check=False).sweep_id == sweep(**alone).sweep_id
    assert sweep(**alone).plan("OPUSDC").seed_check is False


def test_how_a_sweep_is_run_is_no_part_of_its_identity():
    assert sweep(workers=1).sweep_id == sweep(workers=7, confirm_long_run=True, phase="nightly").sweep_id


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 8}, {"n_folds": 4}, {"cryptos": "OPUSDC"}, {"factors": "cleanlab"}, {"design": "factorial"},
        {"stop_atr": 0.6}, {"suspect_cap": 0.05}, {"market_seed": 1}, {"cost_bps": 10},
        {"trade_share": 0.2},
        {"power_mode": "deep"}, {"trials": 3}, {"tune": "off"}, {"tune": "per_variant"},
        {"tune_folds": 2}, {"tune_seeds": 1}, {"search_space": "max_depth=2:8"}, {"seeds": 2},
        {"calendar": "per_crypto"},
    ],
    ids=str,
)  # fmt: skip
def test_a_changed_setting_is_another_sweep(changed: dict[str, object]):
    assert sweep(**changed).sweep_id != sweep().sweep_id


CHANGES = {
    "nothing": ({}, set()),
    "cost_bps": ({"cost_bps": 10}, set()),
    "trade_share": ({"trade_share": 0.2}, set()),
    "workers": ({"workers": 3}, set()),
    "stop_atr": ({"stop_atr": 0.6}, set(ASSETS) - {"candles"}),
    "market_seed": ({"market_seed": 1}, set(ASSETS)),
    "market_edge": ({"market_edge": 0.6}, set(ASSETS)),
    "mild_epsilon_buy": ({"mild_epsilon_buy": 0.12}, {"smoothed_labels", "cleanlab_masks", "trained_models"}),
    "seed": ({"seed": 8}, {"fold_baselines", "cleanlab_masks", "trained_models"}),
    "n_folds": ({"n_folds": 4}, {"fold_baselines", "cleanlab_masks", "trained_models"}),
    "suspect_cap": ({"suspect_cap": 0.05}, {"cleanlab_masks", "trained_models"}),
    "cap_by": ({"cap_by": "confident_joint"}, {"cleanlab_masks", "trained_models"}),
    "label_quality": ({"label_quality": "adjusted_self_confidence"}, {"cleanlab_masks", "trained_models"}),
    "rounds": ({"rounds": "per_variant"}, {"trained_models"}),
    "seeds": ({"seeds": 3}, {"trained_models"}),
    "trials": ({"trials": 30}, {"fold_baselines", "cleanlab_masks", "trained_models"}),
    "no tuning": ({"tune": "off"}, {"fold_baselines", "cleanlab_masks", "trained_models"}),
    "search space": (
        {"search_space": "max_depth=2:8"},
        {"fold_baselines", "cleanlab_masks", "trained_models"},
    ),
    "each variant is tuned": ({"tune": "per_variant"}, {"trained_models"}),
    "one more cleaner": (
        {"factors": "label_smoothing,cleanlab=off,filter,reweight,filter_random"},
        {"cleanlab_masks", "trained_models"},
    ),
    "a temporal cleaner": (
        {"factors": "label_smoothing,cleanlab=off,filter,reweight,filter_temporal"},
        {"cleanlab_masks", "trained_models"},
    ),
    "one smoothing level less": ({"factors": "label_smoothing=mild,cleanlab"}, {"trained_models"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_setting_changes_the_artifacts_that_depend_on_it_and_all_downstream_of_them(change: str):
    settings, expected = CHANGES[change]
    before, after = sweep(), sweep(**settings)
    moved = {
        asset
        for asset in ASSETS
        if before.artifact_key(asset, "OPUSDC") != after.artifact_key(asset, "OPUSDC")
    }
    assert moved == expected


def test_no_two_assets_or_cryptos_share_a_key():
    one = sweep()
    keys = [one.artifact_key(asset, crypto) for asset in ASSETS for crypto in one.cryptos]
    assert len(set(keys)) == len(keys)


def write_candles(folder: Path, base: str, start: str, bars: int) -> None:
    hours = pd.date_range(start, periods=bars, freq="h")
    prices = np.linspace(1.0, 2.0, bars)
    frame = pd.DataFrame({"date": hours, "open": prices, "high": prices * 1.01, "low": prices * 0.99})
    frame.assign(close=prices, volume=10.0).to_csv(folder / f"{base}USDT_1h.csv", index=False)


def test_fold_edges_are_common_to_the_group_and_lie_in_the_last_half_of_its_common_period(tmp_path: Path):
    write_candles(tmp_path, "OP", "2023-01-01", 2000)
    write_candles(tmp_path, "LDO", "2023-01-11 10:00", 2000)
    group = sweep(source="candles", path=str(tmp_path), cryptos="OPUSDC,LDOUSDC", n_folds=2)
    edges = ("2023-02-16T21:30:00Z", "2023-03-07T02:45:00Z", "2023-03-25T08:00:00Z")
    assert group.settings.folds.edges == tuple(map(datetime.fromisoformat, edges))
    np.testing.assert_array_equal(group.edges("OPUSDC"), group.edges("LDOUSDC"))
    own = sweep(
        source="candles", path=str(tmp_path), cryptos="OPUSDC,LDOUSDC", n_folds=2, calendar="per_crypto"
    )
    assert own.edges("OPUSDC")[-1] < own.edges("LDOUSDC")[-1]


def test_new_data_under_the_same_settings_change_every_key(tmp_path: Path):
    write_candles(tmp_path, "OP", "2023-01-01", 2000)
    settings = {"source": "candles", "path": str(tmp_path), "cryptos": "OPUSDC"}
    before = sweep(**settings)
    frozen = before.settings.folds.edges
    keys = {asset: before.artifact_key(asset, "OPUSDC") for asset in ASSETS}
    content = (tmp_path / "OPUSDT_1h.csv").read_text(encoding="utf-8")
    (tmp_path / "OPUSDT_1h.csv").write_text(content.replace(",10.0\n", ",10.5\n", 1), encoding="utf-8")
    after = sweep(**settings, edges=frozen)
    assert after.sweep_id == before.sweep_id, "the same settings are the same sweep"
    assert not set(keys.values()) & {after.artifact_key(asset, "OPUSDC") for asset in ASSETS}


def test_edges_are_frozen_and_read_back_without_loss():
    one = sweep()
    edges = one.edges("OPUSDC")
    stored = stored_sweep_settings(one.sweep_id, one.settings.model_dump_json())
    assert stored == one.settings
    np.testing.assert_array_equal(edges_in_nanoseconds(edges_from_nanoseconds(edges)), edges)


def test_fits_are_counted_before_anything_runs():
    large = sweep(
        design="factorial", factors="label_smoothing,cleanlab=off,filter,reweight,filter_random", trials=0
    )
    ceiling = 4 * (3 + 1)  # repeats of each dose of noise, and of the truth
    assert (large.n_cells, large.n_fits) == (300, 25 * (12 * 4 + 15 + ceiling))
    standard = sweep()
    assert (standard.n_fits, standard.n_tuning_fits) == (
        25 * (5 * 4 + 5 + 15 * 3 * 2 + ceiling),
        25 * 15 * 3 * 2,
    )
    assert sweep(tune="per_variant").n_tuning_fits == 5 * standard.n_tuning_fits
    assert sweep(tune="off").n_tuning_fits == 0


@pytest.mark.parametrize("level", ["filter_temporal", "reweight_temporal", "filter_temporal_random"])
def test_levels_that_learn_from_candles_are_refused_for_ready_feature_caches(tmp_path: Path, level: str):
    settings = {"source": "features", "path": str(tmp_path), "factors": f"cleanlab=off,filter,{level}"}
    with pytest.raises(InputError, match=f"cleanlab = {level} learns from candles .* leave out {level}"):
        sweep(**settings)


@pytest.mark.parametrize("source", ["features", "candles"])
def test_only_the_market_serves_the_control_that_trains_on_the_truth(tmp_path: Path, source: str):
    settings = {"source": source, "path": str(tmp_path), "factors": "label_truth"}
    with pytest.raises(
        InputError, match=r"relabel_truth is a control .* only the embedded market knows them"
    ):
        sweep(**settings)
    assert [variant.name for variant in sweep(factors="label_truth").variants] == [
        "baseline",
        "relabel_truth",
    ]


def test_no_sweep_holds_the_truth_unless_its_control_is_named():
    for factors in ("label_smoothing,cleanlab", "label_smoothing,cleanlab,sample_weight,reseeded"):
        one = sweep(factors=factors)
        assert one.plan("OPUSDC").relabelling_treatments == ()
        assert "relabel_truth" not in {treatment.name for treatment in one.plan("OPUSDC").label_treatments}
    plain, control = sweep(), sweep(factors="label_smoothing,cleanlab,label_truth")
    assert control.artifact_key("smoothed_labels", "OPUSDC") != plain.artifact_key(
        "smoothed_labels", "OPUSDC"
    )
    assert control.plan("OPUSDC").relabelling_treatments == ("relabel_truth",)
