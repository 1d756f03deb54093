"""Candles fetched from an exchange, for ``ftf fetch``; no sweep reads an exchange.

    client.py     one exchange through ccxt: pairs, timeframes, pages of bars, waiting and trying again
    bars.py       bars as arrays: what a page may hold, and the holes of a history
    coverage.py   which stretches of time are fetched, and which are left
    bar_file.py   the Parquet file of one pair, and the pages that a fetch keeps until it is whole
    fetch.py      ``fetch_history``: from what is there to the whole file

ccxt takes seconds to import and is an extra (``ftf-assets[exchange]``), so only ``client.py`` imports it,
inside a function. Nothing here decides what a fit computes, so the code version of the keys leaves this
folder out (``training/keys.py``). Tests talk to a local server that speaks Binance's protocol
(``ftf_assets_tests/support/binance_server.py``), never to an exchange.
"""
