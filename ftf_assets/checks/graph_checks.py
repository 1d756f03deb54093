"""All checks of the graph, put together."""

from __future__ import annotations

import dagster as dg

from ftf_assets.checks.audit_checks import audit_checks
from ftf_assets.checks.contract_checks import (
    PARTITION_CONTRACTS,
    SWEEP_CONTRACTS,
    contract_check,
    sweep_contract_check,
)
from ftf_assets.checks.domain_checks import DOMAIN_CHECKS
from ftf_assets.checks.gate_checks import gate_checks
from ftf_assets.checks.partition_checks import checks_of
from ftf_assets.checks.report_checks import report_checks


def graph_checks() -> list[dg.AssetChecksDefinition]:
    """Build every check: one step per asset with partitions, then the checks of whole sweeps."""
    return [
        *(
            checks_of(asset, [contract_check(asset), *DOMAIN_CHECKS.get(asset, [])])
            for asset in PARTITION_CONTRACTS
        ),
        *(sweep_contract_check(asset) for asset in SWEEP_CONTRACTS),
        *gate_checks(),
        *audit_checks(),
        *report_checks(),
    ]
