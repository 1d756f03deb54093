"""A sweep as Python asks for it: frames or a source, a factor and settings; with a progress bar."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.graph.fit_events import Listener
from ftf_assets.report.notebook import Report, SweepResult
from ftf_assets.running.fresh_sweep import run_sweep_in_fresh_process
from ftf_assets.running.progress import sweep_progress
from ftf_assets.storage.frame_files import write_frames
from ftf_assets.storage.home import Home
from ftf_assets.storage.time_estimate import require_confirmed_sweep
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_progress import FitProgress
from ftf_assets.training.variants import parse_factors

Factor = str | Mapping[str, Sequence[str]]


def sweep_of_frames(
    features: Mapping[str, pd.DataFrame] | None,
    candles: Mapping[str, pd.DataFrame] | None,
    *,
    source: str | None,
    path: str | None,
    factor: Factor,
    settings: Mapping[str, Any],
    home: Home,
    progress: bool,
) -> SweepResult:
    """Run a sweep and give what it found; the parameters are those of :func:`ftf_assets.api.run_sweep`."""
    data = {"features": features, "candles": candles, "source": source}
    given = [name for name, value in data.items() if value is not None]
    if len(given) > 1:
        raise input_error("a sweep reads one kind of data", found=" and ".join(given), allowed="one of them")
    if path is not None and source is None:
        raise input_error("a path needs its source", found=path, fix="Pass source='candles' or 'features'.")
    factors = parse_factors(factor) if isinstance(factor, str) else {**factor}
    values: dict[str, Any] = {**settings, "treatment.factors": factors}
    if source is not None:
        values |= {"data.source": source, "data.path": path}
    frames = features if features is not None else candles
    if frames is not None:
        folder, cryptos = write_frames(home, frames)
        kind = "features" if features is not None else "candles"
        values |= {"data.source": kind, "data.path": str(folder), "data.cryptos": cryptos}
    sweep = open_sweep(sweep_settings(values))
    require_confirmed_sweep(sweep, home)
    with _shown(sweep_progress(sweep, home), progress) as on_fit:
        outcome = run_sweep_in_fresh_process(sweep, home, on_fit=on_fit)
    run = outcome.run
    return SweepResult(
        sweep_id=sweep.sweep_id,
        home=home.path,
        rows=outcome.rows,
        leaderboard=outcome.leaderboard,
        decision=run.decision,
        report=None if run.report is None else Report(run.report),
        failed_checks=tuple(check.in_words for check in run.failed_checks),
        hints=tuple(run.hints),
        skipped=sweep.settings.data.skipped or {},
    )


@contextmanager
def _shown(progress: FitProgress, shown: bool) -> Iterator[Listener]:
    """Show a bar of finished fits: a widget in a notebook that has widgets, a line of text elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns where a notebook has no widgets, and falls back to text
        from tqdm.auto import tqdm

        bar = tqdm(
            total=progress.n_fits, initial=progress.n_fits_ended, desc="fits", unit="fit", disable=not shown
        )
    with bar:

        def listen(event: FitEvent) -> None:
            progress.count(event)
            bar.update(progress.n_fits_ended - bar.n)

        yield listen
