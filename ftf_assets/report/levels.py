"""The treatments that a report compares: the baseline, and each level with all other factors unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ftf_assets.contracts.bundles import TrainedCell, TrainedModels
from ftf_assets.contracts.tables.finetune_results import OK
from ftf_assets.labels.factor_registry import baseline_levels
from ftf_assets.sweep.sweep import Sweep


@dataclass(frozen=True)
class Level:
    """One factor off its baseline; with an empty factor, the baseline itself."""

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
        """The level of every factor."""
        return baseline_levels() | ({self.factor: self.level} if self.factor else {})

    def rows(self, results: pd.DataFrame) -> pd.DataFrame:
        """Select the level's rows of ``finetune_results``, measured or not."""
        chosen = pd.Series(data=True, index=results.index)
        for factor, value in self.levels.items():
            chosen &= results[factor] == value
        return results[chosen]

    def measured_rows(self, results: pd.DataFrame) -> pd.DataFrame:
        """Select the level's rows whose cell was measured."""
        rows = self.rows(results)
        return rows[rows["status"] == OK]

    def cells(self, models: TrainedModels) -> dict[int, TrainedCell]:
        """Give the level's trained cells of one crypto by fold; failed and skipped ones are left out."""
        return {
            cell.fold: cell
            for cell in models.cells
            if cell.levels == self.levels and cell.outcome.status == OK
        }


BASELINE = Level("", "")


def level_headings(levels: Sequence[Level]) -> list[str]:
    """Name the columns of a table of levels: the baseline, then each level."""
    return [level.short for level in (BASELINE, *levels)]


def judged_levels(verdicts: pd.DataFrame) -> tuple[Level, ...]:
    """Give the levels of rows of ``gate_verdicts``, in their order."""
    return tuple(Level(one["factor"], one["level"]) for one in verdicts.to_dict("records"))


def trained_levels(sweep: Sweep) -> tuple[Level, ...]:
    """Give the levels that a sweep trains, in alphabetical order of factor and level."""
    return tuple(
        Level(*one) for one in sorted({pair for variant in sweep.variants for pair in variant.moved})
    )
