"""The page: everything that a report shows, laid out by templates that escape all text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftf_assets.gate.selection import selection_in_words
from ftf_assets.gate.words import metric_in_words
from ftf_assets.report.charts.confidence_curve import confidence_chart
from ftf_assets.report.charts.curves import equity_chart, pooled_curves, precision_recall, reliability_chart
from ftf_assets.report.charts.forest_plot import forest_plot
from ftf_assets.report.charts.heat_maps import heat_maps, moved_metric
from ftf_assets.report.charts.palette import chart_variables
from ftf_assets.report.charts.suspects_over_time import suspects_over_time
from ftf_assets.report.code_stamp import TEMPLATES, stamp
from ftf_assets.report.data import ReportData
from ftf_assets.report.levels import level_headings
from ftf_assets.report.sections.cleaning import removed_per_class
from ftf_assets.report.sections.confidence import confidence_in_words, confidence_table
from ftf_assets.report.sections.curves import curves_table
from ftf_assets.report.sections.first_screen import first_pictures
from ftf_assets.report.sections.gate_table import gate_tables
from ftf_assets.report.sections.key_figures import key_figures
from ftf_assets.report.sections.label_ceiling import ceiling_section
from ftf_assets.report.sections.noise_audit import audit_section
from ftf_assets.report.sections.records import provenance_table, settings_tables, unmeasured_table
from ftf_assets.report.sections.regimes import regime_table, regimes_in_words
from ftf_assets.report.sections.suspects import suspect_cards
from ftf_assets.report.sections.verdict import answer
from ftf_assets.rows.confidence_curve import mean_confidence_curve
from ftf_assets.rows.selection import selection_of


def render_report(data: ReportData) -> str:
    """Write the report as one HTML page; equal data give an equal page.

    Parameters
    ----------
    data
        From :func:`~ftf_assets.report.collect.load_report_data`.

    Returns
    -------
    str
        UTF-8 text that needs no other file and no network.
    """
    return render_template("page.html.j2", _contents(data))


def render_template(name: str, values: Mapping[str, object]) -> str:
    """Fill one of the report's templates; every text is escaped.

    Parameters
    ----------
    name
        File name of the template.
    values
        Everything that the template names; a name without a value is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(values)


def _contents(data: ReportData) -> dict[str, Any]:
    """Give every value that the templates name, section by section."""
    decision, rows = data.decision, data.decision.rows
    decided = decision.verdicts.iloc[0]
    curves, n_common = pooled_curves(data.curves)
    confidence = mean_confidence_curve(data.confidence, rows)
    headings = level_headings(decision.levels)
    return {
        "sweep_id": data.sweep_id,
        "stamp": stamp(data.audit),
        "decided_at": f"{decided['created_at']:%Y-%m-%d %H:%M:%S} UTC",
        "chart_variables": chart_variables(),
        # the first screen
        "answer": answer(decision),
        "figures": key_figures(decision),
        "pictures": first_pictures(decision, data.ceiling, confidence, curves),
        "selection": selection_in_words(picked) if (picked := selection_of(rows, data.weekly)) else [],
        # gate, cells
        "forest": forest_plot(decision) if len(decision.metrics) else None,
        "gate": gate_tables(decision),
        "moved": metric_in_words(moved_metric(decision)),
        "heat_maps": heat_maps(decision),
        # the most confident calls
        "confidence_words": confidence_in_words(rows, confidence, data.settings.evaluation.trade_share),
        "confidence_chart": confidence_chart(confidence, headings, rows),
        "confidence_table": confidence_table(confidence, headings),
        # what correct labels would be worth
        "ceiling": ceiling_section(
            data.ceiling,
            decision.metrics,
            data.settings.gate.useful_gain,
            on=data.settings.ceiling.enabled,
        ),
        # regimes
        "regime_table": regime_table(data.regimes, decision.levels),
        "regime_words": regimes_in_words(data.regimes),
        # curves
        "curves": curves,
        "n_common": n_common,
        "curve_charts": [precision_recall(curves), reliability_chart(curves)] if curves else [],
        "equity": equity_chart(curves) if curves else None,
        "curves_table": curves_table(curves),
        "cost_bps": data.settings.evaluation.cost_bps,
        "trade_share": data.settings.evaluation.trade_share,
        "missing_artifacts": data.unavailable,
        # cleaning, suspects, noise audit
        "removed": removed_per_class(rows),
        "cap": data.settings.treatment.suspect_cap,
        "suspects": suspects_over_time(data.suspects.suspects),
        "cards": suspect_cards(data.suspects),
        "audit": audit_section(data.audit),
        # failed cells, provenance
        "counts": {str(status): int(n) for status, n in rows["status"].value_counts().sort_index().items()},
        "unmeasured": unmeasured_table(rows),
        "provenance": provenance_table(rows),
        "settings": settings_tables(data.settings, decided["settings"]),
        "rows_fingerprint": decided["rows_fingerprint"],
        "settings_fingerprint": decided["settings_fingerprint"],
    }
