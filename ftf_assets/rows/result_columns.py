"""How the columns of result files are spelled, and which spellings mean which of our columns.

``SPELLINGS`` is the whole list: a row is a spelling that is mapped, or one that is refused because it may
mean two things. Nothing else is guessed. Every column that gets another name is said
(``ColumnReading.renamed``).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from ftf_assets.contracts.errors import input_error
from ftf_assets.contracts.gate_rows import NUMBER_COLUMNS
from ftf_assets.rows.result_runs import rows_of_cells

#: Columns of names that the gate reads besides the factors.
NAME_COLUMNS = ("crypto", "fold", "sweep_id", "status", "tuning")


@dataclass(frozen=True)
class Spelling:
    """A spelling of a column.

    Attributes
    ----------
    theirs
        The spelling, in lower case with ``_`` for spaces and punctuation.
    ours
        The column that it means, or the one that it may mean.
    doubt
        Why it is refused; "" where it is mapped.
    """

    theirs: str
    ours: str
    doubt: str = ""


_WHICH_AUC = "it may be the area under the ROC curve or under the precision-recall curve"
_WHICH_F1 = "it may be the F1 of BUY or a mean over the classes"
_WHICH_WINDOW = "it may be the window of a fold or a length in bars"
_TRAPEZOID = "the area under the precision-recall curve by trapezoids is not the average precision"

SPELLINGS = (
    *(Spelling(name, "crypto") for name in ("symbol", "ticker", "pair", "coin", "asset", "instrument")),
    *(Spelling(name, "fold") for name in ("fold_id", "fold_index", "cv_fold", "split")),
    Spelling("window", "fold", _WHICH_WINDOW),
    Spelling("state", "status"),
    *(Spelling(name, "roc_auc") for name in ("roc_auc_score", "auc_roc", "auroc", "rocauc")),
    Spelling("auc", "roc_auc", _WHICH_AUC),
    Spelling("auc_score", "roc_auc", _WHICH_AUC),
    Spelling("average_precision_score", "average_precision"),
    Spelling("avg_precision", "average_precision"),
    *(Spelling(name, "average_precision", _TRAPEZOID) for name in ("pr_auc", "auc_pr", "auprc", "prauc")),
    *(Spelling(name, "f1_buy", _WHICH_F1) for name in ("f1", "f1_score", "f_score")),
    *(Spelling(name, "sweep_id") for name in ("sweep", "experiment_name")),
)

#: Who writes a prefix before the names of columns.
PREFIXES = {
    "params.": "MLflow",
    "metrics.": "MLflow",
    "tags.": "MLflow",
    "config.": "Weights & Biases",
    "summary.": "Weights & Biases",
}

#: Words for the part of the data that rows are scores of.
_TEST_PARTS = frozenset({"test", "testing", "holdout", "hold_out", "out_of_sample", "oos"})
_PARTS = _TEST_PARTS | {
    *("train", "training", "valid", "validation", "val", "dev", "eval", "in_sample", "is", "fit"),
}

_COUNTED = re.compile(r"|index|level_\d+|unnamed: \d+(_level_\d+)?", re.IGNORECASE)
_MEAN = re.compile(r"(?:mean_(?:test_)?(?P<first>\w+)|(?P<last>\w+)_mean)")


@dataclass(frozen=True)
class ColumnReading:
    """What was understood of the columns.

    Attributes
    ----------
    renamed
        Our column to the column of the file, where the names differ.
    left_out
        What was left out and why, in words.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def in_words(self) -> list[str]:
        """One line each."""
        return [*(f"{ours} is column {theirs}" for ours, theirs in self.renamed.items()), *self.left_out]


def understood_columns(
    frame: pd.DataFrame, factors: Collection[str], stated: Mapping[str, str], file: str | None
) -> tuple[pd.DataFrame, ColumnReading]:
    """Give the columns that the gate reads their names.

    Parameters
    ----------
    frame
        The table. A named index counts as columns, and a column without a name as an index.
    factors
        Names of the factors.
    stated
        Our column to the column of the file, as the user states it.
    file
        Name of the file, for errors.

    Returns
    -------
    tuple of DataFrame and ColumnReading
        The table, other columns included, and what was understood.

    Raises
    ------
    InputError
        A column that may mean two things; two columns that mean the same and differ; an index without a name
        that is neither a count nor the crypto; a stated column that is not there; scores of other parts than
        the test part; or what :func:`~ftf_assets.rows.result_runs.rows_of_cells` refuses.
    """
    frame, index_said, of_index = _without_counts(_index_as_columns(frame, file), frame, file)
    _require_cell_rows(frame, file)
    frame = frame.set_axis(pd.RangeIndex(len(frame)))  # rows keep their numbers where others are left out
    frame, parts_said = _without_test_part(frame, stated, file)
    ours = (*NAME_COLUMNS, *factors, *NUMBER_COLUMNS)
    present = {name for name in ours if name in frame.columns}
    renamed = dict(of_index) | _stated(frame, stated, ours, file)
    candidates: dict[str, list[str]] = {}
    for column in frame.columns:
        if column in present or column in renamed.values():
            continue
        meant, doubt = meaning(str(column), ours)
        if meant is None or meant in present or meant in renamed:
            continue
        if doubt:
            raise input_error(
                f"a column may mean {meant}, and is not guessed: {doubt}",
                file=file,
                column=str(column),
                fix=f"State what it is: {_how_to_state(meant, str(column), file)}, or take the column out",
            )
        candidates.setdefault(meant, []).append(str(column))
    for meant, columns in candidates.items():
        renamed[meant] = _one_of(frame, meant, columns, file)
    if "fold" in candidates:
        _require_counted_folds(frame[renamed["fold"]], renamed["fold"], file)
    frame = frame.rename(columns={theirs: name for name, theirs in renamed.items()})
    frame, left_out = rows_of_cells(frame, [name for name in ours if name in frame.columns], factors, file)
    named = {name: theirs or "without a name" for name, theirs in renamed.items()}
    return frame, ColumnReading(named, (*index_said, *parts_said, *left_out))


def _without_test_part(
    frame: pd.DataFrame, stated: Mapping[str, str], file: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Refuse scores of the training part where a column of folds says so; leave out one that says test."""
    said = []
    for column in [name for name in frame.columns if meaning(str(name), ("fold",))[0] == "fold"]:
        if column in stated.values():
            continue
        found = dict.fromkeys(frame[column].dropna().map(lambda value: str(value).strip().lower()))
        if not found or not set(found) <= _PARTS:
            continue
        if set(found) <= _TEST_PARTS and len(found) == 1:
            said.append(f"left out: column {column}, which is {next(iter(found))} in every row")
            frame = frame.drop(columns=column)
            continue
        raise input_error(
            "parts of the data are not folds, and only scores of the test part are judged",
            file=file,
            column=str(column),
            found=", ".join(found),
            fix="Keep the rows of the test part",
        )
    return frame, tuple(said)


def _require_counted_folds(values: pd.Series, column: str, file: str | None) -> None:
    """Refuse folds that are words in a column of another name: it may say something else."""
    words = dict.fromkeys(values.dropna().map(str))
    if meaning(column, ("fold",))[0] == "fold" and _bare(column) != "fold":
        if all(re.fullmatch(r"\s*\d+(\.0)?\s*", word) for word in words):
            return
        raise input_error(
            "a column may mean fold, and its words are not guessed to be folds",
            file=file,
            column=column,
            found=", ".join([*words][:5]),
            fix=f"State what it is: {_how_to_state('fold', column, file)}, or take the column out",
        )


def with_text_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Give each column one text as its name; the levels of a ``MultiIndex`` are joined by ``_``."""
    if not isinstance(frame.columns, pd.MultiIndex):
        return frame
    # The name of an index stands at each of its levels.
    names = ["_".join(dict.fromkeys(part for part in map(str, name) if part)) for name in frame.columns]
    return frame.set_axis(names, axis="columns")


def _index_as_columns(frame: pd.DataFrame, file: str | None) -> pd.DataFrame:
    """Give the table with its index as columns and one text as the name of each column."""
    frame = with_text_names(frame)
    if isinstance(frame.index, pd.RangeIndex):
        return frame
    levels = [str(name or f"level_{number}") for number, name in enumerate(frame.index.names)]
    for number, level in enumerate(levels):
        if level in frame.columns and list(frame[level]) != list(frame.index.get_level_values(number)):
            raise input_error(
                "index and column have one name and differ", file=file, column=level, fix="Keep one of them."
            )
    frame = frame.rename_axis(index=levels)
    return frame.drop(columns=[level for level in levels if level in frame.columns]).reset_index()


def _require_cell_rows(frame: pd.DataFrame, file: str | None) -> None:
    _refuse_repeated_columns(frame, file)
    if {"metric", "value"} <= set(frame.columns):
        raise input_error(
            "there is a row for each metric",
            file=file,
            found=f"columns {', '.join(map(str, frame.columns))}",
            allowed="a row for each cell, with a column for each metric",
            fix='Turn it: df.pivot(index=[…], columns="metric", values="value").reset_index()',
        )


def _refuse_repeated_columns(frame: pd.DataFrame, file: str | None) -> None:
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise input_error("a column is there twice", file=file, column=str(twice))


def _without_counts(
    frame: pd.DataFrame, given: pd.DataFrame, file: str | None
) -> tuple[pd.DataFrame, tuple[str, ...], dict[str, str]]:
    """Leave out indexes that count rows; one without a name that holds texts is the crypto.

    ``given`` is the table as it came, before its index was made columns.
    """
    _refuse_repeated_columns(frame, file)  # the columns of a repeated name are no column
    said: list[str] = []
    crypto: dict[str, str] = {}
    for column in [name for name in frame.columns if _COUNTED.fullmatch(str(name))]:
        values = frame[column].dropna().astype(str)
        # Counts repeat where tables were joined; without a column of folds they may be the folds.
        counts = values.is_unique or "fold" in {meaning(str(name), ("fold",))[0] for name in frame.columns}
        if counts and values.str.fullmatch(r"\d+(\.0)?").all():
            said.append(f"left out: column {str(column) or 'without a name'}, which counts rows")
            frame = frame.drop(columns=column)
        elif "crypto" not in frame.columns and not crypto:
            crypto = {"crypto": str(column)}
        else:
            raise input_error(
                "an index without a name is not understood",
                file=file,
                found=", ".join(values.unique()[:3]),
                fix=_how_to_name(str(column), frame, given, file),
            )
    return frame, tuple(said), crypto


def _how_to_name(column: str, frame: pd.DataFrame, given: pd.DataFrame, file: str | None) -> str:
    """Write what to do with an index without a name, of a frame or in a file, of one level or of several."""
    if file:
        levels = [name for name in map(str, frame.columns) if _COUNTED.fullmatch(name)]
        if len(levels) > 1 or re.fullmatch(r"level_[1-9]\d*", column):
            return 'Name the index before the file is written, such as df.index.names = ["crypto", "fold"]'
        return 'Write the file without its index, or name what it holds before: df.index.name = "fold"'
    if column in given.columns:
        return f"Take the column out, df.drop(columns={column!r}), or give it the name of what it holds"
    if given.index.nlevels > 1:
        return 'Name the levels of the index: df.index.names = ["crypto", "fold"]'
    return 'Leave the index out, df.reset_index(drop=True), or name what it holds: df.index.name = "fold"'


def _stated(
    frame: pd.DataFrame, stated: Mapping[str, str], ours: Collection[str], file: str | None
) -> dict[str, str]:
    for name, theirs in stated.items():
        if name not in ours:
            raise input_error(f"the gate reads no column {name}", found=name, allowed=", ".join(ours))
        if theirs not in frame.columns:
            raise input_error(
                "the file lacks the column that is stated",
                file=file,
                column=theirs,
                found=f"columns {', '.join(map(str, frame.columns))}",
            )
        if name in frame.columns and name != theirs:
            raise input_error(
                f"the file has a column {name} besides the one that is stated for it",
                file=file,
                column=theirs,
                fix="Take one of them out",
            )
    return {name: theirs for name, theirs in stated.items() if name != theirs}


def meaning(column: str, ours: Collection[str]) -> tuple[str | None, str]:
    """Return the column of ours that a spelling means, and why that is in doubt; (None, "") for any other.

    Examples
    --------
    >>> meaning("metrics.ROC AUC", ["roc_auc"])
    ('roc_auc', '')
    >>> meaning("runtime", ["roc_auc"])
    (None, '')
    """
    word = _bare(column)
    mean = _MEAN.fullmatch(word)
    for name in (word, *([mean["first"] or mean["last"]] if mean else [])):
        if name in ours:
            return name, ""
        for spelling in SPELLINGS:
            if spelling.theirs == name:
                return spelling.ours, spelling.doubt
    return None, ""


def _bare(column: str) -> str:
    """Write a name without its prefix, in lower case with ``_`` for spaces and punctuation."""
    bare = column
    for prefix in PREFIXES:
        bare = bare.removeprefix(prefix) if column.startswith(prefix) else bare
    return re.sub(r"[^a-z0-9]+", "_", bare.lower()).strip("_")


def _how_to_state(ours: str, theirs: str, file: str | None) -> str:
    """Write how the user states a column: of a file with the flag, of a frame with the argument."""
    return f"--column {ours}={theirs}" if file else f"columns={{{ours!r}: {theirs!r}}}"


def _one_of(frame: pd.DataFrame, meant: str, columns: list[str], file: str | None) -> str:
    first = frame[columns[0]].astype(str)
    if all(frame[column].astype(str).equals(first) for column in columns[1:]):
        return columns[0]
    raise input_error(
        f"several columns may be {meant}",
        file=file,
        found=", ".join(columns),
        fix=f"State which one it is: {_how_to_state(meant, columns[0], file)}",
    )
