"""A sweep that takes seconds, and a home in which it has ended."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from ftf_assets.config import sweep_settings
from ftf_assets.run import SweepRun
from ftf_assets.storage.home import Home
from ftf_assets.sweep import Sweep, open_sweep

#: Two cryptos, two folds, both factors, nothing tuned.
SMALL = {
    "cryptos": "OPUSDC,LDOUSDC",
    "n_folds": 2,
    "trials": 0,
    "max_rounds": 40,
    "patience": 10,
    "phase": "test",
}


def small_sweep(**settings: object) -> Sweep:
    return open_sweep(sweep_settings({**SMALL, **settings}))


@dataclass(frozen=True, eq=False)
class FinishedSweep:
    """A sweep that has ended well: its home is shared, so it is read, or copied before it is changed."""

    sweep: Sweep
    home: Home
    done: SweepRun

    def copy(self, home: Home) -> SweepRun:
        """Put a copy into a test's own home."""
        shutil.copytree(self.home.path, home.path)
        report = None if self.done.report is None else home.report(self.sweep.sweep_id)
        return SweepRun(dict(self.done.run_ids), self.done.decision, report, list(self.done.red_checks))
