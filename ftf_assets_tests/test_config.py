"""Settings: validated in one place, every refusal names the setting, what came and what is allowed."""

from __future__ import annotations

import pytest

from ftf_assets.config import SweepSettings, all_cryptos, crypto_groups, sweep_settings
from ftf_assets.contracts.errors import InputError


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
    ({"n_folds": 0}, "setting n_folds is not allowed (found 0; allowed: >= 1, <= 100)"),
    ({"suspect_cap": "much"}, "setting suspect_cap is not allowed (found 'much'; allowed: >= 0, <= 0.5)"),
    (
        {"validation_fraction": 0.5},
        "setting validation_fraction is not allowed (found 0.5; allowed: > 0, < 0.5)",
    ),
    (
        {"design": "latin"},
        "setting design is not allowed (found 'latin'; allowed: one_factor, factorial, single)",
    ),
    ({"seed": -1}, "setting seed is not allowed (found -1; allowed: >= 0, < 2147483648)"),
    ({"cryptos": "OPUSDC,a'; drop table"}, 'unknown crypto (found "a\'; drop table"; allowed: UNIUSDC'),
    ({"cryptos": "../../x"}, "unknown crypto (found '../../x'"),
    ({"crypto_group": ""}, "unknown crypto group (found ''; allowed: defi_top5)"),
    ({"factor": "label_smoothing=none,extreme"}, "unknown level of factor label_smoothing (found 'extreme'"),
    (
        {"mild_epsilon_hold": 0.2},
        "smoothing level 'mild' is out of bounds (found epsilon_buy 0.1, epsilon_hold 0.2",
    ),
    ({"phase": ""}, "phase is one word (found ''"),
    ({"phase": "x" * 41}, "phase is one word"),
    ({"source": "features"}, "the source features needs a path. Name its folder with --path."),
    ({"embargo": 3}, "unknown setting (found 'embargo'; allowed: factor, design"),
    ({"market_noise": 0.5}, "setting market_noise is not allowed (found 0.5; allowed: >= 0, <= 0.25)"),
]


@pytest.mark.parametrize(("values", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_a_refusal_names_the_setting_what_came_and_what_is_allowed(values: dict[str, object], message: str):
    with pytest.raises(InputError) as refused:
        sweep_settings(values)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_named_cryptos_take_the_place_of_the_group_once_each_in_their_order():
    assert sweep_settings({"cryptos": " LDOUSDC, OPUSDC,LDOUSDC"}).crypto_names == ("LDOUSDC", "OPUSDC")


def test_every_crypto_of_every_group_is_a_partition():
    assert set(all_cryptos()) == {crypto for members in crypto_groups().values() for crypto in members}
