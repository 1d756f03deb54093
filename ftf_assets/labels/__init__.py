"""Labels, and what a sweep may do about their noise: pure functions on arrays.

    triple_barrier.py    makes labels from candles
    label_stability.py   how robust each label is to slightly other barriers
    smoothing.py         factor ``label_smoothing``: softer training labels
    sample_weight.py     factor ``sample_weight``: training weights
    cleaning/            factor ``cleanlab``: finds suspect labels; drops or down-weights their rows
    calibration_controls.py  factors ``label_truth`` and ``reseeded``: controls of the product itself
    factor.py            what a factor is: labels, weights or rows
    fit_rows.py          the rows that a factor gets to see, and what it returns
    built_in_factors.py  the factors of this package
    installed_factors.py factors of other packages, by their entry points
    factor_registry.py   every factor by name: ``FACTORS``
    apply_factors.py     labels and weights of a variant, all its factors applied

To add a factor, write a module that declares a ``LabelFactor``, ``WeightFactor`` or ``RowFactor`` and add one
line to ``built_in_factors.py``. To add a level, extend the module of its factor. A factor sees the fit part
of a fold only: validation and test labels stay as they are.

No module here imports pandas or Dagster. Every file is part of each key's code version, so an edit makes
every sweep fit again.
"""
