"""``gate_decision``: a verdict for each level, with every number behind it."""

import dagster as dg

from ftf_assets.assets.finetune_results import finetune_results
from ftf_assets.assets.label_ceiling import label_ceiling
from ftf_assets.gate.decision import Decision
from ftf_assets.graph.asset_decorator import OWNERS, versioned
from ftf_assets.graph.asset_metadata import decision_metadata
from ftf_assets.graph.decision_inputs import decision_inputs
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.training.keys import code_version


@dg.asset(
    deps=[finetune_results, label_ceiling],
    group_name="decision",
    kinds={"duckdb", "scipy"},
    owners=OWNERS,
    code_version=code_version(),
    io_manager_key="decision_io_manager",
)
@versioned
def gate_decision(
    context: dg.AssetExecutionContext, sweep: SweepResource, home: HomeResource
) -> dg.MaterializeResult[Decision]:
    """Does treating the label noise help, and may we act on it? The metadata begin with the answer.

    Every level is compared with its factor's baseline, paired by crypto and fold. LOCK: make the level the
    default. ABANDON: it harms, or cannot gain enough. KEEP_AVAILABLE: not enough evidence either way.
    NO_SIGNAL: the model does not rank, so there is nothing to judge treatments by; work on features or labels
    first. INVALID: cells are missing or a check failed.
    """
    from ftf_assets.rows.selection import selection_of

    run = sweep.open()
    inputs = decision_inputs(home.results, context.instance, run.sweep_id, run.settings)
    decision = inputs.decide()
    picked = selection_of(inputs.rows.cells, home.results.details("weekly_results", run.sweep_id))
    return dg.MaterializeResult(
        value=decision, metadata=decision_metadata(context.log, run, inputs.rows.cells, decision, picked)
    )
