"""Decide on a sweep: pair, compare, judge. The entrance of the gate."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from ftf_assets.contracts.gate_rows import ResultRows
from ftf_assets.contracts.typed import typed
from ftf_assets.gate.ceiling import CeilingBound
from ftf_assets.gate.clusters import clusters_of
from ftf_assets.gate.compare import compare_levels, primary_metric_of
from ftf_assets.gate.decision import Decision
from ftf_assets.gate.fingerprint import rows_fingerprint, settings_fingerprint, settings_record
from ftf_assets.gate.judge import judge_level
from ftf_assets.gate.pairs import Cell, pair_levels
from ftf_assets.gate.signal import signal_of
from ftf_assets.gate.summary import summarise
from ftf_assets.gate.thresholds import GateSettings
from ftf_assets.gate.truth_scale import LabelNoise
from ftf_assets.gate.tuning import tuning_of


@typed
def decide(
    rows: ResultRows,
    baselines: Mapping[str, str],
    *,
    sweep_id: str,
    settings: GateSettings | None = None,
    expected: Collection[Cell] | None = None,
    clusters: Mapping[Cell, int] | None = None,
    broken_checks: Sequence[str] = (),
    ceiling: CeilingBound | None = None,
    trade_share: float | None = None,
    label_noise: LabelNoise | None = None,
    skipped: Mapping[str, str] | None = None,
) -> Decision:
    """Compare every level with its factor's baseline and give each a verdict.

    Parameters
    ----------
    rows, baselines, expected
        As :func:`~ftf_assets.gate.pairs.pair_levels` takes them.
    sweep_id
        Name of what is judged.
    settings
        The bounds; None takes the defaults.
    clusters
        Number of the cluster by cell, from :func:`~ftf_assets.gate.clusters.calendar_clusters`, where each
        crypto cuts its own folds; None takes the fold, or the crypto where there is one fold only.
    broken_checks
        Failed contract or leak checks, in words: any makes every verdict ``INVALID``.
    ceiling
        What correct training labels would be worth at most; None where not measured. Shown, decides nothing.
    trade_share
        Share of bars that the trading threshold calls BUY; None where not known.
    label_noise
        Noise of the test labels; None where not known. Shown, decides nothing.
    skipped
        Cryptos of the sweep's group that took no part, each with the reason; None where nobody was skipped.
        Shown, decides nothing.

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
    settings = settings or GateSettings()
    pairing = pair_levels(rows, baselines, expected=expected)
    cell_clusters = clusters_of(pairing.cells, clusters)
    tuning, n_trials = tuning_of(pairing.rows)
    metrics = compare_levels(pairing, cell_clusters, settings, label_noise)
    signal = signal_of(pairing, pairing.baseline_rows, pairing.baseline_cells, cell_clusters)
    verdicts = tuple(
        judge_level(pairs, pairing, metrics, signal, cell_clusters, broken_checks, settings)
        for pairs in pairing.levels
    )
    summary = summarise(
        pairing,
        cell_clusters,
        metrics,
        verdicts,
        signal,
        settings,
        ceiling=ceiling,
        trade_share=trade_share,
        label_noise=label_noise,
        skipped=skipped or {},
    )
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
        rows_fingerprint=rows_fingerprint(
            pairing,
            baselines,
            expected=expected,
            clusters=clusters,
            broken_checks=broken_checks,
            ceiling=ceiling,
            trade_share=trade_share,
            label_noise=label_noise,
            skipped=skipped,
        ),
        settings_fingerprint=settings_fingerprint(settings, baselines),
    )
