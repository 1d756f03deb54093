"""The typed array bundles that travel between assets: fixed dtypes, aligned rows, None for unavailable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ftf_assets.contracts.errors import InputError, input_error
from ftf_assets.contracts.typed import Array, Float32, Float64, Int8, Int64, typed


@typed
def first_bad_feature(X: Float32[Array, "rows features"], missing: str) -> tuple[int, int] | None:
    """Find the first feature, by row and then column, that is infinite, or NaN where that is refused.

    Parameters
    ----------
    X
        Features, shape (n_rows, n_features).
    missing
        ``refuse`` or ``allow``.

    Returns
    -------
    tuple of int or None
        Row and column; None where every feature is good.
    """
    # Whatever is not finite stays so in a sum, which is one pass without a temporary: only a matrix whose sum
    # is not, bad or near the end of float32, pays for the search.
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(X.sum()):
            return None
    bad = np.isinf(X) if missing == "allow" else ~np.isfinite(X)
    if not bad.any():
        return None
    row, column = np.unravel_index(int(bad.argmax()), bad.shape)
    return int(row), int(column)


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
        Traded volume in base currency.
    bar
        Length of a bar in nanoseconds. Steps between bars are whole multiples of it; a longer step is a gap.
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
    """One crypto's rows as XGBoost and cleanlab need them: what lies behind the coercion boundary.

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
        Entry-to-exit return of the label before costs; 0.01 is one per cent.
    base_weight
        Non-negative weight of each row, not all zero.
    feature_names
        Names of the columns of ``X``.
    label_stability
        Share of slightly different barriers that give the row its label, in [0, 1]. It looks at the path
        after the row as the label does and is known at ``end``: a training weight or a truth to audit with,
        never a feature. None where the source does not provide it.
    regime
        Number of each row's market regime in ``regime_names``, known at ``start``. None where the source does
        not provide it.
    regime_names
        Names of the regimes, sorted; empty without ``regime``.
    """

    X: Float32[Array, "rows features"]
    y: Int8[Array, " rows"]
    start: Int64[Array, " rows"]
    end: Int64[Array, " rows"]
    label_return: Float32[Array, " rows"]
    base_weight: Float32[Array, " rows"]
    feature_names: tuple[str, ...]
    label_stability: Float32[Array, " rows"] | None = None
    regime: Int8[Array, " rows"] | None = None
    regime_names: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.y)

    def validate(self, crypto: str, *, missing: str = "refuse") -> None:
        """Raise the first broken rule of the contract, by name.

        Parameters
        ----------
        crypto
            Named in the message.
        missing
            ``refuse`` forbids NaN features, ``allow`` leaves them to XGBoost. Infinity is never allowed.

        Raises
        ------
        InputError
            Dtypes and shapes are checked when the bundle is built; this checks values and alignment.
        """
        for broken in self._broken_rules(crypto, missing):
            raise broken

    def _broken_rules(self, crypto: str, missing: str) -> list[InputError]:
        broken: list[InputError] = []

        def refuse(rule: str, **where: object) -> None:
            broken.append(input_error(rule, crypto=crypto, **where))  # type: ignore[arg-type]

        if not self.X.flags.c_contiguous:
            refuse("features must be C-contiguous", found="another memory layout")
        if len(self.feature_names) != self.X.shape[1]:
            refuse(
                "one name a feature column",
                found=f"{len(self.feature_names)} names for {self.X.shape[1]} columns",
            )
        place = first_bad_feature(self.X, missing)
        if place is not None:
            row, column = place
            refuse(
                "features must be finite" if missing == "refuse" else "features must not be infinite",
                column=self.feature_names[column],
                row=np.datetime64(int(self.start[row]), "ns"),
                found=float(self.X[row, column]),
            )
        other = (self.y != 0) & (self.y != 1)
        if other.any():
            row = int(np.flatnonzero(other)[0])
            refuse("labels are 1 (BUY) or 0 (HOLD)", column="label", row=row, found=int(self.y[row]))
        elif not self.y.any() or self.y.all():
            refuse(
                "labels must hold both classes", column="label", found=f"only {np.unique(self.y).tolist()}"
            )
        steps = np.diff(self.start)
        if (steps <= 0).any():
            row = int(np.flatnonzero(steps <= 0)[0]) + 1
            refuse("timestamps must increase strictly", row=row)
        if (self.end < self.start).any():
            row = int(np.flatnonzero(self.end < self.start)[0])
            refuse("label_end must not precede its row", column="label_end", row=row)
        if not np.isfinite(self.label_return).all():
            row = int(np.flatnonzero(~np.isfinite(self.label_return))[0])
            refuse("label_return must be finite", column="label_return", row=row)
        weight = self.base_weight
        if not np.isfinite(weight).all() or (weight < 0).any():
            row = int(np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))[0])
            refuse(
                "weights must be finite and not negative", column="base_weight", row=row, found=weight[row]
            )
        elif not weight.any():
            refuse("weights must not all be zero", column="base_weight")
        stability = self.label_stability
        if stability is not None and not ((stability >= 0) & (stability <= 1)).all():
            row = int(np.flatnonzero(~((stability >= 0) & (stability <= 1)))[0])
            refuse("label_stability is a share", column="label_stability", row=row, found=stability[row])
        names, n_regimes = list(self.regime_names), len(self.regime_names)
        if names != sorted(set(names)) or (self.regime is None) != (n_regimes == 0):
            refuse("regimes have one sorted list of names", column="regime", found=names)
        elif self.regime is not None and not ((self.regime >= 0) & (self.regime < n_regimes)).all():
            row = int(np.flatnonzero((self.regime < 0) | (self.regime >= n_regimes))[0])
            refuse("every regime has a name", column="regime", row=row, found=int(self.regime[row]))
        return broken
