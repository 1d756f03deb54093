"""What is known of a sweep beside its rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field

from ftf_assets.gate.ceiling import CeilingBound
from ftf_assets.gate.pairs import Cell
from ftf_assets.gate.truth_scale import LabelNoise


@dataclass(frozen=True)
class SweepFacts:
    """What a decision takes into account beside rows and settings; a file of published results has none.

    Attributes
    ----------
    expected
        Cells that the sweep planned, as :func:`~ftf_assets.gate.pairs.pair_levels` takes them; None takes
        those of the rows.
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
        Cryptos of the sweep's group that took no part, each with the reason. Shown, decides nothing.
    """

    expected: Collection[Cell] | None = None
    clusters: Mapping[Cell, int] | None = None
    broken_checks: tuple[str, ...] = ()
    ceiling: CeilingBound | None = None
    trade_share: float | None = None
    label_noise: LabelNoise | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)

    def record(self) -> dict[str, object]:
        """Give the facts as JSON holds them, each in one order: part of a decision's fingerprint."""
        clusters = None if self.clusters is None else {str(cell): n for cell, n in self.clusters.items()}
        return {
            "expected": None if self.expected is None else sorted(map(str, self.expected)),
            "clusters": clusters,
            "broken_checks": sorted(self.broken_checks),
            "ceiling": None if self.ceiling is None else asdict(self.ceiling),
            "trade_share": self.trade_share,
            "label_noise": None if self.label_noise is None else asdict(self.label_noise),
            "skipped": dict(self.skipped),
        }
