"""Pruning the cache: what no sweep of the results leads to any more, and what a kill left half written."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ftf_assets.contracts.errors import FtfError, StoreError
from ftf_assets.rows.cells import BASIS_POINT
from ftf_assets.storage.artifacts import HEADER, read_header
from ftf_assets.storage.home import Home
from ftf_assets.storage.home_lock import alone
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.evaluation import score_key
from ftf_assets.training.fit_keys import cell_key
from ftf_assets.training.planned_fits import planned_fit_keys

_DAY = 86_400.0


@dataclass
class Kind:
    """How many values of one kind go and stay, and their bytes."""

    n_pruned: int = 0
    bytes_pruned: int = 0
    n_kept: int = 0
    bytes_kept: int = 0

    def count(self, n_bytes: int, *, kept: bool) -> None:
        """Count one value."""
        if kept:
            self.n_kept, self.bytes_kept = self.n_kept + 1, self.bytes_kept + n_bytes
        else:
            self.n_pruned, self.bytes_pruned = self.n_pruned + 1, self.bytes_pruned + n_bytes


@dataclass
class Pruned:
    """What pruning did, or would do.

    Attributes
    ----------
    sweeps
        The sweeps whose values are kept.
    kinds
        Counts of ``fits``, ``scores``, ``artifacts`` and ``unfinished`` files.
    """

    sweeps: list[str]
    kinds: dict[str, Kind] = field(default_factory=dict)

    @property
    def bytes_pruned(self) -> int:
        """Bytes that are free again."""
        return sum(kind.bytes_pruned for kind in self.kinds.values())


@dataclass(frozen=True)
class _Reached:
    fits: set[str] = field(default_factory=set)
    scores: set[str] = field(default_factory=set)
    artifacts: set[Path] = field(default_factory=set)


def prune(
    home: Home, *, keep_days: float = 1.0, keep_sweeps: int | None = None, dry_run: bool = False
) -> Pruned:
    """Remove the fits, scores and artifacts that no sweep of the results store leads to.

    A sweep leads to what its settings, its data as they are now and the code as it is now ask for, and to the
    models of the rows that it has, whatever has changed since. No row of the results store is touched: what
    goes costs time to make again, nothing else. The fits of noise audits go; their results are rows.

    Parameters
    ----------
    home
        Whose cache.
    keep_days
        Values that are younger stay.
    keep_sweeps
        Only so many sweeps count, those that wrote last; None takes all.
    dry_run
        Only say what would go; then a run may work in the home.

    Raises
    ------
    StoreError
        A run works in the home, its results cannot be read, or a value cannot be removed.
    """
    if dry_run:
        return _prune(home, keep_days, keep_sweeps, remove=False)
    with alone(home):
        return _prune(home, keep_days, keep_sweeps, remove=True)


def _prune(home: Home, keep_days: float, keep_sweeps: int | None, *, remove: bool) -> Pruned:
    sweeps, reached = _reach(home, keep_sweeps)
    youngest = time.time() - keep_days * _DAY
    pruned = Pruned(sweeps, {"fits": Kind(), "scores": Kind(), "artifacts": Kind(), "unfinished": Kind()})
    values = [
        *(("fits", folder, folder.name in reached.fits) for folder in home.fits.glob("*/*")),
        *(("scores", folder, folder.name in reached.scores) for folder in home.scores.glob("*/*")),
        *(("artifacts", folder, folder in reached.artifacts) for folder in home.artifacts.glob("*/*/*")),
    ]
    for kind, folder, is_reached in values:
        if folder.name.startswith("."):
            continue
        kept = is_reached or _written(folder) > youngest
        pruned.kinds[kind].count(_size(folder), kept=kept)
        if remove and not kept:
            _remove(folder)
    for path in _unfinished(home):
        pruned.kinds["unfinished"].count(_size(path), kept=False)
        if remove:
            _remove(path)
    return pruned


def _reach(home: Home, keep_sweeps: int | None) -> tuple[list[str], _Reached]:
    reached = _Reached()
    if not home.results.exists():
        return [], reached
    store = ResultsStore(home.results)
    rows = store.read()
    newest = rows.groupby("sweep_id")["created_at"].max().sort_values(ascending=False)
    sweeps = [str(sweep_id) for sweep_id in newest.index[:keep_sweeps]]
    settings = store.sweeps().set_index("sweep_id")["settings"]
    cells = set()
    for sweep_id in sweeps:
        frozen = SweepSettings.model_validate_json(settings[sweep_id])
        of_sweep = set(rows.loc[rows["sweep_id"] == sweep_id, "cell_key"].dropna())
        reached.scores.update(score_key(cell, frozen.evaluation.cost_bps * BASIS_POINT) for cell in of_sweep)
        cells |= of_sweep
        try:
            _reach_by_settings(home, frozen, reached)
        except FtfError:
            continue  # its source is gone: the models of its rows are found below
    for folder in (home.artifacts / "trained_models").glob("*/*"):
        fits = _fits_of_cells(folder, cells)
        if fits:
            reached.artifacts.add(folder)
            reached.fits.update(fits)
    return sweeps, reached


def _reach_by_settings(home: Home, settings: SweepSettings, reached: _Reached) -> None:
    sweep = open_sweep(settings)
    for crypto in sweep.cryptos:
        plan = sweep.plan(crypto)
        reached.fits.update(planned_fit_keys(plan))
        reached.artifacts.update(
            home.artifact(asset, crypto, sweep.artifact_key(asset, crypto)) for asset in ARTIFACTS
        )
        reached.scores.update(
            score_key(cell_key(plan, fold, variant), settings.evaluation.cost_bps * BASIS_POINT)
            for fold in range(plan.n_folds)
            for variant in plan.variants
        )


def _fits_of_cells(folder: Path, cells: set[str]) -> set[str]:
    try:
        trained = read_header(folder)["value"]["cells"]
        return {key for cell in trained if cell["cell_key"] in cells for key in cell["fit_keys"]}
    except (StoreError, KeyError, TypeError):
        return set()  # damaged: nothing can be read from it


def _unfinished(home: Home) -> Iterator[Path]:
    for folder in (home.fits, home.scores, home.artifacts, home.reports):
        yield from (path for path in folder.rglob(".*") if path.suffix in (".partial", ".pruned"))


def _written(folder: Path) -> float:
    header = folder / HEADER
    return (header if header.exists() else folder).stat().st_mtime


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else (path,)
    return sum(file.stat().st_size for file in files if file.is_file())


def _remove(path: Path) -> None:
    try:
        if not path.is_dir():
            path.unlink()
            return
        # Out of its place in one step: whatever is killed when, nobody finds half a value there.
        aside = path if path.name.startswith(".") else path.rename(path.with_name(f".{path.name}.pruned"))
        shutil.rmtree(aside)
    except OSError as error:
        raise StoreError(f"cannot remove {path}: {error.strerror or error}") from error
