"""The tables that break the cells of ``finetune_results`` down: contract and primary key, by name.

A run replaces a crypto's rows of all of them together with its cells, in one transaction. Store, Dagster
type, contract check and freshness go through this list, so a table that is added here is stored, checked and
part of what is current.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import pandera.pandas as pa

from ftf_assets.contracts.tables.confidence_curve import CURVE_KEY, ConfidenceCurve
from ftf_assets.contracts.tables.label_suspects import SUSPECTS_KEY, LabelSuspects
from ftf_assets.contracts.tables.regime_results import REGIMES_KEY, RegimeResults
from ftf_assets.contracts.tables.seed_scores import SEED_SCORES_KEY, SeedScores
from ftf_assets.contracts.tables.weekly_results import WEEKLY_KEY, WeeklyResults

#: A table's contract and the columns of its primary key; each key starts with sweep_id and crypto.
KeyedContract: TypeAlias = tuple[type[pa.DataFrameModel], tuple[str, ...]]

CELL_DETAILS: Mapping[str, KeyedContract] = MappingProxyType(
    {
        "regime_results": (RegimeResults, REGIMES_KEY),
        "weekly_results": (WeeklyResults, WEEKLY_KEY),
        "seed_scores": (SeedScores, SEED_SCORES_KEY),
        "confidence_curve": (ConfidenceCurve, CURVE_KEY),
        "label_suspects": (LabelSuspects, SUSPECTS_KEY),
    }
)
