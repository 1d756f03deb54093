"""The flags that are settings of a sweep, and the sweep that they ask for.

A flag mirrors one setting of :mod:`ftf_assets.sweep.settings`. Its help is written from that setting:
description, choices or bounds, default. The settings are imported when a sweep is opened or help is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.shared_flags import Decorator, together

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from ftf_assets.storage.home import Home
    from ftf_assets.sweep.settings import SweepSettings
    from ftf_assets.sweep.sweep import Sweep

#: The setting of each flag; ``--set NAME=VALUE`` reaches every setting.
SETTING_OF_FLAG = {
    "--factor": "treatment.factors",
    "--design": "treatment.design",
    "--crypto-group": "data.crypto_group",
    "--crypto": "data.cryptos",
    "--source": "data.source",
    "--path": "data.path",
    "--timeframe": "data.bar",
    "--allow-quote": "data.allow_quote",
    "--power-mode": "training.power_mode",
    "--trials": "training.trials",
    "--tune": "training.tune",
    "--seed": "training.seed",
    "--device": "training.device",
    "--workers": "run.workers",
    "--fits": "run.fits",
    "--phase": "run.phase",
    "--confirm-long-run": "run.confirm_long_run",
}
_HOW_TO_WRITE = {
    "--factor": "For example label_smoothing,cleanlab or cleanlab=off,filter. Repeat the flag for more.",
    "--crypto": "Repeat the flag for more.",
    "--allow-quote": "Repeat the flag for more.",
}


#: Flags that may be repeated.
_REPEATED = ("--factor", "--crypto", "--allow-quote")


class SettingOption(click.Option):
    """A flag that mirrors a setting; the subcommand gets its value as text, under the setting's dotted name.

    Parameters
    ----------
    setting
        Dotted name; ``audit.`` precedes the settings of the noise audit.
    """

    def __init__(self, *args: Any, setting: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = setting

    def get_help_record(self, _context: click.Context) -> tuple[str, str]:
        """Write the flag and its help, from the setting as it is declared."""
        name, field = str(self.name), _field(str(self.name))
        metavar = "" if self.is_flag else f" {_metavar(field)}"
        default = self.show_default if isinstance(self.show_default, str) else None
        return f"{self.opts[0]}{metavar}", _describe(name, field, self.help or "", default)


class SweepCommand(click.Command):
    """A subcommand with the flags of a sweep; its help ends with the settings that have no flag."""

    def format_epilog(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the settings without a flag."""
        from ftf_assets.sweep.settings import SETTINGS

        with formatter.section("Other settings, given with --set NAME=VALUE"):
            formatter.write_dl(
                [
                    (f"{name}={_metavar(field)}", _describe(name, field))
                    for name, field in SETTINGS.items()
                    if name not in SETTING_OF_FLAG.values()
                ]
            )


set_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any setting by its dotted name, such as labels.horizon_bars=6. Repeat the flag for more.",
)


def setting_flag(flag: str, setting: str, **attributes: Any) -> Decorator:
    """Make the decorator of a flag that mirrors a setting."""
    return click.option(flag, cls=SettingOption, setting=setting, **attributes)


def sweep_flags_without(*left_out: str) -> Decorator:
    """Make the decorator of the flags of a sweep, but for some."""
    return together(
        *(
            setting_flag(
                flag,
                setting,
                help=_HOW_TO_WRITE.get(flag),
                multiple=flag in _REPEATED,
                **({"is_flag": True, "default": None} if flag == "--confirm-long-run" else {}),
            )
            for flag, setting in SETTING_OF_FLAG.items()
            if flag not in left_out
        ),
        set_option,
    )


sweep_flags = sweep_flags_without()


def settings_of(flags: Mapping[str, Any]) -> SweepSettings:
    """Read the settings that the flags ask for.

    Parameters
    ----------
    flags
        Texts by dotted name, or mappings by group, and the texts of ``--set`` under ``assignments``; None
        where a flag was not given.

    Raises
    ------
    click.UsageError, InputError
        One line that names the setting, what came and what is allowed.
    """
    from ftf_assets.sweep.settings import sweep_settings

    return sweep_settings(given_settings(flags))


def given_settings(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Give the settings that the flags name, each in its type, by dotted name.

    Raises
    ------
    click.UsageError, InputError
        ``--set`` without a value, or a text that is no value of its setting.
    """
    from ftf_assets.sweep.setting_text import factors_from_texts, setting_from_text

    given = {name: value for name, value in flags.items() if value not in (None, ())}
    for assignment in given.pop("assignments", ()):
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes NAME=VALUE, found {assignment!r}")
        given[name.strip()] = value.strip()
    if isinstance(factors := given.get("treatment.factors"), tuple):
        given["treatment.factors"] = factors_from_texts(factors)
    return {
        name: setting_from_text(name, value) if isinstance(value, str) else value
        for name, value in given.items()
    }


def requested_sweep(flags: Mapping[str, Any]) -> Sweep:
    """Open the sweep that the flags ask for.

    Raises
    ------
    click.UsageError, InputError
        As :func:`settings_of`, or input files that cannot be used.
    """
    from ftf_assets.sweep.sweep import open_sweep

    return open_sweep(settings_of(flags))


def confirmed_sweep(flags: Mapping[str, Any], home: Home) -> Sweep:
    """Open the sweep that the flags ask for; a long one needs ``--confirm-long-run``.

    Parameters
    ----------
    flags
        As in :func:`requested_sweep`.
    home
        Its finished fits are not made again and give the pace of the others.

    Raises
    ------
    click.UsageError, InputError
        As :func:`requested_sweep`, or a long sweep that was not confirmed.
    """
    from ftf_assets.storage.time_estimate import require_confirmed_sweep

    sweep = requested_sweep(flags)
    require_confirmed_sweep(sweep, home)
    return sweep


def _field(name: str) -> FieldInfo:
    from ftf_assets.audit.settings import AuditSettings
    from ftf_assets.sweep.settings import SETTINGS

    group, _, setting = name.partition(".")
    return AuditSettings.model_fields[setting] if group == "audit" else SETTINGS[name]


def _metavar(field: FieldInfo) -> str:
    from ftf_assets.sweep.settings import choices_of

    return "|".join(choices_of(field)) or "VALUE"


def _describe(name: str, field: FieldInfo, how_to_write: str = "", default: str | None = None) -> str:
    from ftf_assets.sweep.settings import bounds_of

    shown = f"default: {default or _default_text(name)}"
    notes = "; ".join(part for part in (shown, bounds_of(field), _names_allowed(name)) if part)
    first = " ".join(part for part in (field.description, how_to_write, f"[{notes}]") if part)
    return "\n\n".join((first, *_levels_allowed(name)))


def _default_text(name: str) -> str:
    from ftf_assets.audit.settings import AuditSettings
    from ftf_assets.sweep.setting_text import text_of_setting
    from ftf_assets.sweep.settings import SweepSettings

    group, _, setting = name.partition(".")
    return text_of_setting(
        name, getattr(AuditSettings(), setting) if group == "audit" else SweepSettings().by_name()[name]
    )


def _levels_allowed(name: str) -> list[str]:
    """Write the levels that each factor allows, one paragraph per factor; empty for any other setting."""
    from ftf_assets.labels.factor_registry import FACTORS

    if name != "treatment.factors":
        return []
    return [f"{factor}: {', '.join(of.levels)}" for factor, of in FACTORS.items()]


def _names_allowed(name: str) -> str:
    """Write the names that a registry allows for a setting whose type does not list them."""
    from ftf_assets.audit.kinds import NOISE_KINDS
    from ftf_assets.sweep.crypto_groups import all_cryptos, crypto_groups

    match name:
        case "data.crypto_group":
            return f"allowed: {', '.join(crypto_groups())}"
        case "data.cryptos":
            return f"allowed: {', '.join(all_cryptos())}; with --path any pair, such as DOGE/USDT"
        case "audit.kinds":
            return f"allowed: {', '.join(NOISE_KINDS)}"
    return ""
