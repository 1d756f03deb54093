"""One gradient-boosted fit: XGBoost's histogram method on soft labels, one thread, reproducible to the bit.

Chen and Guestrin (2016), "XGBoost: A Scalable Tree Boosting System". XGBoost is imported where it is called:
a process that only plans or serves the user interface does not pay for it.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Float32, Float64, Int8, typed
from ftf_assets.training.parameters import Device, Parameters, Rounds

if TYPE_CHECKING:
    import xgboost


@typed
@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Rows that a model learns from.

    Attributes
    ----------
    X, labels, weight
        Features of shape (n_rows, n_features), hard or soft labels in [0, 1] and weights of shape (n_rows,).
    """

    X: Float32[Array, "rows features"]
    labels: Float32[Array, " rows"]
    weight: Float32[Array, " rows"]


@typed
@dataclass(frozen=True, eq=False)
class ValidationSlice:
    """Rows on which early stopping watches the log loss: hard labels, never cleaned or weighted."""

    X: Float32[Array, "rows features"]
    y: Int8[Array, " rows"]


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit leaves behind.

    Attributes
    ----------
    booster
        The model as UBJSON, cut to ``rounds``; empty where its task did not want it kept.
    rounds
        Boosting rounds of the model.
    seconds
        What the fit and its predictions cost: seconds of the processor that their one thread used, whatever
        else the machine did; with a GPU, whose work no thread shows, seconds of wall time.
    probabilities
        P(BUY) of each row set that was asked for, float64 of shape (n_rows_of_the_set,).
    n_rows
        Rows that it was trained on: with ``seconds``, what the next fit may take.
    """

    booster: bytes
    rounds: int
    seconds: float
    probabilities: dict[str, Float64[Array, " _"]] = field(default_factory=dict)
    n_rows: int = 0


@typed
def require_device(device: Device) -> None:
    """Refuse a device that XGBoost would silently replace by the processor.

    Raises
    ------
    InputError
        ``cuda`` where no GPU is visible.
    """
    if device == "cpu":
        return
    probe = TrainingSet(np.eye(2, dtype=np.float32), np.array([0, 1], np.float32), np.ones(2, np.float32))
    try:
        fit_booster(probe, {}, parameters={}, rounds=1, seed=0, device=device)
    except CellError as error:
        raise input_error(
            str(error), allowed="cpu", fix="Leave --device away, or run where a GPU is."
        ) from None


@typed
def bin_features(X: Float32[Array, "rows features"], parameters: Parameters) -> Any:
    """Cut features into the bins of XGBoost's histogram method: a tenth and more of a fit's time.

    The edges come from these rows alone and know no weights, so that reweighting moves the loss and nothing
    else: fits on the same rows may share them, and fits on other rows may not.

    Parameters
    ----------
    X
        Features of the training rows, shape (n_rows, n_features).
    parameters
        XGBoost parameters; ``max_bin`` counts.

    Returns
    -------
    xgboost.QuantileDMatrix
        Without labels. A fit writes its own into it, so only one at a time may use it.
    """
    import xgboost as xgb

    return xgb.QuantileDMatrix(X, max_bin=max_bins(parameters), nthread=1)


@typed
def max_bins(parameters: Parameters) -> int:
    """Bins a feature, XGBoost's default where none are named."""
    return int(parameters.get("max_bin", 256))


@typed
def fit_booster(
    training: TrainingSet,
    predict: dict[str, Array],
    *,
    parameters: Parameters,
    rounds: int | Rounds,
    validation: ValidationSlice | None = None,
    seed: int,
    device: Device = "cpu",
    binned: Any = None,
) -> FitResult:
    """Fit one booster and predict what it is asked for.

    The booster never sees the rows of ``predict``; ``validation`` only decides when to stop.

    Parameters
    ----------
    training
        Rows to learn from.
    predict
        Name to float32 features of shape (n, n_features): whose P(BUY) is wanted.
    parameters
        XGBoost parameters; objective, tree method, seed, device and threads are set here.
    rounds
        A number: exactly so many. :class:`Rounds`: early stopping on ``validation``.
    validation
        Needed for early stopping.
    seed
        Seed of row and column subsampling, in [0, 2**31).
    device
        ``cpu`` or ``cuda``.
    binned
        :func:`bin_features` of ``training.X``, where another fit on the same rows has left it; the bits are
        the same.

    Raises
    ------
    ValueError
        Early stopping without a validation slice.
    CellError
        Stage ``fit`` where XGBoost fell back to another device: the bits would not be those asked for.
    """
    import xgboost as xgb

    clock = time.thread_time if device == "cpu" else time.perf_counter
    begin = clock()
    settings: dict[str, Any] = {
        **parameters,
        "objective": "binary:logistic",
        "tree_method": "hist",
        "eval_metric": "logloss",
        "device": device,
        "seed": seed,
        "nthread": 1,
        "verbosity": 0,
    }
    matrix = bin_features(training.X, parameters) if binned is None else binned
    # Set after binning: weights given to the constructor would move the bin edges.
    matrix.set_info(label=training.labels, weight=training.weight)
    if isinstance(rounds, Rounds):
        booster, kept = _stop_early(xgb, settings, matrix, rounds, validation)
    else:
        booster, kept = xgb.train(settings, matrix, num_boost_round=rounds), rounds
    _require_trained_on(booster, device)
    probabilities = {
        name: booster.predict(xgb.DMatrix(X, nthread=1)).astype(np.float64) for name, X in predict.items()
    }
    return FitResult(
        booster=bytes(booster.save_raw("ubj")),
        rounds=kept,
        seconds=clock() - begin,
        probabilities=probabilities,
        n_rows=len(training.labels),
    )


def _require_trained_on(booster: xgboost.Booster, device: Device) -> None:
    used = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
    if not used.startswith(device):
        raise CellError("fit", f"device {device} was asked for, XGBoost used {used}: no GPU is visible")


def _stop_early(
    xgb: Any, settings: dict[str, Any], matrix: Any, rounds: Rounds, validation: ValidationSlice | None
) -> tuple[xgboost.Booster, int]:
    if validation is None:
        raise ValueError("early stopping needs a validation slice")
    watched = xgb.DMatrix(validation.X, label=validation.y.astype(np.float32), nthread=1)
    booster = xgb.train(
        settings,
        matrix,
        num_boost_round=rounds.maximum,
        evals=[(watched, "validation")],
        early_stopping_rounds=rounds.patience,
        verbose_eval=False,
    )
    kept = max(booster.best_iteration + 1, rounds.minimum)
    if kept > booster.num_boosted_rounds():  # a patience shorter than the minimum stopped before it
        return xgb.train(settings, matrix, num_boost_round=kept), kept
    return booster[:kept], kept
