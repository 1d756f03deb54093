"""What may travel between assets: table contracts, typed arrays, bundles, errors and the coercion boundary.

All other packages depend on this one; it depends on none.

* ``tables`` has one module per table. The tables in DuckDB, their documentation, the Dagster types and the
  contract checks all follow from these models, so a new column is added there and nowhere else.
* ``arrays`` and ``bundles`` have what pure code takes and what the assets after ``coerced_arrays`` store.
* ``coercion`` is THE boundary where pandas becomes NumPy on the way to a fit; ``gate_rows_coercion`` is the
  one on the way to the gate, whose input is ``gate_rows``. No other module of the package may convert, and a
  test reads the source for it.
* ``row_rules`` states every rule of a row once; table contracts, boundary and arrays use it.
  ``label_returns`` refuses returns that take no time or read like per cent.
* ``errors`` says who must act on an error and words it. ``typed`` checks types and shapes at run time;
  ``call_arguments`` takes the plain arguments of the Python calls, and refuses the others in one line.

A change in ``coercion`` changes the key of every fit, so all fits are made again. A renamed class or field of
a bundle makes stored artifacts unreadable. No module here may import Dagster.
"""
