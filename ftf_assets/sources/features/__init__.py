"""Feature caches that another system has built: files with features, labels and label ends.

    source.py        the source: finds the file of a crypto, reads it, caches its span
    table.py         from a table to a ``FeatureCache`` frame, with every fault of the file in one error
    columns.py       which column is what: times of the rows, symbol, labels, features, what is left out
    column_roles.py  price levels, amounts, times and counts of rows, told by name and content
    cells.py         single columns: text, Arrow, nullable and decimal cells to numbers and labels
    times.py         columns of times: datetimes, dates, text or an epoch to instants
    missing.py       missing features: a head that is left out, a tail and holes that are faults
    options.py       what the settings say, ``reading.py``: what was understood

What is ambiguous is refused with the option that decides it: times without a zone, price levels among the
features, labels outside {0, 1}, columns named like a label.
"""
