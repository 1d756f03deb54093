"""What an audit says of one cleaner: what it finds, what it recovers, what it flags, whether to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ftf_assets.audit.findings import FALSE_DISCOVERIES
from ftf_assets.audit.intervals import Estimate
from ftf_assets.audit.summary import PooledEffect, PooledFinding
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.audit.words import difference_in_words, listed, rate_in_words, share_in_words
from ftf_assets.contracts.typed import typed

#: Standard errors between a margin and 0 at which a one-sided 5 % test finds it with a chance of 80 %.
_Z_OF_80_PERCENT = 2.49
#: A lead that this many times the draws would make significant is undecided; a smaller one is no lead.
_MOST_TIMES_THE_DRAWS = 4.0
#: A cleaner whose largest lift among the kinds that it finds is below this finds too little to be trusted:
#: among its suspects, wrong labels are at most a quarter more frequent than among all rows of their class.
LEAST_LIFT = 1.25


#: What a gain is beside that of the level's random control, by whether it is significantly more.
_CONTROL = {
    True: "more than its random control",
    False: "but no more than its random control",
    None: "which has no control",
}


@dataclass(frozen=True)
class Recovery:
    """The best that one cleaner's levels do about one kind of noise that costs something.

    Attributes
    ----------
    kind, level
        Kind of noise, and the level that gains most.
    share
        Share of the loss that it recovers; None if it cannot be given.
    won
        What it gains, in average precision.
    gains, beats_random
        Whether the gain is significant, and whether it is significantly more than that of the level's random
        control; None for a level without a control.
    """

    kind: str
    level: str
    share: Estimate | None
    won: Estimate | None
    gains: bool
    beats_random: bool | None


@dataclass(frozen=True)
class CleanerAnswer:
    """What is known of one cleaner on the audited data.

    Attributes
    ----------
    name, levels
        The detector, and the levels of the factor cleanlab that treat its suspects, without controls.
    n_cryptos
        Cryptos of the audit.
    tested
        Kinds of noise on which it was compared with the controls.
    found
        Kinds among them that it finds better than every control on most cryptos, in an observed class; by
        kind the class: "" for every class with wrong labels, else the only one.
    lifts
        Smallest and largest lift of these kinds in these classes; None without any.
    sometimes
        Kinds that it so finds on some cryptos, but not on most: number of cryptos by kind.
    undecided
        Kinds in which it leads without significance: how many times the draws would decide.
    flagged, flagged_after
        Share of the labels that it takes for wrong as they came, and after independent flips; None where
        unknown.
    wrong
        Share of the labels as they came that are in fact wrong; None where unknown.
    share
        Share of the labels that independent noise flips.
    recoveries
        Its best level by kind of noise that costs something.
    harms
        Levels that make the model significantly worse, with the kind of noise and the difference.
    reason
        Why it was not tested; empty if it was.
    """

    name: str
    levels: tuple[str, ...]
    n_cryptos: int
    tested: tuple[str, ...] = ()
    found: Mapping[str, str] = field(default_factory=dict)
    lifts: tuple[float, float] | None = None
    sometimes: Mapping[str, int] = field(default_factory=dict)
    undecided: Mapping[str, float] = field(default_factory=dict)
    flagged: float | None = None
    flagged_after: float | None = None
    wrong: float | None = None
    share: float = 0.0
    recoveries: tuple[Recovery, ...] = ()
    harms: tuple[tuple[str, str, Estimate], ...] = ()
    reason: str = ""

    @property
    def trusted(self) -> bool:
        """Whether it finds some kind of wrong label, better than every control and clearly above chance."""
        return self.lifts is not None and self.lifts[1] >= LEAST_LIFT

    @property
    def pays(self) -> tuple[Recovery, ...]:
        """Recoveries that are significant, also against the level's random control where it has one."""
        return tuple(one for one in self.recoveries if one.gains and one.beats_random is not False)

    @property
    def in_words(self) -> str:
        """One line: finds, recovers, flags, trust."""
        if not self.tested:
            return f"Not tested: {self.reason or 'no kind of noise flipped a label'}."
        sentences = (self._finds(), self._recovers(), self._harms(), self._flags(), self._trust())
        return " ".join(f"{one}." for one in sentences if one)

    def found_in_words(self) -> str:
        """The kinds that it finds, with the class where it is one only."""
        return listed([f"{kind}{f' ({label}s)' if label else ''}" for kind, label in self.found.items()])

    def _finds(self) -> str:
        beyond = "better than every control" + (
            f" on most of {self.n_cryptos} cryptos" if self.n_cryptos > 1 else ""
        )
        missed = [
            kind
            for kind in self.tested
            if kind not in self.found and kind not in self.undecided and kind not in self.sometimes
        ]
        other = [
            *([f"on some cryptos only {self._sometimes_in_words()}"] if self.sometimes else []),
            *([f"undecided {listed(list(self.undecided))}"] if self.undecided else []),
            *([f"no better than a control on {listed(missed, 'or')}"] if missed and self.found else []),
        ]
        if self.lifts is not None:
            weak = "" if self.trusted else ", but hardly above chance"
            lowest, highest = (f"{lift:.2f}" for lift in self.lifts)
            lifts = f"lift {lowest}" + ("" if lowest == highest else f" to {highest}")
            return "; ".join([f"Finds {self.found_in_words()} {beyond}{weak} ({lifts})", *other])
        rest = f"; {'; '.join(other)}" if other else ""
        if missed == list(self.tested):
            return f"Finds no kind of wrong label {beyond} ({len(self.tested)} tested)"
        return f"Finds no kind of wrong label {beyond}{rest}"

    def _sometimes_in_words(self) -> str:
        return listed([f"{kind} ({n} of {self.n_cryptos})" for kind, n in self.sometimes.items()])

    def _recovers(self) -> str:
        if not self.recoveries:
            return "Nothing to win back: no tested noise costs the model anything beyond chance"
        said = []
        for one in self.recoveries:
            if one.gains:
                share = "part" if one.share is None else share_in_words(one.share)
                control = _CONTROL[one.beats_random]
                said.append(f"wins back {share} of the loss to {one.kind} with {one.level}, {control}")
        vain = [one for one in self.recoveries if not one.gains]
        if vain:
            best = max(vain, key=lambda one: _value(one.won))
            share = "" if best.won is None else f" (best: {best.level}, {difference_in_words(best.won)})"
            said.append(
                f"wins back nothing beyond chance of the loss to {listed([one.kind for one in vain])}{share}"
            )
        joined = "; ".join(said)
        return joined[:1].upper() + joined[1:]

    def _harms(self) -> str:
        if not self.harms:
            return ""
        level, kind, worst = min(self.harms, key=lambda one: one[2].value)
        more = f", and {len(self.harms) - 1} more" if len(self.harms) > 1 else ""
        return f"{level} makes the model worse on {kind}: {difference_in_words(worst)}{more}"

    def _flags(self) -> str:
        if self.flagged is None:
            return ""
        known = ""
        if self.wrong is not None:
            others = ", but it is not shown to find which" if "known_truth" not in self.found else ""
            known = f" ({rate_in_words(self.wrong)} are{others})"
        after = ""
        if self.flagged_after is not None:
            few = "only " if self.flagged_after - self.flagged < self.share / 2 else ""
            flipped = f"once {rate_in_words(self.share)} more are flipped at random"
            after = f", and {few}{rate_in_words(self.flagged_after)} {flipped}"
        return f"Takes {rate_in_words(self.flagged)} of the unflipped labels for wrong{known}{after}"

    def _trust(self) -> str:
        if not self.trusted:
            leads = (self.undecided or self.sometimes) and not self.found
            return "Do not trust it here" + (" yet" if leads else "")
        if self.pays:
            return f"Trust it; cleaning pays {self.pays_in_words()}"
        return "Trust its suspects of these kinds; that cleaning them pays is not shown"

    def pays_in_words(self) -> str:
        """For which noise cleaning pays, and with which level."""
        levels = listed(list(dict.fromkeys(one.level for one in self.pays)), "or")
        return f"against {listed([one.kind for one in self.pays])} ({levels})"


@typed
def answer_of(
    name: str,
    findings: Sequence[PooledFinding],
    effects: Sequence[PooledEffect],
    *,
    n_cryptos: int,
    share: float,
    wrong: float | None,
) -> CleanerAnswer:
    """Put together what an audit says of one cleaner.

    Parameters
    ----------
    name, findings
        The cleaner and its pooled findings.
    effects
        Pooled effects of all treatments.
    n_cryptos, share, wrong
        As in :class:`CleanerAnswer`.
    """
    mine = {kind: one for kind, one in TREATMENTS.items() if one.detector == name and not one.control}
    rates = {one.kind: one.estimated_noise_rate for one in findings}
    judged = {one.kind: _wins(one) for one in findings if one.beats_buy or one.beats_hold}
    found = {kind: _classes(wins) for kind, wins in judged.items() if _most(wins)}
    sometimes = {
        kind: max(won for won, _ in wins.values())
        for kind, wins in judged.items()
        if kind not in found and any(won for won, _ in wins.values())
    }
    undecided = {
        one.kind: times
        for one in findings
        if one.kind in judged and one.kind not in found and one.kind not in sometimes
        for times in (_times_the_draws(one),)
        if times is not None
    }
    of_mine = [one for one in effects if one.treatment in mine]
    return CleanerAnswer(
        name=name,
        levels=tuple(mine),
        n_cryptos=n_cryptos,
        tested=tuple(judged),
        found=found,
        lifts=_lifts(findings, found),
        sometimes=sometimes,
        undecided=undecided,
        flagged=rates.get("none"),
        flagged_after=rates.get("independent"),
        wrong=wrong,
        share=share,
        recoveries=_recoveries(of_mine),
        harms=_harms(of_mine),
        reason=next((one.reason for one in findings if one.reason), ""),
    )


@typed
def costs(effects: Sequence[PooledEffect]) -> dict[str, Estimate]:
    """Give the kinds of noise that cost a model average precision beyond chance, with what is lost."""
    return {one.kind: one.lost for one in effects if one.lost is not None and one.lost.low > 0}


def _wins(one: PooledFinding) -> dict[str, tuple[int, int]]:
    by_class = {"BUY": one.beats_buy, "HOLD": one.beats_hold}
    return {label: wins for label, wins in by_class.items() if wins is not None}


def _most(wins: Mapping[str, tuple[int, int]]) -> list[str]:
    return [label for label, (won, asked) in wins.items() if 2 * won > asked]


def _classes(wins: Mapping[str, tuple[int, int]]) -> str:
    most = _most(wins)
    return "" if len(most) == len(wins) else most[0]


def _lifts(findings: Sequence[PooledFinding], found: Mapping[str, str]) -> tuple[float, float] | None:
    lifts = [
        lift.value
        for one in findings
        if one.kind in found
        for label, lift in (("BUY", one.buy), ("HOLD", one.hold))
        if lift is not None and found[one.kind] in ("", label)
    ]
    return (min(lifts), max(lifts)) if lifts else None


def _times_the_draws(one: PooledFinding) -> float | None:
    """Say how many times the draws would make a lead significant; None where there is no such lead."""
    margins = [margin for margin in (one.buy_margin, one.hold_margin) if margin is not None]
    times = [
        (_Z_OF_80_PERCENT * margin.standard_error / margin.value) ** 2
        for margin in margins
        if margin.value > 0
    ]
    nearest = min(times, default=_MOST_TIMES_THE_DRAWS + 1)
    return max(nearest, 1.0) if nearest <= _MOST_TIMES_THE_DRAWS else None


def _recoveries(effects: Sequence[PooledEffect]) -> tuple[Recovery, ...]:
    """Take the best level of each costly kind; significance is corrected for all levels and kinds tried."""
    costly = costs(effects)
    tried = [one for one in effects if one.kind in costly and one.won is not None]
    gains = _significant([one.won for one in tried])
    beyond = _significant(
        [_weaker(one.won, one.over_random) if _has_control(one) else one.won for one in tried]
    )
    found = []
    for kind in costly:
        of_kind = [
            (is_beyond, is_gain, one)
            for is_beyond, is_gain, one in zip(beyond, gains, tried, strict=True)
            if one.kind == kind
        ]
        if of_kind:
            is_beyond, is_gain, best = max(of_kind, key=lambda of: (*of[:2], _value(of[2].won)))
            found.append(
                Recovery(
                    kind,
                    best.treatment,
                    best.recovered,
                    best.won,
                    gains=is_gain,
                    beats_random=is_beyond if _has_control(best) else None,
                )
            )
    return tuple(found)


def _has_control(one: PooledEffect) -> bool:
    return TREATMENTS[one.treatment].control_by("random") is not None


def _harms(effects: Sequence[PooledEffect]) -> tuple[tuple[str, str, Estimate], ...]:
    tried = [(one.treatment, one.kind, one.won) for one in effects if one.won is not None]
    worse = _significant([_opposite(won) for _, _, won in tried])
    return tuple(one for one, is_worse in zip(tried, worse, strict=True) if is_worse)


def _significant(estimates: Sequence[Estimate | None]) -> list[bool]:
    """Say which estimates are above 0, one-sided, after Benjamini-Hochberg over all of them."""
    from scipy.stats import false_discovery_control

    if not estimates:
        return []
    p_values = [1.0 if one is None else one.p_value for one in estimates]
    return [bool(p < FALSE_DISCOVERIES) for p in false_discovery_control(p_values)]


def _weaker(won: Estimate | None, over_random: Estimate | None) -> Estimate | None:
    """Both must be above 0, so the one with the larger p-value decides."""
    if won is None or over_random is None:
        return None
    return max(won, over_random, key=lambda one: one.p_value)


def _opposite(one: Estimate) -> Estimate:
    return Estimate(-one.value, -one.high, -one.low, one.standard_error)


def _value(one: Estimate | None) -> float:
    return float("-inf") if one is None else one.value
