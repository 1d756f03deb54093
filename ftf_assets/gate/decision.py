"""The decision on a sweep as a value: one comparison per level and metric, one verdict per level.

:func:`~ftf_assets.gate.decide.decide` makes it; :mod:`ftf_assets.rows.gate_decision` lays it out as tables
and reads it back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class MetricComparison:
    """One level and metric beside the baseline: a row of ``gate_metrics``, which describes the fields."""

    factor: str
    level: str
    metric: str
    role: str
    n_pairs: int
    n_left_out: int
    mean_difference: float | None
    median_difference: float | None
    ci_low: float | None
    ci_high: float | None
    bootstrap_low: float | None
    bootstrap_high: float | None
    clusters: str | None
    n_clusters: int
    standard_error: float | None
    week_error: float | None
    seed_error: float | None
    seed_source: str | None
    t: float | None
    p_value: float | None
    p_corrected: float | None
    smallest_visible: float | None
    true_difference: float | None
    cohens_d: float | None
    cell_p: float | None
    wilcoxon_p: float | None
    fold_n: int
    fold_t: float | None
    fold_p: float | None
    cryptos_better: int
    cryptos_worse: int
    outcome: str | None
    seed_n: int
    seed_sd: float | None
    seed_margin: float | None


@dataclass(frozen=True)
class LevelVerdict:
    """The verdict on one level: a row of ``gate_verdicts`` without the values that all its rows share."""

    factor: str
    level: str
    verdict: str
    ending: str
    reason: str
    advice: str | None
    warnings: tuple[str, ...]
    n_expected: int
    n_pairs: int
    n_trades: int | None
    min_trades_a_fold: int | None
    underpowered: bool | None
    level_auc: float | None
    signal_p: float | None
    net_bps: float | None
    trade_precision: float | None
    breakeven_precision: float | None
    tradable: bool | None


@dataclass(frozen=True)
class DecisionSummary:
    """The answer of a sweep and what it rests on: the row of ``gate_summary``, which describes the fields."""

    ending: str
    headline: str
    signal_metric: str | None
    signal_value: float | None
    signal_p: float | None
    signal_clusters: str | None
    largest_factor: str | None
    largest_level: str | None
    largest_difference: float | None
    largest_low: float | None
    largest_high: float | None
    smallest_visible: float | None
    clusters: str | None
    n_clusters: int
    n_cryptos: int
    n_skipped: int
    skipped: str | None
    n_folds: int
    n_seeds: int | None
    test_months: float | None
    week_sd: float | None
    week_correlation: float | None
    seed_sd: float | None
    truth_factor: float | None
    f1_buy: float | None
    f1_always_buy: float | None
    beats_always_buy: bool | None
    net_bps: float | None
    trade_precision: float | None
    breakeven_precision: float | None
    trade_share: float | None
    tradable: bool | None
    ceiling_low: float | None
    ceiling_estimate: float | None
    ceiling_bound: float | None
    ceiling_scenario: str | None


@dataclass(frozen=True)
class Decision:
    """All verdicts on a sweep; equal rows and settings give an equal decision, whatever the rows' order.

    Attributes
    ----------
    sweep_id
        The sweep, or the file, that was judged.
    metrics
        One item a level and metric.
    verdicts
        One item a level.
    summary
        The answer of the whole sweep.
    tuning, n_trials
        Which variants were tuned, and with how many trials per (crypto, fold); ``not stated`` and None if
        the rows do not state it.
    rule
        ``primary_metric`` or ``two_metrics``.
    primary_metric
        The metric that decides.
    useful_gain
        Smallest gain of the primary metric worth having, absolute.
    settings
        Bounds and baselines as a JSON object.
    rows_fingerprint, settings_fingerprint
        Hashes of what the decision was made from and with.
    """

    sweep_id: str
    metrics: tuple[MetricComparison, ...]
    verdicts: tuple[LevelVerdict, ...]
    summary: DecisionSummary
    tuning: str
    n_trials: int | None
    rule: str
    primary_metric: str
    useful_gain: float
    settings: str
    rows_fingerprint: str
    settings_fingerprint: str

    def metric_rows(self) -> list[dict[str, object]]:
        """Rows of ``gate_metrics``, for :func:`~ftf_assets.contracts.tables.frames.contract_frame`."""
        return [{"sweep_id": self.sweep_id, **asdict(one)} for one in self.metrics]

    def verdict_rows(self, created_at: object) -> list[dict[str, object]]:
        """Rows of ``gate_verdicts``; ``created_at`` is the one value that is not part of the decision."""
        shared = {
            "tuning": self.tuning,
            "n_trials": self.n_trials,
            "rule": self.rule,
            "primary_metric": self.primary_metric,
            "useful_gain": self.useful_gain,
            "rows_fingerprint": self.rows_fingerprint,
            "settings_fingerprint": self.settings_fingerprint,
            "settings": self.settings,
            "created_at": created_at,
        }
        return [
            {"sweep_id": self.sweep_id, **asdict(one), "warnings": "\n".join(one.warnings) or None, **shared}
            for one in self.verdicts
        ]

    def summary_row(self, created_at: object) -> dict[str, object]:
        """Give the row of ``gate_summary``."""
        return {
            "sweep_id": self.sweep_id,
            **asdict(self.summary),
            "rule": self.rule,
            "primary_metric": self.primary_metric,
            "useful_gain": self.useful_gain,
            "created_at": created_at,
        }
