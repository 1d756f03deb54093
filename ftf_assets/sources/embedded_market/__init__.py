"""The embedded market: hourly candles of 2024 for any crypto name, with label noise whose truth is known.

``source.MarketSource`` is the source, ``price_path.py`` simulates the candles, ``label_noise.py`` draws the
wrong labels. The same seed gives the same bits everywhere. Any change of the simulated numbers must raise
``price_path.MARKET_VERSION``, which is part of the data's fingerprint. The truth about labels is for audits,
tests and the control level ``relabel_truth``; no other training code may read it.
"""
