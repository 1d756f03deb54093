"""Checks of the gate: its tables keep their contract, and its verdicts have the trades to stand on."""

import dagster as dg

from ftf_assets.graph.check_history import CONTRACT_CHECK, SWEEP_ID


def gate_checks() -> list[dg.AssetChecksDefinition]:
    """Build the checks of ``gate_decision``."""

    @dg.asset_check(
        asset="gate_decision",
        name=CONTRACT_CHECK,
        blocking=True,
        description="The stored decision keeps its table contracts.",
        required_resource_keys={"sweep", "home"},
    )
    def contract(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from pandera.errors import SchemaErrors

        from ftf_assets.contracts.gate import GateMetrics, GateVerdicts

        sweep_id = context.resources.sweep.open().sweep_id
        metrics, verdicts = context.resources.home.results.decision(sweep_id)
        try:
            GateMetrics.validate(metrics, lazy=True)
            GateVerdicts.validate(verdicts, lazy=True)
        except SchemaErrors as error:
            first = error.failure_cases.iloc[0]
            return dg.AssetCheckResult(
                passed=False, description=f"broken rule: {first['check']}", metadata={SWEEP_ID: sweep_id}
            )
        return dg.AssetCheckResult(
            passed=len(verdicts) > 0,
            description=f"{len(verdicts)} verdicts from {len(metrics)} comparisons",
            metadata={SWEEP_ID: sweep_id},
        )

    @dg.asset_check(
        asset="gate_decision",
        description="Level and baseline have at least 63 trades in all and 30 in each fold.",
        required_resource_keys={"sweep", "home"},
    )
    def enough_trades(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        sweep_id = context.resources.sweep.open().sweep_id
        _, verdicts = context.resources.home.results.decision(sweep_id)
        poor = verdicts.loc[verdicts["underpowered"].fillna(value=False), "level"].tolist()
        return dg.AssetCheckResult(
            passed=not poor,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"underpowered: {', '.join(poor)}" if poor else "enough trades for every level",
            metadata={SWEEP_ID: sweep_id},
        )

    return [contract, enough_trades]
