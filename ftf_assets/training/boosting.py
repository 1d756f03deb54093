"""One gradient-boosted fit: XGBoost's histogram method on soft labels, one thread, reproducible to the bit.

Chen and Guestrin (2016), "XGBoost: A Scalable Tree Boosting System". XGBoost is imported where it is called:
a process that only plans or serves the user interface does not pay for it.
"""

from __future__ import annotations

import json
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


@dataclass(frozen=True, eq=False)
class FittedBooster:
    """A model that a fit has just made.

    Attributes
    ----------
    booster
        Cut to ``rounds``.
    rounds
        Boosting rounds.
    """

    booster: xgboost.Booster
    rounds: int

    @typed
    def predict(self, X: Float32[Array, "rows features"]) -> Float64[Array, " rows"]:
        """Give P(BUY) of rows that it did not learn from."""
        import xgboost as xgb

        probability: Array = self.booster.predict(xgb.DMatrix(X, nthread=1))
        return probability.astype(np.float64)

    def to_ubjson(self) -> bytes:
        """Give the model as XGBoost stores it."""
        return bytes(self.booster.save_raw("ubj"))


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
    probe, labels, weight = np.eye(2, dtype=np.float32), np.array([0, 1], np.float32), np.ones(2, np.float32)
    try:
        fit_booster(bin_features(probe, {}), labels, weight, parameters={}, rounds=1, seed=0, device=device)
    except CellError as error:
        raise input_error(
            str(error), allowed="cpu", fix="Leave --device away, or run where a GPU is."
        ) from None


@dataclass(frozen=True, eq=False)
class BinnedFeatures:
    """Features of training rows, cut into bins.

    Attributes
    ----------
    matrix
        XGBoost's, without labels. A fit writes its own into it, so only one at a time may use it.
    """

    matrix: xgboost.QuantileDMatrix


@typed
def bin_features(X: Float32[Array, "rows features"], parameters: Parameters) -> BinnedFeatures:
    """Cut features into the bins of XGBoost's histogram method: a tenth and more of a fit's time.

    The edges come from these rows alone and know no weights, so that reweighting moves the loss and nothing
    else: fits on the same rows may share them, and fits on other rows may not.

    Parameters
    ----------
    X
        Features of the training rows, shape (n_rows, n_features).
    parameters
        XGBoost parameters; ``max_bin`` counts.
    """
    import xgboost as xgb

    return BinnedFeatures(xgb.QuantileDMatrix(X, max_bin=max_bins(parameters), nthread=1))


@typed
def max_bins(parameters: Parameters) -> int:
    """Bins a feature, XGBoost's default where none are named."""
    return int(parameters.get("max_bin", 256))


@typed
def fit_booster(
    binned: BinnedFeatures,
    labels: Float32[Array, " rows"],
    weight: Float32[Array, " rows"],
    *,
    parameters: Parameters,
    rounds: int | Rounds,
    validation: ValidationSlice | None = None,
    seed: int,
    device: Device = "cpu",
) -> FittedBooster:
    """Fit one booster; ``validation`` only decides when to stop.

    Parameters
    ----------
    binned
        :func:`bin_features` of the training rows. Labels and weights are written into it.
    labels, weight
        Hard or soft labels in [0, 1] and weights of those rows, shape (n_rows,).
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

    Raises
    ------
    ValueError
        Early stopping without a validation slice.
    CellError
        Stage ``fit`` where XGBoost fell back to another device: the bits would not be those asked for.
    """
    import xgboost as xgb

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
    matrix = binned.matrix
    # Set after binning: weights given to the constructor would move the bin edges.
    matrix.set_info(label=labels, weight=weight)
    if isinstance(rounds, Rounds):
        booster, kept = _stop_early(xgb, settings, matrix, rounds, validation)
    else:
        booster, kept = xgb.train(settings, matrix, num_boost_round=rounds), rounds
    _require_trained_on(booster, device)
    return FittedBooster(booster, kept)


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
