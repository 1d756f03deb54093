"""Each level in one line, how to read it, and the lines that are no verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ftf_assets.contracts.tables.gate_decision import (
    BY_WEEKS,
    ENDS_HARM,
    ENDS_NOTHING_USEFUL,
    ENDS_UNDECIDED,
)
from ftf_assets.gate.decision import Decision, MetricComparison
from ftf_assets.gate.level_lines import how_to_read, level_lines, notes, warnings
from ftf_assets_tests.support.gate_rows import decided, sweep_rows

PRIMARY = {
    "mean_difference": 0.00041,
    "ci_low": -0.0031,
    "ci_high": 0.00391,
    "p_corrected": 0.8213,
    "smallest_visible": 0.0049,
}


@pytest.fixture(scope="module")
def made() -> Decision:
    return decided(sweep_rows(0.002))


def changed(
    made: Decision, *, ending: str = ENDS_NOTHING_USEFUL, advice: str | None = None, **numbers: object
):
    """The decision with other numbers of its primary metric, and the verdict that they deserve."""

    def other(one: MetricComparison) -> MetricComparison:
        return replace(one, **(PRIMARY | numbers)) if one.metric == made.primary_metric else one

    verdict = replace(
        made.verdicts[0],
        verdict="KEEP_AVAILABLE" if ending == ENDS_UNDECIDED else "ABANDON",
        ending=ending,
        advice=advice,
    )
    return replace(made, metrics=tuple(map(other, made.metrics)), verdicts=(verdict,))


def with_summary(made: Decision, **values: object) -> Decision:
    return replace(made, summary=replace(made.summary, **values))


def test_a_line_holds_the_verdict_the_gain_its_interval_and_what_could_be_seen(made: Decision):
    (line,) = level_lines(changed(made))
    assert (line.factor, line.level) == ("cleanlab", "filter")
    assert line.verdict == "ABANDON (no gain)"
    assert (line.gain, line.interval) == ("+0.0004", "−0.0031 to +0.0039")
    assert (line.visible, line.p) == ("0.0049", "0.82")


@pytest.mark.parametrize(
    ("ending", "words"), [(ENDS_HARM, "ABANDON (harm)"), (ENDS_UNDECIDED, "KEEP_AVAILABLE")]
)
def test_the_two_grounds_of_abandon_are_told_apart(made: Decision, ending: str, words: str):
    assert level_lines(changed(made, ending=ending))[0].verdict == words


def test_a_difference_that_rounds_to_nothing_has_no_sign(made: Decision):
    (line,) = level_lines(changed(made, mean_difference=-0.00001))
    assert line.gain == "0.0000"


def test_what_was_not_measured_is_a_dash(made: Decision):
    unknown = dict.fromkeys(PRIMARY)
    (line,) = level_lines(changed(made, **unknown))
    assert {line.gain, line.interval, line.p, line.visible} == {"-"}


def test_the_columns_are_explained_with_what_counts_as_independent(made: Decision):
    weeks = replace(
        with_summary(made, clusters=BY_WEEKS, n_clusters=26), primary_metric="roc_auc", useful_gain=0.01
    )
    assert how_to_read(weeks) == (
        "Gain: AUC of the level minus that of the baseline, a mean over pairs of crypto and fold. The "
        "interval covers 95 % for each level alone and counts the 26 weeks of the test spans as independent; "
        "the verdict goes by p, corrected for all levels. A gain of 0.01 is useful. Could see: the smallest "
        "true gain that this sweep finds in 4 of 5 cases."
    )
    assert "independent" not in how_to_read(with_summary(weeks, clusters=None))


def test_an_undecided_level_says_what_would_decide_it(made: Decision):
    undecided = changed(made, ending=ENDS_UNDECIDED, advice="14 more months of test history")
    assert "To decide filter, if its gain stays what it is: 14 more months of test history." in notes(
        undecided
    )


def test_an_operating_point_like_always_buy_and_losing_trades_are_lines_of_their_own(made: Decision):
    poor = with_summary(
        made, f1_buy=0.281, f1_always_buy=0.286, beats_always_buy=False, net_bps=-7.2, trade_share=0.1
    )
    assert notes(poor)[-2:] == [
        "The operating point is no better than calling every bar BUY: f1 0.281, always BUY 0.286.",
        "Not tradable after costs: −7 bps a trade at the top 10 %.",
    ]
    told = with_summary(poor, headline="Not tradable after costs: −7 bps a trade at the top 10 %.")
    assert len(notes(told)) == len(notes(poor)) - 1, "the headline says it already"


def test_a_reader_sees_which_cryptos_of_the_group_the_answer_does_not_cover():
    skipped = {"LDOUSDC": "no file", "ARBUSDC": "too little history"}
    answer = decided(sweep_rows(0.002), skipped=skipped)
    n = answer.summary.n_cryptos
    assert answer.summary.n_skipped == 2
    assert notes(answer)[0] == (
        f"The answer covers {n} of the {n + 2} cryptos of the group. Skipped: LDOUSDC: no file; ARBUSDC: too "
        "little history."
    )
    whole = decided(sweep_rows(0.002))
    assert (whole.summary.n_skipped, whole.summary.skipped) == (0, None)
    assert not any("Skipped" in line for line in notes(whole))
    assert whole.rows_fingerprint != answer.rows_fingerprint, "so the decision is made again"


def test_a_warning_that_concerns_some_levels_names_them(made: Decision):
    first, second = (
        replace(made.verdicts[0], level=level, warnings=("of all", *own))
        for level, own in (("filter", ()), ("reweight", ("of one",)))
    )
    said = warnings(replace(made, verdicts=(first, second)))
    assert said == ["of all", "reweight: of one"]
