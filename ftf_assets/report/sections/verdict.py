"""The verdict in words: what was decided, what each verdict means and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from ftf_assets.contracts.tables.gate_decision import (
    ABANDON,
    INVALID,
    KEEP_AVAILABLE,
    LOCK,
    NO_SIGNAL,
    VERDICTS,
)
from ftf_assets.gate.seed_noise import seed_noise_in_words
from ftf_assets.gate.tuning import tuning_in_words
from ftf_assets.gate.words import listed
from ftf_assets.report.data import DecisionData
from ftf_assets.report.formats import is_absent
from ftf_assets.report.levels import BASELINE, Level
from ftf_assets.sweep.setting_groups import SEEDS

#: A sign beside each verdict, so that verdicts can be told apart without colour.
SIGNS = {LOCK: "✔", ABANDON: "✘", KEEP_AVAILABLE: "○", NO_SIGNAL: "∅", INVALID: "!"}

MEANINGS: dict[str, tuple[str, ...]] = {
    LOCK: (
        "LOCK: make the level the default. At least two metrics win after correction for all comparisons, "
        "the folds agree, none loses, and the gain of f1 is not shown to be too small to matter.",
    ),
    ABANDON: (
        "ABANDON: do not use the level. Either it harms f1 of BUY, or its interval excludes a gain worth "
        "having.",
    ),
    KEEP_AVAILABLE: (
        "KEEP_AVAILABLE: neither a gain nor harm is shown. Leave the level in the registry, change no "
        "default, and repeat with more folds or cryptos if the interval still holds a gain worth having.",
    ),
    NO_SIGNAL: (
        "NO_SIGNAL: this is no verdict on the treatment but on the model under it. The untreated baseline "
        "does not beat calling every bar BUY. On a low base rate the F1-optimal threshold of a weak model "
        "calls BUY almost everywhere, and its f1 is then that of always saying BUY; a treatment of the "
        "labels changes it by chance only.",
        "It is the usual answer on market data and no fault of the sweep. Work on what comes first: "
        "features that carry information about the next bars, another horizon or other barriers, more "
        "history. The differences below are measured all the same; read them as a description, not as "
        "evidence.",
    ),
    INVALID: (
        "INVALID: the numbers cannot be trusted yet. Cells are missing or a contract check failed; fix that "
        "and run the sweep again: finished fits are reused.",
    ),
}

#: Number of fits per cell that the report recommends to average at least.
RECOMMENDED_SEEDS = SEEDS["standard"]

_ADVICE = {
    LOCK: "Make {levels} the default",
    ABANDON: "Abandon {levels}",
    KEEP_AVAILABLE: "Keep {levels} available and change no default",
    NO_SIGNAL: "No verdict on {levels}: the baseline model finds no signal",
    INVALID: "Nothing can be said yet about {levels}",
}
_ORDER = (LOCK, ABANDON, KEEP_AVAILABLE, NO_SIGNAL, INVALID)


@dataclass(frozen=True)
class Statement:
    """A verdict with its reason and warnings, and all levels that share them."""

    verdict: str
    sign: str
    levels: str
    reason: str
    warnings: tuple[str, ...]


def headline(data: DecisionData) -> str:
    """Say in one line what to do."""
    sentences = []
    for verdict in _ORDER:
        found = data.verdicts[data.verdicts["verdict"] == verdict]
        levels = listed([str(level) for level in found["level"]])
        if levels:
            sentences.append(_ADVICE[verdict].format(levels=levels))
    return ". ".join(sentences) + "."


def statements(data: DecisionData) -> list[Statement]:
    """Write every verdict with its reason; levels of one verdict, reason and warnings share a statement."""
    shared: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for one in data.verdicts.to_dict("records"):
        warnings = tuple(one["warnings"].splitlines()) if isinstance(one["warnings"], str) else ()
        key = (str(one["verdict"]), str(one["reason"]), warnings)
        shared.setdefault(key, []).append(Level(one["factor"], one["level"]).name)
    return [
        Statement(verdict, SIGNS[verdict], listed(levels), reason, warnings)
        for (verdict, reason, warnings), levels in sorted(
            shared.items(), key=lambda item: _ORDER.index(item[0][0])
        )
    ]


def meanings(data: DecisionData) -> list[str]:
    """Explain the verdicts that this report has."""
    present = set(data.verdicts["verdict"])
    return [paragraph for verdict in VERDICTS if verdict in present for paragraph in MEANINGS[verdict]]


def decision_in_words(data: DecisionData) -> list[str]:
    """Write the decision as paragraphs: verdicts, reasons, warnings, their meaning and their basis."""
    said = []
    for one in statements(data):
        said.append(f"{one.sign} {one.verdict} · {one.levels}: {one.reason}")
        said += [f"Warning: {warning}" for warning in one.warnings]
    return [
        *said,
        *meanings(data),
        baseline_in_words(data),
        tuning_sentence(data),
        seed_noise_sentence(data),
    ]


def baseline_in_words(data: DecisionData) -> str:
    """Compare the baseline with calling every bar BUY, in one or two sentences."""
    rows = BASELINE.measured_rows(data.rows)
    if rows.empty:
        return "No cell of the baseline was measured."
    mean = rows[
        ["f1_buy", "f1_always_buy", "predicted_buy_rate", "precision_buy", "breakeven_precision"]
    ].mean()
    breakeven = mean["breakeven_precision"]
    paying = (
        f" Its precision is {mean['precision_buy']:.3f}; trading breaks even at {breakeven:.3f}."
        if breakeven == breakeven
        else ""
    )
    return (
        f"Over {len(rows)} cells the baseline says BUY on {mean['predicted_buy_rate']:.0%} of test bars; "
        f"its f1 of BUY is {mean['f1_buy']:.3f}, always saying BUY has {mean['f1_always_buy']:.3f}.{paying}"
    )


def tuning_sentence(data: DecisionData) -> str:
    """Name the tuning mode behind the verdict."""
    decided = data.verdicts.iloc[0]
    trials = decided["n_trials"]
    return _sentence(tuning_in_words(str(decided["tuning"]), None if is_absent(trials) else int(trials)))


def seed_noise_sentence(data: DecisionData) -> str:
    """Say how large a difference the seed alone explains, and how to average it down."""
    rows = [{str(name): value for name, value in row.items()} for row in data.metrics.to_dict("records")]
    said = _sentence(seed_noise_in_words(rows))
    if data.n_seeds >= RECOMMENDED_SEEDS or data.metrics["seed_margin"].isna().all():
        return said
    fix = f"--set training.seeds={RECOMMENDED_SEEDS}"
    return f"{said} Averaging {RECOMMENDED_SEEDS} fits per cell makes it smaller: {fix}."


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."
