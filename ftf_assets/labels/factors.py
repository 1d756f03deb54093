"""The factor registry: what a sweep can vary. A new factor is one module and one line here.

Variants, plans, keys, masks, models, the columns of ``finetune_results``, the gate and the command all follow
from it.
"""

from __future__ import annotations

from typing import TypeVar

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.cleaning import CLEANLAB
from ftf_assets.labels.factor import Factor
from ftf_assets.labels.sample_weight import SAMPLE_WEIGHT
from ftf_assets.labels.smoothing import LABEL_SMOOTHING

Moved = tuple[tuple[str, str], ...]
"""Pairs (factor, level) off the baseline, in the registry's order."""

Kind = TypeVar("Kind", bound=Factor)


@typed
def registry(factors: tuple[Factor, ...]) -> dict[str, Factor]:
    """Collect factors by name.

    Raises
    ------
    InputError
        Two factors of one name, or two levels off the baseline of one name: they name columns and variants.
    """
    return _by_name(factors)


def _by_name(factors: tuple[Factor, ...]) -> dict[str, Factor]:
    names = [factor.name for factor in factors]
    names += [level for factor in factors for level in factor.levels if level != factor.baseline]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise input_error("names of factors and levels are unique in the registry", found=", ".join(repeated))
    return {factor.name: factor for factor in factors}


# Built without the check of its type: the first one imports beartype, and every process starts here.
FACTORS: dict[str, Factor] = _by_name((LABEL_SMOOTHING, CLEANLAB, SAMPLE_WEIGHT))


def baseline_levels() -> dict[str, str]:
    """Give the level of every factor at which it changes nothing."""
    return {name: factor.baseline for name, factor in FACTORS.items()}


@typed
def moved_factors(kind: type[Kind], moved: Moved) -> list[tuple[Kind, str]]:
    """Give the factors of one kind that a variant moves, each with its level."""
    found = ((FACTORS[name], level) for name, level in moved)
    return [(factor, level) for factor, level in found if isinstance(factor, kind)]
