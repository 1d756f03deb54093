"""THE coercion boundary: in this package, and nowhere else on the way to a fit, pandas becomes NumPy.

Production hands over ``DataFrame`` and ``Series``. Everything behind this boundary takes arrays of one dtype
and one layout and is checked strictly. A value is copied only where its dtype or layout demands it: an array
that already fits comes back as the same object. What cannot be converted without guessing is refused, and the
error names crypto, column and first bad row.

Import from here: :func:`coerce_training_data` for a trainer's rows, :func:`coerce_feature_cache` and
:func:`coerce_candles` for the tables of the graph, the others for single columns.

Inside: ``conversion`` holds every call that turns pandas into NumPy, ``alignment`` compares lengths and
indexes, and ``features``, ``columns``, ``times``, ``candles`` and ``training_data`` coerce what their names
say. The rules that values must keep are worded once, in ``contracts.row_rules``.

Every module of this package is part of each fit's key (``training.keys``): a change here refits everything.
The gate's result rows are coerced by ``contracts.result_coercion``, outside, because they decide no fit.
"""

from ftf_assets.contracts.coercion.candles import coerce_candles
from ftf_assets.contracts.coercion.columns import (
    coerce_flags,
    coerce_label_stability,
    coerce_labels,
    coerce_regime,
    coerce_returns,
    coerce_weights,
)
from ftf_assets.contracts.coercion.features import coerce_features
from ftf_assets.contracts.coercion.times import coerce_times
from ftf_assets.contracts.coercion.training_data import coerce_feature_cache, coerce_training_data

__all__ = [
    "coerce_candles",
    "coerce_feature_cache",
    "coerce_features",
    "coerce_flags",
    "coerce_label_stability",
    "coerce_labels",
    "coerce_regime",
    "coerce_returns",
    "coerce_times",
    "coerce_training_data",
    "coerce_weights",
]
