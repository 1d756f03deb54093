"""The answer in words: the headline, each level in one line, what each verdict means and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.tables.gate_decision import (
    ABANDON,
    INVALID,
    KEEP_AVAILABLE,
    LOCK,
    NO_SIGNAL,
    VERDICTS,
    DecisionTables,
)
from ftf_assets.gate.decision import Decision
from ftf_assets.gate.level_lines import LevelLine, how_to_read, level_lines, notes, warnings
from ftf_assets.gate.seed_noise import seed_noise_in_words
from ftf_assets.gate.tuning import tuning_in_words
from ftf_assets.gate.words import capitalized, listed, metric_in_words
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import NOTHING
from ftf_assets.report.levels import Level
from ftf_assets.report.tables import (
    Column,
    Part,
    Table,
    Value,
    number_column,
    plain,
    range_column,
    text_column,
)
from ftf_assets.rows.gate_decision import decision_from_rows

#: A sign beside each verdict, so that verdicts can be told apart without colour.
SIGNS = {LOCK: "✔", ABANDON: "✘", KEEP_AVAILABLE: "○", NO_SIGNAL: "∅", INVALID: "!"}

MEANINGS: dict[str, str] = {
    LOCK: (
        "LOCK: make the level the default. Its gain is significant after correction for the number of "
        "levels, it may be as large as a useful one, and no other metric loses."
    ),
    ABANDON: (
        "ABANDON: do not use the level. Either it does harm, or its interval ends below a useful gain."
    ),
    KEEP_AVAILABLE: (
        "KEEP_AVAILABLE: neither a useful gain nor its absence is shown. Leave the level in the registry and "
        "change no default."
    ),
    NO_SIGNAL: (
        "NO_SIGNAL: this judges the model, not the treatment. Neither the baseline nor the treated model "
        "ranks BUY above HOLD better than chance, so a treatment of the labels moves every number by chance "
        "only. Work on features that carry information about the next bars, on another horizon or other "
        "barriers, or on more history. The differences below describe the sweep; they are no evidence."
    ),
    INVALID: (
        "INVALID: the numbers cannot be trusted yet. Cells are missing or a check failed. Repair that and "
        "run the sweep again: finished fits are reused."
    ),
}

#: The values of a level's line; its p-value stands below its effect.
_COLUMNS = (
    text_column("level", "level"),
    text_column("factor", "factor"),
    text_column("verdict", "verdict"),
    Column("gain", (Part("mean_difference"), Part("p_corrected", before="p ", small=True))),
    range_column("95 % interval", "ci_low", "ci_high"),
    number_column("could see", "smallest_visible"),
)

_ORDER = (LOCK, ABANDON, KEEP_AVAILABLE, NO_SIGNAL, INVALID)


@dataclass(frozen=True)
class Statement:
    """A verdict with its reason, and all levels that share them."""

    verdict: str
    sign: str
    levels: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """The first section of the report as texts.

    Attributes
    ----------
    lead, rest
        First sentence of the headline, and the others.
    lines
        One line a level.
    table
        The same lines with their numbers at full precision.
    how_to_read
        What the columns of the lines are; "" where nothing was compared.
    notes
        What to know besides, and is no verdict.
    warnings
        What weakens the verdicts.
    statements
        Verdicts with their reasons.
    meanings
        What each verdict of this sweep means.
    basis
        Tuning and seed noise, a sentence each.
    """

    lead: str
    rest: str
    lines: list[LevelLine]
    table: Table
    how_to_read: str
    notes: list[str]
    warnings: list[str]
    statements: list[Statement]
    meanings: list[str]
    basis: list[str]


def answer(data: DecisionData) -> Answer:
    """Write the answer of a sweep."""
    return answer_of(_decision(data))


def answer_of(decision: Decision) -> Answer:
    """Write the answer that a decision gives."""
    lead, _, rest = decision.summary.headline.partition(". ")
    said = _statements(decision)
    return Answer(
        lead=lead if lead.endswith(".") else f"{lead}.",
        rest=rest,
        lines=level_lines(decision),
        table=_table(decision),
        how_to_read=how_to_read(decision),
        notes=notes(decision),
        warnings=warnings(decision),
        statements=said,
        meanings=[MEANINGS[verdict] for verdict in VERDICTS if verdict in {one.verdict for one in said}],
        basis=[
            f"{capitalized(tuning_in_words(decision.tuning, decision.n_trials))}.",
            f"{capitalized(seed_noise_in_words(decision.metric_rows()))}.",
        ],
    )


def answer_as_paragraphs(decision: Decision) -> list[str]:
    """Write a decision as paragraphs: headline, reasons, warnings, notes, and what the verdicts mean."""
    present = {one.verdict for one in decision.verdicts}
    return [
        f"**{decision.summary.headline}**",
        *(f"{one.sign} {one.verdict} · {one.levels}: {one.reason}" for one in _statements(decision)),
        *(f"Warning: {warning}" for warning in warnings(decision)),
        *notes(decision),
        *(MEANINGS[verdict] for verdict in VERDICTS if verdict in present),
    ]


def _table(decision: Decision) -> Table:
    compared = {
        (one.factor, one.level): one for one in decision.metrics if one.metric == decision.primary_metric
    }
    rows = []
    for line, verdict in zip(level_lines(decision), decision.verdicts, strict=True):
        one = compared.get((line.factor, line.level))
        low, _, high = line.interval.partition(" to ")
        shown = {
            "mean_difference": line.gain,
            "p_corrected": line.p,
            "ci_low": low,
            "ci_high": high,
            "smallest_visible": line.visible,
        }
        rows.append(
            {
                "level": plain(line.level),
                "factor": plain(line.factor),
                "verdict": Value(line.verdict, f"{SIGNS[verdict.verdict]} {line.verdict}", strong=True),
                **{name: _value(getattr(one, name, None), text) for name, text in shown.items()},
            }
        )
    metric = metric_in_words(decision.primary_metric)
    caption = f"Each level against the baseline, in {metric}; p corrected for the number of levels"
    return Table("verdicts", caption, _COLUMNS, tuple(rows))


def _value(raw: float | None, text: str) -> Value:
    return Value(None, NOTHING) if raw is None else Value(raw, text)


def _statements(decision: Decision) -> list[Statement]:
    """Group levels of one verdict and reason."""
    shared: dict[tuple[str, str], list[str]] = {}
    for one in decision.verdicts:
        shared.setdefault((one.verdict, one.reason), []).append(Level(one.factor, one.level).name)
    return [
        Statement(verdict, SIGNS[verdict], listed(levels), reason)
        for (verdict, reason), levels in sorted(shared.items(), key=lambda item: _ORDER.index(item[0][0]))
    ]


def _decision(data: DecisionData) -> Decision:
    return decision_from_rows(DecisionTables(data.metrics, data.verdicts, data.summary))
