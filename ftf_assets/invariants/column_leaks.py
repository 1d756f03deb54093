"""Features that nearly are the label or the future: measured column by column, over all rows of a crypto.

The measurement chooses nothing for a model, so it may look at every row, test rows included. It costs one
sort of each column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.typed import Array, Bool, Float32, Float64, typed

#: Furthest from 0.5 that the AUC of one honest column may be, in either direction. The strongest indicator is
#: 0.06 away on five real candle files, and 0.16 on the embedded market with the largest edge
#: (``docs/operating.md``).
FURTHEST_AUC = 0.4
#: Largest size of a correlation between an honest column and ``label_return``.
LARGEST_CORRELATION = 0.95
#: Number of leaking columns that are described with their numbers; of more, only the names are given.
_IN_FULL = 3


@dataclass(frozen=True)
class ColumnStrength:
    """How much one feature alone says of the label.

    Attributes
    ----------
    column
        Name of the feature.
    auc
        Area under the ROC curve of the feature alone, 0.5 for none; below 0.5, low values go with BUY.
        Missing values are left out. Where it says more whether a value is missing than which value it is,
        this is the AUC of being present.
    correlation
        Correlation with ``label_return``, of the values (Pearson) or of their ranks (Spearman), whichever is
        larger in size; 0 for a constant column.
    """

    column: str
    auc: float
    correlation: float

    @property
    def leak(self) -> str:
        """Why the column leaks, as a sentence without a full stop; empty if it does not."""
        if abs(self.auc - 0.5) > FURTHEST_AUC:
            return (
                f"column {self.column!r} nearly is the label: alone it ranks BUY against HOLD with AUC "
                f"{self.auc:.4f}, allowed {0.5 - FURTHEST_AUC:.2f} to {0.5 + FURTHEST_AUC:.2f}"
            )
        if abs(self.correlation) > LARGEST_CORRELATION:
            return (
                f"column {self.column!r} nearly is the future: its correlation with label_return is "
                f"{self.correlation:+.4f}, allowed -{LARGEST_CORRELATION:.2f} to {LARGEST_CORRELATION:.2f}"
            )
        return ""


@typed
def column_strengths(arrays: TrainingArrays) -> list[ColumnStrength]:
    """Measure each feature alone against label and return, the strongest first.

    Examples
    --------
    >>> times = np.arange(4)
    >>> arrays = TrainingArrays(
    ...     X=np.array([[0, 5], [1, 5], [0, 5], [1, 5]], np.float32),
    ...     y=np.array([0, 1, 0, 1], np.int8),
    ...     start=times,
    ...     end=times + 1,
    ...     label_return=np.array([-0.01, 0.03, -0.01, 0.02], np.float32),
    ...     base_weight=np.ones(4, np.float32),
    ...     feature_names=("target", "constant"),
    ... )
    >>> [(one.column, one.auc) for one in column_strengths(arrays)]
    [('target', 1.0), ('constant', 0.5)]
    """
    buy, returns = arrays.y == 1, arrays.label_return.astype(np.float64)
    return_ranks = _ranks(returns)
    found = [
        _strength(name, arrays.X[:, number], buy, returns, return_ranks)
        for number, name in enumerate(arrays.feature_names)
    ]
    return sorted(found, key=lambda one: (-max(2 * abs(one.auc - 0.5), abs(one.correlation)), one.column))


@typed
def column_leaks(strengths: Sequence[ColumnStrength]) -> list[str]:
    """Say in one line which columns leak, the first three with their numbers; empty if none leaks."""
    leaking = [one for one in strengths if one.leak]
    if not leaking:
        return []
    said = "; ".join(one.leak for one in leaking[:_IN_FULL])
    others = ", ".join(repr(one.column) for one in leaking[_IN_FULL:])
    them = "it" if len(leaking) == 1 else "them"
    return [f"{said}{f'; likewise {others}' if others else ''}. Remove {them} from the features"]


@typed
def auc_of(values: Float64[Array, " rows"], buy: Bool[Array, " rows"]) -> float:
    """Return the area under the ROC curve, equal values counted as half; 0.5 where a class is absent.

    Mann and Whitney (1947): it follows from the sum of the ranks of one class.
    """
    return _auc_of_ranks(_ranks(values), buy)


def _auc_of_ranks(ranks: Float64[Array, " rows"], buy: Bool[Array, " rows"]) -> float:
    n_buy = int(np.count_nonzero(buy))
    n_pairs = n_buy * (len(buy) - n_buy)
    if not n_pairs:
        return 0.5
    return (float(ranks[buy].sum()) - n_buy * (n_buy + 1) / 2) / n_pairs


def _strength(
    name: str,
    column: Float32[Array, " rows"],
    buy: Bool[Array, " rows"],
    returns: Float64[Array, " rows"],
    return_ranks: Float64[Array, " rows"],
) -> ColumnStrength:
    values, present = column.astype(np.float64), ~np.isnan(column)
    of_presence = 0.5
    if not present.all():
        of_presence = auc_of(present.astype(np.float64), buy)
        values, returns, return_ranks = values[present], returns[present], return_ranks[present]
    ranks = _ranks(values)
    aucs = [_auc_of_ranks(ranks, buy[present]), of_presence]
    correlations = [_correlation(values, returns), _correlation(ranks, return_ranks)]
    return ColumnStrength(name, max(aucs, key=lambda auc: abs(auc - 0.5)), max(correlations, key=abs))


def _ranks(values: Float64[Array, " rows"]) -> Float64[Array, " rows"]:
    from scipy.stats import rankdata

    ranks: Array = rankdata(values)
    return ranks


def _correlation(first: Float64[Array, " rows"], second: Float64[Array, " rows"]) -> float:
    if len(first) < 2:
        return 0.0
    one, other = first - first.mean(), second - second.mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / size if size > 0 else 0.0
