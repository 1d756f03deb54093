"""One gradient-boosted fit: XGBoost's histogram method on soft labels, reproducible to the bit.

A fit takes one or more threads of the CPU, or a GPU and the threads that bring it its rows. Its bits do not
depend on the number of threads. Chen and Guestrin (2016),
"XGBoost: A Scalable Tree Boosting System". XGBoost is imported where it is called, because a process that
only plans or serves the user interface does not need it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ftf_assets.contracts.bundles import FlipRates
from ftf_assets.contracts.errors import CellError, input_error
from ftf_assets.contracts.typed import Array, Float32, Float64, Int8, typed
from ftf_assets.training import gpu
from ftf_assets.training.device import Device, is_gpu, parse_device
from ftf_assets.training.parameters import Parameters, Rounds, max_bins

if TYPE_CHECKING:
    import xgboost


@typed
@dataclass(frozen=True, eq=False)
class ValidationSlice:
    """Rows on which early stopping measures the log loss: hard labels, neither cleaned nor weighted."""

    X: Float32[Array, "rows features"]
    y: Int8[Array, " rows"]


@dataclass(frozen=True, eq=False)
class FitResult:
    """Result of a fit.

    Attributes
    ----------
    booster
        The model as UBJSON, cut to ``rounds``; empty where the task did not keep it.
    rounds
        Boosting rounds of the model.
    seconds
        Cost of the fit and its predictions. On a CPU these are CPU seconds of its thread, which other load on
        the machine does not change, times the number of its threads; on a GPU, wall-clock seconds.
    probabilities
        Name of each predicted row set to its P(BUY), float64 of shape (n_rows_of_the_set,).
    n_rows
        Number of training rows. With ``seconds`` it predicts how long the next fit takes.
    device
        Where it was fitted: the seconds of one device predict nothing about another.
    """

    booster: bytes
    rounds: int
    seconds: float
    probabilities: dict[str, Float64[Array, " _"]] = field(default_factory=dict)
    n_rows: int = 0
    device: Device = "cpu"


@dataclass(frozen=True, eq=False)
class FittedBooster:
    """A fitted model.

    Attributes
    ----------
    booster
        The model, cut to ``rounds``.
    rounds
        Boosting rounds.
    threads
        Threads that copy rows for a prediction.
    """

    booster: xgboost.Booster
    rounds: int
    threads: int = 1

    @typed
    def predict(self, X: Float32[Array, "rows features"]) -> Float64[Array, " rows"]:
        """Predict P(BUY), shape (n_rows,)."""
        import xgboost as xgb

        probability: Array = self.booster.predict(xgb.DMatrix(X, nthread=self.threads))
        return probability.astype(np.float64)

    def to_ubjson(self) -> bytes:
        """Return the model in XGBoost's UBJSON format."""
        return bytes(self.booster.save_raw("ubj"))


@typed
def require_device(device: Device) -> gpu.Gpu | None:
    """Refuse a device that XGBoost would silently replace by another one.

    For a GPU this opens CUDA, so no process that forks may call it; see :mod:`ftf_assets.training.gpu`.

    Returns
    -------
    Gpu or None
        None for the CPU.

    Raises
    ------
    InputError
        No GPU is visible, or none with this number.
    """
    if not is_gpu(device):
        return None
    found = gpu.open_gpu(device)
    probe, labels, weight = np.eye(2, dtype=np.float32), np.array([0, 1], np.float32), np.ones(2, np.float32)
    try:
        binned = bin_features(probe, {}, device)
        fit_booster(binned, labels, weight, parameters={}, rounds=1, seed=0, device=device)
    except CellError as error:
        raise input_error(
            str(error), allowed="cpu", fix="Leave out --device, or run on a machine with a GPU."
        ) from None
    return found


@dataclass(frozen=True, eq=False)
class BinnedFeatures:
    """Features of training rows, cut into bins.

    Attributes
    ----------
    matrix
        XGBoost's matrix, without labels. A fit writes its labels into it, so only one fit at a time may use
        it.
    """

    matrix: xgboost.DMatrix


@typed
def bin_features(
    X: Float32[Array, "rows features"], parameters: Parameters, device: Device = "cpu", threads: int = 1
) -> BinnedFeatures:
    """Cut features into the bins of XGBoost's histogram method, which takes at least a tenth of a fit's time.

    The bin edges depend on these rows only and not on weights, so that weights change the loss and nothing
    else. Fits on the same rows may therefore share their bins.

    Parameters
    ----------
    X
        Features of the training rows, shape (n_rows, n_features).
    parameters
        XGBoost parameters, of which ``max_bin`` is used.
    device
        Where the fits will run. The bins for a GPU are made there, and stay there.
    threads
        Threads of the CPU. The bins do not depend on it.

    Raises
    ------
    GpuMemoryError
        The GPU has too little free memory.

    Warnings
    --------
    Bin only the rows that the fit trains on. Bins of other rows carry the distribution of held-out features.
    """
    import xgboost as xgb

    if is_gpu(device):
        return BinnedFeatures(_binned_by_first_fit(X, parameters, device, threads))
    return BinnedFeatures(xgb.QuantileDMatrix(X, max_bin=max_bins(parameters), nthread=threads))


def _binned_by_first_fit(X: Array, parameters: Parameters, device: Device, threads: int) -> xgboost.DMatrix:
    """Make a plain matrix and train one root on it, which bins it on the device and keeps the bins there.

    A ``QuantileDMatrix`` of host memory would be binned on the host, by one thread 40 times slower. The root
    has no weights, so the bins have none: a fit with weights that came first would leave its bins to others.
    """
    import xgboost as xgb

    if is_gpu(device):
        gpu.require_memory(device, gpu.peak_bytes(len(X), X.shape[1], parameters))
    matrix = xgb.DMatrix(X, label=np.zeros(len(X), np.float32), nthread=threads)
    settings = {
        "tree_method": "hist",
        "max_bin": max_bins(parameters),
        "max_depth": 1,
        "base_score": 0.0,
        "device": device,
        "nthread": threads,
        "verbosity": 0,
    }
    _require_trained_on(xgb.train(settings, matrix, num_boost_round=1), device)
    return matrix


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
    threads: int = 1,
    flip_rates: FlipRates | None = None,
) -> FittedBooster:
    """Fit one booster.

    Parameters
    ----------
    binned
        The training rows, from :func:`bin_features` for the same device. Labels and weights are written into
        it.
    labels, weight
        Hard or soft labels in [0, 1] and weights of these rows, shape (n_rows,).
    parameters
        XGBoost parameters. Objective, tree method, seed, device and threads are set by this function.
    rounds
        Exact number of boosting rounds, or :class:`Rounds` to stop early on ``validation``.
    validation
        Rows that decide when to stop, and nothing else.
    seed
        Seed of the subsampling of rows and columns, in [0, 2**31).
    device
        ``cpu``, ``cuda`` or ``cuda:N``.
    threads
        Threads of the CPU, also beside a GPU. The bits do not depend on it.
    flip_rates
        Rates of wrong labels that the loss is corrected for, see
        :mod:`~ftf_assets.training.forward_loss`. The model then predicts the true label. None trains on the
        log loss of the labels as they are.

    Raises
    ------
    ValueError
        Early stopping has no validation slice.
    CellError
        Stage ``fit``: XGBoost used another device, which gives other bits.
    """
    import xgboost as xgb

    settings: dict[str, Any] = {
        **parameters,
        "objective": "binary:logistic",
        "tree_method": "hist",
        "eval_metric": "logloss",
        "device": device,
        "seed": seed,
        "nthread": threads,
        "verbosity": 0,
    }
    matrix = binned.matrix
    # Weights given to the constructor would change the bin edges, so they are set afterwards.
    matrix.set_info(label=labels, weight=weight)
    loss = {} if flip_rates is None else _corrected_loss(settings, labels, weight, flip_rates)
    if isinstance(rounds, Rounds):
        booster, kept = _stop_early(xgb, settings, matrix, rounds, validation, loss, threads)
    else:
        booster, kept = xgb.train(settings, matrix, num_boost_round=rounds, **loss), rounds
    _require_trained_on(booster, device)
    return FittedBooster(booster, kept, threads)


def _corrected_loss(
    settings: dict[str, Any], labels: Array, weight: Array, rates: FlipRates
) -> dict[str, Any]:
    """Return the objective and the metric of a corrected loss; change ``settings`` to go with them.

    The objective stays ``binary:logistic`` by name, so that XGBoost turns margins into probabilities; with an
    own objective it does not estimate where boosting starts, so that is set.
    """
    from ftf_assets.training.forward_loss import forward_derivatives, forward_log_loss, true_buy_rate

    settings["base_score"] = true_buy_rate(labels, weight, rates)
    settings["disable_default_eval_metric"] = True

    def objective(margin: Array, _matrix: Any) -> tuple[Array, Array]:
        return forward_derivatives(margin, labels, weight, rates)

    def metric(margin: Array, matrix: Any) -> tuple[str, float]:
        return "forward_log_loss", forward_log_loss(margin, matrix.get_label(), rates)

    return {"obj": objective, "custom_metric": metric}


def _require_trained_on(booster: xgboost.Booster, device: Device) -> None:
    used = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
    # XGBoost takes the CPU where it sees no GPU, and the first GPU again where it sees too few.
    if parse_device(used) != device:
        raise CellError("fit", f"device {device} was asked for, XGBoost used {used}: no such GPU is visible")


def _stop_early(
    xgb: Any,
    settings: dict[str, Any],
    matrix: Any,
    rounds: Rounds,
    validation: ValidationSlice | None,
    loss: dict[str, Any],
    threads: int,
) -> tuple[xgboost.Booster, int]:
    if validation is None:
        raise ValueError("early stopping needs a validation slice")
    watched = xgb.DMatrix(validation.X, label=validation.y.astype(np.float32), nthread=threads)
    booster = xgb.train(
        settings,
        matrix,
        num_boost_round=rounds.maximum,
        evals=[(watched, "validation")],
        early_stopping_rounds=rounds.patience,
        verbose_eval=False,
        **loss,
    )
    kept = max(booster.best_iteration + 1, rounds.minimum)
    if kept > booster.num_boosted_rounds():  # a patience shorter than the minimum stopped before it
        return xgb.train(settings, matrix, num_boost_round=kept, **loss), kept
    return booster[:kept], kept
