"""Feature caches that another system has built: Parquet files with features, labels and label ends.

``source.FeatureFileSource`` is the source; ``table.py`` gives a table the dtypes of the ``FeatureCache``
contract and refuses what it would have to guess: naive times, labels outside {0, 1}, features named like a
label.
"""
