"""The schedule that repeats the latest sweep every week on the data as they are then."""

import dagster as dg

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.graph.crypto_partitions import add_cryptos, partition_of
from ftf_assets.graph.jobs import SWEEP_JOB, sweep_config, sweep_tags
from ftf_assets.graph.resources import HomeResource
from ftf_assets.sweep.sweep import open_sweep


@dg.schedule(
    name="weekly_sweep",
    job_name=SWEEP_JOB,
    cron_schedule="0 6 * * 1",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Mondays at 06:00 UTC: the latest sweep again, a run for each crypto, on the data of that "
    "day. It needs a sweep of this home that compares variants, on data that grow: run that first, then "
    "switch this on. Its settings are repeated, its folds move on with the data, so it is a new sweep; "
    "gate_when_landed decides it.",
)
def weekly_sweep(
    context: dg.ScheduleEvaluationContext, home: HomeResource
) -> list[dg.RunRequest] | dg.SkipReason:
    """Request ``ftf_sweep`` for every crypto of the latest sweep, with fold edges from today's data.

    The edges are resolved here, once for the group: a file that changes between two runs cannot give their
    folds different weeks.
    """
    from ftf_assets.storage.results_store import ResultsStore

    try:
        latest = next(ResultsStore(home.home).comparisons(), None)
        if latest is None:
            return dg.SkipReason("no sweep that compares variants yet: run one, the schedule repeats it")
        sweep = open_sweep(latest.following_group().with_changes(folds={"edges": None}))
    except (InputError, StoreError) as error:
        return dg.SkipReason(f"the latest sweep cannot be repeated: {error}")
    add_cryptos(context.instance, sweep.cryptos)
    day = context.scheduled_execution_time.date().isoformat()
    return [
        dg.RunRequest(
            run_key=f"{sweep.sweep_id}-{crypto}-{day}",
            partition_key=partition_of(crypto, sweep.settings.data.source),
            run_config=sweep_config(sweep.settings, home.home),
            tags=sweep_tags(sweep.sweep_id, sweep.settings),
        )
        for crypto in sweep.cryptos
    ]
