"""What pictures and sections are drawn from: a type for each thing that can be shown on its own.

An asset has the values of its own step only, so its pictures take :class:`CurveData`, :class:`SuspectData` or
:class:`DecisionData`. The report has all of them: :class:`ReportData`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import TrainedModels
from ftf_assets.gate.label_ceiling import CeilingSummary
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.report.levels import Level, judged_levels
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.training.trades import Scoring


@dataclass(frozen=True, eq=False)
class TrainedCrypto:
    """The trained cells of one crypto, and the rows that they were trained and scored on."""

    arrays: TrainingArrays
    models: TrainedModels


@dataclass(frozen=True, eq=False)
class CurveData:
    """What the curves on test rows are drawn from.

    Attributes
    ----------
    levels
        The levels that are drawn beside the baseline, in this order.
    cryptos
        Cells and rows by crypto.
    scoring
        Which calls are traded, and at what cost.
    """

    levels: tuple[Level, ...]
    cryptos: Mapping[str, TrainedCrypto]
    scoring: Scoring


@dataclass(frozen=True, eq=False)
class SuspectData:
    """What the pictures of suspect labels are drawn from.

    Attributes
    ----------
    suspects
        Rows of ``label_suspects``.
    candles
        Candles by crypto, where they could be read; without a row where the source has none.
    unavailable
        By crypto, why its candles could not be read.
    barriers
        Of the labels.
    """

    suspects: pd.DataFrame
    candles: Mapping[str, pd.DataFrame]
    unavailable: Mapping[str, str]
    barriers: BarrierSettings


@dataclass(frozen=True, eq=False)
class DecisionData:
    """What a decision is explained and drawn from.

    Attributes
    ----------
    cryptos
        The cryptos of the sweep, those without a row included.
    n_folds
        Folds of the sweep.
    rows, metrics, verdicts, summary
        Rows of ``finetune_results``, ``gate_metrics``, ``gate_verdicts`` and ``gate_summary``.
    """

    cryptos: tuple[str, ...]
    n_folds: int
    rows: pd.DataFrame
    metrics: pd.DataFrame
    verdicts: pd.DataFrame
    summary: pd.DataFrame

    @property
    def levels(self) -> tuple[Level, ...]:
        """The judged levels, in the order of the verdicts."""
        return judged_levels(self.verdicts)


@dataclass(frozen=True)
class AuditData:
    """The newest noise audit of a sweep's data.

    Attributes
    ----------
    found, effects
        Rows of ``noise_audit`` and ``noise_audit_effects`` as plain mappings; empty where never audited.
    unaudited
        Cryptos of the sweep whose data were never audited.
    """

    found: list[dict[str, Any]] = field(default_factory=list)
    effects: list[dict[str, Any]] = field(default_factory=list)
    unaudited: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ReportData:
    """Everything that the report of one sweep shows.

    Attributes
    ----------
    sweep_id, settings
        The sweep and its resolved settings.
    decision, curves, suspects, audit
        What the sections are drawn from.
    regimes, confidence, weekly
        Rows of ``regime_results``, ``confidence_curve`` and ``weekly_results``.
    unavailable
        By crypto, why its stored models, arrays or candles could not be read.
    ceiling
        What correct labels would be worth; None where it is off or was not measured.
    """

    sweep_id: str
    settings: SweepSettings
    decision: DecisionData
    curves: CurveData
    suspects: SuspectData
    regimes: pd.DataFrame
    confidence: pd.DataFrame
    weekly: pd.DataFrame
    unavailable: Mapping[str, str]
    audit: AuditData
    ceiling: CeilingSummary | None = None
