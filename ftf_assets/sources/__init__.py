"""Where data come from: the embedded market, candle files, ready feature caches.

Start at ``source_registry.py``: ``open_source("candles", path=…, …)`` returns a ``Source``
(``protocol.py``), which delivers candles and feature cache of one crypto at a time as validated
frames.

    embedded_market/     a simulated market with known label noise; needs no file
    candles/             OHLCV files: parsing, indicators, regimes, triple-barrier labels
    features/            feature caches that another system has built
    readers/             one module a file format, ``file_formats.py`` maps suffixes to readers
    exchange/            candles fetched from an exchange into files, for ``ftf fetch``
    faults.py            all faults of a file, for one error that lists them
    find_files.py        which files of a directory hold the data of which crypto
    found_pairs.py       which pairs the files of a directory are of, for ``ftf check``
    file_names.py        what a file name says: pair, timeframe, period
    name_words.py        words of names that are no symbol, or another instrument
    symbols.py           base asset and quote currency; timeframes.py: bar lengths as text

To add a source, write a class with the methods of ``Source`` and add one line to ``source_registry.SOURCES``.
Features must be known at the row's timestamp: ``features of candles[:t]`` are the first rows of the full run,
and a prefix test has to show it. Every file here but ``exchange/`` is part of each key's code version, so an
edit makes every sweep fit again. Pandas and TA-Lib are imported only when a source is opened or asked for
data; keep it so, because planning a sweep and listing the sources must stay fast.
"""
