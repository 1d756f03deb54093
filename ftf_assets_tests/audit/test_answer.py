"""The six lines of an audit: a sentence for every kind of ending, with the numbers of the tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from ftf_assets.audit.answer import AuditAnswer, answer_audit
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets_tests.audit.test_summary import nulls
from ftf_assets_tests.support.audit_rows import NOTHING_LOST, effect_row, found_row, interval

#: Margin over the hardest control: value and half of the 95 % interval.
CLEAR, LEAD, NONE = (0.5, 0.2), (0.2, 0.25), (-0.1, 0.2)
Margins = Mapping[str, tuple[tuple[float, float], tuple[float, float] | None]]


@dataclasses.dataclass
class Audited:
    """Rows of an audit, built up in the words of the tests."""

    found: list[dict] = dataclasses.field(default_factory=list)
    effects: list[dict] = dataclasses.field(default_factory=list)

    def judged(self, detector: str, margins: Margins, crypto: str = "OPUSDC", **changes: Any) -> Audited:
        """Add findings: margins of a kind among BUYs and HOLDs; None where no such label is wrong."""
        role = DETECTORS[detector].role
        for kind, of_class in margins.items():
            for label, margin in zip(("BUY", "HOLD"), of_class, strict=True):
                if margin is not None:
                    beats = {"beats_controls": margin == CLEAR, **interval("margin", *margin)}
                    lift = interval("lift", 1.6 if margin == CLEAR else 1.0, 0.1)
                    self._add(crypto, kind, detector, role, label, **(beats | lift | changes))
        return self

    def rate(self, detector: str, kind: str, rate: float, **changes: Any) -> Audited:
        more = {"beats_controls": None, "estimated_noise_rate": rate, **changes}
        self._add("OPUSDC", kind, detector, DETECTORS[detector].role, "all", **more)
        return self

    def effect(self, kind: str, treatment: str, won: float, half: float, **changes: Any) -> Audited:
        recovered = interval("recovered", won / 0.0136, half / 0.0136)
        row = {"control": TREATMENTS[treatment].control, **interval("won", won, half), **recovered, **changes}
        self.effects.append(nulls(effect_row(kind=kind, treatment=treatment, **row)))
        return self

    def _add(self, crypto: str, kind: str, detector: str, role: str, label: str, **changes: Any) -> None:
        row = found_row(crypto, kind=kind, detector=detector, role=role, given_label=label, **changes)
        self.found.append(nulls(row))

    def lines(self) -> dict[str, str]:
        return dict(self.answer().lines)

    def answer(self) -> AuditAnswer:
        return answer_audit(self.found, self.effects)


def test_there_are_six_lines_in_a_fixed_order_and_each_ends_as_a_sentence():
    answer = (
        Audited().judged("cleanlab", {"bursts": (NONE, NONE)}).judged("temporal", {"bursts": (CLEAR, NONE)})
    )
    lines = answer.answer().lines
    assert [name for name, _ in lines] == [
        *("answer", "cleanlab", "temporal"),
        *("cost of noise", "not found", "needed"),
    ]
    assert all(says.endswith(".") and ".." not in says and "  " not in says for _, says in lines)


def test_a_cleaner_that_finds_nothing_is_not_trusted():
    audit = Audited().judged("cleanlab", {"bursts": (NONE, NONE), "missed_buys": (None, NONE)})
    lines = audit.rate("cleanlab", "none", 0.081).lines()
    assert lines["answer"] == (
        "Trust no cleaner on OPUSDC: none finds any kind of wrong label better than rules without a model "
        "do, and clearly more often than chance."
    )
    assert lines["cleanlab"].startswith("Finds no kind of wrong label better than every control (2 tested). ")
    assert "Takes 8.1 % of the unflipped labels for wrong." in lines["cleanlab"]
    assert lines["cleanlab"].endswith("Do not trust it here.")
    assert lines["not found"] == "No cleaner beats the controls on bursts or missed_buys."
    assert lines["needed"].startswith("Leave cleanlab=off.")
    assert audit.answer().trusted == ()


def test_a_cleaner_that_finds_bursts_only_is_trusted_for_bursts_only():
    found = {"bursts": (CLEAR, CLEAR), "independent": (NONE, NONE), "block_copy": (NONE, NONE)}
    audit = Audited().judged("temporal", found).judged("cleanlab", {"bursts": (NONE, NONE)})
    lines = audit.lines()
    assert lines["answer"] == (
        "Trust temporal on OPUSDC: temporal finds 1 of 3 kinds of wrong label, but that cleaning pays is not "
        "shown. Do not trust cleanlab."
    )
    assert lines["temporal"].startswith(
        "Finds bursts better than every control (lift 1.60); no better than a control on independent or "
        "block_copy. "
    )
    assert lines["temporal"].endswith(
        "Trust its suspects of these kinds; that cleaning them pays is not shown."
    )
    assert lines["not found"] == "No cleaner beats the controls on independent or block_copy."
    assert "--factor cleanlab=off,filter_temporal,reweight_temporal" in lines["needed"]
    assert audit.answer().trusted == ("temporal",)


def test_a_kind_that_is_found_in_one_class_only_says_which():
    found = {"bursts": (CLEAR, NONE), "independent": (NONE, CLEAR), "missed_buys": (None, CLEAR)}
    lines = Audited().judged("temporal", found).lines()
    assert lines["temporal"].startswith("Finds bursts (BUYs), independent (HOLDs) and missed_buys better ")
    assert "every control (lift 1.60)" in lines["temporal"]


def test_a_cleaner_that_is_significant_but_hardly_above_chance_is_not_trusted():
    weak = interval("lift", 1.16, 0.02)
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, NONE)}, **weak)
    line = audit.lines()["cleanlab"]
    assert line.startswith(
        "Finds bursts (BUYs) better than every control, but hardly above chance (lift 1.16). "
    )
    assert line.endswith("Do not trust it here.")
    assert audit.lines()["answer"].startswith("Trust no cleaner on OPUSDC")


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (0.119, "and only 11.9 % once 10.0 % more are flipped at random."),
        (0.190, "and 19.0 % once 10.0 % more are flipped at random."),
    ],
)
def test_many_flags_on_unflipped_labels_are_told_from_what_is_added(after: float, words: str):
    audit = Audited().judged("cleanlab", {"bursts": (NONE, NONE)})
    audit.rate("cleanlab", "none", 0.107).rate("cleanlab", "independent", after)
    assert f"Takes 10.7 % of the unflipped labels for wrong, {words}" in audit.lines()["cleanlab"]


def test_where_the_truth_is_known_it_stands_beside_the_flags():
    audit = Audited().judged("cleanlab", {"bursts": (NONE, NONE)}).rate("cleanlab", "none", 0.107)
    audit.rate("cleanlab", "known_truth", 0.107, n_rows=4_000, n_wrong=376)
    assert (
        "Takes 10.7 % of the unflipped labels for wrong (9.4 % are, but it is not shown to find which)."
        in audit.lines()["cleanlab"]
    )


def test_noise_that_costs_nothing_leaves_nothing_to_win_back():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    lines = audit.effect("bursts", "filter", 0.001, 0.002, **NOTHING_LOST).lines()
    assert "Nothing to win back: no tested noise costs the model anything beyond chance." in lines["cleanlab"]
    assert lines["cost of noise"] == (
        "No kind costs the model average precision beyond chance; most bursts, +0.0010 (−0.0090 to +0.0110)."
    )


def test_a_gain_beyond_the_random_control_pays():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    audit.effect("bursts", "reweight", 0.0116, 0.008, **interval("over_random", 0.0118, 0.01))
    audit.effect("independent", "reweight", 0.0, 0.008, **NOTHING_LOST)
    lines = audit.lines()
    gained = "Wins back 85 % (26 to 144 %) of the loss to bursts with reweight, more than its random control."
    assert gained in lines["cleanlab"]
    assert lines["cleanlab"].endswith("Trust it; cleaning pays against bursts (reweight).")
    assert "1 of 1 kinds of wrong label, and cleaning pays against bursts (reweight)." in lines["answer"]
    assert lines["cost of noise"] == (
        "Average precision lost to bursts +0.0136 (+0.0036 to +0.0236). Nothing beyond chance to independent."
    )


def test_a_gain_that_random_dropping_has_too_does_not_pay():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    audit.effect("bursts", "filter", 0.0136, 0.008, **interval("over_random", 0.001, 0.01))
    line = audit.lines()["cleanlab"]
    assert (
        "Wins back 100 % (41 to 159 %) of the loss to bursts with filter, but no more than its random" in line
    )
    assert line.endswith("that cleaning them pays is not shown.")


def test_nothing_won_back_names_the_best_attempt():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    audit.effect("bursts", "filter", 0.0031, 0.01).effect("bursts", "reweight", -0.0002, 0.006)
    vain = "nothing beyond chance of the loss to bursts (best: filter, +0.0031 (−0.0069 to +0.0131))."
    assert vain in audit.lines()["cleanlab"]


def test_one_gain_among_many_tries_is_not_taken_for_more_than_luck():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    lucky = interval("over_random", 0.0100, 0.0085)  # 2.3 standard errors: p 0.01 alone, 0.1 among ten
    audit.effect("bursts", "reweight", 0.0116, 0.0098, **lucky)
    assert audit.lines()["cleanlab"].endswith("cleaning pays against bursts (reweight).")
    for kind in ("independent", "partial_bursts", "block_copy", "missed_buys", "label_jitter"):
        for level in ("filter", "reweight"):
            audit.effect(kind, level, 0.0, 0.01, **interval("over_random", 0.0, 0.01))
    line = audit.lines()["cleanlab"]
    assert "Wins back nothing beyond chance of the loss to bursts, independent, partial_bursts" in line
    assert "(best: reweight, +0.0116 (+0.0018 to +0.0214))" in line


def test_harm_is_said():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    audit.effect("bursts", "filter", -0.0062, 0.004)
    said = "filter makes the model worse on bursts: −0.0062 (−0.0102 to −0.0022)."
    assert said in audit.lines()["cleanlab"]


def test_controls_neither_win_back_nor_harm():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    audit.effect("bursts", "filter_random", -0.0062, 0.004).effect("bursts", "filter", 0.0, 0.01)
    assert "filter_random" not in audit.lines()["cleanlab"]


def test_a_lead_without_significance_asks_for_more_draws():
    audit = Audited().judged("cleanlab", {"bursts": (LEAD, NONE), "independent": (NONE, NONE)})
    lines = audit.lines()
    assert lines["cleanlab"].startswith(
        "Finds no kind of wrong label better than every control; undecided bursts."
    )
    assert lines["cleanlab"].endswith("Do not trust it here yet.")
    # 0.2 is 1.57 standard errors of 0.128; 2.49 of them take (2.49 / 1.57)² = 2.5 times the draws.
    assert lines["needed"] == "5 draws cannot say whether bursts can be found: take --noise-seeds 13."


def test_known_errors_are_not_drawn_again_so_more_cryptos_are_needed():
    lines = Audited().judged("cleanlab", {"known_truth": (LEAD, NONE)}).lines()
    assert lines["needed"].startswith("More cryptos to say whether known_truth can be found")


def test_over_several_cryptos_most_must_agree():
    audit = Audited()
    for crypto, bursts, jitter in (
        *(("OPUSDC", CLEAR, CLEAR), ("LDOUSDC", CLEAR, NONE)),
        *(("UNIUSDC", NONE, NONE),),
    ):
        audit.judged("cleanlab", {"bursts": (bursts, NONE), "label_jitter": (jitter, NONE)}, crypto)
    lines = audit.lines()
    assert lines["cleanlab"].startswith(
        "Finds bursts (BUYs) better than every control on most of 3 cryptos (lift 1.40); on some cryptos "
        "only label_jitter (1 of 3)."
    )
    assert "on OPUSDC, LDOUSDC and UNIUSDC: cleanlab finds 1 of 2 kinds" in lines["answer"]


def test_a_rule_without_a_model_that_finds_what_no_cleaner_does_is_named():
    audit = Audited().judged("cleanlab", {"bursts": (NONE, NONE)})
    audit.judged("rolling_mean", {"bursts": (NONE, NONE)}, **interval("lift", 2.53, 0.1))
    assert audit.lines()["not found"] == (
        "No cleaner beats the controls on bursts. A rolling mean of the labels, without a model, ranks "
        "bursts (lift 2.53 among BUYs)."
    )


def test_what_the_source_lacks_is_said_with_its_reason():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    absent = {"status": "unavailable", "n_seeds": 0, "beats_controls": None}
    for kind, detector, reason in (
        ("near_barrier", "cleanlab", "needs candles"),
        ("bursts", "temporal", "needs candles"),
        ("label_jitter", "cleanlab", "needs label_stability"),
        ("known_truth", "cleanlab", "only the embedded market knows"),
    ):
        audit._add("OPUSDC", kind, detector, "cleaner", "all", reason=reason, **absent)
    lines = audit.lines()
    assert lines["temporal"] == "Not tested: needs candles."
    assert lines["needed"] == (
        "Not tested: near_barrier and temporal (needs candles). "
        "Not tested: label_jitter (needs label_stability)."
    )


def test_a_failure_is_said_first():
    audit = Audited().judged("cleanlab", {"bursts": (LEAD, NONE)})
    failed = {"status": "failed", "reason": "fit: MemoryError: no memory left", "beats_controls": None}
    audit._add("OPUSDC", "independent", "cleanlab", "cleaner", "all", n_seeds=0, **failed)
    assert audit.lines()["needed"].startswith(
        "Not everything was measured: OPUSDC, independent: fit: MemoryError: no memory left. "
        "5 draws cannot say"
    )


def test_an_audit_that_tested_nothing_says_so():
    audit = Audited()
    short = {"status": "skipped_short_history", "reason": "900 fit rows, 1000 needed", "n_seeds": 0}
    audit._add("OPUSDC", "bursts", "cleanlab", "cleaner", "all", beats_controls=None, **short)
    lines = audit.lines()
    assert lines["answer"] == (
        "No cleaner was tested on OPUSDC, so nothing shows that cleaning finds wrong labels there."
    )
    assert lines["cleanlab"] == "Not tested: 900 fit rows, 1000 needed."
    assert (lines["cost of noise"], lines["not found"]) == ("Not measured.", "Nothing was tested.")


def test_a_level_without_a_control_is_judged_by_its_gain_alone():
    audit = Audited().judged("cleanlab", {"bursts": (CLEAR, CLEAR)})
    audit.effect("bursts", "forward", 0.0116, 0.008, **interval("over_random", None))
    line = audit.lines()["cleanlab"]
    assert "of the loss to bursts with forward, which has no control." in line
    assert line.endswith("cleaning pays against bursts (forward).")
