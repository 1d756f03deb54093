"""Read from the rows how they were tuned. The verdict names it: a gain over an untuned baseline means less.

A treatment can look good beside poor hyper-parameters and bad beside good ones (Dodge et al. 2019, "Show Your
Work: Improved Reporting of Experimental Results", EMNLP: report the search budget with the result).
"""

from __future__ import annotations

from typing import cast

import numpy as np

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.tables.finetune_results import TUNE_MODES
from ftf_assets.contracts.tables.gate_decision import NOT_STATED
from ftf_assets.contracts.typed import typed
from ftf_assets.training.parameters import TuneMode, describe_tuning


@typed
def tuning_of(rows: ResultRows) -> tuple[str, int | None]:
    """Read which variants were tuned, and with how many trials.

    Parameters
    ----------
    rows
        Rows of the baseline and the levels; ``tuning`` and ``n_trials`` may be absent or empty.

    Returns
    -------
    tuple
        ``off``, ``baseline``, ``per_variant`` or ``not stated``; and the largest number of trials in a row,
        None if no row states it.

    Raises
    ------
    InputError
        An unknown mode, or rows of several modes: their differences are not due to the level alone.
    """
    _, first_rows = np.unique(rows.tuning.codes, return_index=True)
    modes: dict[str, int] = {}
    for row in sorted(first_rows.tolist()):
        modes.setdefault(str(rows.tuning.name(row) or NOT_STATED), row)
    for mode, row in modes.items():
        if mode not in (*TUNE_MODES, NOT_STATED):
            raise input_error(
                "an unknown tuning mode",
                crypto=str(rows.crypto.name(row)),
                column="tuning",
                row=rows.number_of(row),
                found=mode,
                allowed=f"{', '.join(TUNE_MODES)}, or no such column",
            )
    if len(modes) > 1:
        raise input_error(
            "the rows were tuned in different ways, so their differences are not due to the level alone",
            column="tuning",
            found=", ".join(sorted(modes)),
            fix="Keep the rows of one tuning mode.",
        )
    mode = next(iter(modes), NOT_STATED)
    trials = rows.values("n_trials")
    stated = trials[np.isfinite(trials)]
    most = int(stated.max()) if len(stated) else None
    # Where every study of a tuned sweep failed, no row states how many trials it had.
    return mode, None if most == 0 and mode in ("baseline", "per_variant") else most


@typed
def tuning_in_words(mode: str, n_trials: int | None) -> str:
    """Name the tuning mode in one line, in the words of the sweep itself."""
    if mode == NOT_STATED:
        return "tuning: not stated" + ("" if n_trials is None else f"; {n_trials} trials in the rows")
    return describe_tuning(cast("TuneMode", mode), n_trials)
