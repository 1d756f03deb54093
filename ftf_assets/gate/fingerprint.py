"""Fingerprints of a decision: whether it was made from these rows and with these settings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from ftf_assets.contracts.gate_rows import Names, ResultRows, WeeklyInfluence
from ftf_assets.contracts.tables.finetune_results import SEED_SPREAD_COLUMNS
from ftf_assets.contracts.tables.gate_decision import VERDICT_METRICS
from ftf_assets.contracts.typed import Array, typed
from ftf_assets.gate.pairs import Pairing, pair_levels
from ftf_assets.gate.sweep_facts import SweepFacts
from ftf_assets.gate.thresholds import BREAKEVEN, BUY_RATE, TRADE_PRECISION, GateSettings
from ftf_assets.gate.tuning import tuning_of
from ftf_assets.training.keys import stable_hash

#: Columns beside the compared metrics that a decision reads.
_MORE_COLUMNS = (
    "n_seeds",
    *SEED_SPREAD_COLUMNS.values(),
    *(BUY_RATE, TRADE_PRECISION, BREAKEVEN),
)


@typed
def decision_fingerprints(
    rows: ResultRows,
    baselines: Mapping[str, str],
    *,
    settings: GateSettings | None = None,
    facts: SweepFacts | None = None,
) -> tuple[str, str]:
    """Give the fingerprints of rows and settings that a decision would have, without deciding.

    Parameters
    ----------
    rows, baselines, settings, facts
        As :func:`~ftf_assets.gate.decide.decide` takes them.

    Returns
    -------
    tuple of str
        ``rows_fingerprint`` and ``settings_fingerprint``.

    Raises
    ------
    InputError
        What :func:`~ftf_assets.gate.pairs.pair_levels` refuses.
    """
    facts = facts or SweepFacts()
    pairing = pair_levels(rows, baselines, expected=facts.expected)
    return (
        rows_fingerprint(pairing, baselines, facts),
        settings_fingerprint(settings or GateSettings(), baselines),
    )


@typed
def rows_fingerprint(pairing: Pairing, baselines: Mapping[str, str], facts: SweepFacts) -> str:
    """Hash what a decision is made from: a heading, which says how many rows and columns follow, and those.

    The rows come in the order of the pairing and only names that they hold are counted, so neither the order
    in which they were given nor rows that take no part are in it.
    """
    rows = pairing.rows
    names = {"crypto": rows.crypto, "fold": rows.fold, **rows.factors, "status": rows.status}
    columns = (*pairing.columns, *_MORE_COLUMNS)
    weekly = None if rows.weekly is None else _held_weeks(rows.weekly)
    held = {column: _held(names[column]) for column in ("crypto", "fold", *baselines, "status")}
    heading = stable_hash(
        {
            "n_rows": len(rows),
            "names": [[column, *map(str, of.names)] for column, of in held.items()],
            "columns": columns,
            "tuning": tuning_of(rows),
            "facts": facts.record(),
            "weeks": [] if weekly is None else weekly.weeks.tolist(),
            "repeats": {metric: scores.shape[1] for metric, scores in sorted(rows.repeats.items())},
        },
        length=64,
    )
    digest = hashlib.sha256(heading.encode())
    for of in held.values():
        digest.update(of.codes.astype("<i8").data)
    for column in columns:
        _hash_numbers(digest, rows.values(column))
    if weekly is not None:
        _hash_numbers(digest, weekly.influence)
    for _, scores in sorted(rows.repeats.items()):
        _hash_numbers(digest, scores)
    return digest.hexdigest()[:16]


@typed
def settings_fingerprint(settings: GateSettings, baselines: Mapping[str, str]) -> str:
    """Hash what a decision is made with."""
    return stable_hash(settings_record(settings, baselines))


@typed
def settings_record(settings: GateSettings, baselines: Mapping[str, str]) -> dict[str, object]:
    """Give what a decision is made with, as it is stored with it: bounds, baselines, verdict metrics."""
    return {"bounds": asdict(settings), "baselines": dict(baselines), "verdict_metrics": VERDICT_METRICS}


def _hash_numbers(digest: hashlib._Hash, values: Array) -> None:
    """Add numbers to a hash, every missing one as the same NaN."""
    digest.update(np.ascontiguousarray(np.where(np.isfinite(values), values, np.nan), "<f8").data)


def _held_weeks(weekly: WeeklyInfluence) -> WeeklyInfluence:
    """Drop the weeks that no row has."""
    held = np.isfinite(weekly.influence).any(axis=0)
    return WeeklyInfluence(weekly.weeks[held], weekly.influence[:, held])


def _held(column: Names) -> Names:
    """Drop the names that no row has."""
    codes, numbers = np.unique(column.codes, return_inverse=True)
    absent = int(len(codes) > 0 and codes[0] == -1)
    return Names(numbers - absent, tuple(column.names[code] for code in codes[absent:]))
