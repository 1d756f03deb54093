"""``gate_decision``: a verdict a level, with every number behind it."""

import dagster as dg

from ftf_assets.assets.finetune_results import finetune_results
from ftf_assets.gate.decision import Decision
from ftf_assets.graph import metadata
from ftf_assets.graph.decision import decision_inputs
from ftf_assets.graph.partitioned import OWNERS, versioned
from ftf_assets.graph.resources import HomeResource, SweepResource
from ftf_assets.training.keys import code_version


@dg.asset(
    deps=[finetune_results],
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
    """May we act on it? Every level against its factor's baseline, paired by crypto and fold.

    LOCK: make the level the default. ABANDON: it harms, or cannot gain enough. KEEP_AVAILABLE: not enough
    evidence either way. NO_SIGNAL: the baseline does not beat calling every bar BUY, so there is nothing to
    judge treatments by; work on features or labels first. INVALID: cells are missing or a contract is broken.
    """
    from ftf_assets.gate.seed_noise import seed_noise_in_words
    from ftf_assets.gate.tuning import tuning_in_words
    from ftf_assets.graph.pictures import pictures
    from ftf_assets.report.asset_pictures import gate_pictures
    from ftf_assets.report.collect import decision_of_run
    from ftf_assets.report.sections.verdict import decision_in_words, headline

    run = sweep.open()
    inputs = decision_inputs(home.results, context.instance, run.sweep_id, run.settings)
    decision = inputs.decide()
    data = decision_of_run(run, inputs.rows, decision)
    return dg.MaterializeResult(
        value=decision,
        metadata={
            "sweep_id": run.sweep_id,
            "headline": headline(data),
            "in_words": dg.MetadataValue.md("\n\n".join(decision_in_words(data))),
            **pictures(context.log, lambda: gate_pictures(data)),
            "tuning": tuning_in_words(decision.tuning, decision.n_trials),
            "seed_noise": seed_noise_in_words(decision.metric_rows()),
            "rows_fingerprint": decision.rows_fingerprint,
            "verdicts": metadata.table(
                [
                    {"factor": one.factor, "level": one.level, "verdict": one.verdict, "reason": one.reason}
                    for one in decision.verdicts
                ]
            ),
            "metrics": metadata.table(decision.metric_rows()),
        },
    )
