"""How long the fault tests are: a short version of each in CI, the full one by ``make faults``."""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

#: ``full`` runs the counts that docs/reliability.md gives; anything else a short version.
SCALE = os.environ.get("FTF_FAULTS", "short")


def scaled(short: T, full: T) -> T:
    """Give ``short`` in CI, ``full`` by ``make faults``."""
    return full if SCALE == "full" else short


#: The sweep that is disturbed. What goes wrong does not depend on its size; the short version has what any
#: sweep has: two cryptos in processes of their own, a baseline, a smoothed and a cleaned variant.
CRYPTOS = ("OPUSDC", "LDOUSDC")
N_FOLDS = scaled(1, 2)
FACTORS = scaled("label_smoothing=mild,cleanlab=filter", "label_smoothing,cleanlab")
N_VARIANTS = scaled(3, 5)
N_CELLS_A_CRYPTO = N_FOLDS * N_VARIANTS
N_CELLS = len(CRYPTOS) * N_CELLS_A_CRYPTO
