"""What an audit answers, in six lines: whom to trust on these data, why, and what is still needed.

The lines say what the tables show, for those who do not read the tables. Every number in them is a pooled
number of :mod:`ftf_assets.audit.summary`, so terminal, report, user interface and JSON say the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from ftf_assets.audit.cleaner_answer import CleanerAnswer, answer_of, costs
from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.kinds import NOISE_KINDS
from ftf_assets.audit.settings import AuditSettings
from ftf_assets.audit.summary import PooledEffect, PooledFinding, Row, pool_effects, pool_findings
from ftf_assets.audit.words import difference_in_words, listed
from ftf_assets.contracts.tables.noise_audit import FAILED, SKIPPED, UNAVAILABLE
from ftf_assets.contracts.typed import typed

#: Most draws that an audit may have.
_MOST_DRAWS = 100


@dataclass(frozen=True)
class AuditAnswer:
    """The answer of an audit.

    Attributes
    ----------
    lines
        Name of each line and its sentences: the answer, a line for each cleaner, what noise costs, what no
        cleaner finds, and what is needed.
    trusted
        Names of the cleaners to trust for some kind of noise.
    """

    lines: tuple[tuple[str, str], ...]
    trusted: tuple[str, ...]


@typed
def answer_audit(found: Sequence[Row], effects: Sequence[Row]) -> AuditAnswer:
    """Answer from the rows of an audit of one crypto or of several.

    Parameters
    ----------
    found, effects
        Rows of ``noise_audit`` and ``noise_audit_effects`` as plain mappings; at least one of ``found``.
    """
    findings, gains = pool_findings(found), pool_effects(effects)
    cryptos = list(dict.fromkeys(str(row["crypto"]) for row in found))
    cleaners = [
        answer_of(
            name,
            [one for one in findings if one.detector == name],
            gains,
            n_cryptos=len(cryptos),
            share=AuditSettings(**json.loads(found[0]["settings"])).noise_share,
            wrong=_truly_wrong(found),
        )
        for name, detector in DETECTORS.items()
        if detector.role == "cleaner"
    ]
    lines = (
        ("answer", _whom_to_trust(cleaners, cryptos)),
        *((one.name, one.in_words) for one in cleaners),
        ("cost of noise", _cost(gains)),
        ("not found", _not_found(findings, cleaners)),
        ("needed", _needed(cleaners, found, effects)),
    )
    return AuditAnswer(lines, tuple(one.name for one in cleaners if one.trusted))


def _truly_wrong(found: Sequence[Row]) -> float | None:
    """Give the share of wrong labels as they came, where the source knows it."""
    rows = [
        row
        for row in found
        if (row["kind"], row["given_label"], row["detector"]) == ("known_truth", "all", "cleanlab")
        and row["n_rows"]
    ]
    return sum(row["n_wrong"] for row in rows) / sum(row["n_rows"] for row in rows) if rows else None


def _whom_to_trust(cleaners: Sequence[CleanerAnswer], cryptos: Sequence[str]) -> str:
    where = f"on {listed(cryptos)}"
    tested = [one for one in cleaners if one.tested]
    if not tested:
        return f"No cleaner was tested {where}, so nothing shows that cleaning finds wrong labels there."
    trusted = [one for one in tested if one.trusted]
    if not trusted:
        return (
            f"Trust no cleaner {where}: none finds any kind of wrong label better than rules without a model "
            "do, and clearly more often than chance."
        )
    said = "; ".join(
        f"{one.name} finds {len(one.found)} of {len(one.tested)} kinds of wrong label, "
        f"{f'and cleaning pays {one.pays_in_words()}' if one.pays else 'but that cleaning pays is not shown'}"
        for one in trusted
    )
    others = [one.name for one in tested if not one.trusted]
    rest = f" Do not trust {listed(others, 'or')}." if others else ""
    return f"Trust {listed([one.name for one in trusted])} {where}: {said}.{rest}"


def _cost(effects: Sequence[PooledEffect]) -> str:
    lost = {one.kind: one.lost for one in effects if one.lost is not None}
    if not lost:
        return "Not measured."
    costly = costs(effects)
    free = [kind for kind in lost if kind not in costly]
    if not costly:
        largest = max(lost, key=lambda kind: lost[kind].value)
        return (
            f"No kind costs the model average precision beyond chance; most {largest}, "
            f"{difference_in_words(lost[largest])}."
        )
    numbers = listed([f"{kind} {difference_in_words(estimate)}" for kind, estimate in costly.items()])
    return f"Average precision lost to {numbers}." + (
        f" Nothing beyond chance to {listed(free, 'or')}." if free else ""
    )


def _not_found(findings: Sequence[PooledFinding], cleaners: Sequence[CleanerAnswer]) -> str:
    tested = list(dict.fromkeys(kind for one in cleaners for kind in one.tested))
    missed = [kind for kind in tested if not any(kind in one.found for one in cleaners)]
    if not tested:
        return "Nothing was tested."
    if not missed:
        return "Nothing: each kind that was tested is found by a cleaner."
    rolling = [
        f"{one.kind} (lift {one.buy.value:.2f} among BUYs)"
        for one in findings
        if one.detector == "rolling_mean" and one.kind in missed and one.buy is not None and one.buy.low > 1
    ]
    alone = f" A rolling mean of the labels, without a model, ranks {listed(rolling)}." if rolling else ""
    return f"No cleaner beats the controls on {listed(missed, 'or')}.{alone}"


def _needed(cleaners: Sequence[CleanerAnswer], found: Sequence[Row], effects: Sequence[Row]) -> str:
    needs = [*_failures(found, effects), *_draws(cleaners, found), *_absent(found)]
    if needs:
        return ". ".join(needs) + "."
    trusted = [one for one in cleaners if one.trusted]
    if trusted:
        levels = ",".join(level for one in trusted for level in one.levels)
        return (
            f"A sweep to see whether cleaning pays: ftf sweep --factor cleanlab=off,{levels}, "
            "with this audit's --source, --path and --crypto."
        )
    return "Leave cleanlab=off. Better features come first: a cleaner finds only what its model contradicts."


def _failures(found: Sequence[Row], effects: Sequence[Row]) -> list[str]:
    rows = [row for row in (*found, *effects) if row["status"] in (FAILED, SKIPPED)]
    if not rows:
        return []
    first = rows[0]
    return [f"Not everything was measured: {first['crypto']}, {first['kind']}: {first['reason']}"]


def _draws(cleaners: Sequence[CleanerAnswer], found: Sequence[Row]) -> list[str]:
    draws = min((int(row["n_seeds"]) for row in found if row["n_seeds"]), default=0)
    times = {kind: times for one in cleaners for kind, times in one.undecided.items()}
    drawn = [kind for kind in times if NOISE_KINDS[kind].drawn]
    needs = []
    if drawn:
        more = min(_MOST_DRAWS, max(draws + 1, ceil(draws * max(times[kind] for kind in drawn))))
        needs.append(
            f"{draws} draws cannot say whether {listed(drawn)} can be found: take --noise-seeds {more}"
        )
    if len(drawn) < len(times):
        needs.append(
            "More cryptos to say whether known_truth can be found: more draws repeat the same errors"
        )
    return needs


def _absent(found: Sequence[Row]) -> list[str]:
    """Say what was not tested for want of data. Only the embedded market knows its wrong labels."""
    rows = [row for row in found if row["status"] == UNAVAILABLE and row["kind"] != "known_truth"]
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        kind_lacks = NOISE_KINDS[row["kind"]].needs != "labels"
        by_reason.setdefault(str(row["reason"]), []).append(row["kind"] if kind_lacks else row["detector"])
    return [
        f"Not tested: {listed(list(dict.fromkeys(names)))} ({reason})" for reason, names in by_reason.items()
    ]
