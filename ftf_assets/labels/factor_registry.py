"""The registry of factors: everything that a sweep can vary.

A new factor is one module and one line in :mod:`~ftf_assets.labels.built_in_factors`; a factor of another
package is an entry point of that package (:mod:`~ftf_assets.labels.installed_factors`). Variants, plans,
keys, masks, models, the columns of ``finetune_results``, the gate and the command follow from the registry.
"""

from __future__ import annotations

from typing import TypeVar

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.typed import typed
from ftf_assets.labels.built_in_factors import BUILT_IN
from ftf_assets.labels.factor import Factor
from ftf_assets.labels.installed_factors import installed_factors

Moved = tuple[tuple[str, str], ...]
"""Pairs (factor, level) of the factors that are not at their baseline, in the order of the registry."""

Kind = TypeVar("Kind", bound=Factor)


@typed
def registry(factors: tuple[Factor, ...]) -> dict[str, Factor]:
    """Collect factors by name.

    Raises
    ------
    InputError
        Two factors, or two levels other than baselines, share a name. Names become columns and variants.
    """
    return _by_name(factors)


def _by_name(factors: tuple[Factor, ...]) -> dict[str, Factor]:
    names = [factor.name for factor in factors]
    names += [level for factor in factors for level in factor.levels if level != factor.baseline]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise input_error(
            "names of factors and levels must be unique in the registry", found=", ".join(repeated)
        )
    return {factor.name: factor for factor in factors}


# Not through ``registry``: its first run-time type check imports beartype, in every process that starts.
INSTALLED: tuple[Factor, ...] = installed_factors()
FACTORS: dict[str, Factor] = _by_name((*BUILT_IN, *INSTALLED))


def baseline_levels() -> dict[str, str]:
    """Return the baseline level of each factor.

    >>> baseline_levels()["cleanlab"]
    'off'
    """
    return {name: factor.baseline for name, factor in FACTORS.items()}


@typed
def moved_factors(kind: type[Kind], moved: Moved) -> list[tuple[Kind, str]]:
    """Return the factors of one kind that are not at their baseline, each with its level."""
    found = ((FACTORS[name], level) for name, level in moved)
    return [(factor, level) for factor, level in found if isinstance(factor, kind)]
