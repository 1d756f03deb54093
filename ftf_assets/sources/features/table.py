"""From a table of features and labels to a ``FeatureCache`` frame; one error lists all its faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ftf_assets.contracts import row_rules
from ftf_assets.contracts.label_returns import PER_CENT, PER_CENT_ALLOWED, PER_CENT_FIX, returns_in_per_cent
from ftf_assets.contracts.row_rules import RowRule
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS, FeatureCache
from ftf_assets.contracts.tables.validation import validated
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features import cells
from ftf_assets.sources.features.columns import FeatureColumns, feature_columns
from ftf_assets.sources.features.missing import counted_rows, refuse_missing
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.features.reading import FeatureReading
from ftf_assets.sources.features.times import NO_TIME, Instants, read_times
from ftf_assets.sources.readers.raw_table import RawTable

#: What a file without one of the label's columns is told.
_LABEL_COLUMNS = {
    "label": "Add it: 1 = BUY, 0 = HOLD.",
    "label_end": "Add when each label is known: the touch of a barrier or the end of the horizon, such as "
    "frame.index + 4 * pd.Timedelta('1h').",
    "label_return": "Add the return from entry to exit, before costs; 0.01 is 1 %.",
}
_TIMES = ("label_end", "label_stability_end")


def feature_cache_from_table(
    table: RawTable, *, crypto: str, file: str, options: FeatureOptions, faults: Faults
) -> tuple[pd.DataFrame, FeatureReading]:
    """Convert a table to the dtypes of ``FeatureCache`` and check it against the contract.

    Parameters
    ----------
    table
        Features, ``label``, ``label_end`` and ``label_return``; the times of the rows in the index or in a
        column. Cells are text, or numbers, booleans and times of any dtype of NumPy, pandas and Arrow.
    crypto, file
        Crypto and file that errors name.
    options
        What to do with missing features, price levels and times without a zone.
    faults
        Faults of lines that the reader found; they are raised together with those of this function.

    Returns
    -------
    cache : pandas.DataFrame
        Satisfies ``FeatureCache``.
    reading : FeatureReading
        What was understood and what was left out.

    Raises
    ------
    FaultsError
        Lists every fault: names, times, features and labels that cannot be read or break a rule, price
        levels and times among the features, missing features below the warm-up head.
    """
    columns = feature_columns(table, crypto=crypto, options=options, faults=faults)
    reading = FeatureReading(
        file,
        table.format,
        table.compression,
        table.separator,
        left_out=(*table.left_out, *columns.left_out),
    )
    cache, reading = _Rows(columns, faults, options).read(reading)
    faults.raise_if_any()
    return validated(FeatureCache, cache, crypto=crypto, file=file), reading


@dataclass
class _Rows:
    """The rows of a file on their way to the contract; each step adds its faults and goes on."""

    columns: FeatureColumns
    faults: Faults
    options: FeatureOptions

    def read(self, reading: FeatureReading) -> tuple[pd.DataFrame, FeatureReading]:
        """Convert, order and check the rows."""
        time, features = self.columns.times, self.columns.features
        rows = self.columns.rows if time is None else time.names
        converted = {**features, **self._converted(rows)}
        if not features and not self.faults.found:
            self.faults.add("a feature cache needs at least one feature column", found="none")
        self._refuse_absent()
        if time is None:
            self._check(converted, None, rows)
            return pd.DataFrame(), reading
        frame = pd.DataFrame(converted, index=pd.DatetimeIndex(time.index, name="timestamp"))
        backwards = len(frame) > 1 and bool((np.diff(time.nanoseconds) < 0).all())
        if backwards:
            frame = frame.iloc[::-1]
        times = frame.index.to_numpy("datetime64[ns]").view(np.int64)
        unlabelled = _unlabelled_tail(frame)
        labelled = frame.iloc[: len(frame) - unlabelled]
        times = times[: len(labelled)]
        self._check({str(name): labelled[name] for name in labelled}, times, Instants(times))
        head, last = self._head(labelled, list(features)) if len(labelled) else (0, "")
        reading = replace(
            reading,
            time=self.columns.time_place,
            time_form=time.form,
            zone=self.options.reading.zone if time.naive else None,
            symbol=self.columns.symbol,
            features=tuple(features),
            head_rows=head,
            head_feature=last,
            unlabelled_rows=unlabelled,
            newest_first=backwards,
        )
        return self._with_contract_dtypes(labelled.iloc[head:]), reading

    def _converted(self, rows: cells.RowNames) -> dict[str, Any]:
        converted: dict[str, Any] = {}
        for name, values in self.columns.reserved.items():
            found: Any
            if name == "label":
                found = cells.labels(values, faults=self.faults, rows=rows)
            elif name in _TIMES:
                zone = self.options.reading.zone
                read = read_times(name, values, zone=zone, faults=self.faults, rows=rows)
                found = None if read is None else read.index
            elif name == "regime":
                found = cells.regimes(values, faults=self.faults, rows=rows)
            else:
                sign = self.options.decimal_sign
                found = cells.numbers(name, values, faults=self.faults, rows=rows, decimal_sign=sign)
            if found is not None:
                converted[name] = found
        return converted

    def _refuse_absent(self) -> None:
        for name, fix in _LABEL_COLUMNS.items():
            if name not in self.columns.reserved:
                self.faults.add("the file lacks a column", column=name, found="no such column", fix=fix)

    def _check(self, values: dict[str, Any], times: Array | None, rows: cells.RowNames) -> None:
        """Add the faults of rows; ``times`` are nanoseconds, None if they cannot be read."""
        plain = {name: _plain(one) for name, one in values.items()}
        if times is not None:
            self._check_order(times, rows)
        label = plain.get("label")
        if label is not None:
            missing = np.isnan(label)
            self._refuse_missing_label("label", missing, rows)
            both = row_rules.LABELS_HOLD_BOTH_CLASSES
            if not missing.any() and not both.holds(label):
                self.faults.add(both.says, column="label", found=both.found(label.astype(int)), fix=both.fix)
        returns = plain.get("label_return")
        if returns is not None:
            missing = np.isnan(returns)
            self._refuse_missing_label("label_return", missing, rows)
            self.faults.add_rule(row_rules.RETURN_IS_FINITE, returns, rows=rows, leave=missing)
            self.faults.add_rule(row_rules.RETURN_KEEPS_MORE_THAN_NOTHING, returns, rows=rows)
        for name, rule in _RULES.items():
            if name in plain:
                self.faults.add_rule(rule, plain[name], rows=rows)
        weight, all_zero = plain.get("base_weight"), row_rules.WEIGHTS_ARE_NOT_ALL_ZERO
        if weight is not None and not all_zero.holds(weight):
            self.faults.add(
                all_zero.says, column="base_weight", found=all_zero.found(weight), fix=all_zero.fix
            )
        for name, one in plain.items():
            if name not in RESERVED_COLUMNS:
                for of_feature in (row_rules.FEATURE_IS_NOT_INFINITE, row_rules.FEATURE_FITS_FLOAT32):
                    self.faults.add_rule(of_feature, one, rows=rows, column=name)
        if times is not None:
            self._check_intervals(plain, times, rows)

    def _refuse_missing_label(self, name: str, missing: Array, rows: cells.RowNames) -> None:
        """Add the fault of missing labels, returns or ends of labels: a tail, or rows in the middle."""
        n_missing = int(missing.sum())
        if 0 < n_missing < len(missing) and missing[-n_missing:].all():
            since = rows[len(missing) - n_missing]
            self.faults.add(
                f"{name} is missing in the last {counted_rows(n_missing)}, from {since} on: a tail",
                column=name,
                fix=f"Cut the tail: frame[frame.index < '{since}']. Rows at the end that lack label as well "
                "are left out.",
            )
            return
        self.faults.add_rows(
            missing,
            f"{name} is missing",
            column=name,
            cells=np.full(len(missing), np.nan),
            rows=rows,
            allowed="missing in the last rows only, together with label",
            fix=f"Drop the rows: frame[frame[{name!r}].notna()].",
        )

    def _check_order(self, times: Array, rows: cells.RowNames) -> None:
        times_shown = Instants(times)
        steps = np.diff(times, prepend=times[:1] - 1)
        rule = row_rules.TIMESTAMPS_INCREASE
        for broken, what, fix in (
            (steps == 0, "the time repeats", "Keep one row a time: frame[~frame.index.duplicated()]."),
            (steps < 0, "the time goes back", "Sort the rows by time: frame.sort_index()."),
        ):
            self.faults.add_rows(
                broken, f"{rule.says}: {what}", column="timestamp", cells=times_shown, rows=rows, fix=fix
            )

    def _check_intervals(self, plain: dict[str, Any], times: Array, rows: cells.RowNames) -> None:
        end, returns = plain.get("label_end"), plain.get("label_return")
        if end is None:
            return
        absent = end == NO_TIME
        self._refuse_missing_label("label_end", absent, rows)
        before = (end < times) & ~absent
        self.faults.add_rule(row_rules.LABEL_ENDS_AFTER_ITS_ROW, end, times, rows=rows, leave=absent)
        stability = plain.get("label_stability_end")
        if stability is not None:
            rule = row_rules.STABILITY_IS_KNOWN_AFTER_THE_LABEL
            by_name = {"label_stability_end": stability, "label_end": end, "timestamp": times}
            self.faults.add_rule(rule, *(by_name[name] for name in rule.columns), rows=rows, leave=absent)
        if returns is None or absent.any() or not np.isfinite(returns).all():
            return
        self.faults.add_rule(
            row_rules.LABEL_WITH_A_RETURN_ENDS_LATER, end, returns, times, rows=rows, leave=before
        )
        per_cent = returns_in_per_cent(times, end, returns)
        if per_cent is not None:
            row, found = per_cent
            self.faults.add(
                PER_CENT,
                column="label_return",
                row=rows[row],
                found=found,
                allowed=PER_CENT_ALLOWED,
                fix=PER_CENT_FIX,
            )

    def _head(self, labelled: pd.DataFrame, features: list[str]) -> tuple[int, str]:
        if self.options.missing == "allow" or not labelled.index.is_monotonic_increasing or not features:
            return 0, ""
        return refuse_missing(labelled[features], faults=self.faults)

    def _with_contract_dtypes(self, frame: pd.DataFrame) -> pd.DataFrame:
        if self.faults.found:
            return frame
        return frame.assign(
            label=frame["label"].astype("int8"),
            **({"regime": frame["regime"].astype(pd.StringDtype())} if "regime" in frame else {}),
        )


#: Rules of one column besides those of features, times and intervals.
_RULES: dict[str, RowRule] = {
    "base_weight": row_rules.WEIGHT_IS_AN_AMOUNT,
    "label_stability": row_rules.STABILITY_IS_A_SHARE,
    "regime": row_rules.REGIME_HAS_A_NAME,
}


def _plain(values: Any) -> Array:
    if isinstance(values, pd.DatetimeIndex) or isinstance(getattr(values, "dtype", None), pd.DatetimeTZDtype):
        index = pd.DatetimeIndex(values)
        return index.tz_convert("UTC").as_unit("ns").to_numpy("datetime64[ns]").view(np.int64)
    return np.asarray(values)


def _unlabelled_tail(frame: pd.DataFrame) -> int:
    """Count the rows at the end that have no label: their horizon is not over."""
    if "label" not in frame or frame["label"].isna().all():
        return 0
    labelled = frame["label"].notna().to_numpy()
    return int(labelled[::-1].argmax())
