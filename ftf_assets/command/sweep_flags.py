"""The flags of a sweep's settings, and the sweep that they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ftf_assets.command.options import together

if TYPE_CHECKING:
    from ftf_assets.sweep.sweep import Sweep

#: The setting that each flag gives; every other setting is reached with --set NAME=VALUE.
SETTING_OF_FLAG = {
    "factor": "treatment.factors",
    "crypto_group": "data.crypto_group",
    "cryptos": "data.cryptos",
    "power_mode": "training.power_mode",
    "trials": "training.trials",
    "tune": "training.tune",
    "design": "treatment.design",
    "phase": "run.phase",
    "confirm_long_run": "run.confirm_long_run",
    "source": "data.source",
    "path": "data.path",
    "workers": "run.workers",
    "device": "training.device",
    "seed": "training.seed",
}

sweep_flags = together(
    click.option(
        "--factor", help="Factors to vary: label_smoothing,cleanlab,sample_weight or cleanlab=off,filter,…"
    ),
    click.option("--crypto-group", help="Crypto group, such as defi_top5."),
    click.option("--crypto", "cryptos", multiple=True, help="A crypto instead of a group; repeat for more."),
    click.option("--power-mode", help="Search budget: smoke, standard or deep."),
    click.option("--trials", help="Tuning trials per (crypto, fold), instead of the power mode's."),
    click.option("--tune", help="Who is tuned: baseline, per-variant or off."),
    click.option("--design", help="one_factor or factorial."),
    click.option("--phase", help="Why the sweep is run: a word kept in every row."),
    click.option("--confirm-long-run", is_flag=True, default=None, help="Allow more than 500 fits."),
    click.option("--source", help="market, candles or features."),
    click.option("--path", help="Folder of the candle files or feature caches."),
    click.option("--workers", help="Fits at a time; default one a core."),
    click.option("--device", help="cpu or cuda."),
    click.option("--seed", help="Seed of the sweep."),
    click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting."),
)


def requested_sweep(flags: dict[str, Any]) -> Sweep:
    """Open the sweep that the flags ask for.

    Parameters
    ----------
    flags
        Values of ``sweep_flags`` by parameter name; None where a flag was not given.

    Raises
    ------
    click.UsageError, InputError
        One line that names the setting, what came and what is allowed.
    """
    from ftf_assets.sweep.setting_text import setting_from_text
    from ftf_assets.sweep.settings import sweep_settings
    from ftf_assets.sweep.sweep import open_sweep

    given = {name: value for name, value in flags.items() if value not in (None, ())}
    assignments = given.pop("assignments", ())
    texts = {SETTING_OF_FLAG[name]: value for name, value in given.items()}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes NAME=VALUE, found {assignment!r}")
        texts[name.strip()] = value.strip()
    if "training.tune" in texts:
        texts["training.tune"] = texts["training.tune"].replace("-", "_")
    values = {
        name: setting_from_text(name, value) if isinstance(value, str) else value
        for name, value in texts.items()
    }
    return open_sweep(sweep_settings(values))


def confirmed_sweep(flags: dict[str, Any]) -> Sweep:
    """Open the sweep that the flags ask for; a long one needs ``--confirm-long-run``.

    Raises
    ------
    click.UsageError, InputError
        As :func:`requested_sweep`, or a long sweep that was not confirmed.
    """
    sweep = requested_sweep(flags)
    sweep.require_confirmation()
    return sweep
