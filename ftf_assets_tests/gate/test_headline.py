"""Every kind of ending has its headline, and a headline says only what was measured."""

from __future__ import annotations

import dataclasses

import pytest

from ftf_assets.contracts.tables.gate_decision import (
    ABANDON,
    ENDINGS,
    INVALID,
    KEEP_AVAILABLE,
    LOCK,
    NO_SIGNAL,
)
from ftf_assets.gate.findings import AgainstControl, Difference, Findings, LevelFinding, Ranking, Trading
from ftf_assets.gate.headline import headline, operating_point_in_words, trading_in_words

FACTORS = {
    "mild": "label_smoothing",
    "aggressive": "label_smoothing",
    "filter": "cleanlab",
    "filter_random": "cleanlab",
    "reweight": "cleanlab",
    "age": "sample_weight",
    "loss": "loss_correction",
    "relabel_truth": "label_truth",
}
RANKS = Ranking("roc_auc", 0.571, 0.0002)
SHORT = "20 of 25 expected pairs are there, at least 95 % are needed; missing: OPUSDC fold 3."


def auc(mean: float, low: float | None = None, high: float | None = None) -> Difference:
    return Difference("roc_auc", mean, low, high)


def level(name: str, verdict: str, gain: Difference | None, harm: Difference | None = None) -> LevelFinding:
    return LevelFinding(FACTORS[name], name, verdict, SHORT, gain, harm)


def useless(name: str, mean: float = 0.0002) -> LevelFinding:
    return level(name, ABANDON, auc(mean, mean - 0.003, mean + 0.003))


def harmful(name: str) -> LevelFinding:
    gain = auc(-0.012, -0.0202, -0.0041)
    return level(name, ABANDON, gain, harm=gain)


def winner(name: str, mean: float = 0.0221) -> LevelFinding:
    return level(name, LOCK, auc(mean, mean - 0.01, mean + 0.01))


def undecided(name: str, mean: float = 0.0061) -> LevelFinding:
    return level(name, KEEP_AVAILABLE, auc(mean, -0.004, 0.016))


def found(*levels: LevelFinding, **changed: object) -> Findings:
    return dataclasses.replace(
        Findings("roc_auc", 0.01, levels, RANKS, visible=0.0041, trading=Trading(0.10, -7.2)),
        **changed,  # type: ignore[arg-type]
    )


ALL_USELESS = (
    useless("aggressive", -0.0007),
    useless("mild", 0.00041),
    useless("filter", -0.0012),
    useless("reweight"),
)

ANSWERS = {
    "nothing_useful": (
        found(*ALL_USELESS, ceiling=0.006),
        """
        Label smoothing and cleaning do nothing useful here. The model ranks (AUC 0.571, p < 0.001), and
        this sweep could have seen a gain of 0.0041 in AUC; the largest was +0.0004 (mild). Even correct
        labels would be worth at most +0.006. Not tradable after costs: −7 bps a trade at the top 10 %. Work
        on features first.
        """,
    ),
    "no_signal": (
        found(
            *(dataclasses.replace(one, verdict=NO_SIGNAL) for one in ALL_USELESS),
            ranking=Ranking("roc_auc", 0.5031, 0.312),
            ceiling=0.006,
        ),
        """
        No answer about the labels: the model does not rank better than chance (AUC 0.503, p 0.31), so no
        treatment of its labels can be judged. Work on features, labels or horizon first.
        """,
    ),
    "invalid": (
        found(level("filter", INVALID, None), level("mild", INVALID, None)),
        f"""
        No answer: these results cannot be judged. {SHORT} Repair that and run the sweep again; finished
        fits are reused.
        """,
    ),
    "lock": (
        found(winner("filter"), ceiling=0.031, trading=Trading(0.10, 4.4, 0.28, 0.25)),
        """
        Cleaning (filter) helps: +0.022 in AUC (95 % interval +0.012 to +0.032). The model ranks (AUC 0.571,
        p < 0.001), and this sweep could have seen a gain of 0.0041 in AUC. Correct labels would be worth at
        most +0.031. Tradable after costs: +4 bps a trade at the top 10 %. Make filter the default of
        cleanlab.
        """,
    ),
    "harm": (
        found(harmful("aggressive")),
        """
        Label smoothing (aggressive) does harm: −0.012 in AUC (95 % interval −0.02 to −0.0041). The model
        ranks (AUC 0.571, p < 0.001), and this sweep could have seen a gain of 0.0041 in AUC; no level
        gained. Not tradable after costs: −7 bps a trade at the top 10 %. Leave out
        aggressive. Work on features first.
        """,
    ),
    "undecided": (
        found(
            undecided("mild"),
            undecided("filter", 0.002),
            visible=0.0183,
            to_decide="14 more months of test history, or 9 more cryptos",
        ),
        """
        Whether label smoothing (mild) and cleaning (filter) help stays undecided. The model ranks (AUC 0.571,
        p < 0.001), but this sweep could not have seen a gain of 0.01 in AUC, the smallest that is useful,
        only one of 0.018; the largest was +0.0061 (mild). Not tradable after costs: −7 bps a trade at
        the top 10 %. To decide: 14 more months of test history, or 9 more cryptos.
        """,
    ),
    "mixed": (
        found(winner("filter"), harmful("aggressive"), useless("mild"), undecided("reweight")),
        """
        Cleaning (filter) helps: +0.022 in AUC (95 % interval +0.012 to +0.032). Label smoothing
        (aggressive) does harm: −0.012 in AUC (95 % interval −0.02 to −0.0041). Label smoothing (mild) does
        nothing useful here. Whether cleaning (reweight) helps stays undecided. The model ranks (AUC 0.571,
        p < 0.001), and this sweep could have seen a gain of 0.0041 in AUC. Not tradable after costs: −7 bps
        a trade at the top 10 %. Make filter the default of cleanlab.
        """,
    ),
}


def test_every_kind_of_ending_is_a_case_here():
    assert set(ANSWERS) == set(ENDINGS)


@pytest.mark.parametrize("ending", ANSWERS)
def test_each_ending_has_its_headline(ending: str):
    findings, text = ANSWERS[ending]
    answer = headline(findings)
    assert answer.ending == ending
    assert answer.text == " ".join(text.split())


def sentence_on(findings: Findings, word: str) -> str:
    """The sentence of a headline that holds the word; "" if none does."""
    return next((one for one in headline(findings).sentences if word in one), "")


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        ([useless("mild"), useless("aggressive")], "Label smoothing does nothing useful here."),
        ([useless("age")], "Sample weights (age) do nothing useful here."),
        ([useless("loss")], "Loss correction (loss) does nothing useful here."),
        ([useless("relabel_truth")], "True labels (relabel_truth) do nothing useful here."),
        (
            [useless("mild"), useless("filter"), useless("age")],
            "Label smoothing (mild), cleaning (filter) and sample weights (age) do nothing useful here.",
        ),
        (
            [useless("mild"), undecided("aggressive"), useless("filter")],
            "Label smoothing (mild) and cleaning (filter) do nothing useful here.",
        ),
    ],
)
def test_a_factor_stands_for_its_levels_only_if_there_are_several_and_all_end_alike(levels, words):
    assert sentence_on(found(*levels), "nothing useful") == words


def test_a_control_that_wins_is_never_recommended_as_a_default():
    answer = headline(found(winner("relabel_truth"))).sentences
    assert answer[-1] == "Make no default of relabel_truth: it is a control."


def against(level: str, gain: float, of_control: float, half: float | None = 0.002) -> AgainstControl:
    mean = gain - of_control
    difference = auc(mean) if half is None else auc(mean, mean - half, mean + half)
    return AgainstControl(level, "filter_random", gain, of_control, difference)


@pytest.mark.parametrize(
    ("gain", "of_control", "half", "words"),
    [
        (0.0042, 0.0011, 0.002, "gained more than its control filter_random: +0.0042 against +0.0011 "
         "(difference +0.0031, 95 % interval +0.0011 to +0.0051)"),
        (-0.0019, -0.0052, 0.002, "lost less than its control filter_random: −0.0019 against −0.0052 "
         "(difference +0.0033, 95 % interval +0.0013 to +0.0053)"),
        (0.0042, 0.0031, 0.002, "did not gain clearly more than its control filter_random: +0.0042 against "
         "+0.0031 (difference +0.0011, 95 % interval −0.0009 to +0.0031)"),
        (0.0011, 0.0042, 0.002, "gained less than its control filter_random: +0.0011 against +0.0042 "
         "(difference −0.0031, 95 % interval −0.0051 to −0.0011)"),
        (0.0042, 0.0011, None, "did not gain clearly more than its control filter_random: +0.0042 against "
         "+0.0011 (difference +0.0031, not tested)"),
    ],
)  # fmt: skip
def test_a_treatment_is_held_against_its_control(gain, of_control, half, words):
    levels = undecided("filter", gain), undecided("filter_random", of_control)
    said = headline(found(*levels, against_controls=(against("filter", gain, of_control, half),)))
    assert f"filter {words}." in said.sentences
    assert "filter_random)" not in said.text.replace(words, ""), "a control is not the gain to look at"


def test_several_treatments_are_each_held_against_the_control():
    levels = undecided("filter", 0.0019), undecided("reweight", -0.0045), undecided("filter_random", -0.0018)
    pairs = against("filter", 0.0019, -0.0018), against("reweight", -0.0045, -0.0018)
    assert (
        "Against the control filter_random (−0.0018): filter gained more, +0.0019 (difference +0.0037, 95 % "
        "interval +0.0017 to +0.0057); reweight gained less, −0.0045 (difference −0.0027, 95 % interval "
        "−0.0047 to −0.0007)."
    ) in headline(found(*levels, against_controls=pairs)).sentences


def test_what_a_control_does_is_no_answer_beside_a_treatment():
    said = headline(found(undecided("filter", 0.0041), useless("filter_random", 0.0001))).text
    assert "Whether cleaning (filter) helps stays undecided." in said
    assert "nothing useful" not in said


def test_of_two_locked_levels_of_a_factor_the_larger_gain_becomes_the_default():
    answer = headline(found(winner("filter", 0.015), winner("reweight", 0.022), winner("mild", 0.012)))
    assert (
        answer.sentences[-1]
        == "Make reweight the default of cleanlab. Make mild the default of label_smoothing."
    )


def test_harm_to_another_metric_than_the_primary_one_names_that_metric():
    harm = Difference("f1_buy", -0.03, -0.05, -0.01)
    said = headline(found(level("filter", ABANDON, auc(0.001), harm))).sentences[0]
    assert said == "Cleaning (filter) does harm: −0.03 in f1 of BUY (95 % interval −0.05 to −0.01)."


def test_a_level_without_pairs_is_named_and_has_no_gain():
    answer = headline(found(useless("mild"), level("filter", INVALID, None)))
    assert answer.ending == "mixed"
    assert "Nothing can be said about cleaning (filter)." in answer.sentences
    assert "the largest was +0.0002 (mild)" in answer.text


def test_a_share_of_wrong_labels_that_is_only_assumed_is_said_with_the_bound():
    assumed = found(*ALL_USELESS, ceiling=0.006, ceiling_assumes="if 10% of the labels are wrong")
    assert sentence_on(assumed, "orrect labels") == (
        "Even correct labels would be worth at most +0.006, if 10% of the labels are wrong."
    )


@pytest.mark.parametrize(
    ("ceiling", "words"),
    [
        (None, ""),
        (-0.002, "Even correct labels would gain nothing."),
        (0.0064, "Even correct labels would be worth at most +0.0064."),
        (0.016, "Correct labels would be worth at most +0.016."),
    ],
)
def test_the_worth_of_correct_labels_is_said_where_it_was_measured(ceiling: float | None, words: str):
    assert sentence_on(found(*ALL_USELESS, ceiling=ceiling), "orrect labels") == words


def test_where_correct_labels_could_pay_the_next_step_is_another_treatment_not_features():
    last = headline(found(*ALL_USELESS, ceiling=0.016)).sentences[-1]
    assert last == "Another treatment may pay: ftf audit shows which wrong labels can be found here."


def test_intervals_that_exclude_a_useful_gain_answer_although_the_sweep_could_have_missed_one():
    answer = headline(found(*ALL_USELESS, visible=0.0107)).text
    assert (
        "The model ranks (AUC 0.571, p < 0.001), and every interval ends below a gain of 0.01 in AUC; "
        "the largest was +0.0004 (mild)." in answer
    )


def test_results_without_auc_say_what_was_not_tested():
    f1 = Difference("f1_buy", 0.0026, -0.0085, 0.0137)
    published = Findings("f1_buy", 0.01, (level("filter", KEEP_AVAILABLE, f1),))
    assert headline(published).text == (
        "Whether cleaning (filter) helps stays undecided. Whether the model ranks was not tested: these "
        "results lack roc_auc; the largest gain was +0.0026 in f1 of BUY (filter). Change no default yet."
    )


def test_results_with_average_precision_alone_are_ranked_by_it():
    ranking = Ranking("average_precision", 0.2041, 0.013)
    assert sentence_on(found(*ALL_USELESS, ranking=ranking), "ranks").startswith(
        "The model ranks (average precision 0.204, p 0.013)"
    )


@pytest.mark.parametrize("best", [0.00003, 0.0, -0.0004])
def test_where_the_largest_gain_is_none_no_level_is_named(best: float):
    said = sentence_on(found(useless("mild", best), useless("filter", -0.001)), "ranks")
    assert said.endswith("could have seen a gain of 0.0041 in AUC; no level gained.")


def test_a_model_that_ranks_only_with_the_treatment_is_not_said_to_rank_without_it():
    said = sentence_on(found(winner("filter"), ranking=Ranking("roc_auc", 0.511, 0.12)), "rank")
    assert said.startswith(
        "The model ranks only with a treatment (without one AUC 0.511, p 0.12), and this sweep"
    )


def test_a_sweep_too_small_to_test_whether_the_model_ranks_says_so():
    said = sentence_on(found(useless("mild"), ranking=Ranking("roc_auc", 0.55, None)), "ranks")
    assert said.startswith("Whether the model ranks could not be tested (AUC 0.550), and this sweep")


def test_a_sweep_whose_power_is_unknown_claims_none():
    assert sentence_on(found(*ALL_USELESS, visible=None), "ranks") == (
        "The model ranks (AUC 0.571, p < 0.001); the largest gain was +0.0004 in AUC (mild)."
    )


@pytest.mark.parametrize(
    ("trading", "words"),
    [
        (None, ""),
        (Trading(0.10, None), "Not tradable: no trade at the top 10 %."),
        (Trading(0.10, -7.2), "Not tradable after costs: −7 bps a trade at the top 10 %."),
        (Trading(0.02, 4.4, 0.28, 0.25), "Tradable after costs: +4 bps a trade at the top 2 %."),
        (Trading(None, -7.2), "Not tradable after costs: −7 bps a trade."),
        (Trading(0.025, 0.41), "Tradable after costs: +0.4 bps a trade at the top 2.5 %."),
        (Trading(0.10, 0.0), "Not tradable after costs: 0 bps a trade at the top 10 %."),
        (
            Trading(0.10, 4.4, 0.21, 0.25),
            "Not tradable after costs: +4 bps a trade at the top 10 %, but a precision of 0.21 where 0.25 "
            "breaks even.",
        ),
    ],
)
def test_a_trade_pays_by_its_mean_return_and_by_its_precision(trading: Trading | None, words: str):
    assert trading_in_words(trading) == words


@pytest.mark.parametrize(
    ("f1", "always", "beats", "better"),
    [
        (0.281, 0.286, False, "no better"),
        (0.286, 0.286, False, "no better"),
        (0.287, 0.286, False, "not clearly better"),
    ],
)
def test_an_operating_point_like_always_buy_has_a_line_of_its_own(f1, always, beats, better):
    assert operating_point_in_words(f1, always, beats) == (
        f"The operating point is {better} than calling every bar BUY: f1 {f1}, always BUY {always}."
    )


@pytest.mark.parametrize(
    ("f1", "always", "beats"), [(0.297, 0.286, True), (None, 0.286, None), (0.281, None, None)]
)
def test_an_operating_point_that_is_better_or_unknown_has_no_line(f1, always, beats):
    assert operating_point_in_words(f1, always, beats) == ""
