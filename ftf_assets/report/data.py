"""What a report is made from: the sweep's tables, and its artifacts where they are still there."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TypeVar

import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedCell, TrainedModels
from ftf_assets.contracts.errors import FtfError, InputError
from ftf_assets.contracts.frames import contract_frame
from ftf_assets.contracts.gate import SHOWN_METRICS, VERDICT_METRICS, GateMetrics, GateVerdicts
from ftf_assets.contracts.regimes import RegimeResults
from ftf_assets.contracts.results import results_frame
from ftf_assets.contracts.suspects import LabelSuspects, suspects_frame
from ftf_assets.gate.decision import Decision
from ftf_assets.labels.factor_registry import baseline_levels
from ftf_assets.report.noise_audit import AuditData, load_audit
from ftf_assets.rows.decision import decision_rows
from ftf_assets.rows.results_contract import finetune_results_contract
from ftf_assets.rows.suspects import suspect_rows
from ftf_assets.storage.artifacts import read_artifact
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import SweepSettings, stored_sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep

T = TypeVar("T")

#: As the gate names them: those that decide first.
_METRIC_ORDER = (*VERDICT_METRICS, *SHOWN_METRICS)


@dataclass(frozen=True)
class Level:
    """A treatment of the report: one factor off its baseline, or, with an empty factor, the baseline."""

    factor: str
    level: str

    @property
    def name(self) -> str:
        """``factor = level``, or ``baseline``."""
        return f"{self.factor} = {self.level}" if self.factor else "baseline"

    @property
    def short(self) -> str:
        """The level alone, for charts."""
        return self.level if self.factor else "baseline"

    @property
    def levels(self) -> dict[str, str]:
        """Every factor's level."""
        return baseline_levels() | ({self.factor: self.level} if self.factor else {})


BASELINE = Level("", "")


@dataclass(frozen=True, eq=False)
class CryptoArtifacts:
    """The stored values of one crypto that the report draws; ``candles`` is empty where none are provided."""

    arrays: TrainingArrays
    models: TrainedModels
    candles: pd.DataFrame


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that a report shows.

    Attributes
    ----------
    sweep_id
        The sweep.
    cryptos
        Its cryptos, those without a row included.
    settings
        Its resolved settings.
    levels
        The judged levels, in the order of the verdicts.
    rows, metrics, verdicts, suspects
        Its rows of ``finetune_results``, ``gate_metrics``, ``gate_verdicts`` and ``label_suspects``.
    artifacts
        By crypto, where they could be read.
    unavailable
        By crypto, why they could not.
    audit
        The newest noise audit of its data.
    """

    sweep_id: str
    cryptos: tuple[str, ...]
    settings: SweepSettings
    levels: tuple[Level, ...]
    rows: pd.DataFrame
    metrics: pd.DataFrame
    verdicts: pd.DataFrame
    suspects: pd.DataFrame
    regimes: pd.DataFrame = field(default_factory=lambda: contract_frame(RegimeResults, []))
    artifacts: dict[str, CryptoArtifacts] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)
    audit: AuditData = field(default_factory=AuditData)

    def rows_of(self, level: Level) -> pd.DataFrame:
        """The rows of a level, the other factors at their baselines."""
        chosen = pd.Series(data=True, index=self.rows.index)
        for factor, value in level.levels.items():
            chosen &= self.rows[factor] == value
        return self.rows[chosen]

    def cells_of(self, level: Level, crypto: str) -> dict[int, TrainedCell]:
        """The trained cells of a level and crypto by fold."""
        return {
            cell.fold: cell
            for cell in self.artifacts[crypto].models.cells
            if cell.levels == level.levels and cell.outcome.status == "ok"
        }


def judged_levels(verdicts: pd.DataFrame) -> tuple[Level, ...]:
    """The levels of rows of ``gate_verdicts``, in their order."""
    return tuple(Level(one["factor"], one["level"]) for one in verdicts.to_dict("records"))


def decided_data(sweep: Sweep, rows: pd.DataFrame, decision: Decision) -> ReportData:
    """What the gate's pictures show, from a decision that is not stored yet."""
    metrics, verdicts = decision_rows(decision)
    return ReportData(
        sweep_id=sweep.sweep_id,
        cryptos=sweep.cryptos,
        settings=sweep.settings,
        levels=judged_levels(verdicts),
        rows=rows,
        metrics=metrics,
        verdicts=verdicts,
        suspects=_no_rows().suspects,
    )


@dataclass(frozen=True, eq=False)
class _NoRows:
    """The tables without a row."""

    rows: pd.DataFrame
    metrics: pd.DataFrame
    verdicts: pd.DataFrame
    suspects: pd.DataFrame


@functools.cache
def _no_rows() -> _NoRows:
    # Made once a process: to hold a table of 80 columns to its contract takes as long as to draw a chart.
    return _NoRows(
        rows=results_frame(finetune_results_contract(), []),
        metrics=contract_frame(GateMetrics, []),
        verdicts=contract_frame(GateVerdicts, []),
        suspects=suspects_frame({name: [] for name in LabelSuspects.to_schema().columns}),
    )


def crypto_data(
    home: Home,
    sweep: Sweep,
    crypto: str,
    arrays: TrainingArrays,
    *,
    models: TrainedModels | None = None,
    masks: CleanlabMasks | None = None,
) -> ReportData:
    """What the pictures of one crypto show, from the values of a run that has not reached the gate.

    Parameters
    ----------
    home, sweep, crypto
        Where its candles lie, and whose values these are.
    arrays, models, masks
        Its rows, and its cells or masks where they are known.
    """
    try:
        candles = _read(home, sweep, "candles", crypto, pd.DataFrame)
        unavailable = {}
    except FtfError as error:
        candles, unavailable = pd.DataFrame(), {crypto: str(error)}
    nothing = _no_rows()
    suspects = nothing.suspects if masks is None else suspect_rows(sweep.sweep_id, crypto, arrays, masks)
    moved = {pair for variant in sweep.variants for pair in variant.moved}
    return ReportData(
        sweep_id=sweep.sweep_id,
        cryptos=(crypto,),
        settings=sweep.settings,
        levels=tuple(Level(*one) for one in sorted(moved)),
        rows=nothing.rows,
        metrics=nothing.metrics,
        verdicts=nothing.verdicts,
        suspects=suspects,
        artifacts={crypto: CryptoArtifacts(arrays, models or TrainedModels(()), candles)},
        unavailable=unavailable,
    )


def load_report_data(home: Home, sweep_id: str = "") -> ReportData:
    """Read what the report of a sweep shows.

    Parameters
    ----------
    home
        Where its tables and artifacts lie.
    sweep_id
        The sweep; empty takes the one that wrote last.

    Raises
    ------
    InputError
        A sweep that is not in the store, or one without a verdict: it cannot be reported on.
    StoreError
        A store that is missing or broken. Artifacts that are missing are named in the report instead.
    """
    store = ResultsStore(home.results)
    sweep_id = sweep_id or store.latest_sweep_id()
    rows = store.read(sweep_id)
    known = store.sweeps().set_index("sweep_id")["settings"]
    if rows.empty or sweep_id not in known:
        raise InputError(f"no rows of sweep {sweep_id!r}; known: {', '.join(known.index)}")
    settings = stored_sweep_settings(sweep_id, known[sweep_id])
    if not settings.compares_variants:
        raise InputError(
            f"{sweep_id} ran one variant alone (design single, as ftf smoke does): with nothing to compare "
            "there is no verdict and no report. Run ftf sweep"
        )
    metrics, verdicts = store.decision(sweep_id)
    if verdicts.empty:
        raise InputError(
            f"{sweep_id} has rows but no verdict yet, so there is nothing to report. Run the job ftf_decide, "
            "or ftf sweep with the same settings: finished fits are reused"
        )
    artifacts, unavailable = _load_artifacts(home, settings)
    return ReportData(
        sweep_id=sweep_id,
        cryptos=settings.data.crypto_names,
        settings=settings,
        levels=judged_levels(verdicts),
        rows=rows,
        metrics=metrics.sort_values(
            "metric", key=lambda names: names.map(_METRIC_ORDER.index), kind="stable"
        ),
        verdicts=verdicts,
        suspects=store.suspects(sweep_id),
        regimes=store.regimes(sweep_id),
        artifacts=artifacts,
        unavailable=unavailable,
        audit=stored_audit(home, settings),
    )


def stored_audit(home: Home, settings: SweepSettings) -> AuditData:
    """Read the newest noise audit of a sweep's data, as :func:`~ftf_assets.report.noise_audit.load_audit`."""
    try:
        return load_audit(home, open_sweep(settings))
    except InputError:  # a source that has moved away: its data cannot be told from others
        return AuditData(unaudited=settings.data.crypto_names)


def _load_artifacts(home: Home, settings: SweepSettings) -> tuple[dict[str, CryptoArtifacts], dict[str, str]]:
    found: dict[str, CryptoArtifacts] = {}
    unavailable: dict[str, str] = {}
    try:
        sweep = open_sweep(settings)
    except FtfError as error:
        return {}, dict.fromkeys(settings.data.crypto_names, str(error))
    for crypto in settings.data.crypto_names:
        try:
            found[crypto] = CryptoArtifacts(
                _read(home, sweep, "coerced_arrays", crypto, TrainingArrays),
                _read(home, sweep, "trained_models", crypto, TrainedModels),
                _read(home, sweep, "candles", crypto, pd.DataFrame),
            )
        except FtfError as error:
            unavailable[crypto] = str(error)
    return found, unavailable


def _read(home: Home, sweep: Sweep, asset: str, crypto: str, kind: type[T]) -> T:
    return read_artifact(home.artifact(asset, crypto, sweep.artifact_key(asset, crypto)), kind)
