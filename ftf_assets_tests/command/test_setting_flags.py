"""The flags of a sweep mirror its settings: help, defaults and values come from the settings alone."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin

import click
import pytest
from click.testing import CliRunner

from ftf_assets.audit.settings import AuditSettings
from ftf_assets.command.main import cli
from ftf_assets.command.setting_flags import SETTING_OF_FLAG, settings_of
from ftf_assets.contracts.errors import InputError
from ftf_assets.sweep.setting_text import setting_from_text, text_of_setting
from ftf_assets.sweep.settings import SETTINGS, SweepSettings, sweep_settings

DEFAULTS = SweepSettings().by_name()
FLAG_OF_SETTING = {setting: flag for flag, setting in SETTING_OF_FLAG.items()}


def help_of(subcommand: str) -> dict[str, str]:
    """The help of a subcommand in entries, each by its first word: ``--seed`` or ``labels.horizon_bars``."""
    text = CliRunner().invoke(cli, [subcommand, "--help"], terminal_width=100).output
    entries = re.split(r"^  (?=[-a-z])", text.partition("Options:")[2], flags=re.MULTILINE)
    return {re.split(r"[ =\n]", entry)[0]: " ".join(entry.split()) for entry in entries}


def squeezed(text: str) -> str:
    """Without white space, so that a line break of the help makes no difference."""
    return "".join(text.split())


@pytest.fixture(scope="module", params=["sweep", "plan"])
def shown(request: pytest.FixtureRequest) -> dict[str, str]:
    return help_of(request.param)


@pytest.mark.parametrize("name", SETTINGS)
def test_help_shows_default_and_choices_of_every_setting(shown: dict[str, str], name: str):
    entry = squeezed(shown[FLAG_OF_SETTING.get(name, name)])
    assert squeezed(f"[default: {text_of_setting(name, DEFAULTS[name])}") in entry
    assert squeezed(str(SETTINGS[name].description)) in entry
    annotation = SETTINGS[name].annotation
    if get_origin(annotation) is Literal:
        assert "|".join(get_args(annotation)) in entry


def test_help_shows_the_bounds_of_a_number_and_the_names_that_a_registry_allows():
    shown = help_of("sweep")
    assert "[default: 7; >= 0, < 2147483648]" in shown["--seed"]
    assert "label_smoothing: none, mild, aggressive cleanlab: off, filter, reweight," in shown["--factor"]
    assert "UNIUSDC" in shown["--crypto"]
    assert "defi_top5" in shown["--crypto-group"]


def test_help_of_the_audit_shows_the_settings_of_the_audit():
    shown, defaults = help_of("audit"), AuditSettings()
    assert f"[default: {defaults.noise_seeds}; >= 5, <= 100]" in shown["--noise-seeds"]
    assert f"[default: {defaults.noise_share};" in shown["--noise-share"]
    assert "near_barrier" in shown["--kinds"]
    assert "horizon" in shown["labels.horizon_bars"]


def test_the_audit_has_no_flag_that_would_change_nothing():
    assert not {"--factor", "--design", "--trials", "--tune", "--power-mode", "--phase"} & {*help_of("audit")}


@pytest.mark.parametrize("subcommand", sorted(cli.commands))
def test_help_shows_the_default_of_every_flag_with_a_value(subcommand: str):
    takes_no_default = {"--set", "--results", "--help"}
    for parameter in cli.commands[subcommand].params:
        if isinstance(parameter, click.Option) and not parameter.is_flag:
            (flag,) = parameter.opts
            entry = squeezed(help_of(subcommand)[flag])
            assert flag in takes_no_default or "[default:" in entry or "[required]" in entry, flag


#: A value of each flag other than its default, and what it makes of the setting.
GIVEN: dict[str, tuple[Any, Any]] = {
    "--factor": (
        ("cleanlab=off,filter", "label_smoothing"),
        {"cleanlab": ("off", "filter"), "label_smoothing": ("none", "mild", "aggressive")},
    ),
    "--design": ("factorial", "factorial"),
    "--crypto-group": ("defi_top5", "defi_top5"),
    "--crypto": (("OPUSDC", "ldousdc"), ("OPUSDC", "LDOUSDC")),
    "--timeframe": ("60m", "1h"),
    "--allow-quote": (("btc", "EUR"), ("BTC", "EUR")),
    "--power-mode": ("deep", "deep"),
    "--trials": ("0", 0),
    "--tune": ("per_variant", "per_variant"),
    "--seed": ("8", 8),
    "--device": ("cpu", "cpu"),
    "--workers": ("3", 3),
    "--fits": ("dask://scheduler:8786", "dask://scheduler:8786"),
    "--phase": ("nightly", "nightly"),
    "--confirm-long-run": (True, True),
}


@pytest.mark.parametrize("flag", [*GIVEN])
def test_a_flag_sets_its_setting_and_no_other(flag: str):
    value, expected = GIVEN[flag]
    asked = settings_of({SETTING_OF_FLAG[flag]: value})
    assert asked.by_name() == {**DEFAULTS, SETTING_OF_FLAG[flag]: expected}


def test_every_flag_is_tried_above_or_needs_files():
    assert set(GIVEN) == set(SETTING_OF_FLAG) - {"--source", "--path"}


def test_the_command_hands_over_what_was_written_under_dotted_names():
    context = cli.commands["sweep"].make_context(
        "sweep",
        ["--crypto", "OPUSDC", "--crypto", "LDOUSDC", "--seed", "8", "--set", "labels.horizon_bars=6"],
    )
    others = ("home", "as_json", "submit", "deployment", "cancel")
    given = {name: value for name, value in context.params.items() if name not in others}
    settings = settings_of(given)
    assert settings.data.cryptos == ("OPUSDC", "LDOUSDC")
    assert (settings.training.seed, settings.labels.horizon_bars) == (8, 6)


@pytest.mark.parametrize("subcommand", ["sweep", "plan", "check"])
def test_factors_in_one_flag_or_in_several_are_the_same_settings(subcommand: str):
    def settings(*flags: str) -> SweepSettings:
        path = ["here"] if subcommand == "check" else []
        context = cli.commands[subcommand].make_context(subcommand, [*path, *flags])
        return settings_of({name: value for name, value in context.params.items() if "." in name})

    several = settings("--factor", "label_smoothing=none,mild", "--factor", "cleanlab=off,filter")
    assert several == settings("--factor", "label_smoothing=none,mild,cleanlab=off,filter")
    assert several.treatment.factors == {"label_smoothing": ("none", "mild"), "cleanlab": ("off", "filter")}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"data.cryptos": ("",)}, "unknown crypto: a pair is written in letters and digits (found ''"),
        (
            {"data.cryptos": ("OPUSDC", "")},
            "unknown crypto: a pair is written in letters and digits (found ''",
        ),
        ({"data.path": ""}, "bad value for the setting data.path (found ''"),
        ({"data.crypto_group": ""}, "unknown crypto group (found ''"),
        ({"treatment.factors": ("",)}, "a sweep needs at least one factor"),
        ({"treatment.factors": ("cleanlab", "")}, "a sweep needs at least one factor"),
        ({"treatment.factors": ("cleanlab=off", "filter")}, "unknown factor (found 'filter'"),
        (
            {"treatment.factors": ("cleanlab=off,filter", "cleanlab=off,relabel")},
            "a factor must be named only once (found 'cleanlab' twice",
        ),
        ({"training.trials": ""}, "bad value for the setting training.trials (found ''"),
        (
            {"assignments": ("data.cryptos=",)},
            "unknown crypto: a pair is written in letters and digits (found ''",
        ),
        ({"assignments": ("horizon_bars=6",)}, "Did you mean labels.horizon_bars?"),
        ({"assignments": ("labels.horizon_bar=6",)}, "Did you mean labels.horizon_bars?"),
        ({"assignments": ("folds.horizon_bars=6",)}, "Did you mean labels.horizon_bars?"),
    ],
)
def test_an_empty_value_and_an_unknown_name_are_refused(flags: dict[str, Any], message: str):
    with pytest.raises(InputError) as refused:
        settings_of(flags)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("flag", ["--home", "--sweep"])
def test_an_empty_folder_or_sweep_is_refused_instead_of_replaced_by_the_default(flag: str):
    done = CliRunner().invoke(cli, ["report", flag, ""])
    assert done.exit_code == 2
    assert f"Invalid value for '{flag}': it is empty; leave the flag out to get its default" in done.output


@pytest.mark.parametrize("name", SETTINGS)
def test_a_default_written_as_text_is_read_back_as_itself(name: str):
    text = text_of_setting(name, DEFAULTS[name])
    assert sweep_settings({name: setting_from_text(name, text)}) == SweepSettings()
