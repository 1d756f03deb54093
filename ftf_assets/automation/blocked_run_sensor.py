"""The sensor that takes a sweep's verdicts back when a blocking check has failed in one of its runs."""

import dagster as dg

from ftf_assets.automation.sweep_landed_sensor import why_decide
from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.graph.jobs import DECIDE_JOB, JOBS, SWEEP_JOB, SWEEP_TAG, sweep_config, sweep_tags
from ftf_assets.graph.resources import HomeResource
from ftf_assets.graph.run_processes import PROCESS_TAG, is_alive

_JOB = {job.name: job for job in JOBS}


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    name="gate_when_blocked",
    monitored_jobs=[_JOB[SWEEP_JOB]],
    request_job=_JOB[DECIDE_JOB],
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Decides a sweep again after one of its runs has failed, where its verdicts do not hold any "
    "more: after a blocking check that failed, all of them are INVALID. It needs nothing: leave it on.",
)
def gate_when_blocked(
    context: dg.RunStatusSensorContext, home: HomeResource
) -> dg.RunRequest | dg.SkipReason:
    """Request ``ftf_decide`` for the sweep of a failed run that has verdicts which do not hold any more.

    Rows that never land start no gate, so without this the stored verdicts would go on saying what they said
    before the check failed. A running ``ftf`` command does the same for itself.
    """
    from ftf_assets.storage.results_store import ResultsStore

    run, store = context.dagster_run, ResultsStore(home.home)
    sweep_id = run.tags.get(SWEEP_TAG, "")
    if is_alive(run.tags.get(PROCESS_TAG, "")):
        return dg.SkipReason(f"{sweep_id}: the command that runs it is still at work and decides itself")
    try:
        if not sweep_id or store.decision(sweep_id).verdicts.empty:
            return dg.SkipReason(f"{sweep_id or run.run_id}: it has no verdicts")
        settings = store.settings(sweep_id)
        reason = why_decide(home.home, context.instance, settings, sweep_id)
    except (InputError, StoreError) as error:
        return dg.SkipReason(f"{sweep_id}: {error}")
    if reason is None:
        return dg.SkipReason(f"{sweep_id}: its verdicts hold as they are")
    context.log.info(f"event=gate_requested sweep_id={sweep_id} why={reason!r}")
    return dg.RunRequest(
        run_key=f"{sweep_id}-{run.run_id}",
        run_config=sweep_config(settings, home.home),
        tags=sweep_tags(sweep_id, settings),
    )
