"""The gate's numbers as tables, one per level: a line per column of ``gate_metrics``, a column per metric."""

from __future__ import annotations

from typing import Any

from ftf_assets.gate.words import metric_in_words
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import NOTHING, gate_text, is_absent

#: Columns of ``gate_metrics`` to what they are called, those that decide before those that are only shown.
GATE_LINES = {
    "role": "role",
    "outcome": "outcome",
    "mean_difference": "mean difference",
    "ci_low": "95 % interval, from",
    "ci_high": "to",
    "p_value": "p",
    "p_corrected": "p, corrected for the number of levels",
    "cohens_d": "Cohen's d",
    "smallest_visible": "smallest difference that the sweep could see",
    "true_difference": "difference on the scale of the true labels",
    "n_pairs": "pairs of crypto and fold",
    "n_left_out": "pairs left out",
    "clusters": "independent observations",
    "n_clusters": "their number",
    "standard_error": "standard error",
    "week_error": "its part from the weeks",
    "seed_error": "its part from the seeds",
    "seed_source": "where that comes from",
    "t": "t",
    "median_difference": "median difference",
    "cell_p": "p over pairs",
    "wilcoxon_p": "p of signed ranks (Wilcoxon)",
    "bootstrap_low": "bootstrap interval, from",
    "bootstrap_high": "to",
    "fold_n": "folds",
    "fold_t": "t over fold means",
    "fold_p": "p over fold means",
    "cryptos_better": "cryptos that got better",
    "cryptos_worse": "cryptos that got worse",
    "seed_n": "cells fitted with several seeds",
    "seed_sd": "SD that another seed makes, per cell",
    "seed_margin": "mean difference that another seed can make, ±",
}


def gate_tables(data: DecisionData) -> list[dict[str, Any]]:
    """Write the comparisons of each level as texts, in the order of the verdicts."""
    tables = []
    for one in data.verdicts.to_dict("records"):
        mine = (data.metrics["factor"] == one["factor"]) & (data.metrics["level"] == one["level"])
        rows = data.metrics[mine].to_dict("records")
        tables.append(
            {
                "factor": one["factor"],
                "level": one["level"],
                "verdict": one["verdict"],
                "facts": {
                    name: NOTHING if is_absent(one[name]) else one[name]
                    for name in ("n_pairs", "n_expected", "n_trades", "min_trades_a_fold")
                },
                "metrics": {row["metric"]: metric_in_words(row["metric"]) for row in rows},
                "lines": [
                    {
                        "name": name,
                        "heading": heading,
                        "texts": {row["metric"]: gate_text(name, row[name]) for row in rows},
                    }
                    for name, heading in GATE_LINES.items()
                ],
            }
        )
    return tables
