"""The checks of the graph: what every asset is held to, assembled here."""

from __future__ import annotations

import dagster as dg

from ftf_assets.checks.audit_checks import audit_checks
from ftf_assets.checks.contract_checks import VALIDATORS, contract_check
from ftf_assets.checks.domain_checks import DOMAIN_CHECKS
from ftf_assets.checks.gate_checks import gate_checks
from ftf_assets.checks.partition_checks import checks_of
from ftf_assets.checks.report_checks import report_checks


def graph_checks() -> list[dg.AssetChecksDefinition]:
    """Build every check: a step a partitioned asset, its contract first, then the gate's and the report's."""
    assets = dict.fromkeys([*VALIDATORS, *DOMAIN_CHECKS])
    partitioned = [
        checks_of(asset, [*contract_check(asset), *DOMAIN_CHECKS.get(asset, [])]) for asset in assets
    ]
    return [*partitioned, *gate_checks(), *audit_checks(), *report_checks()]
