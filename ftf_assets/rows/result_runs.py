"""Which rows of a table of runs are cells: not parents, deleted runs, or failed runs that were repeated."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from ftf_assets.contracts.errors import input_error

#: Words that other tools have for the status of a run; None for a run that has not finished.
STATUS_WORDS = {
    "finished": "ok",
    "complete": "ok",
    "completed": "ok",
    "success": "ok",
    "failed": "training_failed",
    "killed": "training_failed",
    "crashed": "training_failed",
    "running": None,
    "scheduled": None,
    "pending": None,
}

#: Columns in which MLflow writes of which experiment a run is, and whether it was deleted.
_EXPERIMENTS = ("experiment_id", "Experiment ID")
_STAGE = "lifecycle_stage"


def rows_of_cells(
    frame: pd.DataFrame, ours: Collection[str], factors: Collection[str], file: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Keep the rows that are cells, with the words of ``status`` as ours.

    Parameters
    ----------
    frame
        The table, its columns named as the gate reads them. Its index counts rows from 0.
    ours
        Columns of the table that the gate reads.
    factors
        Names of the factors.
    file
        Name of the file, for errors.

    Returns
    -------
    tuple of DataFrame and tuple of str
        The rows that are kept, at their places in the index, and what was left out, in words.

    Raises
    ------
    InputError
        A run has not finished, every run was deleted, or the runs are of several experiments of MLflow and no
        ``sweep_id`` says that they are one sweep.
    """
    said = []
    frame, n_parents = _without_parent_runs(frame, ours)
    if n_parents:
        said.append(f"left out: {n_parents} parent runs without values")
    if _STAGE in frame.columns:
        deleted = frame[_STAGE].astype(str).str.strip().str.lower() == "deleted"
        if len(deleted) and deleted.all():
            raise input_error(
                "every run was deleted",
                file=file,
                column=_STAGE,
                fix="Restore the runs, or take the column out",
            )
        frame = frame[~deleted]
        said += [f"left out: {int(deleted.sum())} deleted runs"] if deleted.any() else []
    _require_one_experiment(frame, file)
    if "status" in frame.columns:
        frame = frame.assign(status=_statuses(frame["status"], file))
        frame, n_repeated = _without_repeated_failures(frame, factors)
        if n_repeated:
            said.append(f"left out: {n_repeated} failed runs of cells that another run finished")
    return frame, tuple(said)


def _without_parent_runs(frame: pd.DataFrame, ours: Collection[str]) -> tuple[pd.DataFrame, int]:
    """Leave out the MLflow runs that only hold other runs together: they have nothing that the gate reads."""
    parent = "tags.mlflow.parentRunId"
    if not {"run_id", parent} <= set(frame.columns):
        return frame, 0
    values = [name for name in ours if name not in ("status", "sweep_id")]
    empty = frame["run_id"].isin(set(frame[parent].dropna())) & frame[values].isna().all(axis=1)
    return frame[~empty], int(empty.sum())


def _require_one_experiment(frame: pd.DataFrame, file: str | None) -> None:
    for column in [
        name for name in _EXPERIMENTS if name in frame.columns and "sweep_id" not in frame.columns
    ]:
        found = [str(value) for value in frame[column].dropna().unique()]
        if len(found) > 1:
            raise input_error(
                "the rows are of several experiments, and the gate judges one sweep",
                file=file,
                column=column,
                found=", ".join(found[:5]),
                fix="Keep the rows of one experiment, or take the column out if they are one sweep",
            )


def _without_repeated_failures(frame: pd.DataFrame, factors: Collection[str]) -> tuple[pd.DataFrame, int]:
    """Leave out the failed runs of a cell that a later or earlier run has finished."""
    key = [name for name in ("crypto", "fold", "sweep_id", "tuning", *factors) if name in frame.columns]
    if "crypto" not in key:
        return frame, 0
    names = frame[key].map(lambda value: str(value).strip())
    cells = pd.Series(pd.MultiIndex.from_frame(names).to_flat_index(), frame.index)
    repeated = (frame["status"] == "training_failed") & cells.isin(cells[frame["status"] == "ok"])
    return frame[~repeated], int(repeated.sum())


def _statuses(status: pd.Series, file: str | None) -> pd.Series:
    """Translate the words of other tools; other words stay, for the check that names those that exist."""
    words = status.map(lambda value: str(value).strip().lower(), na_action="ignore")
    unfinished = words.map(lambda word: word in STATUS_WORDS and STATUS_WORDS[word] is None)
    if unfinished.fillna(False).astype(bool).any():
        row = unfinished.fillna(False).astype(bool).idxmax()
        raise input_error(
            "a run has not finished",
            file=file,
            column="status",
            row=int(row) + 1,
            found=status[row],
            fix="Wait for it, or take its row out",
        )
    return words.map(STATUS_WORDS).where(words.isin(list(STATUS_WORDS)), status)
