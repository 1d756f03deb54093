"""The contract of ``finetune_results`` with a column for every registered factor."""

from __future__ import annotations

import pandera.pandas as pa

from ftf_assets.contracts.tables.finetune_results import results_contract
from ftf_assets.labels.factor_registry import FACTORS


def finetune_results_contract() -> type[pa.DataFrameModel]:
    """Give the contract with the factors that are registered now."""
    return results_contract(tuple(FACTORS))
