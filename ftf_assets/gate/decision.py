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
    n_pairs: int
    mean_difference: float | None
    median_difference: float | None
    ci_low: float | None
    ci_high: float | None
    bootstrap_low: float | None
    bootstrap_high: float | None
    t: float | None
    p_value: float | None
    p_corrected: float | None
    wilcoxon_p: float | None
    cohens_d: float | None
    fold_n: int
    fold_t: float | None
    fold_p: float | None
    cryptos_better: int
    cryptos_worse: int
    outcome: str | None
    in_family: bool
    seed_n: int
    seed_sd: float | None
    seed_margin: float | None


@dataclass(frozen=True)
class LevelVerdict:
    """The verdict on one level: a row of ``gate_verdicts`` without the values that all its rows share."""

    factor: str
    level: str
    verdict: str
    reason: str
    warnings: tuple[str, ...]
    n_expected: int
    n_pairs: int
    n_trades: int | None
    min_trades_a_fold: int | None
    underpowered: bool | None


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
    tuning, n_trials
        Which variants were tuned, and with how many trials per (crypto, fold); ``not stated`` and None if
        the rows do not state it.
    useful_gain
        Smallest gain of f1_buy worth having, absolute.
    settings
        Bounds and baselines as a JSON object.
    rows_fingerprint, settings_fingerprint
        Hashes of what the decision was made from and with.
    """

    sweep_id: str
    metrics: tuple[MetricComparison, ...]
    verdicts: tuple[LevelVerdict, ...]
    tuning: str
    n_trials: int | None
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
