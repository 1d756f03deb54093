"""The asset checks: contracts, and what only the domain knows.

* ``contract_checks`` generates the blocking contract check of every asset from the asset's contract. An asset
  that stores a new table or bundle is added to its table of contracts, and a test finds an asset without one.
* ``domain_checks`` has the checks of one crypto's values: caps, leaks, untreated cells, reproducibility,
  calibration, statuses and trades. Each hands stored values to a function of ``invariants`` and does no
  arithmetic itself.
* ``gate_checks``, ``audit_checks`` and ``report_checks`` have the checks of whole sweeps.
* ``stored`` reads values back, ``expectations`` says what a sweep expects of them, and ``partition_checks``
  turns the checks of an asset into one Dagster step.

Import ``graph_checks.graph_checks`` for all of them. A check that must stop the assets downstream is
blocking. Add its name to ``graph.check_history.BLOCKING_CHECKS``, so that later runs and the gate respect it.
"""
