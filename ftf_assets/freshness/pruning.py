"""Removing cached values that no sweep of the results needs, and files that a kill left half written."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ftf_assets.contracts.errors import FtfError, StoreError
from ftf_assets.storage.artifacts import HEADER, read_header
from ftf_assets.storage.blobs.folder import BlobFolder
from ftf_assets.storage.blobs.local_blobs import LocalBlobs
from ftf_assets.storage.blobs.protocol import BlobEntry, BlobStore
from ftf_assets.storage.fit_packs import read_keys
from ftf_assets.storage.home import Home
from ftf_assets.storage.home_lock import exclusive_lock
from ftf_assets.storage.results_database import NoResultsError
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
    """What sweeps need: keys of fits and scores, names of the folders of artifacts."""

    fits: set[str] = field(default_factory=set)
    scores: set[str] = field(default_factory=set)
    artifacts: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Value:
    """What is removed or kept as one: a fit, a pack of fits, an artifact.

    Attributes
    ----------
    kind
        ``fits``, ``scores`` or ``artifacts``.
    keys
        The keys of its fits or scores, or its name; it is needed if one of them is.
    blobs
        Its blobs, the one without which it is not found first.
    store
        The store that holds them.
    """

    kind: str
    keys: set[str]
    blobs: list[BlobEntry]
    store: BlobStore

    @property
    def n_bytes(self) -> int:
        return sum(blob.n_bytes for blob in self.blobs)

    @property
    def written_at(self) -> float:
        return self.blobs[0].modified


def prune(
    home: Home, *, keep_days: float = 1.0, keep_sweeps: int | None = None, dry_run: bool = False
) -> Pruned:
    """Remove the fits, scores and artifacts that no sweep of the results store needs.

    A sweep needs the values that it would use if it were run now, and the models that its rows name, even
    where data, code or settings have changed since. No row is touched, so a removed value costs only the time
    to make it again. The fits of noise audits are removed; their results are rows.

    Runs of other machines hold no lock of this one. So nothing is removed while Dagster's records know a run
    that has started and not ended, and in a bucket nothing that is younger than a day: a run that begins
    meanwhile, or that other records know, keeps what it has made. The fits that this machine keeps of a
    bucket are pruned likewise.

    Parameters
    ----------
    home
        The home whose cache is pruned.
    keep_days
        Keep values that are younger; in a bucket never less than a day.
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
        _check_that_no_run_works(home)
        return _prune(home, keep_days, keep_sweeps, remove=True)


def _prune(home: Home, keep_days: float, keep_sweeps: int | None, *, remove: bool) -> Pruned:
    pruned = Pruned([], {name: Counts() for name in ("fits", "scores", "artifacts", "unfinished")})
    needed = _values_needed(home, keep_sweeps, pruned)
    # Runs on other machines hold no lock of this one, so what is young in a bucket may be in use.
    days = keep_days if home.bucket is None else max(keep_days, 1.0)
    kept_since = time.time() - days * _DAY
    for value in _values(home):
        kept = not value.keys.isdisjoint(getattr(needed, value.kind)) or value.written_at > kept_since
        pruned.kinds[value.kind].count(value.n_bytes, kept=kept)
        if remove and not kept:
            # What names it goes first: a kill meanwhile leaves no half value that could be found.
            value.store.delete([blob.name for blob in value.blobs])
    for path in _unfinished(home):
        pruned.kinds["unfinished"].count(path.stat().st_size, kept=False)
        if remove:
            path.unlink(missing_ok=True)
    return pruned


def _check_that_no_run_works(home: Home) -> None:
    from dagster import DagsterRunStatus, RunsFilter

    from ftf_assets.graph.instance import existing_instance
    from ftf_assets.graph.run_processes import PROCESS_TAG, is_alive

    started = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    with existing_instance(home) as instance:
        runs = instance.get_runs(filters=RunsFilter(statuses=started)) if instance else []
    for run in runs:
        process = run.tags.get(PROCESS_TAG)
        if process is None or is_alive(process) is not False:
            raise StoreError(
                f"run {run.run_id} in {home.address} has not ended; deleting now could remove values that it "
                "needs. Run ftf clean again when it has finished, or preview with --dry-run. If its machine "
                "is gone, end the run in the Dagster UI"
            )


def _values(home: Home) -> Iterator[_Value]:
    yield from _in_folders(home.blobs, "artifacts")
    for kind in ("fits", "scores"):
        if home.bucket is not None:
            yield from _in_packs(home.blobs, kind)
        # A folder of this machine: the home, or what it keeps of a bucket.
        yield from _in_folders(LocalBlobs(home.path), kind)


def _in_folders(store: BlobStore, kind: str) -> Iterator[_Value]:
    folders: dict[str, list[BlobEntry]] = {}
    for entry in store.entries(f"{kind}/"):
        folders.setdefault(entry.name.rpartition("/")[0], []).append(entry)
    for folder, blobs in folders.items():
        header_first = sorted(blobs, key=lambda entry: not entry.name.endswith(f"/{HEADER}"))
        key = folder if kind == "artifacts" else folder.rpartition("/")[2]
        yield _Value(kind, {key}, header_first, store)


def _in_packs(store: BlobStore, kind: str) -> Iterator[_Value]:
    listed = store.entries(f"{kind}/")
    packs = {entry.name: entry for entry in listed if "/packs/" in entry.name}
    for entry in (entry for entry in listed if "/keys/" in entry.name):
        pack, keys = read_keys(store, entry.name)
        packed = packs.pop(f"{entry.name.rpartition('/keys/')[0]}/packs/{pack}", None)
        yield _Value(kind, keys, [entry, packed] if packed else [entry], store)
    for entry in packs.values():  # a kill came between the pack and its keys, so nobody finds it
        yield _Value(kind, set(), [entry], store)


def _values_needed(home: Home, keep_sweeps: int | None, pruned: Pruned) -> _Needed:
    """Collect what the kept sweeps need, and name them in ``pruned``."""
    needed, cells = _Needed(), set[str]()
    store = ResultsStore(home)
    try:
        rows = store.read()
    except NoResultsError:
        return needed
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
    for entry in (home.artifacts / "trained_models").entries():
        folder, _, file = entry.name.rpartition("/")
        fits = _fits_of_cells(BlobFolder(home.blobs, folder), cells) if file == HEADER else set()
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
            home.artifact(asset, crypto, sweep.artifact_key(asset, crypto)).name for asset in ARTIFACTS
        )
        needed.scores.update(
            score_key(cell_key(plan, fold, variant), settings.evaluation.scoring)
            for fold in range(plan.n_folds)
            for variant in plan.variants
        )


def _fits_of_cells(folder: BlobFolder, cells: set[str]) -> set[str]:
    try:
        trained = read_header(folder)["value"]["cells"]
        return {key for cell in trained if cell["cell_key"] in cells for key in cell["fit_keys"]}
    except (StoreError, KeyError, TypeError):
        return set()  # damaged: its cells cannot be read


def _unfinished(home: Home) -> Iterator[Path]:
    """Name the files on this machine that a kill has left half written."""
    for name in ("fits", "scores", "artifacts", "reports", "results", "cache"):
        yield from (path for path in (home.path / name).rglob(".*.partial") if path.is_file())
