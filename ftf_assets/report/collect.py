"""Collect what is drawn: from the values of a run that is under way, or from what a home holds of a sweep."""

from __future__ import annotations

from typing import TypeVar

import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.errors import FtfError, InputError
from ftf_assets.contracts.tables.gate_decision import SHOWN_METRICS, VERDICT_METRICS, DecisionTables
from ftf_assets.gate.decision import Decision
from ftf_assets.report.data import (
    AuditData,
    CurveData,
    DecisionData,
    ReportData,
    SuspectData,
    TrainedCrypto,
)
from ftf_assets.report.levels import judged_levels, trained_levels
from ftf_assets.rows.gate_decision import decision_rows
from ftf_assets.rows.label_suspects import suspect_rows
from ftf_assets.rows.records import plain_records
from ftf_assets.storage.artifacts import read_artifact
from ftf_assets.storage.audit_store import AuditStore
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.storage.stored_ceiling import stored_ceiling
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import Sweep, open_sweep

T = TypeVar("T")

#: Metrics that decide come first.
_METRIC_ORDER = (*VERDICT_METRICS, *SHOWN_METRICS)


def curves_of_crypto(sweep: Sweep, crypto: str, arrays: TrainingArrays, models: TrainedModels) -> CurveData:
    """Give what the curves of one crypto are drawn from, before its sweep has a decision."""
    return CurveData(
        trained_levels(sweep), {crypto: TrainedCrypto(arrays, models)}, sweep.settings.evaluation.scoring
    )


def suspects_of_crypto(
    home: Home, sweep: Sweep, crypto: str, arrays: TrainingArrays, masks: CleanlabMasks
) -> SuspectData:
    """Give what the suspects of one crypto are drawn from, before its sweep has a decision.

    Parameters
    ----------
    home
        Where the crypto's candles are stored.
    sweep, crypto, arrays, masks
        The crypto's rows, and what the cleaners decided about them.
    """
    candles: dict[str, pd.DataFrame] = {}
    unavailable: dict[str, str] = {}
    try:
        candles[crypto] = _read(home, sweep, "candles", crypto, pd.DataFrame)
    except FtfError as error:
        unavailable[crypto] = str(error)
    suspects = suspect_rows(sweep.sweep_id, crypto, arrays, masks)
    return SuspectData(suspects, candles, unavailable, sweep.settings.labels.barriers)


def decision_of_run(sweep: Sweep, rows: pd.DataFrame, decision: Decision) -> DecisionData:
    """Give what a decision is explained from, before it is stored.

    Parameters
    ----------
    sweep, rows
        The sweep, and its rows of ``finetune_results``.
    decision
        The gate's decision on them.
    """
    return _decision(sweep.settings, rows, decision_rows(decision))


def load_report_data(home: Home, sweep_id: str = "") -> ReportData:
    """Read what the report of a sweep shows.

    Parameters
    ----------
    home
        Where its tables and artifacts are stored.
    sweep_id
        The sweep; empty takes the one that wrote last.

    Raises
    ------
    InputError
        A sweep that is not in the store, or one without a verdict: it cannot be reported on.
    StoreError
        A store that is missing or broken. Missing artifacts are not an error: the report names them.
    """
    store = ResultsStore(home)
    sweep_id = sweep_id or store.latest_sweep_id()
    rows = store.read(sweep_id)
    settings = store.settings(sweep_id)
    if rows.empty:
        raise InputError(f"no rows of sweep {sweep_id!r}")
    if not settings.compares_variants:
        raise InputError(
            f"{sweep_id} ran one variant alone (design single, as ftf smoke does): with nothing to compare "
            "there is no verdict and no report. Run ftf sweep"
        )
    decided = store.decision(sweep_id)
    if decided.verdicts.empty:
        raise InputError(
            f"{sweep_id} has rows but no verdict yet, so there is nothing to report. Run the job ftf_decide, "
            "or ftf sweep with the same settings: finished fits are reused"
        )
    trained, candles, unavailable = _read_artifacts(home, settings)
    return ReportData(
        sweep_id=sweep_id,
        settings=settings,
        decision=_decision(settings, rows, decided._replace(metrics=_in_order(decided.metrics))),
        curves=CurveData(judged_levels(decided.verdicts), trained, settings.evaluation.scoring),
        suspects=SuspectData(store.suspects(sweep_id), candles, unavailable, settings.labels.barriers),
        regimes=store.details("regime_results", sweep_id),
        confidence=store.details("confidence_curve", sweep_id),
        weekly=store.details("weekly_results", sweep_id),
        unavailable=unavailable,
        audit=load_audit(home, settings),
        ceiling=stored_ceiling(store, sweep_id, settings),
    )


def load_audit(home: Home, settings: SweepSettings) -> AuditData:
    """Read the newest noise audits of the data that a sweep ran on.

    Where the source is not available any more, its data cannot be identified, and every crypto counts as not
    audited.

    Raises
    ------
    StoreError
        A store that is missing or broken.
    """
    try:
        sweep = open_sweep(settings)
        keys = {crypto: sweep.artifact_key("coerced_arrays", crypto) for crypto in sweep.cryptos}
        found, effects = AuditStore(home).audits(keys)
    except InputError:
        return AuditData(unaudited=settings.data.crypto_names)
    audited = set(found["crypto"])
    return AuditData(
        plain_records(found),
        plain_records(effects),
        tuple(crypto for crypto in keys if crypto not in audited),
    )


def _decision(settings: SweepSettings, rows: pd.DataFrame, decided: DecisionTables) -> DecisionData:
    return DecisionData(settings.data.crypto_names, settings.folds.n_folds, rows, *decided)


def _in_order(metrics: pd.DataFrame) -> pd.DataFrame:
    return metrics.sort_values("metric", key=lambda names: names.map(_METRIC_ORDER.index), kind="stable")


def _read_artifacts(
    home: Home, settings: SweepSettings
) -> tuple[dict[str, TrainedCrypto], dict[str, pd.DataFrame], dict[str, str]]:
    """Read models, arrays and candles by crypto, and say why those of a crypto could not be read."""
    trained: dict[str, TrainedCrypto] = {}
    candles: dict[str, pd.DataFrame] = {}
    unavailable: dict[str, str] = {}
    try:
        sweep = open_sweep(settings)
    except FtfError as error:
        return {}, {}, dict.fromkeys(settings.data.crypto_names, str(error))
    for crypto in settings.data.crypto_names:
        try:
            values = TrainedCrypto(
                _read(home, sweep, "coerced_arrays", crypto, TrainingArrays),
                _read(home, sweep, "trained_models", crypto, TrainedModels),
            )
            candles[crypto] = _read(home, sweep, "candles", crypto, pd.DataFrame)
            trained[crypto] = values
        except FtfError as error:
            unavailable[crypto] = str(error)
    return trained, candles, unavailable


def _read(home: Home, sweep: Sweep, asset: str, crypto: str, kind: type[T]) -> T:
    return read_artifact(home.artifact(asset, crypto, sweep.artifact_key(asset, crypto)), kind)
