"""The gate's numbers as tables, one per level: a line per metric, and each p-value below its effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftf_assets.gate.words import metric_in_words
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import NOTHING, gate_text, is_absent
from ftf_assets.report.tables import Column, Part, Table, Value

#: What stands below each heading: the values that decide first. Every column of ``gate_metrics`` is there.
GATE_COLUMNS = (
    Column("metric", (Part("metric"), Part("role", small=True)), "text"),
    Column("outcome", (Part("outcome"),), "text"),
    Column(
        "mean difference",
        (
            Part("mean_difference"),
            Part("p_value", before="p ", small=True),
            Part("p_corrected", before=", corrected ", small=True),
        ),
    ),
    Column("95 % interval", (Part("ci_low"), Part("ci_high", before=" to "))),
    Column("could see", (Part("smallest_visible"),)),
    Column("Cohen's d", (Part("cohens_d"), Part("cell_p", before="p over pairs ", small=True))),
    Column(
        "median difference",
        (Part("median_difference"), Part("wilcoxon_p", before="p of signed ranks ", small=True)),
    ),
    Column("bootstrap interval", (Part("bootstrap_low"), Part("bootstrap_high", before=" to "))),
    Column("on true labels", (Part("true_difference"),)),
    Column(
        "t",
        (
            Part("t"),
            Part("n_clusters", before="over ", small=True),
            Part("clusters", before=" ", small=True),
        ),
    ),
    Column(
        "t over fold means",
        (
            Part("fold_t"),
            Part("fold_p", before="p ", small=True),
            Part("fold_n", before=", folds: ", small=True),
        ),
    ),
    Column(
        "standard error",
        (
            Part("standard_error"),
            Part("week_error", before="weeks ", small=True),
            Part("seed_error", before=", seeds ", small=True),
            Part("seed_source", before=", from ", small=True),
        ),
    ),
    Column(
        "another seed moves it by ±",
        (
            Part("seed_margin"),
            Part("seed_sd", before="SD a cell ", small=True),
            Part("seed_n", before=", cells: ", small=True),
        ),
    ),
    Column(
        "pairs",
        (
            Part("n_pairs"),
            Part("n_left_out", before="left out: ", small=True),
            Part("cryptos_better", before=", cryptos better: ", small=True),
            Part("cryptos_worse", before=", worse: ", small=True),
        ),
    ),
)
#: Columns of ``gate_metrics`` that the tables show.
GATE_VALUES = tuple(part.name for column in GATE_COLUMNS for part in column.parts)


def gate_tables(data: DecisionData) -> list[Table]:
    """Write the comparisons of each level, in the order of the verdicts."""
    tables = []
    for number, one in enumerate(data.verdicts.to_dict("records")):
        mine = (data.metrics["factor"] == one["factor"]) & (data.metrics["level"] == one["level"])
        facts = {
            name: NOTHING if is_absent(one[name]) else one[name]
            for name in ("n_pairs", "n_expected", "n_trades", "min_trades_a_fold")
        }
        tables.append(
            Table(
                f"gate-{number}",
                f"{one['factor']} = {one['level']}: {one['verdict']} · {facts['n_pairs']} of "
                f"{facts['n_expected']} expected pairs · {facts['n_trades']} trades, "
                f"{facts['min_trades_a_fold']} in the poorest fold",
                GATE_COLUMNS,
                tuple(_values(row) for row in data.metrics[mine].to_dict("records")),
                {"factor": one["factor"], "level": one["level"]},
            )
        )
    return tables


def _values(row: Mapping[Any, Any]) -> dict[str, Value]:
    values = {
        name: Value(None if is_absent(row[name]) else row[name], gate_text(name, row[name]))
        for name in GATE_VALUES
    }
    return values | {"metric": Value(row["metric"], metric_in_words(row["metric"]), strong=True)}
