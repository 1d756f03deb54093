"""The gate decides whether a treatment level beats its factor's baseline, and whether we may act on it.

Start at :func:`~ftf_assets.gate.decide.decide`: result rows in, :class:`~ftf_assets.gate.decision.Decision`
out. The steps, in the order in which it takes them:

* ``pair_checks``, ``pairs``: refuse rows that cannot be compared; pair each level with the baseline by
  (crypto, fold)
* ``clusters``: which cells share their weeks and count as one observation in the fold test
* ``compare`` (``cell_errors``, ``clustered``, ``statistics``, ``seed_noise``): the numbers of each level and
  metric, by calendar weeks and seeds where the rows have them
* ``signal``, ``trading``, ``truth_scale``: whether models rank, what trades earn, what noise hides
* ``judge`` (``verdict_rules``, ``design``, ``power``, ``tuning``): the ordered rules, the sentence that
  gives the reason, what would decide it, the warnings
* ``summary``: the answer of the whole sweep in one row
* ``fingerprint``: hashes of what a decision was made from and with
* ``selection``: what picking the best level promises too much; beside the decision, no part of it
* ``headline`` (``findings``, ``words``): the answer in a few sentences, from the numbers of a decision

Every bound is in ``thresholds``. Change a rule in ``verdict_rules``, a test in ``clustered``, and say in
docs/gate.md which error rates result: ``python -m benchmarks.gate_simulation`` measures them.

Everything here is a pure function of arrays and plain records: no pandas, no files, no Dagster. The same rows
give the same bits in any order; do not sum in another order, because stored decisions are compared by
fingerprint.
"""
