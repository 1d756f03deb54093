"""How long the fits of a run will take, by the pace of finished ones; a long run must be confirmed."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ftf_assets.contracts.errors import InputError
from ftf_assets.storage.cpu_core_locks import n_cores
from ftf_assets.storage.fit_store import KeyedStore, fit_store
from ftf_assets.storage.home import Home
from ftf_assets.sweep.setting_groups import LONG_RUN_MINUTES
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep
from ftf_assets.training.boosting import FitResult
from ftf_assets.training.device import Device, is_gpu
from ftf_assets.training.parameters import Rounds

if TYPE_CHECKING:
    from ftf_assets.sweep.noise_audit import Audit

#: Finished fits from which the pace is taken. Keys are hashes, so the first ones are a random sample.
_SAMPLE = 200

#: Pace of a home without a finished fit. The 625 fits of the untuned sweep on the market (57 features, 5,006
#: rows and 138 rounds in the mean) took 1.34e-7 s of one core per row and round (docs/parameters.md).
PUBLISHED_SECONDS_PER_ROW_AND_ROUND = 1.4e-7
#: Their rounds, rounded up.
PUBLISHED_ROUNDS = 150

_CONFIRM = "--confirm-long-run (run.confirm_long_run: true in the launchpad or in the settings from Python)"


@dataclass(frozen=True)
class FitPace:
    """How fast fits run, each on one core or one of several at a time on a GPU.

    Attributes
    ----------
    seconds_per_row
        Seconds of a fit per training row.
    n_fits
        Finished fits that it was measured on; 0 for the published pace, which is that of a core.
    device
        Where these fits ran.
    """

    seconds_per_row: float
    n_fits: int
    device: Device = "cpu"

    @property
    def in_words(self) -> str:
        """Where the pace comes from."""
        there, of_a_core = (f" on {self.device}", " of a core") if is_gpu(self.device) else ("", "")
        if self.n_fits == 0:
            return f"the published pace{of_a_core}, because this home has no finished fit{there}"
        return f"the pace of {self.n_fits} finished fit{'s' * (self.n_fits > 1)}{there} of this home"


@dataclass(frozen=True)
class TimeEstimate:
    """The fits that a run lacks, and how long they will take.

    Attributes
    ----------
    n_left
        Fits that are not done.
    rows
        Sum of their training rows.
    workers
        Fits at a time.
    pace
        How fast fits run.
    largest_fit
        Training rows of the largest fit of the run, done or not; 0 where it is not known.
    """

    n_left: int
    rows: float
    workers: int
    pace: FitPace
    largest_fit: float = 0.0

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of the fits that are left."""
        return self.rows * self.pace.seconds_per_row / self.workers

    @property
    def in_words(self) -> str:
        """The time and where the estimate comes from."""
        time = timedelta(seconds=math.ceil(self.seconds))
        return f"about {time}, {self.workers} at a time, by {self.pace.in_words}"

    @property
    def long(self) -> bool:
        """Whether a run of this length must be confirmed."""
        return self.seconds > 60 * LONG_RUN_MINUTES


def fit_pace(store: KeyedStore[FitResult], rounds: Rounds, device: Device) -> FitPace:
    """Return the pace of the home's finished fits, else the published one.

    Parameters
    ----------
    store
        The finished fits of the home.
    rounds
        Bounds of the boosting rounds; they bound the published pace.
    device
        Where the fits will run; fits on other devices say nothing about it.
    """
    seconds, rows, n_fits = 0.0, 0, 0
    for fit in store.headers(_SAMPLE):
        try:
            n_rows, spent = int(fit["n_rows"]), float(fit["seconds"])
            there = fit["device"] == device
        except (KeyError, TypeError, ValueError):
            continue  # damaged: it will be fitted again
        if not there:
            continue
        seconds, rows, n_fits = seconds + spent, rows + n_rows, n_fits + 1
    if rows:
        return FitPace(seconds / rows, n_fits, device)
    return FitPace(PUBLISHED_SECONDS_PER_ROW_AND_ROUND * min(rounds.maximum, PUBLISHED_ROUNDS), 0, device)


def estimate_sweep(
    sweep: Sweep, home: Home, crypto: str | None = None, *, current: Collection[str] = ()
) -> TimeEstimate:
    """Estimate the time of the fits that a sweep lacks.

    Parameters
    ----------
    sweep, home
        The sweep, and the home whose finished fits are reused.
    crypto
        Estimate this partition only, as for a run in the Dagster UI; default the whole sweep.
    current
        Cryptos whose fitted values are all current: they need none of the fits that the home lacks, such as
        those that ``ftf clean`` has removed.
    """
    rows, needless = dict[str, float](), set[str]()
    for name in sweep.cryptos if crypto is None else (crypto,):
        of_crypto = sweep.expected_rows(name)
        rows |= of_crypto
        needless |= of_crypto.keys() if name in current else set()
    return _estimate(sweep, home, rows, needless)


def _estimate(sweep: Sweep, home: Home, rows: Mapping[str, float], needless: Collection[str]) -> TimeEstimate:
    store = fit_store(home)
    store.load(rows)
    left = [n_rows for key, n_rows in rows.items() if key not in store and key not in needless]
    return TimeEstimate(
        n_left=len(left),
        rows=sum(left),
        workers=_fits_at_a_time(sweep.settings),
        pace=fit_pace(store, sweep.settings.training.early_stopping, sweep.settings.training.device),
        largest_fit=max(rows.values(), default=0.0),
    )


def _fits_at_a_time(settings: SweepSettings) -> int:
    return settings.run.gpu_fits if is_gpu(settings.training.device) else n_cores(settings.run.workers)


def estimate_audit(audit: Audit, home: Home, crypto: str | None = None) -> TimeEstimate:
    """Estimate the time of a noise audit.

    Its fits have keys that depend on the rows that the cleaners drop, so finished ones are not subtracted.

    Parameters
    ----------
    audit, home, crypto
        As in :func:`estimate_sweep`.
    """
    cryptos = audit.sweep.cryptos if crypto is None else (crypto,)
    training = audit.sweep.settings.training
    return TimeEstimate(
        n_left=sum(audit.plan(name).n_fits for name in cryptos),
        rows=sum(audit.expected_rows(name) for name in cryptos),
        workers=_fits_at_a_time(audit.sweep.settings),
        pace=fit_pace(fit_store(home), training.early_stopping, training.device),
    )


def require_confirmed_sweep(sweep: Sweep, home: Home, crypto: str | None = None) -> None:
    """Refuse a long sweep that was not confirmed.

    Parameters
    ----------
    sweep, home, crypto
        As in :func:`estimate_sweep`.

    Raises
    ------
    InputError
        More than 10 estimated minutes without ``run.confirm_long_run``; the message counts cells and fits and
        says where the estimate comes from.
    """
    if sweep.settings.run.confirm_long_run:
        return
    estimate = estimate_sweep(sweep, home, crypto)
    if not estimate.long:
        return
    tuning = f", {sweep.n_tuning_fits} of them for tuning" if sweep.n_tuning_fits else ""
    cells = (
        f"{len(sweep.cryptos)} cryptos x {sweep.settings.folds.n_folds} folds x "
        f"{len(sweep.variants)} variants = {sweep.n_cells} cells"
    )
    raise InputError(
        f"a long run must be confirmed: {cells}, {sweep.n_fits} fits{tuning}. "
        f"{_too_long(estimate, crypto)}. Add {_CONFIRM}"
    )


def require_confirmed_audit(audit: Audit, home: Home, crypto: str | None = None) -> None:
    """Refuse a long audit that was not confirmed.

    Parameters
    ----------
    audit, home, crypto
        As in :func:`estimate_audit`.

    Raises
    ------
    InputError
        More than 10 estimated minutes without ``run.confirm_long_run``.
    """
    if audit.sweep.settings.run.confirm_long_run:
        return
    estimate = estimate_audit(audit, home, crypto)
    if estimate.long:
        raise InputError(
            f"a long audit must be confirmed: {audit.n_fits} fits. {_too_long(estimate, crypto)}. Audit "
            f"fewer kinds or seeds, or add {_CONFIRM}"
        )


def _too_long(estimate: TimeEstimate, crypto: str | None) -> str:
    of = "" if crypto is None else f" of {crypto}"
    return (
        f"The {estimate.n_left} fits{of} that are not done take {estimate.in_words} (the limit without "
        f"confirmation is {LONG_RUN_MINUTES} minutes)"
    )
