"""The contract of ``finetune_results`` with a column for every factor of the registry."""

from __future__ import annotations

import pandera.pandas as pa

from ftf_assets.contracts.results import results_contract
from ftf_assets.labels.factors import FACTORS


def finetune_results() -> type[pa.DataFrameModel]:
    """Give the contract of the registry as it is."""
    return results_contract(tuple(FACTORS))
