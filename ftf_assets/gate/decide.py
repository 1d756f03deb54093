"""Decide on a sweep: pair, compare, judge. The entrance of the gate."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.clusters import clusters_of
from ftf_assets.gate.compare import compare_levels, primary_metric_of
from ftf_assets.gate.decision import Decision
from ftf_assets.gate.fingerprint import rows_fingerprint, settings_fingerprint, settings_record
from ftf_assets.gate.judge import judge_level
from ftf_assets.gate.pairs import pair_levels
from ftf_assets.gate.signal import signal_of
from ftf_assets.gate.summary import summarise
from ftf_assets.gate.sweep_facts import SweepFacts
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.tuning import tuning_of


@typed
def decide(
    rows: ResultRows,
    baselines: Mapping[str, str],
    *,
    sweep_id: str,
    settings: GateSettings | None = None,
    facts: SweepFacts | None = None,
) -> Decision:
    """Compare every level with its factor's baseline and give each a verdict.

    Parameters
    ----------
    rows, baselines
        As :func:`~ftf_assets.gate.pairs.pair_levels` takes them.
    sweep_id
        Name of what is judged.
    settings
        The bounds; None takes the defaults.
    facts
        What is known of the sweep beside its rows; None where nothing is, as of a file.

    Returns
    -------
    Decision
        Equal rows and settings give an equal decision, whatever the rows' order.

    Raises
    ------
    InputError
        What :func:`~ftf_assets.gate.pairs.pair_levels` refuses, a paired cell without a cluster, and rows
        that were tuned in different ways.
    """
    settings, facts = settings or GateSettings(), facts or SweepFacts()
    pairing = pair_levels(rows, baselines, expected=facts.expected)
    cell_clusters = clusters_of(pairing.cells, facts.clusters)
    tuning, n_trials = tuning_of(pairing.rows)
    metrics = compare_levels(pairing, cell_clusters, settings, facts.label_noise)
    signal = signal_of(pairing, pairing.baseline_rows, pairing.baseline_cells, cell_clusters)
    verdicts = tuple(
        judge_level(pairs, pairing, metrics, signal, cell_clusters, facts.broken_checks, settings)
        for pairs in pairing.levels
    )
    summary = summarise(pairing, cell_clusters, metrics, verdicts, signal, settings, facts)
    return Decision(
        sweep_id=sweep_id,
        metrics=tuple(metrics),
        verdicts=verdicts,
        summary=summary,
        tuning=tuning,
        n_trials=n_trials,
        rule=settings.rule,
        primary_metric=primary_metric_of(pairing.columns),
        useful_gain=settings.useful_gain,
        settings=json.dumps(settings_record(settings, baselines), sort_keys=True),
        rows_fingerprint=rows_fingerprint(pairing, baselines, facts),
        settings_fingerprint=settings_fingerprint(settings, baselines),
    )
