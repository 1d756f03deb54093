"""XGBoost parameters: defaults, early stopping, and the space that tuning searches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import typed

Parameters = dict[str, float | int | str]

#: Which variants have a study: only the baseline, for all variants of its fold; each variant; or none.
TuneMode = Literal["baseline", "per_variant", "off"]

#: Inclusive bounds of each tuned parameter.
SearchSpace = dict[str, tuple[float, float]]

#: Parameters of a sweep without tuning, and of trial 0 of each study: a careful start for a few thousand rows
#: of weak signal. Shallow trees, large leaves, half of the rows and 30 % of the columns for each tree, and a
#: rate at which boosting rarely stops at the floor of rounds. docs/parameters.md compares them with others.
#: ``max_bin`` and ``reg_lambda`` are XGBoost's own defaults.
DEFAULT_PARAMETERS: Parameters = {
    "max_depth": 3,
    "learning_rate": 0.02,
    "subsample": 0.5,
    "colsample_bytree": 0.3,
    "max_bin": 256,
    "min_child_weight": 20.0,
    "reg_lambda": 1.0,
}


@typed
def max_bins(parameters: Parameters) -> int:
    """Return the number of bins per feature; XGBoost's default where ``parameters`` do not name it."""
    return int(parameters.get("max_bin", 256))


@dataclass(frozen=True)
class Rounds:
    """Early stopping: how the number of boosting rounds is found on the validation slice.

    Attributes
    ----------
    minimum
        Fewest rounds that a model keeps.
    maximum
        Most rounds that are tried.
    patience
        Number of rounds without a better log loss after which boosting stops.
    """

    minimum: int = 20
    maximum: int = 1500
    patience: int = 60

    @property
    def are_fixed(self) -> bool:
        """Whether the number of rounds is known before the fit."""
        return self.minimum == self.maximum


@dataclass(frozen=True)
class Searchable:
    """The scale of a tuned parameter and the widest bounds that it may be searched within.

    Attributes
    ----------
    lowest, highest
        Values outside are refused by XGBoost, or make no sense for a few thousand rows.
    log
        Whether values are drawn on a log scale.
    integer
        Whether only whole numbers are tried.
    """

    lowest: float
    highest: float
    log: bool = False
    integer: bool = False


#: The parameters that tuning can search.
SEARCHABLE: Mapping[str, Searchable] = {
    "max_depth": Searchable(1, 16, integer=True),
    "learning_rate": Searchable(0.001, 1, log=True),
    "min_child_weight": Searchable(0.001, 10_000, log=True),
    "subsample": Searchable(0.1, 1),
    "colsample_bytree": Searchable(0.1, 1),
    "reg_lambda": Searchable(0.0001, 10_000, log=True),
}

#: The documented search space. The defaults lie well inside, so that a study can move to either side of each.
DEFAULT_SEARCH_SPACE: SearchSpace = {
    "max_depth": (2, 6),
    "learning_rate": (0.005, 0.1),
    "min_child_weight": (2, 200),
    "subsample": (0.2, 0.9),
    "colsample_bytree": (0.1, 0.9),
    "reg_lambda": (0.1, 50),
}


@dataclass(frozen=True)
class Tuning:
    """How hyper-parameters are chosen.

    Attributes
    ----------
    mode
        ``baseline``: one study per fold, on the baseline, whose parameters all variants use. ``per_variant``:
        one study per fold and variant. ``off``: no study.
    trials
        Number of trials in a study. The first trial is the default parameters; 0 means ``off``.
    folds
        Number of inner walk-forward folds that score a trial.
    seeds
        Number of fits with different seeds per inner fold.
    space
        Pairs (parameter, bounds) that are searched. Other parameters keep their defaults.
    """

    mode: TuneMode = "off"
    trials: int = 0
    folds: int = 3
    seeds: int = 2
    space: tuple[tuple[str, tuple[float, float]], ...] = ()

    @property
    def active(self) -> bool:
        """Whether any study runs."""
        return self.mode != "off" and self.trials > 0

    @property
    def per_variant(self) -> bool:
        """Whether each variant has a study of its own."""
        return self.active and self.mode == "per_variant"

    @property
    def in_words(self) -> str:
        """One line that describes the mode, for the command, the graph and the verdict."""
        return describe_tuning(self.mode, self.trials)


@typed
def describe_tuning(mode: TuneMode, trials: int | None) -> str:
    """Describe a tuning mode in one line; ``trials`` is None if their number is unknown."""
    if mode == "off" or trials == 0:
        return "no tuning: the default parameters in every fit"
    held = "each variant of its own" if mode == "per_variant" else "on the baseline, held for all variants"
    return f"tuning: {'unknown' if trials is None else trials} trials per crypto and fold, {held}"


@typed
def parse_search_space(text: str) -> SearchSpace:
    """Read the bounds of each parameter from text such as ``max_depth=2:8,learning_rate=0.02:0.2``.

    Raises
    ------
    InputError
        A parameter is unknown or named twice, or its bounds are not two numbers.

    Examples
    --------
    >>> parse_search_space("max_depth=2:8,learning_rate=0.02:0.2")
    {'max_depth': (2.0, 8.0), 'learning_rate': (0.02, 0.2)}
    """
    space: SearchSpace = {}
    for word in (w.strip() for w in text.split(",") if w.strip()):
        name, _, bounds = (part.strip() for part in word.partition("="))
        if name not in SEARCHABLE:
            raise _unknown_parameter(name)
        if name in space:
            raise input_error("a parameter of search_space must be named only once", found=f"{name!r} twice")
        try:
            low, high = (float(part) for part in bounds.split(":"))
        except ValueError:
            raise input_error(
                "each search_space entry must be NAME=LOW:HIGH",
                found=repr(word),
                allowed=f"{name}=LOW:HIGH",
            ) from None
        space[name] = (low, high)
    return space


@typed
def check_search_space(space: Mapping[str, tuple[float, float]]) -> SearchSpace:
    """Refuse bounds that cannot be searched, and return the others in the order of ``SEARCHABLE``.

    Raises
    ------
    InputError
        There is no parameter or an unknown one, or its bounds do not increase, are wider than the parameter
        allows, or exclude the default, which is trial 0.
    """
    if not space:
        raise input_error("search_space must name at least one parameter", allowed=", ".join(SEARCHABLE))
    for name, bounds in space.items():
        if name not in SEARCHABLE:
            raise _unknown_parameter(name)
        _check_bounds(name, *bounds)
    return {name: space[name] for name in SEARCHABLE if name in space}


def _unknown_parameter(name: str) -> InputError:
    return input_error("unknown parameter in search_space", found=repr(name), allowed=", ".join(SEARCHABLE))


def _check_bounds(name: str, low: float, high: float) -> None:
    known, default = SEARCHABLE[name], float(DEFAULT_PARAMETERS[name])
    whole = not known.integer or (float(low).is_integer() and float(high).is_integer())
    if not known.lowest <= low < high <= known.highest or not whole:
        raise input_error(
            f"bounds of {name} in search_space are not allowed",
            found=f"{low:g}:{high:g}",
            allowed=f"{'whole numbers, ' if known.integer else ''}"
            f"{known.lowest:g} <= LOW < HIGH <= {known.highest:g}",
        )
    if not low <= default <= high:
        raise input_error(
            f"bounds of {name} in search_space must include the default, which is the first trial",
            found=f"{low:g}:{high:g}",
            allowed=f"LOW <= {default:g} <= HIGH",
        )
