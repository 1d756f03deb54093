"""Settings in tests: by the unique name of the field, whatever its group, and as the command writes them."""

from __future__ import annotations

from typing import Any

from ftf_assets.sweep.setting_text import setting_from_text
from ftf_assets.sweep.settings import SETTINGS, SweepSettings, sweep_settings

#: Field name to dotted name: no two groups have a field of one name, which makes tests short.
DOTTED = {name.partition(".")[2]: name for name in SETTINGS}
assert len(DOTTED) == len(SETTINGS)


def dotted(settings: dict[str, Any]) -> dict[str, Any]:
    """Give settings by dotted name; text is read as the command reads it."""
    return {
        DOTTED[name]: setting_from_text(DOTTED[name], value) if isinstance(value, str) else value
        for name, value in settings.items()
    }


def settings_of(**settings: Any) -> SweepSettings:
    """Settings with some of them changed, by field name: ``settings_of(n_folds=2, cryptos="OPUSDC")``."""
    return sweep_settings(dotted(settings))


def set_options(**settings: object) -> tuple[str, ...]:
    """Word settings as options of the command: ``--set folds.n_folds=2``."""
    return tuple(word for name, value in settings.items() for word in ("--set", f"{DOTTED[name]}={value}"))
