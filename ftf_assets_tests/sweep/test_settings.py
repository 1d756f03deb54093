"""Settings: validated in one place, every refusal names the setting, what came and what is allowed."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sweep.settings import SweepSettings, all_cryptos, crypto_groups, sweep_settings


def test_the_defaults_are_the_standard_protocol():
    settings = sweep_settings({})
    assert settings.crypto_names == ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC")
    assert settings.epsilons == {"none": (0, 0), "mild": (0.10, 0.02), "aggressive": (0.20, 0.05)}
    assert (settings.n_folds, settings.embargo_bars, settings.validation_fraction) == (5, 24, 0.15)
    assert (settings.min_rounds, settings.max_rounds, settings.patience) == (20, 400, 30)
    assert (settings.suspect_cap, settings.out_of_fold_blocks, settings.cost_bps) == (0.10, 5, 15)
    assert (settings.stop_atr, settings.target_atr, settings.horizon_bars) == (0.5, 1.5, 4)


def test_every_setting_has_a_description_that_fits_the_launchpad():
    for name, field in SweepSettings.model_fields.items():
        assert field.description, name
        assert len(field.description) < 100, name


REFUSED = [
    ({"n_folds": 0}, "bad value for the setting n_folds (found 0; allowed: >= 1, <= 100)"),
    ({"suspect_cap": "much"}, "bad value for the setting suspect_cap (found 'much'; allowed: >= 0, <= 0.5)"),
    (
        {"validation_fraction": 0.5},
        "bad value for the setting validation_fraction (found 0.5; allowed: > 0, < 0.5)",
    ),
    (
        {"design": "latin"},
        "bad value for the setting design (found 'latin'; allowed: one_factor, factorial, single)",
    ),
    ({"seed": -1}, "bad value for the setting seed (found -1; allowed: >= 0, < 2147483648)"),
    ({"cryptos": "OPUSDC,a'; drop table"}, 'unknown crypto (found "A\'; DROP TABLE"; allowed: UNIUSDC'),
    ({"cryptos": "../../x"}, "unknown crypto (found '../../X'"),
    ({"crypto_group": ""}, "unknown crypto group (found ''; allowed: defi_top5)"),
    ({"factor": "label_smoothing=none,extreme"}, "unknown level of factor label_smoothing (found 'extreme'"),
    (
        {"mild_epsilon_hold": 0.2},
        "smoothing level 'mild' is out of bounds (found epsilon_buy 0.1, epsilon_hold 0.2",
    ),
    ({"phase": ""}, "phase is one word (found ''"),
    ({"phase": "x" * 41}, "phase is one word"),
    (
        {"tune": "often"},
        "bad value for the setting tune (found 'often'; allowed: baseline, per_variant, off)",
    ),
    ({"tune_folds": 0}, "bad value for the setting tune_folds (found 0; allowed: >= 1, <= 20)"),
    ({"search_space": ""}, "search_space names no parameter (allowed: max_depth=2:8,learning_rate="),
    ({"search_space": "gamma=0:1"}, "unknown parameter in search_space (found 'gamma'; allowed: max_depth, "),
    ({"search_space": "max_depth"}, "gives max_depth a low and a high bound (found ''; allowed: max_depth=L"),
    ({"search_space": "max_depth=2:few"}, "gives max_depth a low and a high bound (found '2:few'"),
    ({"search_space": "max_depth=2:6:8"}, "gives max_depth a low and a high bound (found '2:6:8'"),
    (
        {"search_space": "max_depth=2:99"},
        "bounds of max_depth in search_space are not allowed (found '2:99'; allowed: whole numbers, 1 <= LOW",
    ),
    ({"search_space": "max_depth=2.5:8"}, "(found '2.5:8'; allowed: whole numbers"),
    ({"search_space": "subsample=0.9:0.6"}, "bounds of subsample in search_space are not allowed"),
    ({"search_space": "reg_lambda=nan:2"}, "bounds of reg_lambda in search_space are not allowed"),
    (
        {"search_space": "max_depth=6:8"},
        "must hold the default, which is the first trial (found '6:8'; allowed: LOW <= 5 <= HIGH)",
    ),
    ({"search_space": "max_depth=2:8,max_depth=3:8"}, "is named once (found 'max_depth' twice)"),
    ({"source": "features"}, "the source features needs a path. Name its folder with --path."),
    ({"embargo": 3}, "unknown setting (found 'embargo'; allowed: factor, design"),
    ({"market_noise": 0.5}, "bad value for the setting market_noise (found 0.5; allowed: >= 0, <= 0.25)"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_a_refusal_names_the_setting_what_came_and_what_is_allowed(values: dict[str, object], message: str):
    with pytest.raises(InputError) as refused:
        sweep_settings(values)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


TUNED = [
    ({}, ("baseline", 15)),
    ({"power_mode": "smoke"}, ("off", 0)),
    ({"power_mode": "deep"}, ("baseline", 30)),
    ({"power_mode": "deep", "trials": 2}, ("baseline", 2)),
    ({"power_mode": "smoke", "trials": 4, "tune": "per_variant"}, ("per_variant", 4)),
    ({"trials": 0, "tune": "per_variant"}, ("off", 0)),
    ({"power_mode": "deep", "tune": "off"}, ("off", 0)),
]


@pytest.mark.parametrize(("values", "expected"), TUNED, ids=str)
def test_the_power_mode_grants_the_trials_unless_they_are_given(values, expected):
    tuning = sweep_settings(values).tuning
    assert (tuning.mode, tuning.trials) == expected
    assert tuning.active is (expected[1] > 0)


def test_the_search_space_is_read_in_one_order_and_what_it_does_not_name_is_not_searched():
    space = sweep_settings({"search_space": " learning_rate=0.01:0.3, max_depth = 2:6 "}).tuning.space
    assert space == (("max_depth", (2.0, 6.0)), ("learning_rate", (0.01, 0.3)))


def test_named_cryptos_take_the_place_of_the_group_once_each_in_their_order():
    assert sweep_settings({"cryptos": " LDOUSDC, OPUSDC,LDOUSDC"}).crypto_names == ("LDOUSDC", "OPUSDC")


def test_every_crypto_of_every_group_is_a_partition():
    assert set(all_cryptos()) == {crypto for members in crypto_groups().values() for crypto in members}
