"""The audit's settings: every knob, its default and its bounds, in one place."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from ftf_assets.audit.kinds import chosen_kinds
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import typed


class AuditSettings(BaseModel):
    """The settings of an audit, as the launchpad, the command and the table ``noise_audit`` know them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kinds: tuple[str, ...] | None = Field(
        None,
        description="Kinds of noise, such as independent and bursts; leave it out for all.",
    )
    noise_share: float = Field(0.10, ge=0.02, le=0.15, description="Share of the labels that are flipped.")
    noise_seeds: int = Field(5, ge=5, le=100, description="Number of random draws per kind of noise.")

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if kinds is None else chosen_kinds(kinds)


@typed
def audit_settings(values: dict[str, Any]) -> AuditSettings:
    """Check settings and give them their types: the one place where an audit's settings are validated.

    Parameters
    ----------
    values
        Name to value; a setting that is absent takes its default.

    Raises
    ------
    InputError
        One line that names the setting, what came and what is allowed.
    """
    try:
        return AuditSettings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        if isinstance(rule := first.get("ctx", {}).get("error"), InputError):
            raise rule from None
        raise input_error(
            f"bad value for the audit setting {first['loc'][0]}: {first['msg'].lower()}",
            found=repr(first["input"]),
        ) from None
