"""The settings of a sweep: all groups together, read from the command, the launchpad or a store."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ftf_assets.contracts.errors import InputError, StoreError, input_error, shown
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.factor import Factor
from ftf_assets.labels.factor_registry import INSTALLED
from ftf_assets.sweep.data_settings import DataSettings
from ftf_assets.sweep.setting_groups import (
    CeilingSettings,
    DecisionSettings,
    EvaluationSettings,
    FoldSettings,
    LabelSettings,
    RunSettings,
    SettingsGroup,
    TrainingSettings,
    TreatmentSettings,
)


@typed
def smoke_level(factor: Factor) -> str:
    """Name the last treatment of a factor's default levels; a control only where it has no treatment."""
    moved = [level for level in factor.default_levels if level != factor.baseline]
    return ([level for level in moved if level not in factor.controls] or moved or [factor.baseline])[-1]


#: The smoke: one fold and one variant, which passes through every stage and every factor, installed ones too.
SMOKE: dict[str, dict[str, Any]] = {
    "treatment": {
        "factors": {
            "label_smoothing": ["mild"],
            "cleanlab": ["reweight"],
            "sample_weight": ["uniqueness"],
            **{factor.name: [smoke_level(factor)] for factor in INSTALLED},
        },
        "design": "single",
    },
    "folds": {"n_folds": 1},
    "training": {"power_mode": "smoke"},
    "ceiling": {"enabled": False},
    "run": {"phase": "smoke"},
}


class SweepSettings(SettingsGroup):
    """The settings of a sweep, in the same groups in code, launchpad, ``--set`` and stored JSON.

    Every rule, also one between two settings, is checked whenever the settings are made or read back.

    Examples
    --------
    >>> settings = sweep_settings({"labels.horizon_bars": 6, "data.cryptos": ["OPUSDC"]})
    >>> settings.labels.horizon_bars, settings.data.crypto_names
    (6, ('OPUSDC',))
    """

    data: DataSettings = DataSettings()
    labels: LabelSettings = LabelSettings()
    folds: FoldSettings = FoldSettings()
    treatment: TreatmentSettings = TreatmentSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    gate: DecisionSettings = DecisionSettings()
    ceiling: CeilingSettings = CeilingSettings()
    run: RunSettings = RunSettings()

    @property
    def compares_variants(self) -> bool:
        """Whether the sweep has levels to compare with a baseline: the design ``single`` has none."""
        return self.treatment.design != "single"

    @property
    def checks_seed(self) -> bool:
        """Whether the baseline is fitted once more for its seed noise: not with several seeds, nor alone."""
        return self.training.seed_check and self.training.n_seeds == 1 and self.compares_variants

    def by_name(self) -> dict[str, Any]:
        """Every setting by its dotted name."""
        return {name: self.value(name) for name in SETTINGS}

    def value(self, name: str) -> object:
        """One setting by its dotted name."""
        group, _, field = name.partition(".")
        value: object = getattr(getattr(self, group), field)
        return value

    def with_changes(self, **groups: Mapping[str, Any]) -> SweepSettings:
        """Copy the settings with some of them changed, given by group; the copy is validated.

        Raises
        ------
        InputError
            As :func:`sweep_settings`.
        """
        content = self.model_dump()
        for group, values in groups.items():
            content[group] |= values
        return sweep_settings(content)

    def following_group(self) -> SweepSettings:
        """Give the same settings for the crypto group as it is now; named cryptos stay those named."""
        if self.data.crypto_group is None:
            return self
        return self.with_changes(data={"cryptos": None, "skipped": None})


#: Every setting by its dotted name, such as ``labels.horizon_bars``.
SETTINGS: dict[str, FieldInfo] = {
    f"{group}.{name}": field
    for group, of_group in SweepSettings.model_fields.items()
    for name, field in of_group.annotation.model_fields.items()  # type: ignore[union-attr]
}


def sweep_settings(values: Mapping[str, Any]) -> SweepSettings:
    """Check settings and give them their types.

    Parameters
    ----------
    values
        Settings by dotted name (``labels.horizon_bars``) or as mappings by group; what is absent takes its
        default.

    Raises
    ------
    InputError
        One line that names the setting, what came and what is allowed.
    """
    nested: dict[str, Any] = {}
    for name, value in values.items():
        group, dot, setting = name.partition(".")
        if group not in SweepSettings.model_fields or (dot and name not in SETTINGS):
            raise _unknown_setting(name)
        of_group = {setting: value} if dot else value
        if not isinstance(of_group, Mapping):
            raise input_error(
                f"{group} is a group of settings", found=repr(value), allowed="a mapping of settings"
            )
        nested[group] = {**nested.get(group, {}), **of_group}
    try:
        return SweepSettings.model_validate(nested)
    except ValidationError as error:
        raise _in_one_line(error) from None


def stored_sweep_settings(sweep_id: str, text: str) -> SweepSettings:
    """Read resolved settings back from the JSON text in which a store keeps them.

    Raises
    ------
    StoreError
        Settings that this version does not know or would not accept.
    """
    try:
        return SweepSettings.model_validate_json(text)
    except ValidationError as error:
        raise StoreError(
            f"the stored settings of sweep {shown(sweep_id)} were written by another version of ftf: "
            f"{_in_one_line(error)}. Use the ftf that wrote them, with the factors installed there, or run "
            "the sweep again"
        ) from None


def choices_of(field: FieldInfo) -> tuple[str, ...]:
    """Name the values that an enumeration allows; empty for any other setting."""
    annotation = field.annotation
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()


def bounds_of(field: FieldInfo) -> str:
    """Write the bounds of a number, such as ``>= 1, <= 100``; empty without any."""
    return ", ".join(
        f"{sign} {getattr(constraint, attribute)}"
        for constraint in field.metadata
        for attribute, sign in (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))
        if getattr(constraint, attribute, None) is not None
    )


def _in_one_line(error: ValidationError) -> InputError:
    first = error.errors()[0]
    if isinstance(rule := first.get("ctx", {}).get("error"), InputError):
        return rule
    name = ".".join(map(str, first["loc"][:2])) or "settings"
    if first["type"] == "extra_forbidden":
        return _unknown_setting(name)
    if name not in SETTINGS:  # stored JSON that is not a mapping, or a value where a group belongs
        return input_error("expected a mapping of settings", column=name, found=repr(first["input"]))
    field = SETTINGS[name]
    allowed = ", ".join(choices_of(field)) or bounds_of(field) or _kind_of(field)
    return input_error(f"bad value for the setting {name}", found=repr(first["input"]), allowed=allowed)


def _unknown_setting(name: str) -> InputError:
    if meant := _closest_settings(name):
        return input_error("unknown setting", found=repr(name), fix=f"Did you mean {' or '.join(meant)}?")
    group, dot, _ = name.partition(".")
    of_group = [one for one in SETTINGS if dot and one.startswith(f"{group}.")]
    return input_error("unknown setting", found=repr(name), allowed=", ".join(of_group or SETTINGS))


def _closest_settings(name: str) -> list[str]:
    """Find the settings that an unknown name may mean: a wrong group, a typing error or a part of a name."""
    last_words = {one: one.rpartition(".")[2] for one in SETTINGS}
    last_word = name.rpartition(".")[2]
    close_words = get_close_matches(last_word, last_words.values(), n=1, cutoff=0.8)
    return (
        [one for one, word in last_words.items() if word == last_word]
        or get_close_matches(name, SETTINGS, n=1, cutoff=0.8)
        or [one for one, word in last_words.items() if word in close_words]
        or [one for one, word in last_words.items() if len(last_word) > 2 and last_word in word][:4]
    )


def _kind_of(field: FieldInfo) -> str:
    kinds = (
        get_args(field.annotation)
        if get_origin(field.annotation) in (Union, UnionType)
        else (field.annotation,)
    )
    words = {
        bool: "true or false", int: "a whole number", float: "a number", str: "text",
        tuple: "a list", dict: "a mapping", type(None): "none",
    }  # fmt: skip
    return " or ".join(words[get_origin(kind) or kind] for kind in kinds)
