"""Training and scoring of cells: pure functions on arrays, from a plan to one result row per cell.

What is decided before anything runs:

    variants.py       the treatments that a sweep compares, and the designs that combine them
    device.py         names of CPU and GPUs
    parameters.py     XGBoost parameters, early stopping, and the search space of tuning
    plan.py           everything besides the rows that decides the cells of one crypto
    folds/            walk-forward folds, purging and embargo: who may learn from which row
    keys.py           hash of a key; versions of code and libraries
    fit_keys.py       keys of fits and cells        fit_seeds.py     their seeds
    planned_fits.py   the fits of a plan and their expected rows: what a sweep costs

The stages, in their order, each from arrays and the results of the stages before:

    tuning.py         hyper-parameters, by a seeded search inside the fit part
    baseline.py       the baseline of each fold: its rounds hold for every variant
    masks.py          cleaning masks, by out-of-fold models
    treated_fit_part.py  what a variant trains on: rows, labels and weights after its treatments
    models.py         one model a fold and variant; threshold.py picks its thresholds
    early_fits.py     fits that need not wait for the stage before theirs
    evaluation.py     one result row per cell: metrics.py on labels, trades.py on returns
    regimes.py        the same scores by market regime
    lagged_features.py  the baseline on older features, where its AUC is suspiciously large
    weekly_scores.py  AUC and trades by UTC week; auc_influence.py says how far a row moves the AUC
    confidence_curve.py  precision and trades of the most confident calls

``label_treatment.py`` applies one variant to a training window that another trainer brings along: the same
functions without folds, for :func:`ftf_assets.api.apply_label_treatment`.

How fits run: ``fit_engine.py`` (many fits side by side, none twice), ``fit_queue.py`` (their order),
``fit_executors.py`` (where they run: threads, a GPU), ``fit_task.py`` (one fit), ``boosting.py`` (its model),
``openmp.py`` (how threads of a fit wait), ``binning.py`` (binned matrices shared by fits on the same rows),
``gpu.py`` (memory of a GPU; opens CUDA), ``fit_memory.py`` (how many fits may bin at a time).

Test rows choose nothing: parameters come from the fit part, rounds and threshold from the validation slice.
No module imports pandas or Dagster; XGBoost, Optuna and scikit-learn are imported where they are called.
Every file is part of each key's code version, so an edit makes every sweep fit again.
"""
