"""Settings: typed groups, and every refusal names the setting, what came and what is allowed."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.labels.cleaning.cleanlab_factor import CLEANLAB
from ftf_assets.sweep.crypto_groups import all_cryptos, crypto_groups
from ftf_assets.sweep.settings import (
    SETTINGS,
    SweepSettings,
    smoke_level,
    stored_sweep_settings,
    sweep_settings,
)
from ftf_assets.training.parameters import DEFAULT_PARAMETERS, DEFAULT_SEARCH_SPACE, SEARCHABLE
from ftf_assets.training.trades import Scoring
from ftf_assets_tests.support.settings import settings_of

GROUPS = ("data", "labels", "folds", "treatment", "training", "evaluation", "gate", "ceiling", "run")


def test_the_defaults_are_the_standard_protocol():
    settings = sweep_settings({})
    folds, training, labels = settings.folds, settings.training, settings.labels
    assert settings.data.crypto_names == ("UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC")
    assert settings.treatment.factors == {
        "label_smoothing": ("none", "mild", "aggressive"),
        "cleanlab": ("off", "filter", "reweight"),
    }
    assert settings.treatment.epsilons == {"none": (0, 0), "mild": (0.10, 0.02), "aggressive": (0.20, 0.05)}
    assert (settings.treatment.suspect_cap, settings.treatment.out_of_fold_blocks) == (0.10, 5)
    assert (folds.n_folds, folds.embargo_bars, folds.validation_fraction) == (5, 24, 0.15)
    assert (training.min_rounds, training.max_rounds, training.patience) == (20, 1500, 60)
    assert (labels.stop_atr, labels.target_atr, labels.horizon_bars) == (0.5, 1.5, 4)
    assert settings.evaluation.cost_bps == 15
    assert settings.evaluation.scoring == Scoring(cost=0.0015, trade_share=0.10)


@pytest.mark.parametrize(
    ("default_levels", "controls", "level"),
    [
        (("off", "mild", "strong", "random"), ("random",), "strong"),
        (("off", "mild"), (), "mild"),
        (("off", "random"), ("random",), "random"),
        (("off",), (), "off"),
    ],
)
def test_the_smoke_treats_with_the_last_treatment_of_a_factor(default_levels, controls, level):
    factor = replace(CLEANLAB, baseline="off", default_levels=default_levels, controls=controls)
    assert smoke_level(factor) == level


def test_settings_come_in_groups_and_what_is_absent_is_none_and_not_a_code():
    settings = sweep_settings({})
    training = settings.training
    assert tuple(SweepSettings.model_fields) == GROUPS
    assert (settings.data.path, settings.data.cryptos, settings.folds.edges) == (None, None, None)
    assert (training.seeds, training.trials, settings.run.workers) == (None, None, None)


def test_every_setting_has_a_description_that_fits_the_launchpad():
    for name, field in SETTINGS.items():
        assert field.description, name
        assert len(field.description) < 100, name


@pytest.mark.parametrize("written", ["DOGEUSDT", "doge/usdt", "Doge_USDT", " DOGE-USDT "])
def test_files_are_swept_for_any_pair_however_it_is_written(written: str):
    settings = sweep_settings({"data.source": "candles", "data.path": "own", "data.cryptos": [written]})
    assert settings.data.crypto_names == ("DOGEUSDT",)


def test_dotted_names_and_nested_groups_give_the_same_settings():
    dotted = sweep_settings({"labels.horizon_bars": 6, "folds.n_folds": 3})
    assert dotted == sweep_settings({"labels": {"horizon_bars": 6}, "folds": {"n_folds": 3}})
    assert dotted.labels.horizon_bars == 6


REFUSED = [
    ({"n_folds": 0}, "bad value for the setting folds.n_folds (found 0; allowed: >= 1, <= 100)"),
    (
        {"suspect_cap": "much"},
        "bad value for the setting treatment.suspect_cap (found 'much'; allowed: >= 0, <= 0.5)",
    ),
    (
        {"validation_fraction": 0.5},
        "bad value for the setting folds.validation_fraction (found 0.5; allowed: > 0, < 0.5)",
    ),
    (
        {"design": "latin"},
        "bad value for the setting treatment.design (found 'latin'; allowed: one_factor, factorial, single)",
    ),
    ({"seed": -1}, "bad value for the setting training.seed (found -1; allowed: >= 0, < 2147483648)"),
    ({"cryptos": "DOGEUSDT"}, "unknown crypto (found 'DOGEUSDT'; allowed: UNIUSDC"),
    ({"cryptos": "OPUSDC,a'; drop table"}, 'letters and digits (found "A\'; DROP TABLE"; allowed: A-Z'),
    ({"cryptos": "../../x"}, "letters and digits (found '../../X'"),
    ({"cryptos": "OP/US/DC"}, "letters and digits (found 'OP/US/DC'"),
    ({"cryptos": ""}, "letters and digits (found ''; allowed: A-Z"),
    ({"cryptos": ()}, "data.cryptos must name at least one crypto (allowed: UNIUSDC"),
    (
        {"allow_quote": "btc,X-Z"},
        "column 'data.allow_quote': a quote currency is 2 to 10 letters and digits (found 'X-Z'; ",
    ),
    (
        {"separator": "ab"},
        "column 'data.separator': the separator must be one sign (found 'ab'; allowed: comma,",
    ),
    (
        {"zone": "Berlin"},
        "column 'data.zone': unknown time zone (found 'Berlin'; allowed: a name of the IANA",
    ),
    ({"decimal": ","}, "bad value for the setting data.decimal (found ','; allowed: point, comma)"),
    (
        {"date_order": "dmy"},
        "bad value for the setting data.date_order (found 'dmy'; allowed: auto, day_first, ",
    ),
    (
        {"bar": "60"},
        "column 'data.bar': a bar length is a number and its unit (found '60'; allowed: such as 30s, ",
    ),
    ({"stamp": "end"}, "bad value for the setting data.stamp (found 'end'; allowed: open, close, auto)"),
    ({"crypto_group": ""}, "unknown crypto group (found ''; allowed: defi_top5)"),
    ({"crypto_group": "none"}, "unknown crypto group (found None; allowed: defi_top5)"),
    ({"factors": "label_smoothing=none,extreme"}, "unknown level of factor label_smoothing (found 'extreme'"),
    ({"factors": {}}, "a sweep needs at least one factor"),
    ({"factors": "cleanlab=off"}, "nothing to compare: the sweep is the baseline alone (found cleanlab=off"),
    (
        {"mild_epsilon_hold": 0.2},
        "smoothing level 'mild' is out of bounds (found epsilon_buy 0.1, epsilon_hold 0.2",
    ),
    ({"phase": ""}, "run.phase must be one word (found ''"),
    ({"phase": "x" * 41}, "run.phase must be one word"),
    (
        {"tune": "often"},
        "bad value for the setting training.tune (found 'often'; allowed: baseline, per_variant, off)",
    ),
    ({"tune_folds": 0}, "bad value for the setting training.tune_folds (found 0; allowed: >= 1, <= 20)"),
    ({"trials": -1}, "bad value for the setting training.trials (found -1; allowed: >= 0, <= 10000)"),
    ({"workers": 0}, "bad value for the setting run.workers (found 0; allowed: >= 1, <= 1024)"),
    ({"min_rounds": 1501}, "training.min_rounds must not exceed training.max_rounds (found 1501 > 1500)"),
    (
        {"search_space": ""},
        "search_space must name at least one parameter (allowed: max_depth, learning_rate",
    ),
    ({"search_space": "gamma=0:1"}, "unknown parameter in search_space (found 'gamma'; allowed: max_depth, "),
    (
        {"search_space": "max_depth"},
        "each search_space entry must be NAME=LOW:HIGH (found 'max_depth'; allowed: max_depth=L",
    ),
    (
        {"search_space": "max_depth=2:few"},
        "each search_space entry must be NAME=LOW:HIGH (found 'max_depth=2:few'",
    ),
    (
        {"search_space": "max_depth=2:6:8"},
        "each search_space entry must be NAME=LOW:HIGH (found 'max_depth=2:6:8'",
    ),
    (
        {"search_space": "max_depth=2:99"},
        "bounds of max_depth in search_space are not allowed (found 2:99; allowed: whole numbers, 1 <= LOW",
    ),
    ({"search_space": "max_depth=2.5:8"}, "(found 2.5:8; allowed: whole numbers"),
    ({"search_space": "subsample=0.9:0.6"}, "bounds of subsample in search_space are not allowed"),
    ({"search_space": "reg_lambda=nan:2"}, "bounds of reg_lambda in search_space are not allowed"),
    (
        {"search_space": "max_depth=6:8"},
        "must include the default, which is the first trial (found 6:8; allowed: LOW <= 3 <= HIGH)",
    ),
    ({"search_space": "max_depth=2:8,max_depth=3:8"}, "must be named only once (found 'max_depth' twice)"),
    ({"source": "features"}, "the source features needs a path. Name its folder with --path."),
    ({"path": "somewhere"}, "the embedded market takes no path (found 'somewhere')"),
    ({"path": ""}, "bad value for the setting data.path (found ''; allowed: text or none)"),
    (
        {"edges": "2024-01-01,2024-02-01"},
        "folds.edges must be UTC instants (found '2024-01-01'; allowed: such",
    ),
    ({"edges": "soon"}, "folds.edges must be UTC instants (found 'soon'"),
    ({"edges": "2024", "n_folds": 1}, "folds.edges must be UTC instants (found '2024'"),
    (
        {"edges": "2024-02-01T00:00Z,2024-01-01T00:00Z", "n_folds": 1},
        "folds.edges must increase and number one more than folds.n_folds (found 2024-02-01T00:00:00+00:00, "
        "2024-01-",
    ),
    (
        {"edges": "2024-01-01T00:00Z,2024-02-01T00:00Z", "n_folds": 1, "calendar": "per_crypto"},
        "folds.edges may be given only when folds.calendar is common (found calendar per_crypto)",
    ),
    (
        {"market_noise": 0.5},
        "bad value for the setting data.market_noise (found 0.5; allowed: >= 0, <= 0",
    ),
    (
        {"market_edge": 1.3},
        "bad value for the setting data.market_edge (found 1.3; allowed: >= 0, <= 1.2",
    ),
    ({"market_edge": -0.1}, "bad value for the setting data.market_edge (found -0.1; allowed: >= 0"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_a_refusal_names_the_setting_what_came_and_what_is_allowed(values: dict[str, object], message: str):
    with pytest.raises(InputError) as refused:
        settings_of(**values)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "labels.colour",
            "unknown setting (found 'labels.colour'; allowed: labels.stop_atr, labels.target_atr",
        ),
        ("colour", "unknown setting (found 'colour'; allowed: data.source, data.path"),
        ("horizon_bars", "unknown setting (found 'horizon_bars'). Did you mean labels.horizon_bars?"),
        ("barriers.horizon_bars", "Did you mean labels.horizon_bars?"),
        ("labels.horizn_bars", "Did you mean labels.horizon_bars?"),
        ("fold_edges", "Did you mean folds.edges?"),
        ("folds.embargo", "Did you mean folds.embargo_bars?"),
        ("atr", "Did you mean labels.stop_atr or labels.target_atr?"),
    ],
)
def test_an_unknown_name_is_answered_with_the_closest_names_or_with_all(name: str, message: str):
    with pytest.raises(InputError) as refused:
        sweep_settings({name: 3})
    assert message in str(refused.value)


def test_a_group_is_a_mapping():
    with pytest.raises(InputError, match="folds is a group of settings"):
        sweep_settings({"folds": 5})


STORED = [
    ({"training": {"min_rounds": 1501}}, "training.min_rounds must not exceed training.max_rounds"),
    ({"folds": {"n_folds": 0}}, "bad value for the setting folds.n_folds"),
    ({"data": {"cryptos": ["DOGEUSDC"]}}, "unknown crypto"),
    ({"n_folds": 5}, "unknown setting (found 'n_folds'"),
]


@pytest.mark.parametrize(("stored", "message"), STORED, ids=lambda value: str(value)[:50])
def test_stored_settings_are_held_to_every_rule_too(stored: dict[str, object], message: str):
    with pytest.raises(StoreError) as refused:
        stored_sweep_settings("ftf_0123456789ab", json.dumps(stored))
    assert message in str(refused.value)
    assert "ftf_0123456789ab" in str(refused.value)
    assert "run the sweep again" in str(refused.value)


def test_a_changed_copy_is_held_to_every_rule_too():
    settings = sweep_settings({})
    assert settings.with_changes(labels={"horizon_bars": 6}).labels.horizon_bars == 6
    with pytest.raises(InputError, match="must not exceed"):
        settings.with_changes(training={"min_rounds": 1501})


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
    tuning = settings_of(**values).training.tuning
    assert (tuning.mode, tuning.trials) == expected
    assert tuning.active is (expected[1] > 0)


def test_the_search_space_holds_the_defaults_well_inside_its_bounds():
    for name, (low, high) in DEFAULT_SEARCH_SPACE.items():
        scale = math.log if SEARCHABLE[name].log else float
        place = (scale(DEFAULT_PARAMETERS[name]) - scale(low)) / (scale(high) - scale(low))
        assert 0.2 <= place <= 0.8, name


def test_the_search_space_is_read_in_one_order_and_what_it_does_not_name_is_not_searched():
    space = settings_of(search_space=" learning_rate=0.01:0.3, max_depth = 2:6 ").training.tuning.space
    assert space == (("max_depth", (2.0, 6.0)), ("learning_rate", (0.01, 0.3)))


def test_named_cryptos_take_the_place_of_the_group_once_each_in_their_order():
    assert settings_of(cryptos=" LDOUSDC, OPUSDC,LDOUSDC").data.crypto_names == ("LDOUSDC", "OPUSDC")


def test_every_crypto_of_every_group_is_a_partition():
    assert set(all_cryptos()) == {crypto for members in crypto_groups().values() for crypto in members}
