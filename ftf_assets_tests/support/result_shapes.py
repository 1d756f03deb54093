# ruff: noqa: E501 - a shape is a line of the table
"""Every shape of result files that was thought of: by whom it is written, and what becomes of it.

``docs/data.md`` shows this table; ``storage/test_result_shapes.py`` holds each row to it.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ftf_assets_tests.support.gate_rows import sweep_rows

Write = Callable[[pd.DataFrame, Path], object]
KEY = ["crypto", "fold", "cleanlab"]


def cells() -> pd.DataFrame:
    """Fifty cells: five cryptos, five folds, baseline and filter."""
    return pd.DataFrame(sweep_rows(0.02)).drop(columns=["status", "label_smoothing"]).round(4)


@dataclass(frozen=True)
class ResultShape:
    """A shape.

    Attributes
    ----------
    writer
        Who writes it.
    file
        Name of the file.
    write
        Writes the cells.
    said
        What ``ftf gate`` says it has read, for a shape that is accepted.
    refused
        Words of the refusal, its remedy among them; "" for a shape that is accepted.
    columns, stated
        What the user states: columns, and separator or decimal sign.
    """

    writer: str
    file: str
    write: Write
    said: str = ""
    refused: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    stated: Mapping[str, str] = field(default_factory=dict)

    @property
    def flags(self) -> str:
        """The flags that the user gives."""
        named = [f"--column {ours}={theirs}" for ours, theirs in self.columns.items()]
        return " ".join([*named, *(f"--{name} {value}" for name, value in self.stated.items())])


def csv(**options: object) -> Write:
    return lambda frame, path: frame.to_csv(path, index=False, **options)


def renamed(write: Write | None = None, /, **names: str) -> Write:
    ending = write or csv()
    return lambda frame, path: ending(frame.rename(columns=names), path)


def text(of: Callable[[pd.DataFrame], str]) -> Write:
    return lambda frame, path: path.write_text(of(frame), encoding="utf-8")


def mlflow(frame: pd.DataFrame, *, statuses: bool = True) -> pd.DataFrame:
    """The table of ``mlflow.search_runs()``: parameters are texts, an outer run holds the others together."""
    runs = pd.DataFrame({"run_id": [f"{number:032x}" for number in range(1, len(frame) + 1)]})
    runs["experiment_id"] = "1"
    runs["status"] = "FINISHED"
    runs["start_time"] = pd.Timestamp("2024-01-02T03:04:05.678", tz="UTC")
    metrics = [name for name in frame if name not in KEY]
    runs = pd.concat([runs, frame[metrics].add_prefix("metrics.")], axis=1)
    runs = pd.concat([runs, frame[KEY].astype(str).add_prefix("params.")], axis=1)
    runs["tags.mlflow.user"] = "anna"
    runs["tags.mlflow.parentRunId"] = "f" * 32
    outer = {"run_id": "f" * 32, "experiment_id": "1", "status": "FINISHED", "start_time": runs.start_time[0]}
    return pd.concat([pd.DataFrame([outer]), runs], ignore_index=True)


def mlflow_with(frame: pd.DataFrame, **extra: object) -> pd.DataFrame:
    """The same table with one more run of the last cell, which comes before it."""
    runs = mlflow(frame).assign(lifecycle_stage="active")
    runs = pd.concat([runs.iloc[[-1]], runs], ignore_index=True)
    runs.loc[0, ["run_id", *extra]] = ["e" * 32, *extra.values()]
    return runs


def split_named(*names: str) -> Write:
    """The folds of the column ``split`` have names."""
    return lambda frame, path: (
        frame.assign(split=frame["fold"].map(lambda fold: names[fold % len(names)]))
        .drop(columns="fold")
        .to_csv(path, index=False)
    )


def mlflow_page(frame: pd.DataFrame) -> pd.DataFrame:
    """The CSV that MLflow's page offers for download."""
    runs = pd.DataFrame({"Start Time": "2024-01-02 03:04:05", "Duration": "1.2s"}, index=frame.index)
    runs["Run ID"] = [f"{number:032x}" for number in range(len(frame))]
    for name, value in {"Name": "fit", "Source Type": "LOCAL", "Source Name": "a.py", "User": "anna"}.items():
        runs[name] = value
    return pd.concat([runs.assign(Status="FINISHED"), frame], axis=1)


def weights_and_biases(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = frame.drop(columns=KEY).add_prefix("summary.")
    return pd.concat([numbers, frame[KEY].add_prefix("config.")], axis=1).assign(State="finished", Name="run")


def packed(frame: pd.DataFrame, path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("results.csv", frame.to_csv(index=False))


def with_status(word: str) -> Write:
    return lambda frame, path: frame.assign(status=["FINISHED"] * (len(frame) - 1) + [word]).to_csv(
        path, index=False
    )


def aggregated(frame: pd.DataFrame, path: Path) -> None:
    frame.groupby(KEY).agg(["mean", "std"]).to_csv(path)


def long(frame: pd.DataFrame, path: Path) -> None:
    frame.melt(id_vars=KEY, var_name="metric", value_name="value").to_csv(path, index=False)


def unnamed_levels(frame: pd.DataFrame, path: Path) -> None:
    frame.set_index(["crypto", "fold"]).rename_axis([None, None]).to_parquet(path)


INDEXED = ["crypto", "fold"]
COUNTED = "left out: column without a name, which counts rows"
AUC = "State what it is: --column roc_auc=auc, or take the column out"

ACCEPTED = [
    ResultShape("pandas, and our export", "a.csv", csv(), "50 rows of CSV, comma between cells"),
    ResultShape(
        "pandas, and our export", "a.parquet", lambda f, p: f.to_parquet(p, index=False), "50 rows of Parquet"
    ),
    ResultShape(
        "our export",
        "a.json",
        text(lambda f: f.to_json(orient="records", double_precision=15)),
        "50 rows of JSON array",
    ),
    ResultShape(
        "pandas",
        "a.jsonl",
        text(lambda f: f.to_json(orient="records", lines=True, double_precision=15)),
        "50 rows of JSON lines",
    ),
    ResultShape(
        'pandas, orient="split"',
        "split.json",
        text(lambda f: f.to_json(orient="split", double_precision=15)),
        f"50 rows of JSON object; {COUNTED}",
    ),
    ResultShape(
        'pandas, orient="table"',
        "table.json",
        text(lambda f: f.to_json(orient="table", double_precision=15)),
        f"50 rows of JSON object; {COUNTED}",
    ),
    ResultShape(
        "an API",
        "list.json",
        text(lambda f: json.dumps({"results": f.to_dict("records")})),
        "50 rows of JSON object",
    ),
    ResultShape("pandas", "a.feather", lambda f, p: f.to_feather(p), "50 rows of Feather"),
    ResultShape(
        "pandas",
        "a.csv.gz",
        lambda f, p: p.write_bytes(gzip.compress(f.to_csv(index=False).encode())),
        "50 rows of CSV, comma between cells, gzip",
    ),
    ResultShape("a download", "a.zip", packed, "50 rows of CSV, comma between cells, zip"),
    ResultShape('pandas, sep="\\t"', "a.tsv", csv(sep="\t"), "50 rows of CSV, tab between cells"),
    ResultShape('pandas, sep=";"', "a.csv", csv(sep=";"), "50 rows of CSV, semicolon between cells"),
    ResultShape(
        "Excel in German",
        "comma.csv",
        csv(sep=";", decimal=","),
        "50 rows of CSV, semicolon between cells",
        stated={"decimal": "comma"},
    ),
    ResultShape("Excel, UTF-8", "mark.csv", csv(encoding="utf-8-sig"), "50 rows of CSV, comma between cells"),
    ResultShape(
        "a sign of its own",
        "caret.csv",
        csv(sep="^"),
        "50 rows of CSV, ^ between cells",
        stated={"separator": "^"},
    ),
    ResultShape(
        "a comment first",
        "note.csv",
        text(lambda f: "# seed 7\n" + f.to_csv(index=False)),
        "50 rows of CSV, comma between cells; line 1: a comment",
    ),
    ResultShape(
        "pandas, with its index",
        "index.csv",
        lambda f, p: f.to_csv(p),
        f"50 rows of CSV, comma between cells; {COUNTED}",
    ),
    ResultShape(
        "pandas, read and written again",
        "again.csv",
        lambda f, p: f.rename_axis("Unnamed: 0").to_csv(p),
        "50 rows of CSV, comma between cells; left out: column Unnamed: 0, which counts rows",
    ),
    ResultShape(
        "pandas, index crypto",
        "crypto.csv",
        lambda f, p: f.set_index("crypto").to_csv(p),
        "50 rows of CSV, comma between cells",
    ),
    ResultShape(
        "pandas, index crypto",
        "crypto.parquet",
        lambda f, p: f.set_index("crypto").to_parquet(p),
        "50 rows of Parquet",
    ),
    ResultShape(
        "pandas, cryptos as an index without a name",
        "unnamed.csv",
        lambda f, p: f.set_index("crypto").rename_axis(None).to_csv(p),
        "50 rows of CSV, comma between cells; crypto is column without a name",
    ),
    ResultShape(
        "pandas, cryptos as an index without a name",
        "unnamed.parquet",
        lambda f, p: f.set_index("crypto").rename_axis(None).to_parquet(p),
        "50 rows of Parquet; crypto is column level_0",
    ),
    ResultShape(
        "pandas, MultiIndex (crypto, fold)",
        "multi.parquet",
        lambda f, p: f.set_index(INDEXED).to_parquet(p),
        "50 rows of Parquet",
    ),
    ResultShape(
        "pandas, a filtered frame",
        "filtered.parquet",
        lambda f, p: f.set_axis(range(5, 55)).set_axis([*range(5, 54), 70]).to_parquet(p),
        "50 rows of Parquet; left out: column level_0, which counts rows",
    ),
    ResultShape(
        'pandas, groupby().agg(["mean", "std"])',
        "agg.csv",
        aggregated,
        "50 rows of CSV, comma between cells; roc_auc is column roc_auc_mean; f1_buy is column f1_buy_mean",
    ),
    ResultShape(
        "MLflow, search_runs().to_csv()",
        "runs.csv",
        lambda f, p: mlflow(f).to_csv(p),
        "50 rows of CSV, comma between cells; roc_auc is column metrics.roc_auc; f1_buy is column metrics.f1_buy",
    ),
    ResultShape(
        "MLflow, search_runs().to_parquet()",
        "runs.parquet",
        lambda f, p: mlflow(f).to_parquet(p),
        "left out: 1 parent runs without values",
    ),
    ResultShape(
        "MLflow, a failed run and its retry",
        "retry.csv",
        lambda f, p: mlflow_with(f, status="FAILED", **{"metrics.roc_auc": None}).to_csv(p),
        "left out: 1 failed runs of cells that another run finished",
    ),
    ResultShape(
        "MLflow, a deleted run among them",
        "deleted.csv",
        lambda f, p: mlflow_with(f, lifecycle_stage="deleted", **{"metrics.roc_auc": 0.9}).to_csv(p),
        "left out: 1 deleted runs",
    ),
    ResultShape(
        "folds with names, which the user states",
        "named.csv",
        split_named("2021", "q3", "q4", "q5", "q6"),
        "50 rows of CSV, comma between cells; fold is column split",
        columns={"fold": "split"},
    ),
    ResultShape(
        "the test part alone, said by a column",
        "part.csv",
        lambda f, p: f.assign(split="test").to_csv(p, index=False),
        "50 rows of CSV, comma between cells; left out: column split, which is test in every row",
    ),
    ResultShape(
        "MLflow's page, Download CSV",
        "page.csv",
        lambda f, p: mlflow_page(f).to_csv(p, index=False),
        "50 rows of CSV, comma between cells; status is column Status",
    ),
    ResultShape(
        "Weights & Biases, config and summary",
        "wandb.csv",
        lambda f, p: weights_and_biases(f).to_csv(p, index=False),
        "crypto is column config.crypto; fold is column config.fold; cleanlab is column config.cleanlab",
    ),
    ResultShape(
        "scikit-learn names",
        "sk.csv",
        renamed(roc_auc="roc_auc_score", average_precision="average_precision_score", fold="split"),
        "roc_auc is column roc_auc_score; average_precision is column average_precision_score",
    ),
    ResultShape(
        "a spreadsheet",
        "sheet.csv",
        renamed(crypto="Symbol", fold="Fold", roc_auc="ROC AUC", f1_buy="F1 buy"),
        "crypto is column Symbol; fold is column Fold; roc_auc is column ROC AUC; f1_buy is column F1 buy",
    ),
    ResultShape(
        "means over seeds",
        "means.csv",
        renamed(roc_auc="roc_auc_mean"),
        "50 rows of CSV, comma between cells; roc_auc is column roc_auc_mean",
    ),
    ResultShape(
        "auc, which the user states",
        "auc.csv",
        renamed(roc_auc="auc"),
        "50 rows of CSV, comma between cells; roc_auc is column auc",
        columns={"roc_auc": "auc"},
    ),
]  # fmt: skip

REFUSED = [
    ResultShape("a row for each part of the data", "parts.csv", split_named("train", "valid", "test"), refused="column 'split': parts of the data are not folds, and only scores of the test part are judged (found train, valid, test). Keep the rows of the test part"),
    ResultShape("the training part alone", "train.csv", lambda f, p: f.assign(split="train").to_csv(p, index=False), refused="column 'split': parts of the data are not folds, and only scores of the test part are judged (found train). Keep the rows of the test part"),
    ResultShape("parts in the column of folds", "folds.csv", lambda f, p: f.assign(fold=f.fold.map(["train", "valid", "test", "dev", "val"].__getitem__)).to_csv(p, index=False), refused="column 'fold': parts of the data are not folds"),
    ResultShape("split with other words", "words.csv", split_named("left", "q3", "q4", "q5", "q6"), refused="column 'split': a column may mean fold, and its words are not guessed to be folds (found left, q3, q4, q5, q6). State what it is: --column fold=split, or take the column out"),
    ResultShape("MLflow, two experiments", "two.csv", lambda f, p: mlflow(f).assign(experiment_id=["1"] * 26 + ["2"] * 25).to_csv(p), refused="column 'experiment_id': the rows are of several experiments, and the gate judges one sweep (found 1, 2). Keep the rows of one experiment, or take the column out if they are one sweep"),
    ResultShape("auc alone", "auc.csv", renamed(roc_auc="auc"), refused=f"column 'auc': a column may mean roc_auc, and is not guessed: it may be the area under the ROC curve or under the precision-recall curve. {AUC}"),
    ResultShape("window alone", "window.csv", renamed(fold="window"), refused="column 'window': a column may mean fold, and is not guessed: it may be the window of a fold or a length in bars. State what it is: --column fold=window, or take the column out"),
    ResultShape("MLflow, deleted runs alone", "gone.csv", lambda f, p: mlflow(f).assign(lifecycle_stage="deleted").to_csv(p), refused="column 'lifecycle_stage': every run was deleted. Restore the runs, or take the column out"),
    ResultShape("f1 alone", "f1.csv", renamed(f1_buy="f1_score"), refused="column 'f1_score': a column may mean f1_buy, and is not guessed: it may be the F1 of BUY or a mean over the classes. State what it is: --column f1_buy=f1_score"),
    ResultShape("pr_auc alone", "pr.csv", renamed(average_precision="pr_auc"), refused="the area under the precision-recall curve by trapezoids is not the average precision. State what it is: --column average_precision=pr_auc"),
    ResultShape("two columns of one meaning", "two.csv", lambda f, p: f.assign(ticker=f.crypto, coin="X").drop(columns="crypto").to_csv(p, index=False), refused="several columns may be crypto (found ticker, coin). State which one it is: --column crypto=ticker"),
    ResultShape("Excel in German, nothing stated", "comma.csv", csv(sep=";", decimal=","), refused="column 'roc_auc', row 1: a number with a comma, which is not guessed to be a decimal sign (found 0,56). State the decimal sign: --decimal=comma"),
    ResultShape("decimal points, a comma stated", "point.csv", csv(sep=";"), refused="a number with a point, although the decimal sign is stated to be a comma (found 0.56). State the decimal sign: --decimal=point", stated={"decimal": "comma"}),
    ResultShape("pandas, a MultiIndex without names", "levels.parquet", unnamed_levels, refused='an index without a name is not understood (found 0, 1, 2). Name the index before the file is written, such as df.index.names = ["crypto", "fold"]'),
    ResultShape("a row for each metric", "long.csv", long, refused='there is a row for each metric (found columns crypto, fold, cleanlab, metric, value; allowed: a row for each cell, with a column for each metric). Turn it: df.pivot(index=[…], columns="metric", values="value").reset_index()'),
    ResultShape("a run that is under way", "running.csv", with_status("RUNNING"), refused="column 'status', row 50: a run has not finished (found RUNNING). Wait for it, or take its row out"),
    ResultShape("a word that no tool has", "word.csv", with_status("maybe"), refused="column 'status', row 50: unknown status (found 'maybe'; allowed: ok, training_failed, skipped_short_history)"),
    ResultShape("percentages", "percent.csv", lambda f, p: f.assign(roc_auc=f.roc_auc * 100).to_csv(p, index=False), refused="roc_auc is out of range (found 56.00000000000001; allowed: 0 to 1)"),
    ResultShape("no header", "bare.csv", csv(header=False), refused="the columns have no names. Give the file a header: crypto, fold, …"),
    ResultShape("our export by regime", "regime.csv", renamed(cleanlab="variant"), refused="the results have no factor column (found columns crypto, fold, variant,"),
    ResultShape("our own decision, as JSON", "gate.json", text(lambda f: json.dumps({"headline": "x", "metrics": [{"a": 1}], "verdicts": [{"b": 2}]})), refused="the JSON object must hold exactly one list of rows (found metrics, verdicts;"),
    ResultShape("the results store", "results.duckdb", lambda f, p: p.write_bytes(b"\0" * 8 + b"DUCK"), refused="a results store is not a file of results. Judge its sweep with ftf gate --home "),
    ResultShape("a pickle", "a.pkl", lambda f, p: f.to_pickle(p), refused="pickles are refused, because reading one may run code. Write the table as Parquet: to_parquet()."),
    ResultShape("an Excel workbook", "a.xls", lambda f, p: p.write_bytes(b"\xd0\xcf\x11\xe0" * 9), refused="a file of this kind is not read (found an Excel workbook). Save the sheet as CSV."),
    ResultShape("a folder", "runs", lambda f, p: p.mkdir(), refused="results are one file, and this is a folder. Name the file."),
    ResultShape("a column that is not there", "none.csv", csv(), refused="column 'auc': the file lacks the column that is stated", columns={"f1_buy": "auc"}),
]  # fmt: skip

SHAPES = [*ACCEPTED, *REFUSED]


def section() -> list[str]:
    """Write the table of ``docs/data.md``."""
    lines = ["| written by | file | flags | read as |", "|---|---|---|---|"]
    lines += [f"| {one.writer} | `{one.file}` | {_code(one.flags)} | {_cell(one.said)} |" for one in ACCEPTED]
    lines += ["", "| refused | file | flags | the words |", "|---|---|---|---|"]
    lines += [
        f"| {one.writer} | `{one.file}` | {_code(one.flags)} | {_cell(one.refused)} |" for one in REFUSED
    ]
    return lines


def _code(words: str) -> str:
    return f"`{words}`" if words else ""


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("[…]", "\\[…\\]")
