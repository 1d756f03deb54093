"""The typed arrays behind the coercion boundary: fixed dtypes, aligned rows, None for what is unavailable."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.row_rules import Missing, first_broken_feature, utc_text
from ftf_assets.contracts.typed import Array, Float32, Float64, Int8, Int64, typed


@typed
@dataclass(frozen=True, eq=False)
class CandleArrays:
    """OHLCV bars of one crypto as arrays of shape (n_bars,).

    Attributes
    ----------
    close_time
        Close of each bar, int64 nanoseconds since the epoch, UTC, strictly increasing.
    open, high, low, close
        Prices in quote currency, positive.
    volume
        Traded volume in base currency, not negative.
    bar
        Length of a bar in nanoseconds. Steps between bars are whole multiples of it, and one of them at least
        is one bar; a longer step is a gap.
    """

    close_time: Int64[Array, " bars"]
    open: Float64[Array, " bars"]
    high: Float64[Array, " bars"]
    low: Float64[Array, " bars"]
    close: Float64[Array, " bars"]
    volume: Float64[Array, " bars"]
    bar: int


@typed
@dataclass(frozen=True, eq=False)
class TrainingArrays:
    """One crypto's rows as XGBoost and cleanlab take them.

    Attributes
    ----------
    X
        Features, shape (n_rows, n_features), C-contiguous, known at ``start``.
    y
        Hard labels, 1 = BUY, 0 = HOLD.
    start, end
        The label's interval [timestamp, label_end], int64 nanoseconds since the epoch, UTC.
        ``start`` increases strictly, ``end`` never precedes it.
    label_return
        Return of the label from entry to exit, before costs; 0.01 is one per cent.
    base_weight
        Non-negative weight of each row, not all zero.
    feature_names
        Names of the columns of ``X``.
    label_stability
        Share of slightly different barriers that give the row its label, in [0, 1]. Like the label, it looks
        at the price path after the row: a training weight or a truth to audit with, never a feature. None if
        the source does not provide it.
    label_stability_end
        When the row's label stability is known, int64 nanoseconds since the epoch, UTC; not before ``end``. A
        weight by stability needs it. None if the source does not provide it.
    regime
        Number of each row's market regime in ``regime_names``, known at ``start``. None if the source does
        not provide it.
    regime_names
        Names of the regimes, sorted; empty without ``regime``.
    bar
        Length of a bar in nanoseconds, as the source knows it; None where only the rows tell it.
    """

    X: Float32[Array, "rows features"]
    y: Int8[Array, " rows"]
    start: Int64[Array, " rows"]
    end: Int64[Array, " rows"]
    label_return: Float32[Array, " rows"]
    base_weight: Float32[Array, " rows"]
    feature_names: tuple[str, ...]
    label_stability: Float32[Array, " rows"] | None = None
    label_stability_end: Int64[Array, " rows"] | None = None
    regime: Int8[Array, " rows"] | None = None
    regime_names: tuple[str, ...] = ()
    bar: int | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.y)

    def validate(self, crypto: str, *, missing: Missing = "refuse") -> None:
        """Raise for the first broken rule of :mod:`~ftf_assets.contracts.row_rules`.

        Dtypes and shapes are checked when the arrays are put together.

        Parameters
        ----------
        crypto
            Named in the error.
        missing
            ``refuse`` forbids NaN features, ``allow`` leaves them to XGBoost. Infinity is never allowed.

        Raises
        ------
        InputError
            Names crypto, column, row by its time, the rule, what came and what is allowed.
        """
        if not self.X.flags.c_contiguous:
            raise input_error("features must be C-contiguous", crypto=crypto, found="another memory layout")
        if len(self.feature_names) != self.X.shape[1]:
            raise input_error(
                "every feature column needs one name",
                crypto=crypto,
                found=f"{len(self.feature_names)} names for {self.X.shape[1]} columns",
            )
        broken = first_broken_feature(self.X, missing)
        if broken is not None:
            row, column, rule = broken
            name, value = self.feature_names[column], float(self.X[row, column])
            raise rule.error(crypto=crypto, column=name, row=self._row_name(row), found=value)
        for rule, *columns in (
            (row_rules.TIMESTAMPS_INCREASE, self.start),
            (row_rules.LABEL_ENDS_AFTER_ITS_ROW, self.end, self.start),
            (row_rules.LABEL_IS_BUY_OR_HOLD, self.y),
            (row_rules.RETURN_IS_FINITE, self.label_return),
            (row_rules.RETURN_KEEPS_MORE_THAN_NOTHING, self.label_return),
            (row_rules.LABEL_WITH_A_RETURN_ENDS_LATER, self.end, self.label_return, self.start),
            (row_rules.WEIGHT_IS_AN_AMOUNT, self.base_weight),
        ):
            rule.refuse_broken(*columns, crypto=crypto, row_name=self._row_name)
        row_rules.LABELS_HOLD_BOTH_CLASSES.refuse_broken(self.y, crypto=crypto)
        row_rules.WEIGHTS_ARE_NOT_ALL_ZERO.refuse_broken(self.base_weight, crypto=crypto)
        if self.label_stability is not None:
            row_rules.STABILITY_IS_A_SHARE.refuse_broken(
                self.label_stability, crypto=crypto, row_name=self._row_name
            )
        self._refuse_broken_stability_ends(crypto)
        self._refuse_broken_regimes(crypto)

    def _row_name(self, row: int) -> str:
        return utc_text(self.start[row])

    def _refuse_broken_stability_ends(self, crypto: str) -> None:
        if self.label_stability_end is None:
            return
        if self.label_stability is None:
            raise input_error(
                "label_stability_end says when label_stability is known, which is absent",
                crypto=crypto,
                column="label_stability_end",
                fix="Add label_stability, or leave label_stability_end out.",
            )
        row_rules.STABILITY_IS_KNOWN_AFTER_THE_LABEL.refuse_broken(
            self.label_stability_end, self.end, crypto=crypto, row_name=self._row_name
        )

    def _refuse_broken_regimes(self, crypto: str) -> None:
        names = list(self.regime_names)
        if names != sorted(set(names)) or (self.regime is None) != (not names):
            raise input_error(
                "regimes need one sorted list of names", crypto=crypto, column="regime", found=names
            )
        if self.regime is None:
            return
        named = (self.regime >= 0) & (self.regime < len(names))
        if not named.all():
            row = int(named.argmin())
            raise row_rules.REGIME_HAS_A_NAME.error(
                crypto=crypto, row=self._row_name(row), found=f"number {self.regime[row]} of {len(names)}"
            )
