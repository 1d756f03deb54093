"""From computed values to the rows of each result table, and back where a table is read again.

One module per table or pair of tables:

* ``finetune_results``: one row per cell; also everything that one crypto adds to the store, with the rows of
  ``weekly_results``, ``seed_scores`` and ``confidence_curve``
* ``regime_results``: each cell broken down by market regime; and the breakdown of a whole sweep
* ``label_suspects``: the rows that the cleaners suspect
* ``gate_decision``: ``gate_summary``, ``_verdicts`` and ``_metrics``; and the gate's decision on rows
* ``noise_audit``: ``noise_audit`` and ``noise_audit_effects``
* ``published_results``: no table; results of others, as the gate takes them, with ``result_columns``: how
  other tools spell the columns, and ``result_runs``: which rows of their runs are cells
* ``selection``: no table; what picking the best variant of stored rows promises too much

What a table may hold is its contract in :mod:`ftf_assets.contracts`. The contract of ``finetune_results`` has
a column for every registered factor, which only ``factor_columns`` here can name. A new metric is computed
in :mod:`ftf_assets.training`, gets a column in the contract and needs no change here. Writing the rows to
disk is the job of :mod:`ftf_assets.storage`.
"""
