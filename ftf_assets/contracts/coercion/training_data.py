"""Whole rows: what a trainer or a feature cache holds, as :class:`TrainingArrays`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion.alignment import refuse_other_index, refuse_other_length
from ftf_assets.contracts.coercion.columns import (
    coerce_label_stability,
    coerce_labels,
    coerce_regime,
    coerce_returns,
    coerce_weights,
)
from ftf_assets.contracts.coercion.features import coerce_features
from ftf_assets.contracts.coercion.times import coerce_times
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.label_returns import refuse_implausible_returns
from ftf_assets.contracts.row_rules import Missing, utc_text
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS
from ftf_assets.contracts.typed import Array, typed


@typed
def coerce_training_data(
    X: pd.DataFrame | Array,
    y: pd.Series | Array,
    *,
    label_end: pd.Series | pd.DatetimeIndex | Array,
    label_return: pd.Series | Array,
    base_weight: pd.Series | Array | None = None,
    label_stability: pd.Series | Array | None = None,
    label_stability_end: pd.Series | pd.DatetimeIndex | Array | None = None,
    regime: pd.Series | Array | None = None,
    timestamp: pd.DatetimeIndex | Array | None = None,
    crypto: str,
    feature_names: tuple[str, ...] | None = None,
    missing: Missing = "refuse",
    bar: int | None = None,
) -> TrainingArrays:
    """Turn what production sends into :class:`TrainingArrays`, or refuse it by name.

    Parameters
    ----------
    X, y
        Features of shape (n_rows, n_features) and hard labels of shape (n_rows,): pandas or arrays.
    label_end
        When each label is known, UTC.
    label_return
        Return of each label from entry to exit, before costs; 0.01 is one per cent.
    base_weight
        Weight of each row; ones by default.
    label_stability, label_stability_end, regime
        Stability of each row's label, in [0, 1], when it is known, UTC, and name of each row's market regime;
        unavailable (None) by default.
    timestamp
        When each row's features are known, UTC; by default the index of ``X``.
    crypto, feature_names, missing
        As in :func:`~ftf_assets.contracts.coercion.coerce_features`.
    bar
        Length of a bar in nanoseconds; None where only the rows tell it.

    Raises
    ------
    InputError
        Everything that the coercions of single columns refuse, and: different lengths, pandas objects whose
        indexes differ or are in another order, repeated or unsorted timestamps, a ``label_end`` before its
        row, and what :func:`~ftf_assets.contracts.label_returns.refuse_implausible_returns` refuses.
    """
    given: dict[str, Any] = {
        "label": y,
        "label_end": label_end,
        "label_return": label_return,
        "base_weight": base_weight,
        "label_stability": label_stability,
        "label_stability_end": label_stability_end,
        "regime": regime,
    }
    columns = {name: values for name, values in given.items() if values is not None}
    for name, values in columns.items():
        refuse_other_length(X, values, crypto=crypto, column=name)
    refuse_other_index({"features": X, **columns}, crypto=crypto)
    start = coerce_times(_row_times(X, timestamp, crypto), crypto=crypto, column="timestamp")
    refuse_other_length(X, start, crypto=crypto, column="timestamp")
    end = coerce_times(label_end, crypto=crypto, column="label_end")
    _refuse_bad_intervals(start, end, crypto)
    returns = coerce_returns(label_return, crypto=crypto)
    refuse_implausible_returns(start, end, returns, crypto=crypto)
    features = coerce_features(X, crypto=crypto, feature_names=feature_names, missing=missing)
    if isinstance(X, pd.DataFrame):
        feature_names = tuple(X.columns)
    codes, names = (None, ()) if regime is None else coerce_regime(regime, crypto=crypto)
    arrays = TrainingArrays(
        X=features,
        y=coerce_labels(y, crypto=crypto),
        start=start,
        end=end,
        label_return=returns,
        base_weight=np.ones(len(start), np.float32)
        if base_weight is None
        else coerce_weights(base_weight, crypto=crypto),
        feature_names=feature_names or tuple(f"feature_{i}" for i in range(features.shape[1])),
        label_stability=None
        if label_stability is None
        else coerce_label_stability(label_stability, crypto=crypto),
        label_stability_end=None
        if label_stability_end is None
        else coerce_times(label_stability_end, crypto=crypto, column="label_stability_end"),
        regime=codes,
        regime_names=names,
        bar=bar,
    )
    arrays.validate(crypto, missing=missing)
    return arrays


@typed
def coerce_feature_cache(
    frame: pd.DataFrame, *, crypto: str, missing: Missing = "refuse", bar: int | None = None
) -> TrainingArrays:
    """Turn a feature cache, a frame that keeps the contract ``FeatureCache``, into arrays.

    ``bar`` is the bar length of its source in nanoseconds; None where only the rows tell it.

    Raises
    ------
    InputError
        As :func:`coerce_training_data`, and where a column of the contract is absent.
    """
    absent = [name for name in ("label", "label_end", "label_return") if name not in frame.columns]
    if absent:
        raise input_error(
            "a feature cache needs label, label_end and label_return",
            crypto=crypto,
            column=absent[0],
            found="no such column",
        )
    features = _feature_columns(frame)
    if features.shape[1] == 0:
        raise input_error("a feature cache needs at least one feature column", crypto=crypto)
    return coerce_training_data(
        features,
        frame["label"],
        label_end=frame["label_end"],
        label_return=frame["label_return"],
        base_weight=frame.get("base_weight"),
        label_stability=frame.get("label_stability"),
        label_stability_end=frame.get("label_stability_end"),
        regime=frame.get("regime"),
        crypto=crypto,
        missing=missing,
        bar=bar,
    )


def _feature_columns(frame: pd.DataFrame) -> pd.DataFrame:
    places = [place for place, name in enumerate(frame.columns) if name not in RESERVED_COLUMNS]
    if places and places[-1] - places[0] + 1 == len(places):
        return frame.iloc[:, places[0] : places[-1] + 1]  # a slice is a view, a list of places a copy
    return frame.iloc[:, places]


def _row_times(
    X: pd.DataFrame | Array, timestamp: pd.DatetimeIndex | Array | None, crypto: str
) -> pd.DatetimeIndex | Array:
    if timestamp is not None:
        return timestamp
    if isinstance(X, pd.DataFrame) and isinstance(X.index, pd.DatetimeIndex):
        return X.index
    raise input_error(
        "rows need a time",
        crypto=crypto,
        column="timestamp",
        found="features without a DatetimeIndex",
        fix="Pass a DataFrame indexed by UTC timestamps, or timestamp=.",
    )


def _refuse_bad_intervals(start: Array, end: Array, crypto: str) -> None:
    def row_name(row: int) -> str:
        return utc_text(start[row])

    row_rules.TIMESTAMPS_INCREASE.refuse_broken(start, crypto=crypto, row_name=row_name)
    row_rules.LABEL_ENDS_AFTER_ITS_ROW.refuse_broken(end, start, crypto=crypto, row_name=row_name)
