"""Walk-forward folds, purging and embargo: the only place that decides which row may learn from which.

    label_intervals.py     the closed interval of time in which each row's label comes about
    purge_and_embargo.py   training rows that touch nothing held out
    calendar_edges.py      the instants that separate the test spans, common to a crypto group
    shared_history.py      which cryptos have history enough for the same test spans
    walk_forward.py        fit, validation and test rows of each fold
    short_history.py       whether a fold has enough rows to train on
    out_of_fold_blocks.py  time blocks of a fit part, each predicted by a model that never saw it
    inner_folds.py         folds inside a fit part, for tuning

Every row carries the closed interval [``start``, ``end``] of its label. A model may learn from a row only
where that interval touches nothing held out (López de Prado 2018, *Advances in Financial Machine Learning*,
chapter 7). Times are int64 nanoseconds since the epoch, UTC; rows are int64 positions in time order.

``invariants/leaks.py`` recomputes these rules without this code, and a leak turns a check red. Do not import
from here into it. The length of the embargo is the setting ``folds.embargo_bars``; its rule is ``purge``.
"""
