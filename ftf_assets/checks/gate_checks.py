"""The gate's domain check: its verdicts rest on enough trades."""

import dagster as dg

from ftf_assets.contracts.gate_bounds import MIN_TRADES, MIN_TRADES_A_FOLD
from ftf_assets.graph.check_history import SWEEP_ID


def gate_checks() -> list[dg.AssetChecksDefinition]:
    """Build the check of ``gate_decision``; its contract check is generated with the others."""

    @dg.asset_check(
        asset="gate_decision",
        description=f"Level and baseline have at least {MIN_TRADES} trades in all and {MIN_TRADES_A_FOLD} in "
        "each fold.",
        required_resource_keys={"sweep", "home"},
    )
    def enough_trades(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        sweep_id = context.resources.sweep.open().sweep_id
        verdicts = context.resources.home.results.decision(sweep_id).verdicts
        poor = verdicts.loc[verdicts["underpowered"].fillna(value=False), "level"].tolist()
        return dg.AssetCheckResult(
            passed=not poor,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"Too few trades to judge {', '.join(poor)}: take more folds, cryptos or history"
            if poor
            else "enough trades for every level",
            metadata={SWEEP_ID: sweep_id},
        )

    return [enough_trades]
