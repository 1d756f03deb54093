"""The page: everything that a report shows, laid out by one template that escapes all text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import pandas as pd

from ftf_assets.report.cleaning import removed_per_class, suspects_over_time
from ftf_assets.report.curves import equity_chart, pooled_curves, precision_recall, reliability_chart
from ftf_assets.report.data import ReportData
from ftf_assets.report.formats import NOTHING, gate_text, is_absent
from ftf_assets.report.gallery import suspect_cards
from ftf_assets.report.gate_charts import forest_plot, heat_maps
from ftf_assets.report.noise_audit import audit_section
from ftf_assets.report.regimes import regime_headings, regime_lines, regimes_in_words
from ftf_assets.report.stamp import TEMPLATE, stamp
from ftf_assets.report.words import (
    baseline_in_words,
    headline,
    meanings,
    seed_noise_sentence,
    statements,
    tuning_sentence,
)

#: Columns of the gate's table: name in ``gate_metrics`` to heading. ``sweep_id`` stands above it.
GATE_COLUMNS = {
    "metric": "metric",
    "n_pairs": "pairs",
    "mean_difference": "mean",
    "median_difference": "median",
    "ci_low": "95 % from",
    "ci_high": "to",
    "seed_margin": "seed ±",
    "bootstrap_low": "boot. from",
    "bootstrap_high": "to",
    "t": "t",
    "p_value": "p",
    "p_corrected": "p corr.",
    "wilcoxon_p": "p Wilc.",
    "cohens_d": "d",
    "fold_n": "folds",
    "fold_t": "fold t",
    "fold_p": "fold p",
    "cryptos_better": "better",
    "cryptos_worse": "worse",
    "outcome": "outcome",
}
_TEXT_COLUMNS = ("metric", "outcome")
_PROVENANCE = ("data_source", "source_file", "quote_currency", "data_fingerprint", "code_version", "run_id")


def render_report(data: ReportData) -> str:
    """Write the report as one HTML page; equal data give an equal page.

    Parameters
    ----------
    data
        From :func:`~ftf_assets.report.data.load_report_data`.

    Returns
    -------
    str
        UTF-8 text that needs no other file and no network.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(TEMPLATE).render(_contents(data))


def _contents(data: ReportData) -> dict[str, Any]:
    curves, n_common = pooled_curves(data)
    decided = data.verdicts.iloc[0]
    return {
        "sweep_id": data.sweep_id,
        "stamp": stamp(data.audit),
        "decided_at": f"{decided['created_at']:%Y-%m-%d %H:%M:%S} UTC",
        "nothing": NOTHING,
        "headline": headline(data),
        "statements": statements(data),
        "meanings": meanings(data),
        "baseline": baseline_in_words(data),
        "tuning": tuning_sentence(data),
        "seed_noise": seed_noise_sentence(data),
        "forest": forest_plot(data) if len(data.metrics) else None,
        "gate_columns": GATE_COLUMNS,
        "text_columns": _TEXT_COLUMNS,
        "gate": _gate_tables(data),
        "heat_maps": heat_maps(data),
        "regime_headings": regime_headings(data),
        "regime_lines": regime_lines(data),
        "regime_words": regimes_in_words(data),
        "curves": curves,
        "n_common": n_common,
        "curve_charts": [precision_recall(curves), reliability_chart(curves)] if curves else [],
        "equity": equity_chart(curves) if curves else None,
        "cost_bps": data.settings.evaluation.cost_bps,
        "missing_artifacts": data.unavailable,
        "removed": removed_per_class(data),
        "cap": data.settings.treatment.suspect_cap,
        "suspects": suspects_over_time(data),
        "cards": suspect_cards(data),
        "audit": audit_section(data.audit),
        "counts": {
            str(status): int(n) for status, n in data.rows["status"].value_counts().sort_index().items()
        },
        "unmeasured": _records(data.rows[data.rows["status"] != "ok"]),
        "provenance_columns": _PROVENANCE,
        "provenance": _records(data.rows[["crypto", *_PROVENANCE]].drop_duplicates()),
        "settings": _settings(data),
        "gate_settings": json.loads(decided["settings"]),
        "rows_fingerprint": decided["rows_fingerprint"],
        "settings_fingerprint": decided["settings_fingerprint"],
    }


def _gate_tables(data: ReportData) -> list[dict[str, Any]]:
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


def _records(frame: pd.DataFrame) -> list[Mapping[str, Any]]:
    return [
        {str(name): NOTHING if is_absent(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _settings(data: ReportData) -> dict[str, str]:
    """The settings by dotted name; of the path the last folder only, because reports are passed on."""
    values = {name: _in_words(value) for name, value in data.settings.by_name().items()}
    return values | {"data.path": PurePath(data.settings.data.path or NOTHING).name}


def _in_words(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_in_words(one)}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
