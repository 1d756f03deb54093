"""The launchpad's blocks, generated from the settings in the types that Dagster's configuration knows."""

from __future__ import annotations

from datetime import datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import dagster as dg
from pydantic import BaseModel, Field, create_model


def launchpad_group(settings: type[BaseModel]) -> type[dg.Config]:
    """Make a block of the launchpad from a group of settings.

    Bounds and rules stay with the settings: Dagster would check them inside the run and not name the setting.
    """
    group: type[dg.Config] = create_model(
        f"{settings.__name__}Block",
        __base__=dg.Config,
        __doc__=settings.__doc__,
        **launchpad_fields(settings),
    )
    return group


def launchpad_fields(settings: type[BaseModel]) -> dict[str, Any]:
    """Give the fields of a block: type, default and description of every setting."""
    return {
        name: (
            launchpad_type(field.annotation),
            Field(launchpad_value(field.default), description=field.description),
        )
        for name, field in settings.model_fields.items()
    }


def launchpad_type(annotation: Any) -> Any:
    """Translate a type for Dagster: a tuple is a list, an instant is text."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return annotation
    if origin is tuple:
        return list[launchpad_type(inner[0])]  # type: ignore[misc]
    if origin is dict:
        return dict[str, launchpad_type(inner[1])]  # type: ignore[misc]
    if origin in (Union, UnionType):
        (one,) = (kind for kind in inner if kind is not type(None))
        return launchpad_type(one) | None
    if origin is not None:  # Annotated[datetime, ...]
        return launchpad_type(inner[0])
    return str if annotation is datetime else annotation


def launchpad_value(value: Any) -> Any:
    """Translate a default likewise."""
    if isinstance(value, tuple):
        return [launchpad_value(one) for one in value]
    if isinstance(value, dict):
        return {name: launchpad_value(one) for name, one in value.items()}
    return value
