"""How the threads of one fit wait for each other; to be imported before XGBoost.

By default a thread of OpenMP spins while it waits. On a machine that does other work too, the thread that it
waits for then has no core: two threads took 8 to 28 s for a fit that takes one thread 1 s. With passive
waiting they took 0.5 to 1 s on the same machine. OpenMP reads the setting when XGBoost loads it.
"""

from __future__ import annotations

import os
import sys

_LOADED_BEFORE = "xgboost" in sys.modules
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def threads_wait_passively() -> bool:
    """Whether a fit may take several threads without harm to what else runs on the machine."""
    return not _LOADED_BEFORE and os.environ.get("OMP_WAIT_POLICY", "").upper() == "PASSIVE"
