"""The launchpad: it opens filled with every default, as YAML that means the same to whoever reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from ftf_assets.audit.settings import AuditSettings
from ftf_assets.sweep.settings import SweepSettings


def pairs(settings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every name of settings, with its default where that is one word or number."""
    for name, value in settings.items():
        inner = list(pairs(value)) if isinstance(value, dict) else []
        yield name, value if isinstance(value, (str, int, float)) and value != "" else None
        yield from inner


@pytest.mark.parametrize("settings", [SweepSettings(), AuditSettings()])
def test_no_name_and_no_default_reads_as_something_else(settings: BaseModel):
    """Such as ``on``, which YAML takes for true: the launchpad writes names and words without quotes."""
    for name, value in pairs(settings.model_dump(mode="json")):
        text = "null" if value is None else str(value).lower() if isinstance(value, bool) else value
        assert yaml.safe_load(f"{name}: {text}") == {name: value}
