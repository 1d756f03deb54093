"""Variants: the treatments that a sweep compares, known before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.factors import FACTORS

Design = Literal["one_factor", "factorial", "single"]
BASELINE = "baseline"


@dataclass(frozen=True)
class Variant:
    """A level for every factor of the registry.

    Attributes
    ----------
    levels
        Pairs (factor, level) in the registry's order; a factor that a sweep leaves alone is at its baseline.
    """

    levels: tuple[tuple[str, str], ...]

    def __getitem__(self, factor: str) -> str:
        return dict(self.levels)[factor]

    @property
    def name(self) -> str:
        """The levels that differ from the baseline, joined by ``+``; ``baseline`` where none does."""
        moved = [level for factor, level in self.levels if level != FACTORS[factor].baseline]
        return "+".join(moved) or BASELINE


@typed
def parse_factors(text: str) -> dict[str, tuple[str, ...]]:
    """Read ``label_smoothing,cleanlab`` or ``cleanlab=off,filter,filter_random`` into levels per factor.

    A factor without levels takes its default levels. A word after ``factor=level`` that is no factor's name
    is another level of the same factor.

    Raises
    ------
    InputError
        An unknown factor or level, a factor named twice, or no factor at all.
    """
    chosen: dict[str, list[str]] = {}
    current: str | None = None
    for word in (w.strip() for w in text.split(",") if w.strip()):
        name, equals, level = (part.strip() for part in word.partition("="))
        if equals or name in FACTORS:
            _check_factor(name, chosen)
            chosen[name] = []
            current = name if equals else None
        elif current is None:
            _check_factor(name, chosen)
        else:
            level = name
        if level:
            _check_level(str(current), level)
            chosen[str(current)].append(level)
    if not chosen:
        raise input_error("a sweep needs at least one factor", allowed=", ".join(FACTORS))
    return {
        name: tuple(dict.fromkeys(levels)) or FACTORS[name].default_levels for name, levels in chosen.items()
    }


@typed
def expand_variants(levels: Mapping[str, tuple[str, ...]], design: Design) -> tuple[Variant, ...]:
    """Expand levels per factor into the variants of a design, the baseline first.

    Parameters
    ----------
    levels
        Levels per factor; the factor's baseline is added where it is missing, save for ``single``.
    design
        ``one_factor``: each factor's levels with the others at their baseline, shared variants once.
        ``factorial``: the product of all levels. ``single``: exactly one variant, one named level a factor.

    Raises
    ------
    InputError
        ``single`` with more than one level of a factor.
    """
    if design == "single":
        for name, chosen in levels.items():
            if len(chosen) != 1:
                raise input_error(
                    f"the design single takes one level of factor {name}",
                    found=", ".join(chosen),
                    allowed="one level",
                )
        return (_variant({name: chosen[0] for name, chosen in levels.items()}),)
    complete = {
        name: (FACTORS[name].baseline, *(level for level in chosen if level != FACTORS[name].baseline))
        for name, chosen in levels.items()
    }
    if design == "factorial":
        product = itertools.product(*complete.values())
        return tuple(_variant(dict(zip(complete, combination, strict=True))) for combination in product)
    one_at_a_time = [_variant({name: level}) for name, chosen in complete.items() for level in chosen]
    return tuple(dict.fromkeys(one_at_a_time))


def _variant(moved: Mapping[str, str]) -> Variant:
    return Variant(tuple((name, moved.get(name, factor.baseline)) for name, factor in FACTORS.items()))


def _check_factor(name: str, chosen: Mapping[str, object]) -> None:
    if name not in FACTORS:
        raise input_error("unknown factor", found=repr(name), allowed=", ".join(FACTORS))
    if name in chosen:
        raise input_error("a factor is named once", found=f"{name!r} twice")


def _check_level(factor: str, level: str) -> None:
    if level not in FACTORS[factor].levels:
        raise input_error(
            f"unknown level of factor {factor}", found=repr(level), allowed=", ".join(FACTORS[factor].levels)
        )


__all__ = ["BASELINE", "Design", "InputError", "Variant", "expand_variants", "parse_factors"]
