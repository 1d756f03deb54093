"""Variants: the treatments that a sweep compares, known before anything runs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.factor import Factor
from ftf_assets.labels.factor_registry import FACTORS, Moved

Design = Literal["one_factor", "factorial", "single"]
BASELINE = "baseline"


@dataclass(frozen=True)
class Variant:
    """A level for every factor of the registry.

    Attributes
    ----------
    moved
        Pairs (factor, level) off the baseline, in the registry's order. A factor that is not named stands at
        its baseline, so a new factor leaves the identity of old variants as it was.
    """

    moved: Moved = ()

    def __getitem__(self, factor: str) -> str:
        return dict(self.moved).get(factor, FACTORS[factor].baseline)

    @property
    def levels(self) -> dict[str, str]:
        """The level of every factor of the registry: the variant's columns in the results table."""
        return {factor: self[factor] for factor in FACTORS}

    @property
    def name(self) -> str:
        """The levels off the baseline, joined by ``+``; ``baseline`` where there is none."""
        return "+".join(level for _, level in self.moved) or BASELINE

    def only(self, *kinds: type[Factor]) -> Variant:
        """The part of the variant that factors of these kinds make."""
        return Variant(tuple(pair for pair in self.moved if isinstance(FACTORS[pair[0]], kinds)))


#: Every factor at its baseline: the variant whose early stopping finds the rounds of all.
BASELINE_VARIANT = Variant()


@typed
def parse_factors(text: str) -> dict[str, tuple[str, ...]]:
    """Read ``label_smoothing,cleanlab`` or ``cleanlab=off,filter,filter_random`` into levels per factor.

    A factor without levels takes its default levels. A word after ``factor=level`` that is no factor's name
    is another level of the same factor.

    Raises
    ------
    InputError
        A factor named twice, and what :func:`check_factors` refuses.
    """
    chosen: dict[str, list[str]] = {}
    current: str | None = None
    for word in (w.strip() for w in text.split(",") if w.strip()):
        name, equals, level = (part.strip() for part in word.partition("="))
        if not equals and name not in FACTORS and current is not None:
            chosen[current].append(name)
            continue
        if name not in FACTORS:
            raise _unknown_factor(name)
        if name in chosen:
            raise input_error("a factor is named once", found=f"{name!r} twice")
        chosen[name] = [level] if level else []
        current = name if equals else None
    return check_factors({name: tuple(levels) for name, levels in chosen.items()})


@typed
def check_factors(factors: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Refuse factors and levels that the registry does not know; no levels stand for the default ones.

    Raises
    ------
    InputError
        An unknown factor or level, or no factor at all.
    """
    if not factors:
        raise input_error("a sweep needs at least one factor", allowed=", ".join(FACTORS))
    for name, levels in factors.items():
        if name not in FACTORS:
            raise _unknown_factor(name)
        for level in levels:
            if level not in FACTORS[name].levels:
                raise input_error(
                    f"unknown level of factor {name}",
                    found=repr(level),
                    allowed=", ".join(FACTORS[name].levels),
                )
    return {
        name: tuple(dict.fromkeys(levels)) or FACTORS[name].default_levels for name, levels in factors.items()
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
        return (variant_of({name: chosen[0] for name, chosen in levels.items()}),)
    complete = {
        name: (FACTORS[name].baseline, *(level for level in chosen if level != FACTORS[name].baseline))
        for name, chosen in levels.items()
    }
    if design == "factorial":
        product = itertools.product(*complete.values())
        return tuple(variant_of(dict(zip(complete, combination, strict=True))) for combination in product)
    one_at_a_time = [variant_of({name: level}) for name, chosen in complete.items() for level in chosen]
    return tuple(dict.fromkeys(one_at_a_time))


@typed
def require_columns(variants: Sequence[Variant], arrays: TrainingArrays, crypto: str) -> None:
    """Refuse variants that need what a crypto's data do not have.

    Raises
    ------
    InputError
        The first level that lacks an optional column of the feature cache.
    """
    for name, level in dict.fromkeys(pair for variant in variants for pair in variant.moved):
        for needing, column in FACTORS[name].needs:
            if needing == level and getattr(arrays, column) is None:
                raise input_error(
                    f"{name} = {level} needs this column of the feature cache",
                    crypto=crypto,
                    column=column,
                    found="no such column",
                    fix=f"Add it, or leave {level} out: --factor {name}=…",
                )


@typed
def variant_of(levels: Mapping[str, str]) -> Variant:
    """Give the variant of these levels; factors that they leave out stand at their baseline."""
    moved = ((name, levels.get(name, factor.baseline)) for name, factor in FACTORS.items())
    return Variant(tuple((name, level) for name, level in moved if level != FACTORS[name].baseline))


def _unknown_factor(name: str) -> InputError:
    return input_error("unknown factor", found=repr(name), allowed=", ".join(FACTORS))
