"""Which columns of the candles each column of a feature cache is computed from: its lineage in the UI.

A test changes each column of the candles and compares, so the table cannot differ from the indicators.
"""

from __future__ import annotations

from ftf_assets.contracts.errors import input_error

_CLOSE, _RANGE, _BAR = ("close",), ("high", "low", "close"), ("open", "high", "low", "close")

#: Starts of names, with the columns that such a column reads beside the timestamp; the longest start counts.
_READ: dict[tuple[str, ...], tuple[str, ...]] = {
    ("return_", "volatility_", "efficiency_", "up_share_", "rsi_", "macd_", "bollinger_", "regime"): _CLOSE,
    ("atr_", "return_to_atr", "range_to_atr", "plus_di_", "minus_di_"): _RANGE,
    ("ema_distance_", "sma_distance_", "range_position_", "williams_r_", "stochastic_", "cci_"): _RANGE,
    # The true range cancels in the ratio that the ADX is the mean of.
    ("parkinson_", "adx_"): ("high", "low"),
    ("aroon_down_",): ("low",),
    ("aroon_up_",): ("high",),
    ("volume_ratio_",): ("volume",),
    ("mfi_",): (*_RANGE, "volume"),
    ("candle_body", "upper_wick", "lower_wick"): _BAR,
    # A position opens at the next bar's open and ends where that bar or a later one crosses a barrier.
    ("label", "label_end", "label_return", "label_stability"): _BAR,
    ("timestamp", "hour_", "weekday_"): ("timestamp",),
}


def columns_read(column: str) -> tuple[str, ...]:
    """Return the columns of the candles that a column of the feature cache is computed from.

    Parameters
    ----------
    column
        Column of a feature cache that was made from candles, or ``timestamp``, its index.

    Raises
    ------
    InputError
        No indicator has this name, so nothing is known about it.

    Examples
    --------
    >>> columns_read("return_24"), columns_read("return_to_atr")
    (('close',), ('high', 'low', 'close'))
    """
    starts = {start: read for names, read in _READ.items() for start in names if column.startswith(start)}
    if not starts:
        raise input_error("no indicator and no label has this name", column=column, found="an unknown column")
    return starts[max(starts, key=len)]
