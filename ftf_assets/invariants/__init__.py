"""What must hold of stored values, recomputed apart from the code that made them.

One module a property: ``leaks`` (no look-ahead), ``column_leaks`` (no feature that nearly is the label),
``lag_loss`` (no feature that knows the next bar), ``cleaning`` (caps and weights), ``off_path`` (untreated
cells), ``calibration`` (the calibration error), ``details`` (weeks, fits and top shares), ``outcomes``
(statuses and trades), ``reproduction`` (the same bits again). Functions take arrays and bundles, and return
one line of text for each breach; ``checks.domain_checks`` shows them.

The functions repeat some arithmetic of ``training`` on purpose, in other code: a check that calls what it
checks repeats its mistakes. Only ``reproduction`` and ``lag_loss`` fit models, as the stages do. Pure: no
Dagster, no pandas.
"""
