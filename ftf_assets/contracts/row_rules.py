"""Every rule that rows of features, labels and candles must keep, each stated once.

A rule is a condition and its wording. A :class:`RowRule` applies to each row on its own. Three places check
it, and none of them words a rule itself: the table contracts of :mod:`ftf_assets.contracts.tables`, the
coercion boundary, and ``TrainingArrays.validate``. Conditions use only operators that NumPy arrays and
columns of a frame share, so one condition serves all three. A rule that takes several columns besides the
timestamp is checked by :mod:`ftf_assets.contracts.label_returns` instead of the table contracts. A
:class:`ColumnRule` applies to a column as a whole. Only training needs it, so the boundary and the arrays
check it and the table contracts do not.

Rules only refuse. They compute nothing that a fit depends on, so they are not part of a fit's key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import Array, Float32, typed

#: What to do with missing features: make them an error, or leave them to XGBoost.
Missing = Literal["refuse", "allow"]

_LARGEST_FLOAT32 = float(np.finfo(np.float32).max)


def utc_text(nanoseconds: int) -> str:
    """Write a time as pandas does.

    Parameters
    ----------
    nanoseconds
        Since the epoch, UTC.

    Examples
    --------
    >>> utc_text(1_617_238_800_000_000_000)
    '2021-04-01 01:00:00+00:00'
    """
    unit = "ns" if nanoseconds % 10**9 else "s"
    time = np.datetime64(int(nanoseconds), "ns").astype(f"datetime64[{unit}]")
    return f"{str(time).replace('T', ' ')}+00:00"


def _as_it_came(row: int, values: Any, *_: Any) -> object:
    return values[row]


@dataclass(frozen=True)
class RowRule:
    """A rule that each row keeps or breaks on its own.

    Attributes
    ----------
    columns
        Columns that the condition takes. Errors name the first; ``timestamp`` is the index of a frame.
    says
        The rule as a plain sentence, without a full stop.
    holds
        Takes the columns, each of shape (n_rows,), and gives True for every row that keeps the rule.
    allowed, fix
        What would be accepted, and what to do.
    found
        Takes the number of a broken row and the columns, and gives the value that the error shows.
    """

    columns: tuple[str, ...]
    says: str
    holds: Callable[..., Any]
    allowed: str | None = None
    fix: str | None = None
    found: Callable[..., object] = _as_it_came

    def refuse_broken(
        self,
        *columns: Array,
        crypto: str,
        file: str | None = None,
        column: str | None = None,
        row_name: Callable[[int], object] = int,
    ) -> None:
        """Raise for the first row that breaks the rule.

        Parameters
        ----------
        *columns
            The columns of the rule, in its order.
        crypto, file
            Named in the error.
        column
            The column that the error names; by default the first of the rule.
        row_name
            Gives the name of a row from its number; by default the number itself.

        Raises
        ------
        InputError
            Names crypto, column, row, what came and what is allowed.
        """
        kept = self.holds(*columns)
        if not kept.all():
            row = int(kept.argmin())
            found = self.found(row, *columns)
            raise self.error(crypto=crypto, file=file, column=column, row=row_name(row), found=found)

    def error(
        self,
        *,
        crypto: str | None,
        file: str | None = None,
        column: str | None = None,
        row: object = None,
        found: object = None,
        more: str | None = None,
    ) -> InputError:
        """Word the error of a row that breaks the rule.

        Parameters
        ----------
        crypto, file, column, row, found
            As in :func:`~ftf_assets.contracts.errors.input_error`; the column is by default the rule's first.
        more
            A sentence to end the message with.
        """
        return input_error(
            self.says,
            crypto=crypto,
            file=file,
            column=column or self.columns[0],
            row=row,
            found=found,
            allowed=self.allowed,
            fix=" ".join(sentence for sentence in (self.fix, more) if sentence) or None,
        )


@dataclass(frozen=True)
class ColumnRule:
    """A rule that a column keeps as a whole, such as holding both classes.

    Attributes
    ----------
    column
        The column.
    says
        The rule as a plain sentence, without a full stop.
    holds
        Takes the column, shape (n_rows,), and says whether it keeps the rule.
    found
        Takes the column and says what it holds, for the error.
    fix
        What to do.
    """

    column: str
    says: str
    holds: Callable[[Any], bool]
    found: Callable[[Any], object]
    fix: str | None = None

    def refuse_broken(self, values: Array, *, crypto: str) -> None:
        """Raise where the column breaks the rule.

        Raises
        ------
        InputError
            Names crypto, column and what the column holds.
        """
        if not self.holds(values):
            raise input_error(
                self.says, crypto=crypto, column=self.column, found=self.found(values), fix=self.fix
            )


# Conditions that several rules share. A comparison with NaN is False, so a missing value breaks them.


def is_share(values: Any) -> Any:
    """True for each value in [0, 1]."""
    return (values >= 0) & (values <= 1)


def is_finite_amount(values: Any) -> Any:
    """True for each value that is finite and not negative."""
    return np.isfinite(values) & (values >= 0)


def _is_finite_and_positive(values: Any) -> Any:
    return np.isfinite(values) & (values > 0)


def _follows_the_row_before(times: Any) -> Array:
    kept = np.ones(len(times), np.bool_)
    kept[1:] = times[1:] > times[:-1]
    return kept


def _is_a_name(values: Any) -> Array:
    return np.array([isinstance(value, str) and value != "" for value in values.tolist()], np.bool_)


# --- time ----------------------------------------------------------------------------------------------

TIMESTAMPS_INCREASE = RowRule(
    ("timestamp",),
    "timestamps must increase strictly",
    _follows_the_row_before,
    found=lambda row, times: f"{utc_text(times[row])} after {utc_text(times[row - 1])}",
    fix="Sort the rows by time and remove repeated ones.",
)
LABEL_ENDS_AFTER_ITS_ROW = RowRule(
    ("label_end", "timestamp"),
    "label_end must not precede its row",
    lambda label_end, timestamp: label_end >= timestamp,
    allowed="the row's timestamp or later",
    fix="Write when the barrier was touched or the horizon ended.",
    found=lambda row, label_end, timestamp: utc_text(label_end[row]),  # noqa: ARG005
)

LABEL_WITH_A_RETURN_ENDS_LATER = RowRule(
    ("label_end", "label_return", "timestamp"),
    "label_end must lie after its row where label_return is not 0: without a label's true end, rows that "
    "overlap test rows cannot be purged",
    lambda label_end, label_return, timestamp: (label_return == 0) | (label_end > timestamp),
    allowed="a time after the row's timestamp",
    fix="Write when the barrier was touched or the horizon ended, not the row's own time.",
    found=lambda row, label_end, label_return, timestamp: (  # noqa: ARG005
        f"{utc_text(label_end[row])}, the row's own time, with label_return {label_return[row]:g}"
    ),
)

# --- labels --------------------------------------------------------------------------------------------

LABEL_IS_BUY_OR_HOLD = RowRule(
    ("label",),
    "labels must be 1 (BUY) or 0 (HOLD)",
    lambda labels: (labels == 0) | (labels == 1),
    allowed="0, 1",
)
LABELS_HOLD_BOTH_CLASSES = ColumnRule(
    "label",
    "labels must hold both classes",
    lambda labels: bool((labels == 0).any() and (labels == 1).any()),
    found=lambda labels: f"only {np.unique(labels).tolist()} in {len(labels)} rows",
    fix="Take a longer history or other barriers.",
)
RETURN_IS_FINITE = RowRule(
    ("label_return",), "label_return must be finite", np.isfinite, allowed="a finite number"
)
RETURN_KEEPS_MORE_THAN_NOTHING = RowRule(
    ("label_return",),
    "label_return must not lose more than everything",
    lambda returns: ~(returns < -1),  # a missing return breaks the rule above, not this one
    allowed="-1 or more; 0.01 is one per cent",
    fix="Divide returns in per cent by 100.",
)
STABILITY_IS_A_SHARE = RowRule(
    ("label_stability",), "label_stability must be a share of relabellings", is_share, allowed="0 to 1"
)
STABILITY_IS_KNOWN_AFTER_THE_LABEL = RowRule(
    ("label_stability_end", "label_end"),
    "label_stability_end must not precede label_end",
    lambda stability_end, label_end: stability_end >= label_end,
    allowed="the row's label_end or later",
    found=lambda row, stability_end, label_end: utc_text(stability_end[row]),  # noqa: ARG005
)

# --- weights -------------------------------------------------------------------------------------------

WEIGHT_IS_AN_AMOUNT = RowRule(
    ("base_weight",),
    "weights must be finite and not negative",
    is_finite_amount,
    allowed="a finite number >= 0",
)
WEIGHTS_ARE_NOT_ALL_ZERO = ColumnRule(
    "base_weight",
    "weights must not all be zero",
    lambda weights: bool((weights != 0).any()),
    found=lambda weights: f"0 in all of {len(weights)} rows",
)

# --- regimes -------------------------------------------------------------------------------------------

REGIME_HAS_A_NAME = RowRule(
    ("regime",),
    "every regime must be non-empty text",
    _is_a_name,
    allowed="non-empty text in every row, or no such column",
)

# --- features ------------------------------------------------------------------------------------------
#
# Errors are given the name of the feature. The table contract holds features to being not infinite: a missing
# one is allowed or refused by the settings of a sweep, and float32 is what the boundary converts to.

FEATURE_IS_PRESENT = RowRule(
    ("feature",),
    "features must not be missing",
    lambda values: ~np.isnan(values),
    fix="Trim the warm-up head, or allow them with --set data.missing=allow.",
)
FEATURE_IS_NOT_INFINITE = RowRule(
    ("feature",),
    "features must not be infinite",
    lambda values: ~np.isinf(values),
    fix="Correct the feature's division by zero.",
)
FEATURE_FITS_FLOAT32 = RowRule(
    ("feature",),
    "features must fit float32",
    lambda values: ~(np.isfinite(values) & (np.abs(values) > _LARGEST_FLOAT32)),
    allowed=f"at most {_LARGEST_FLOAT32:.4g} in size",
    fix="Scale the feature.",
)

# --- candles: errors are given the name of the price -------------------------------------------------------

PRICE_IS_POSITIVE = RowRule(
    ("price",), "prices must be finite and positive", _is_finite_and_positive, allowed="a finite number > 0"
)
VOLUME_IS_AN_AMOUNT = RowRule(
    ("volume",),
    "the volume must be finite and not negative",
    is_finite_amount,
    allowed="a finite number >= 0",
)

#: Every rule of a row; each has a sentence of its own.
RULES: tuple[RowRule, ...] = (
    TIMESTAMPS_INCREASE,
    LABEL_ENDS_AFTER_ITS_ROW,
    LABEL_WITH_A_RETURN_ENDS_LATER,
    LABEL_IS_BUY_OR_HOLD,
    RETURN_IS_FINITE,
    RETURN_KEEPS_MORE_THAN_NOTHING,
    STABILITY_IS_A_SHARE,
    STABILITY_IS_KNOWN_AFTER_THE_LABEL,
    WEIGHT_IS_AN_AMOUNT,
    REGIME_HAS_A_NAME,
    FEATURE_IS_PRESENT,
    FEATURE_IS_NOT_INFINITE,
    FEATURE_FITS_FLOAT32,
    PRICE_IS_POSITIVE,
    VOLUME_IS_AN_AMOUNT,
)


@typed
def first_broken_feature(
    X: Float32[Array, "rows features"], missing: Missing
) -> tuple[int, int, RowRule] | None:
    """Find the first feature, by row and then column, that breaks a rule.

    Parameters
    ----------
    X
        Features, shape (n_rows, n_features).
    missing
        ``refuse`` forbids NaN, ``allow`` leaves it to XGBoost. Infinity is never allowed.

    Returns
    -------
    tuple of int, int and RowRule, or None
        Row, column and the broken rule; None if every feature keeps the rules.
    """
    # Whatever is not finite stays so in a sum, which is one pass without a temporary. Only a matrix whose sum
    # is not finite, because of a bad value or of values near the end of float32, needs the search.
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(X.sum()):
            return None
    broken = ~FEATURE_IS_NOT_INFINITE.holds(X)
    if missing == "refuse":
        broken |= ~FEATURE_IS_PRESENT.holds(X)
    if not broken.any():
        return None
    row, column = (int(place) for place in np.unravel_index(int(broken.argmax()), broken.shape))
    return row, column, FEATURE_IS_PRESENT if np.isnan(X[row, column]) else FEATURE_IS_NOT_INFINITE
