"""One treatment without a sweep: what a trainer's call gives, checked, and the plan that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.sweep.settings import SETTINGS, sweep_settings
from ftf_assets.training.parameters import DEFAULT_PARAMETERS, Parameters
from ftf_assets.training.plan import TrainingPlan
from ftf_assets.training.variants import check_factors, variant_of

#: The settings of a sweep that decide a treatment, besides the arguments of the call.
TREATMENT_SETTINGS = (
    "treatment.mild_epsilon_buy",
    "treatment.mild_epsilon_hold",
    "treatment.aggressive_epsilon_buy",
    "treatment.aggressive_epsilon_hold",
    "treatment.out_of_fold_blocks",
    "treatment.cap_by",
    "treatment.label_quality",
    "labels.stop_atr",
    "labels.target_atr",
    "labels.horizon_bars",
    "folds.embargo_bars",
    "folds.validation_fraction",
    "training.min_rounds",
    "training.max_rounds",
    "training.patience",
    "training.device",
)

#: Settings of a sweep that a trainer's call takes as arguments.
_ARGUMENTS = {
    "data.missing": "missing",
    "treatment.suspect_cap": "suspect_cap",
    "training.seed": "seed",
    "run.workers": "workers",
}

#: XGBoost parameters that a caller may give. The others are set by every fit, or are other names of these.
GIVEN_PARAMETERS = (
    *DEFAULT_PARAMETERS,
    "colsample_bylevel",
    "colsample_bynode",
    "max_leaves",
    "grow_policy",
    "max_delta_step",
    "gamma",
    "reg_alpha",
    "scale_pos_weight",
)


def treatment_plan(
    levels: Mapping[str, str],
    settings: Mapping[str, Any],
    parameters: Mapping[str, float | int | str],
    *,
    suspect_cap: float,
    crypto: str,
    fold: int,
    seed: int,
) -> TrainingPlan:
    """Plan one variant for a training window.

    Parameters
    ----------
    levels
        Level by factor.
    settings
        Those of :data:`TREATMENT_SETTINGS` that are not at their default, by dotted name.
    parameters
        XGBoost parameters that are not at their default.
    suspect_cap, seed
        The settings ``treatment.suspect_cap`` and ``training.seed``.
    crypto, fold
        Of which the seeds of the fits are derived.

    Raises
    ------
    InputError
        An unknown level; a setting or parameter that is unknown, decides no treatment or is out of bounds.
    """
    if fold < 0:
        raise input_error("the number of a fold must not be negative", crypto=crypto, found=fold)
    for name in settings:
        if name in SETTINGS and name not in TREATMENT_SETTINGS:
            argument = _ARGUMENTS.get(name)
            raise input_error(
                "this setting is an argument of the call"
                if argument
                else "this setting decides no label treatment",
                found=name,
                allowed=", ".join(TREATMENT_SETTINGS),
                fix=f"Pass it as {argument}=." if argument else None,
            )
    checked = sweep_settings({**settings, "treatment.suspect_cap": suspect_cap, "training.seed": seed})
    check_factors({name: (level,) for name, level in levels.items()})
    return TrainingPlan(
        crypto=crypto,
        arrays_key="",
        variants=(variant_of(levels),),
        edges=np.arange(fold + 2, dtype=np.int64),
        epsilons=checked.treatment.epsilons,
        validation_fraction=checked.folds.validation_fraction,
        embargo_bars=checked.folds.embargo_bars,
        out_of_fold_blocks=checked.treatment.out_of_fold_blocks,
        suspect_cap=checked.treatment.suspect_cap,
        cap_by=checked.treatment.cap_by,
        label_quality=checked.treatment.label_quality,
        barriers=checked.labels.barriers,
        rounds=checked.training.early_stopping,
        parameters=_parameters(parameters),
        seed=checked.training.seed,
        device=checked.training.device,
    )


#: Arguments of a trainer's call that a level of ``sample_weight`` needs.
_NEEDED = {
    "return_attribution": ("label_return",),
    "label_stability": ("label_stability", "label_stability_end", "held_out_from"),
}


def require_columns_of(sample_weight: str, crypto: str, **given: object) -> None:
    """Refuse a level of ``sample_weight`` whose columns were not given.

    Raises
    ------
    InputError
        Names the first argument that is None.
    """
    for name in _NEEDED.get(sample_weight, ()):
        if given[name] is None:
            raise input_error(
                f"sample_weight={sample_weight!r} needs {name}", crypto=crypto, fix=f"Pass {name}=."
            )


#: The types of pandas that an argument of a trainer's call may have; a column may be a Series.
_PANDAS: Mapping[str, tuple[type, ...]] = {
    "X": (pd.DataFrame,),
    "candles": (pd.DataFrame,),
    "label_end": (pd.Series, pd.DatetimeIndex),
    "label_stability_end": (pd.Series, pd.DatetimeIndex),
    "timestamp": (pd.DatetimeIndex,),
}
_ALWAYS_GIVEN = ("X", "y", "label_end")


def refuse_other_types(crypto: str, **columns: object) -> None:
    """Refuse what is neither pandas nor NumPy: to convert it would be a guess at its dtype and its index.

    Raises
    ------
    InputError
        Names the first argument of another type.
    """
    for name, values in columns.items():
        of_pandas = _PANDAS.get(name, (pd.Series,))
        allowed = of_pandas if name == "candles" else (*of_pandas, np.ndarray)
        if isinstance(values, allowed) or (values is None and name not in _ALWAYS_GIVEN):
            continue
        fix = "Pass one column of it." if isinstance(values, pd.DataFrame) else None
        if name == "timestamp" and isinstance(values, pd.Series):
            fix = "Pass pd.DatetimeIndex(timestamp)."
        raise input_error(
            f"{name} must be pandas or NumPy",
            crypto=crypto,
            found=f"{type(values).__module__}.{type(values).__qualname__}",
            allowed=" or ".join(one.__name__ for one in allowed),
            fix=fix,
        )


def _parameters(given: Mapping[str, float | int | str]) -> Parameters:
    for name in given:
        if name in ("n_estimators", "num_boost_round", "early_stopping_rounds"):
            raise input_error("the number of trees is no parameter", found=name, fix="Pass it as rounds=.")
        if name not in GIVEN_PARAMETERS:
            raise input_error(
                "this XGBoost parameter is set by the fit, or has another name",
                found=name,
                allowed=", ".join(GIVEN_PARAMETERS),
            )
    return {**DEFAULT_PARAMETERS, **given}
