"""The headline: what a sweep answers to "does treating the label noise help, and may we act on it?".

A few short sentences, in this order: what each treatment does here, whether the model ranks and what the
sweep could have seen, what correct labels would be worth, what a trade earns, and what to do next. The gate's
numbers decide; this module only says them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ftf_assets.contracts.tables.gate_decision import (
    ABANDON,
    ENDS_HARM,
    ENDS_INVALID,
    ENDS_LOCK,
    ENDS_MIXED,
    ENDS_NO_SIGNAL,
    ENDS_NOTHING_USEFUL,
    ENDS_UNDECIDED,
    INVALID,
    KEEP_AVAILABLE,
    LOCK,
    NO_SIGNAL,
)
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.findings import AgainstControl, Difference, Findings, LevelFinding, Ranking, Trading
from ftf_assets.gate.words import (
    bps_in_words,
    capitalized,
    factor_in_words,
    listed,
    metric_in_words,
    p_in_words,
    signed_in_words,
    size_in_words,
)
from ftf_assets.labels.factor_registry import FACTORS

#: ABANDON has two endings: harm, or nothing useful.
_ENDING_OF_VERDICT = {
    INVALID: ENDS_INVALID,
    NO_SIGNAL: ENDS_NO_SIGNAL,
    LOCK: ENDS_LOCK,
    KEEP_AVAILABLE: ENDS_UNDECIDED,
}


@dataclass(frozen=True)
class Headline:
    """The answer of a sweep.

    Attributes
    ----------
    ending
        One of :data:`~ftf_assets.contracts.tables.gate_decision.ENDINGS`.
    sentences
        The answer, sentence by sentence.
    """

    ending: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentences as one text."""
        return " ".join(self.sentences)


@typed
def headline(found: Findings) -> Headline:
    """Say what a sweep answers.

    Examples
    --------
    >>> mild = LevelFinding("label_smoothing", "mild", "ABANDON", "...", Difference("roc_auc", 0.0004))
    >>> answer = headline(Findings("roc_auc", 0.01, (mild,), Ranking("roc_auc", 0.571, 0.0002), 0.004))
    >>> answer.ending, answer.sentences[0], answer.sentences[-1]
    ('nothing_useful', 'Label smoothing (mild) does nothing useful here.', 'Work on features first.')
    """
    ending = _ending(found.levels)
    if ending == ENDS_INVALID:
        return Headline(ending, _invalid(found))
    if ending == ENDS_NO_SIGNAL:
        return Headline(ending, _no_signal(found))
    said = (
        *_treatments(found),
        _ranks_and_sees(found),
        *_against_controls(found),
        _worth_of_correct_labels(found),
        trading_in_words(found.trading),
        _next_step(found),
    )
    return Headline(ending, tuple(sentence for sentence in said if sentence))


def _ending(levels: Sequence[LevelFinding]) -> str:
    endings = {_ending_of(one) for one in levels}
    return endings.pop() if len(endings) == 1 else ENDS_MIXED


def _ending_of(one: LevelFinding) -> str:
    if one.verdict == ABANDON:
        return ENDS_NOTHING_USEFUL if one.harm is None else ENDS_HARM
    return _ENDING_OF_VERDICT[one.verdict]


def _with_ending(found: Findings, ending: str) -> list[LevelFinding]:
    return [one for one in found.levels if _ending_of(one) == ending]


# Endings without an answer.


def _invalid(found: Findings) -> tuple[str, ...]:
    return (
        "No answer: these results cannot be judged.",
        found.levels[0].reason,
        "Repair that and run the sweep again; finished fits are reused.",
    )


def _no_signal(found: Findings) -> tuple[str, ...]:
    ranking = found.ranking
    measured = f" ({_score(ranking)})" if ranking else ""
    return (
        f"No answer about the labels: the model does not rank better than chance{measured}, so no treatment "
        "of its labels can be judged.",
        "Work on features, labels or horizon first.",
    )


# Sentences of the other endings.


def _treatments(found: Findings) -> list[str]:
    """Say what each level does, those first that ask for an action."""
    said = [_effect(one, "helps", "help", one.gain) for one in _with_ending(found, ENDS_LOCK)]
    said += [_effect(one, "does harm", "do harm", one.harm) for one in _with_ending(found, ENDS_HARM)]
    # What a control does is no answer where there is a treatment that it is the control of.
    asked = _without_controls(found.levels)
    useless, open_ones = (
        [one for one in _with_ending(found, ending) if one in asked]
        for ending in (ENDS_NOTHING_USEFUL, ENDS_UNDECIDED)
    )
    unjudged = [one for ending in (ENDS_NO_SIGNAL, ENDS_INVALID) for one in _with_ending(found, ending)]
    if useless:
        names, plural = _named(useless, asked)
        said.append(f"{capitalized(names)} {'do' if plural else 'does'} nothing useful here.")
    if open_ones:
        names, plural = _named(open_ones, asked)
        said.append(f"Whether {names} {'help' if plural else 'helps'} stays undecided.")
    if unjudged:
        names, _ = _named(unjudged, found.levels)
        said.append(f"Nothing can be said about {names}.")
    return said


def _without_controls(levels: Sequence[LevelFinding]) -> list[LevelFinding]:
    """Keep the treatments; all levels where there are only controls."""
    return [one for one in levels if not is_control(one.factor, one.level)] or list(levels)


def _effect(one: LevelFinding, singular: str, plural: str, difference: Difference | None) -> str:
    words, many = factor_in_words(one.factor)
    sentence = f"{capitalized(words)} ({one.level}) {plural if many else singular}"
    return f"{sentence}: {_with_interval(difference)}." if difference else f"{sentence}."


def _with_interval(one: Difference) -> str:
    unit = " bps" if one.metric == "expectancy_net" else ""
    words = f"{signed_in_words(one.mean)}{unit} in {metric_in_words(one.metric)}"
    if one.low is None or one.high is None:
        return words
    return f"{words} (95 % interval {signed_in_words(one.low)} to {signed_in_words(one.high)})"


def _ranks_and_sees(found: Findings) -> str:
    """Say whether the model ranks, how small an effect the sweep could see, and the largest that it saw."""
    sees, blind = _sees(found)
    largest = _largest_gain(found)
    if found.ranking:
        words = _ranks(found.ranking, found.alpha)
        words += f", {'but' if blind else 'and'} {sees}" if sees else ""
    else:
        words = "Whether the model ranks was not tested: these results lack roc_auc"
        words += f". {capitalized(sees)}" if sees else ""
    return f"{words}; {largest}." if largest else f"{words}."


def _ranks(ranking: Ranking, alpha: float) -> str:
    """Say that the model ranks; levels are judged too where only a treated one does, or nothing can tell."""
    if ranking.p is None:
        return f"Whether the model ranks could not be tested ({_score(ranking)})"
    if ranking.p < alpha:
        return f"The model ranks ({_score(ranking)})"
    return f"The model ranks only with a treatment (without one {_score(ranking)})"


def _sees(found: Findings) -> tuple[str, bool]:
    """Give the clause on the smallest visible effect, and whether it contradicts that the model ranks.

    A sweep that could have missed a useful gain has still excluded one where every interval ends below it.
    """
    metric = metric_in_words(found.metric)
    if found.visible is None:
        return "", False
    if found.visible > found.useful_gain and _ending(found.levels) == ENDS_NOTHING_USEFUL:
        return f"every interval ends below a gain of {size_in_words(found.useful_gain)} in {metric}", False
    if found.visible <= found.useful_gain:
        return f"this sweep could have seen a gain of {size_in_words(found.visible)} in {metric}", False
    return (
        f"this sweep could not have seen a gain of {size_in_words(found.useful_gain)} in {metric}, the "
        f"smallest that is useful, only one of {size_in_words(found.visible)}"
    ), True


def _largest_gain(found: Findings) -> str:
    """Name the largest gain; "" where a level is locked, whose gain is said before, or nothing was paired."""
    gains = [(one.gain.mean, one.level) for one in _without_controls(found.levels) if one.gain]
    if not gains or _with_ending(found, ENDS_LOCK):
        return ""
    gain, level = max(gains)
    if round(gain, 4) <= 0:
        return "no level gained"
    metric = "" if found.visible is not None else f" in {metric_in_words(found.metric)}"
    return f"the largest{' gain' if metric else ''} was {signed_in_words(gain)}{metric} ({level})"


def _against_controls(found: Findings) -> list[str]:
    """Say of each control which treatments of its factor gained more, with the interval of the difference."""
    said = []
    for control in dict.fromkeys(one.control for one in found.against_controls):
        mine = [one for one in found.against_controls if one.control == control]
        of_control = signed_in_words(mine[0].of_control)
        if len(mine) == 1:
            (one,) = mine
            said.append(
                f"{one.level} {_more(one)} than its control {control}: {signed_in_words(one.gain)} against "
                f"{of_control} ({_difference_in_words(one.difference)})."
            )
        else:
            each = "; ".join(
                f"{one.level} {_more(one)}, {signed_in_words(one.gain)} "
                f"({_difference_in_words(one.difference)})"
                for one in mine
            )
            said.append(f"Against the control {control} ({of_control}): {each}.")
    return said


def _more(one: AgainstControl) -> str:
    low, high = one.difference.low, one.difference.high
    if low is not None and low > 0:
        return "gained more" if one.gain > 0 else "lost less"
    return "gained less" if high is not None and high < 0 else "did not gain clearly more"


def _difference_in_words(one: Difference) -> str:
    if one.low is None or one.high is None:
        return f"difference {signed_in_words(one.mean)}, not tested"
    return (
        f"difference {signed_in_words(one.mean)}, 95 % interval {signed_in_words(one.low)} to "
        f"{signed_in_words(one.high)}"
    )


@typed
def is_control(factor: str, level: str) -> bool:
    """Whether a level is a control of its factor: something to beat, and never a default."""
    return factor in FACTORS and level in FACTORS[factor].controls


def _worth_of_correct_labels(found: Findings) -> str:
    if found.ceiling is None:
        return ""
    if found.ceiling <= 0:
        return "Even correct labels would gain nothing."
    assumes = f", {found.ceiling_assumes}" if found.ceiling_assumes else ""
    bound = f"orrect labels would be worth at most {signed_in_words(found.ceiling)}{assumes}."
    return f"Even c{bound}" if found.ceiling < found.useful_gain else f"C{bound}"


@typed
def trading_in_words(trading: Trading | None) -> str:
    """Say whether trades pay after costs, in one sentence; "" where it was not measured.

    Examples
    --------
    >>> trading_in_words(Trading(0.10, -7.2))
    'Not tradable after costs: −7 bps a trade at the top 10 %.'
    """
    if trading is None:
        return ""
    top = f" at the top {trading.share * 100:.3g} %" if trading.share is not None else ""
    if trading.net_bps is None:
        return f"Not tradable: no trade{top}."
    earned = f"{bps_in_words(trading.net_bps)} bps a trade{top}"
    if trading.pays:
        return f"Tradable after costs: {earned}."
    if trading.net_bps > 0:
        return (
            f"Not tradable after costs: {earned}, but a precision of {trading.precision:.2f} where "
            f"{trading.breakeven:.2f} breaks even."
        )
    return f"Not tradable after costs: {earned}."


@typed
def operating_point_in_words(f1: float | None, f1_always_buy: float | None, beats: bool | None) -> str:
    """Say where the threshold of f1 is no better than calling every bar BUY; "" where it is, or unknown.

    Parameters
    ----------
    f1, f1_always_buy
        Mean f1 of BUY of the baseline, and of calling every bar BUY.
    beats
        Whether the first is significantly above the second.
    """
    if f1 is None or f1_always_buy is None or beats is None or beats:
        return ""
    better = "no better" if f1 <= f1_always_buy else "not clearly better"
    return (
        f"The operating point is {better} than calling every bar BUY: f1 {f1:.3f}, "
        f"always BUY {f1_always_buy:.3f}."
    )


def _next_step(found: Findings) -> str:
    locked = _with_ending(found, ENDS_LOCK)
    if locked:
        factors = dict.fromkeys(one.factor for one in locked)
        return " ".join(_make_default(factor, locked) for factor in factors)
    harmful = [one.level for one in _with_ending(found, ENDS_HARM)]
    leave_out = f"Leave out {listed(harmful)}. " if harmful else ""
    if _with_ending(found, ENDS_UNDECIDED):
        return leave_out + (f"To decide: {found.to_decide}." if found.to_decide else "Change no default yet.")
    if found.ceiling is not None and found.ceiling >= found.useful_gain:
        return f"{leave_out}Another treatment may pay: ftf audit shows which wrong labels can be found here."
    return f"{leave_out}Work on features first."


def _make_default(factor: str, locked: Sequence[LevelFinding]) -> str:
    """Recommend the locked level of a factor with the largest gain; never a control."""
    mine = [one for one in locked if one.factor == factor]
    treatments = [one for one in mine if not is_control(factor, one.level)]
    if not treatments:
        names = listed([one.level for one in mine])
        return f"Make no default of {names}: {'these are controls' if len(mine) > 1 else 'it is a control'}."
    best = max(treatments, key=lambda one: one.gain.mean if one.gain else 0.0)
    return f"Make {best.level} the default of {factor}."


def _named(levels: Sequence[LevelFinding], among: Sequence[LevelFinding]) -> tuple[str, bool]:
    """Name levels by factor, and say whether the words are a plural.

    A factor stands for its levels where all of them are meant and there are several; else they are named.
    """
    names, many = [], False
    for factor in dict.fromkeys(one.factor for one in levels):
        mine = [one.level for one in levels if one.factor == factor]
        whole = len(mine) == sum(one.factor == factor for one in among) > 1
        words, plural = factor_in_words(factor)
        names.append(words if whole else f"{words} ({listed(mine)})")
        many = many or plural
    return listed(names), many or len(names) > 1


def _score(ranking: Ranking) -> str:
    tested = "" if ranking.p is None else f", {p_in_words(ranking.p)}"
    return f"{metric_in_words(ranking.metric)} {ranking.score:.3f}{tested}"
