"""Fingerprints of a decision: whether it was made from these rows and with these settings."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict

import numpy as np

from ftf_assets.contracts.gate_rows import Names, ResultRows
from ftf_assets.contracts.tables.finetune_results import SEED_SPREAD_COLUMNS
from ftf_assets.contracts.tables.gate_decision import VERDICT_METRICS
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.ceiling import CeilingBound
from ftf_assets.gate.pairs import Cell, Pairing, pair_levels
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.tuning import tuning_of
from ftf_assets.training.keys import stable_hash


@typed
def decision_fingerprints(
    rows: ResultRows,
    baselines: Mapping[str, str],
    *,
    settings: GateSettings | None = None,
    expected: Collection[Cell] | None = None,
    clusters: Mapping[Cell, int] | None = None,
    broken_checks: Sequence[str] = (),
    ceiling: CeilingBound | None = None,
    trade_share: float | None = None,
) -> tuple[str, str]:
    """Give the fingerprints of rows and settings that a decision would have, without deciding.

    Parameters
    ----------
    rows, baselines, settings, expected, clusters, broken_checks, ceiling, trade_share
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
    pairing = pair_levels(rows, baselines, expected=expected)
    return (
        rows_fingerprint(
            pairing,
            baselines,
            expected=expected,
            clusters=clusters,
            broken_checks=broken_checks,
            ceiling=ceiling,
            trade_share=trade_share,
        ),
        settings_fingerprint(settings or GateSettings(), baselines),
    )


@typed
def rows_fingerprint(
    pairing: Pairing,
    baselines: Mapping[str, str],
    *,
    expected: Collection[Cell] | None,
    clusters: Mapping[Cell, int] | None,
    broken_checks: Sequence[str],
    ceiling: CeilingBound | None,
    trade_share: float | None,
) -> str:
    """Hash what a decision is made from: a heading, which says how many rows and columns follow, and those.

    The rows come in the order of the pairing and only names that they hold are counted, so neither the order
    in which they were given nor rows that take no part are in it.
    """
    rows = pairing.rows
    names = {"crypto": rows.crypto, "fold": rows.fold, **rows.factors, "status": rows.status}
    columns = (*pairing.columns, "n_seeds", *SEED_SPREAD_COLUMNS.values())
    held = {column: _held(names[column]) for column in ("crypto", "fold", *baselines, "status")}
    heading = stable_hash(
        {
            "n_rows": len(rows),
            "names": [[column, *map(str, of.names)] for column, of in held.items()],
            "columns": columns,
            "tuning": tuning_of(rows),
            "expected": None if expected is None else sorted(map(str, expected)),
            "clusters": None if clusters is None else {str(cell): n for cell, n in clusters.items()},
            "broken_checks": sorted(broken_checks),
            "ceiling": None if ceiling is None else asdict(ceiling),
            "trade_share": trade_share,
        },
        length=64,
    )
    digest = hashlib.sha256(heading.encode())
    for of in held.values():
        digest.update(of.codes.astype("<i8").data)
    for column in columns:
        values = rows.values(column)
        digest.update(np.where(np.isfinite(values), values, np.nan).astype("<f8").data)
    return digest.hexdigest()[:16]


@typed
def settings_fingerprint(settings: GateSettings, baselines: Mapping[str, str]) -> str:
    """Hash what a decision is made with."""
    return stable_hash(settings_record(settings, baselines))


@typed
def settings_record(settings: GateSettings, baselines: Mapping[str, str]) -> dict[str, object]:
    """Give what a decision is made with, as it is stored with it: bounds, baselines, verdict metrics."""
    return {"bounds": asdict(settings), "baselines": dict(baselines), "verdict_metrics": VERDICT_METRICS}


def _held(column: Names) -> Names:
    """Drop the names that no row has."""
    codes, numbers = np.unique(column.codes, return_inverse=True)
    absent = int(len(codes) > 0 and codes[0] == -1)
    return Names(numbers - absent, tuple(column.names[code] for code in codes[absent:]))
