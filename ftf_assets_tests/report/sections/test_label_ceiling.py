"""What the report says of correct labels: the bound, what follows from it, and what levels reach of it."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from ftf_assets.gate.ceiling_curve import CeilingGain
from ftf_assets.gate.label_ceiling import CeilingSummary, summarise_ceiling
from ftf_assets.report.page import render_report
from ftf_assets.report.sections.label_ceiling import (
    NOT_MEASURED,
    OFF,
    ceiling_in_words,
    ceiling_section,
)
from ftf_assets_tests.support.ceiling import ceiling_records
from ftf_assets_tests.support.report_rows import report_data, result_rows

METRICS = pd.DataFrame(
    {
        "level": ["mild", "filter", "mild"],
        "metric": ["roc_auc", "roc_auc", "f1_buy"],
        "mean_difference": [0.002, -0.001, 0.5],
    }
)


def found(*, truth: bool = False, low: float = 0.001, bound: float = 0.006) -> CeilingSummary:
    """A ceiling whose headline has these numbers, with an estimate of 0.004."""
    summary = summarise_ceiling(ceiling_records(truth=truth))
    assert summary is not None
    assert summary.headline is not None
    headline = dataclasses.replace(summary.headline, gain=CeilingGain(0.004, low, bound))
    return dataclasses.replace(summary, headline=headline)


def test_a_bound_below_the_useful_gain_says_that_correcting_labels_cannot_matter():
    said = " ".join(ceiling_in_words(found(), 0.01))
    assert "Correct labels would be worth at most +0.006 in AUC, if 10% of the labels are wrong" in said
    assert "correcting wrong labels cannot matter here" in said
    assert "Smoothing may still help" in said


def test_a_larger_bound_says_no_more_than_it_is():
    said = " ".join(ceiling_in_words(found(bound=0.02), 0.01))
    assert "at most +0.02 in AUC" in said
    assert "cannot matter" not in said


def test_the_truth_is_said_on_observed_and_on_true_test_labels():
    said = " ".join(ceiling_in_words(found(truth=True), 0.01))
    assert "as 10.0% of this market's labels are wrong" in said
    assert "Trained on the market's true labels, the baseline gains +0.00" in said
    assert "; scored on true test labels, +0.00" in said


@pytest.mark.parametrize(("low", "shown"), [(0.001, 2), (0.0, 0), (-0.002, 0)])
def test_a_level_is_a_share_of_the_ceiling_only_where_that_is_surely_above_0(low: float, shown: int):
    section = ceiling_section(found(low=low), METRICS, 0.01, on=True)
    assert len(section.levels) == shown
    if shown:
        assert section.levels[0] == "mild: +0.002, 50% of what correct labels would be worth"
        assert section.levels[1].startswith("filter: −0.001, -25%")


def test_the_section_says_where_there_is_no_ceiling_and_why():
    assert ceiling_section(None, METRICS, 0.01, on=False).words == (OFF,)
    assert ceiling_section(None, METRICS, 0.01, on=True).words == (NOT_MEASURED,)


def test_cells_that_are_left_out_are_counted():
    rows = ceiling_records()
    rows[0] |= {"status": "training_failed", "roc_auc": None}
    section = ceiling_section(summarise_ceiling(rows), METRICS, 0.01, on=True)
    assert "1 cells are left out" in " ".join(section.words)


def test_the_page_shows_chart_and_table_or_says_that_the_ceiling_is_off():
    data = report_data(result_rows(("OPUSDC", "LDOUSDC")))
    with_ceiling = render_report(dataclasses.replace(data, ceiling=found()))
    assert 'id="label-ceiling-title"' in with_ceiling
    assert "if 20% of the labels are wrong" in with_ceiling
    off = render_report(report_data(result_rows(("OPUSDC", "LDOUSDC")), enabled=False))
    assert OFF in off
    assert 'id="label-ceiling-title"' not in off
