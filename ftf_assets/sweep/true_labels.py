"""The true labels of a crypto's rows, where its source knows them: for audits and controls of calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.audit.noise import KnownTruth
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion import coerce_flags, coerce_labels, coerce_times
from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.typed import Array
from ftf_assets.sources.protocol import KnowsTruth, Source
from ftf_assets.sweep.sweep import Sweep


def known_truth(source: Source, crypto: str, arrays: TrainingArrays) -> KnownTruth | None:
    """Return the truth about every row of a crypto; None where the source does not know it.

    Parameters
    ----------
    source, crypto
        Where the rows come from.
    arrays
        The rows, from ``coerced_arrays``.

    Raises
    ------
    InputError
        The true labels do not match the rows.
    """
    if not isinstance(source, KnowsTruth):
        return None
    truth = source.truth(crypto)
    times = coerce_times(pd.DatetimeIndex(truth.index), crypto=crypto, column="timestamp")
    label = coerce_labels(truth["true_label"], crypto=crypto)
    flipped, in_burst = (
        coerce_flags(truth[name], crypto=crypto, column=name) for name in ("flipped", "in_burst")
    )
    if not np.array_equal(times, arrays.start):
        raise InputError(f"{crypto}: timestamps of the truth differ from those of the stored rows")
    if not np.array_equal(np.where(flipped, 1 - label, label), arrays.y):
        raise InputError(
            f"{crypto}: the simulated market's true labels do not match the stored ones. Run the sweep again"
        )
    return KnownTruth(label=label, in_burst=in_burst)


def truth_for_labels(sweep: Sweep, crypto: str, arrays: TrainingArrays) -> Array | None:
    """Return the true labels if a variant of the sweep reads them, int8 of shape (n_rows,); else None.

    Warnings
    --------
    The true labels look into the future of every row. Only the control level ``relabel_truth`` may train on
    them, and a sweep of any other source than the embedded market refuses it when it is opened.
    """
    if not sweep.plan(crypto).relabelling_treatments:
        return None
    truth = known_truth(sweep.source, crypto, arrays)
    return None if truth is None else truth.label
