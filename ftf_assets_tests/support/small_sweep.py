"""A sweep that takes seconds, and a home in which it is finished."""

from __future__ import annotations

import copy
import dataclasses
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ftf_assets.graph.check_history import FailedCheck
from ftf_assets.rows.gate_decision import decision_from_rows
from ftf_assets.running.sweep_run import SweepRun
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets_tests.support.settings import settings_of

#: Short fits, one per cell, no label ceiling: for tests that do not depend on rounds, seeds or the ceiling.
QUICK_FITS = {"min_rounds": 5, "max_rounds": 16, "patience": 5, "seeds": 1, "enabled": False}
#: Two cryptos, two folds, both factors, nothing tuned.
SMALL = {"cryptos": "OPUSDC,LDOUSDC", "n_folds": 2, "trials": 0, **QUICK_FITS, "phase": "test"}


def small_sweep(**settings: object) -> Sweep:
    return open_sweep(settings_of(**SMALL | settings))


@dataclass(frozen=True, eq=False)
class FinishedSweep:
    """A sweep that has finished. Its home is shared: read it, or copy it before a change."""

    sweep: Sweep
    home: Home
    done: SweepRun

    @classmethod
    def open(cls, sweep: Sweep, home: Home, record: Mapping[str, Any]) -> FinishedSweep:
        """Open a sweep that another process has finished in ``home`` and whose :attr:`record` it kept."""
        failed = [FailedCheck(**check) for check in record["failed_checks"]]
        decision = decision_from_rows(ResultsStore(home).decision(sweep.sweep_id))
        report = home.report(sweep.sweep_id)
        passed = [(crypto, asset, check) for crypto, asset, check in record["passed_checks"]]
        done = SweepRun(record["run_ids"], decision, report, failed, passed, record["hints"])
        return cls(sweep, home, done)

    @property
    def record(self) -> dict[str, Any]:
        """What its runs returned and no table holds."""
        return {
            "run_ids": self.done.run_ids,
            "failed_checks": [asdict(check) for check in self.done.failed_checks],
            "passed_checks": self.done.passed_checks,
            "hints": self.done.hints,
        }

    def copy(self, home: Home) -> SweepRun:
        """Copy the home to a test's own."""
        shutil.copytree(self.home.path, home.path)
        report = None if self.done.report is None else home.report(self.sweep.sweep_id)
        return dataclasses.replace(copy.deepcopy(self.done), report=report)
