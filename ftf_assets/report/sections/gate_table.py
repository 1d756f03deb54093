"""The gate's numbers as tables, one per level: every column of ``gate_metrics`` but ``sweep_id``."""

from __future__ import annotations

from typing import Any

from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import NOTHING, gate_text, is_absent

#: Columns of ``gate_metrics`` to their headings.
GATE_COLUMNS = {
    "metric": "metric",
    "n_pairs": "pairs",
    "mean_difference": "mean",
    "median_difference": "median",
    "ci_low": "95 % from",
    "ci_high": "to",
    "seed_margin": "seed noise ±",
    "bootstrap_low": "boot. from",
    "bootstrap_high": "to",
    "t": "t",
    "p_value": "p",
    "p_corrected": "corrected p",
    "wilcoxon_p": "p Wilc.",
    "cohens_d": "d",
    "fold_n": "folds",
    "fold_t": "fold t",
    "fold_p": "fold p",
    "cryptos_better": "better",
    "cryptos_worse": "worse",
    "outcome": "outcome",
}
TEXT_COLUMNS = ("metric", "outcome")


def gate_tables(data: DecisionData) -> list[dict[str, Any]]:
    """Write the comparisons of each level as texts, in the order of the verdicts."""
    tables = []
    for one in data.verdicts.to_dict("records"):
        mine = (data.metrics["factor"] == one["factor"]) & (data.metrics["level"] == one["level"])
        tables.append(
            {
                "factor": one["factor"],
                "level": one["level"],
                "verdict": one["verdict"],
                "facts": {
                    name: NOTHING if is_absent(one[name]) else one[name]
                    for name in ("n_pairs", "n_expected", "n_trades", "min_trades_a_fold", "useful_gain")
                },
                "rows": [
                    {name: gate_text(name, row[name]) for name in GATE_COLUMNS}
                    for row in data.metrics[mine].to_dict("records")
                ],
            }
        )
    return tables
