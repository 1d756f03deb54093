"""Candle files: from OHLCV bars to candles, features, regimes and labels.

    source.py           the source: finds the files of a crypto, reads and keeps them
    options.py          the settings that concern candle files
    table.py            from one file to its bar table: rules of rows, all faults of the file at once
    spellings.py        what is known about each writer: names or order of columns, open or close, zone
    columns.py          which column holds what, by name or proved from the values
    times.py            epochs, ISO 8601, dates and zones as instants
    cells.py            cells as numbers
    bar_table.py        what a bar table holds, and what was understood of its file
    bars.py             from the bar tables of a history to validated candles, stamped with the close
    stamps.py           open or close: which end of its bar a time names
    history.py          the files of one history joined, each bar once
    bar_lengths.py      the bar length, stated or found, one for a history, and its grid
    reading.py          what was understood and decided
    kept.py             candles that this process has read already
    feature_cache.py    candles to feature cache: indicators, triple-barrier labels, count of dropped rows
    indicators.py       the features, backward-looking and scale-free
    columns_read.py     which columns of the candles a feature or label is computed from
    rolling_windows.py  trailing sums, means and deviations without running sums
    regimes.py          market regime of each bar

Bars are stamped with their **close**, the instant at which their features are known. Nothing here may read a
later bar, except the labels, which carry the time at which they are known (``label_end``). The embedded
market computes its feature caches with the same functions.
"""
