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
        Pairs (factor, level) of the factors that are not at their baseline, in the order of the registry. The
        others are left out, so that a new factor does not change the identity of old variants.

    Examples
    --------
    >>> variant = Variant((("label_smoothing", "mild"), ("cleanlab", "filter")))
    >>> variant.name
    'mild+filter'
    >>> variant["sample_weight"]
    'none'
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
        """The levels of the factors in ``moved``, joined by ``+``; ``baseline`` if there is none."""
        return "+".join(level for _, level in self.moved) or BASELINE

    def only(self, *kinds: type[Factor]) -> Variant:
        """Return the variant with the factors of other kinds at their baseline."""
        return Variant(tuple(pair for pair in self.moved if isinstance(FACTORS[pair[0]], kinds)))


#: All factors at their baseline. Its early stopping finds the boosting rounds of all variants.
BASELINE_VARIANT = Variant()


@typed
def parse_factors(text: str) -> dict[str, tuple[str, ...]]:
    """Read the levels of each factor from text such as ``label_smoothing,cleanlab=off,filter``.

    A factor without levels gets its default levels. After ``factor=level``, a word that is not the name of a
    factor is another level of that factor.

    Raises
    ------
    InputError
        A factor is named twice, or :func:`check_factors` refuses one.

    Examples
    --------
    >>> parse_factors("label_smoothing,cleanlab=off,filter")
    {'label_smoothing': ('none', 'mild', 'aggressive'), 'cleanlab': ('off', 'filter')}
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
            raise input_error("a factor must be named only once", found=f"{name!r} twice")
        chosen[name] = [level] if level else []
        current = name if equals else None
    return check_factors({name: tuple(levels) for name, levels in chosen.items()})


@typed
def check_factors(factors: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Refuse factors and levels that are not registered, and fill in default levels where none are given.

    The factors come back in the order of the registry: Dagster sorts the names in a stored run configuration,
    and the same factors must stay the same sweep.

    Raises
    ------
    InputError
        A factor or level is unknown, or there is no factor.
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
        name: tuple(dict.fromkeys(factors[name])) or FACTORS[name].default_levels
        for name in FACTORS
        if name in factors
    }


@typed
def expand_variants(levels: Mapping[str, tuple[str, ...]], design: Design) -> tuple[Variant, ...]:
    """Expand levels per factor into the variants of a design, the baseline first.

    Parameters
    ----------
    levels
        Levels per factor. A missing baseline is added, except for the design ``single``.
    design
        ``one_factor``: the levels of each factor with all other factors at their baseline, each variant once.
        ``factorial``: all combinations of levels. ``single``: one variant, with the one level named per
        factor.

    Raises
    ------
    InputError
        The design is ``single`` and a factor has several levels.

    Examples
    --------
    >>> levels = {"label_smoothing": ("mild",), "cleanlab": ("filter", "reweight")}
    >>> [variant.name for variant in expand_variants(levels, "one_factor")]
    ['baseline', 'mild', 'filter', 'reweight']
    >>> [variant.name for variant in expand_variants(levels, "factorial")]
    ['baseline', 'filter', 'reweight', 'mild', 'mild+filter', 'mild+reweight']
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
def require_columns(
    variants: Sequence[Variant], arrays: TrainingArrays | Mapping[str, object], crypto: str
) -> None:
    """Refuse variants that need an optional column which the feature cache of a crypto does not have.

    Parameters
    ----------
    variants, crypto
        The variants and the crypto.
    arrays
        Its arrays, or what is known of them by name; None where there is no such column.

    Raises
    ------
    InputError
        Names the first level and its column.
    """
    for name, level in dict.fromkeys(pair for variant in variants for pair in variant.moved):
        for needing, column in FACTORS[name].needs:
            found = arrays.get(column) if isinstance(arrays, Mapping) else getattr(arrays, column)
            if needing == level and found is None:
                raise input_error(
                    f"{name} = {level} needs this column of the feature cache",
                    crypto=crypto,
                    column=column,
                    found="no such column",
                    fix=f"Add it, or leave {level} out: --factor {name}=…",
                )


@typed
def variant_of(levels: Mapping[str, str]) -> Variant:
    """Return the variant with these levels; factors that are left out are at their baseline."""
    moved = ((name, levels.get(name, factor.baseline)) for name, factor in FACTORS.items())
    return Variant(tuple((name, level) for name, level in moved if level != FACTORS[name].baseline))


def _unknown_factor(name: str) -> InputError:
    return input_error("unknown factor", found=repr(name), allowed=", ".join(FACTORS))
