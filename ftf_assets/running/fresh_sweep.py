"""A sweep in a fresh process, for callers that may not fork: a notebook with threads, a trainer that fitted.

The caller's process opens no database, starts no Dagster instance and keeps its signal handlers and
environment. Fits that finish, the outcome and every error come back over a pipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pandas as pd

from ftf_assets.graph.fit_events import Listener
from ftf_assets.running.child_processes import run_side_by_side
from ftf_assets.running.sweep_run import SweepRun, run_sweep
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep, open_sweep


@dataclass(frozen=True)
class SweepOutcome:
    """What a sweep gave, and its rows, so that the caller need not open the store.

    Attributes
    ----------
    run
        Decision, report, failed checks and hints.
    rows, leaderboard
        Rows of ``finetune_results``, and means by variant.
    """

    run: SweepRun
    rows: pd.DataFrame
    leaderboard: pd.DataFrame


@dataclass(frozen=True)
class _SweepWorker:
    """Runs one sweep; it is pickled for the fresh process."""

    settings: SweepSettings
    home: Home

    def __call__(self, send: Listener) -> AbstractContextManager[Callable[[str], SweepOutcome]]:
        return self._open(send)

    @contextmanager
    def _open(self, send: Listener) -> Iterator[Callable[[str], SweepOutcome]]:
        def do(sweep_id: str) -> SweepOutcome:
            run = run_sweep(open_sweep(self.settings), self.home, on_fit=send)
            store = ResultsStore(self.home)
            return SweepOutcome(run, store.read(sweep_id), store.leaderboard(sweep_id))

        yield do


def run_sweep_in_fresh_process(sweep: Sweep, home: Home, *, on_fit: Listener) -> SweepOutcome:
    """Run a sweep as :func:`~ftf_assets.running.sweep_run.run_sweep` does, in a fresh interpreter.

    Parameters
    ----------
    sweep, home
        What to run, and where.
    on_fit
        Called in this process with every fit that finishes.

    Raises
    ------
    InputError, StoreError, RunError, Interrupted
        As that function.
    """
    worker = _SweepWorker(sweep.settings, home)
    outcomes = run_side_by_side([sweep.sweep_id], worker, children=1, on_event=on_fit, fresh=True)
    return outcomes[sweep.sweep_id]
