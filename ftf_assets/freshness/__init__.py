"""Which stored values are current and why others are not; what a sweep will cost; what can be removed.

* ``current``: the one answer. ``stale_assets`` lists the assets of a sweep that are not current, and
  ``Freshness.why_not_current`` gives the first reason for one asset
* ``reason``: the reasons
* ``artifacts``, ``rows``, ``decision``: the parts of the answer, with ``checks`` and ``identity_changes``
* ``estimate``: cells, fits and time of a sweep before it runs
* ``pruning``: removes cached values that no sweep needs

``ftf plan`` prints the list and ``ftf sweep`` makes exactly these assets, so they cannot disagree. Sensors
look at rows that a run has just written, and use two parts: ``rows.inputs_reason`` and
``decision.decision_reasons``.

Only pruning writes. On a fresh home ``ftf plan`` must answer without Dagster and DuckDB: the modules that it
imports load them inside functions, and a test checks that.
"""
