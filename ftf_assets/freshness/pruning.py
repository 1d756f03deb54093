"""Removing cached values that no sweep of the results needs, and files that a kill left half written."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ftf_assets.contracts.errors import FtfError, StoreError
from ftf_assets.storage.artifacts import HEADER, read_header
from ftf_assets.storage.home import Home
from ftf_assets.storage.home_lock import exclusive_lock
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.asset_inputs import ARTIFACTS
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets.training.evaluation import score_key
from ftf_assets.training.fit_keys import cell_key
from ftf_assets.training.planned_fits import planned_fit_keys

_DAY = 86_400.0


@dataclass
class Counts:
    """How many values of one kind are removed and kept, and their bytes."""

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
    notes
        A line for each sweep of which only the models that its rows name are kept, and why.
    """

    sweeps: list[str]
    kinds: dict[str, Counts] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def bytes_pruned(self) -> int:
        """Bytes that were freed."""
        return sum(kind.bytes_pruned for kind in self.kinds.values())


@dataclass(frozen=True)
class _Needed:
    """What sweeps need: keys of fits and scores, folders of artifacts."""

    fits: set[str] = field(default_factory=set)
    scores: set[str] = field(default_factory=set)
    artifacts: set[Path] = field(default_factory=set)


def prune(
    home: Home, *, keep_days: float = 1.0, keep_sweeps: int | None = None, dry_run: bool = False
) -> Pruned:
    """Remove the fits, scores and artifacts that no sweep of the results store needs.

    A sweep needs the values that it would use if it were run now, and the models that its rows name, even
    where data, code or settings have changed since. No row is touched, so a removed value costs only the time
    to make it again. The fits of noise audits are removed; their results are rows.

    Parameters
    ----------
    home
        The home whose cache is pruned.
    keep_days
        Keep values that are younger.
    keep_sweeps
        Keep the values of this many sweeps, those that wrote last; None keeps those of all.
    dry_run
        Only count; a run may then work in the home.

    Raises
    ------
    StoreError
        A run works in the home, its results cannot be read, or a value cannot be removed.
    """
    if dry_run:
        return _prune(home, keep_days, keep_sweeps, remove=False)
    with exclusive_lock(home):
        return _prune(home, keep_days, keep_sweeps, remove=True)


def _prune(home: Home, keep_days: float, keep_sweeps: int | None, *, remove: bool) -> Pruned:
    pruned = Pruned([], {name: Counts() for name in ("fits", "scores", "artifacts", "unfinished")})
    needed = _values_needed(home, keep_sweeps, pruned)
    kept_since = time.time() - keep_days * _DAY
    values = [
        *(("fits", folder, folder.name in needed.fits) for folder in home.fits.glob("*/*")),
        *(("scores", folder, folder.name in needed.scores) for folder in home.scores.glob("*/*")),
        *(("artifacts", folder, folder in needed.artifacts) for folder in home.artifacts.glob("*/*/*")),
    ]
    for kind, folder, is_needed in values:
        if folder.name.startswith("."):
            continue
        kept = is_needed or _written_at(folder) > kept_since
        pruned.kinds[kind].count(_size(folder), kept=kept)
        if remove and not kept:
            _remove(folder)
    for path in _unfinished(home):
        pruned.kinds["unfinished"].count(_size(path), kept=False)
        if remove:
            _remove(path)
    return pruned


def _values_needed(home: Home, keep_sweeps: int | None, pruned: Pruned) -> _Needed:
    """Collect what the kept sweeps need, and name them in ``pruned``."""
    needed, cells = _Needed(), set[str]()
    if not home.results.exists():
        return needed
    store = ResultsStore(home.results)
    rows = store.read()
    pruned.sweeps += store.sweep_ids()[:keep_sweeps]
    for sweep_id in pruned.sweeps:
        cells_of_rows = set(rows.loc[rows["sweep_id"] == sweep_id, "cell_key"].dropna())
        cells |= cells_of_rows
        try:
            settings = store.settings(sweep_id)
            scoring = settings.evaluation.scoring
            needed.scores.update(score_key(cell, scoring) for cell in cells_of_rows)
            _add_values_of_settings(home, settings, needed)
        except FtfError as error:  # settings of another version of ftf, or a source that has moved away
            pruned.notes.append(f"{sweep_id}: only the models that its rows name are kept: {error}")
    for folder in (home.artifacts / "trained_models").glob("*/*"):
        fits = _fits_of_cells(folder, cells)
        if fits:
            needed.artifacts.add(folder)
            needed.fits.update(fits)
    return needed


def _add_values_of_settings(home: Home, settings: SweepSettings, needed: _Needed) -> None:
    """Add what a sweep of these settings would use if it were run now."""
    sweep = open_sweep(settings)
    for crypto in sweep.cryptos:
        plan = sweep.plan(crypto)
        needed.fits.update(planned_fit_keys(plan))
        needed.artifacts.update(
            home.artifact(asset, crypto, sweep.artifact_key(asset, crypto)) for asset in ARTIFACTS
        )
        needed.scores.update(
            score_key(cell_key(plan, fold, variant), settings.evaluation.scoring)
            for fold in range(plan.n_folds)
            for variant in plan.variants
        )


def _fits_of_cells(folder: Path, cells: set[str]) -> set[str]:
    try:
        trained = read_header(folder)["value"]["cells"]
        return {key for cell in trained if cell["cell_key"] in cells for key in cell["fit_keys"]}
    except (StoreError, KeyError, TypeError):
        return set()  # damaged: its cells cannot be read


def _unfinished(home: Home) -> Iterator[Path]:
    for folder in (home.fits, home.scores, home.artifacts, home.reports):
        yield from (path for path in folder.rglob(".*") if path.suffix in (".partial", ".pruned"))


def _written_at(folder: Path) -> float:
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
        # Renamed first, in one step: a kill meanwhile leaves no half value in its place.
        aside = path if path.name.startswith(".") else path.rename(path.with_name(f".{path.name}.pruned"))
        shutil.rmtree(aside)
    except OSError as error:
        raise StoreError(f"cannot remove {path}: {error.strerror or error}") from error
