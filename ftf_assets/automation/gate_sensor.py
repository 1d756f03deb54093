"""The sensor that starts gate and report once every crypto of a sweep has landed its rows."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import dagster as dg

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.graph.check_history import SWEEP_ID
from ftf_assets.graph.instance import PROCESS_TAG, process_lives
from ftf_assets.graph.jobs import DECIDE_JOB, SWEEP_TAG, sweep_config
from ftf_assets.graph.resources import HomeResource
from ftf_assets.storage.home import Home
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import open_sweep

RESULTS = dg.AssetKey("finetune_results")

#: Sweeps judged a tick: comparing fingerprints takes the gate's own time, and a tick has a minute.
_A_TICK = 10
_PAGE = 1000
#: Seconds that a tick waits for the store; a busy store is asked again at the next one.
_PATIENCE = 5.0
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass
class Landings:
    """What the sensor remembers between ticks.

    Attributes
    ----------
    after
        Storage id of the newest materialisation that was seen.
    waiting
        Sweep to storage id of its newest landing, until gate and report cover it.
    """

    after: int = 0
    waiting: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: str | None) -> "Landings":
        """Read a cursor; None at the first tick."""
        return cls(**json.loads(cursor)) if cursor else cls()

    def see(self, instance: dg.DagsterInstance) -> None:
        """Take in the materialisations since the last tick."""
        while True:
            page = instance.fetch_materializations(
                dg.AssetRecordsFilter(RESULTS, after_storage_id=self.after), limit=_PAGE, ascending=True
            ).records
            for record in page:
                self.after = record.storage_id
                landed = record.asset_materialization
                if landed is not None and SWEEP_ID in landed.metadata:
                    self.waiting[str(landed.metadata[SWEEP_ID].value)] = record.storage_id
            if len(page) < _PAGE:
                return


@dg.sensor(
    name="gate_when_landed",
    job_name=DECIDE_JOB,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts gate and report with the sweep's own settings once all of its cryptos have landed; "
    "does nothing where both cover those rows already.",
)
def gate_when_landed(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
    """Request ``ftf_decide`` for every sweep whose rows are complete, settled and not yet judged.

    A sweep waits while a run on one of its cryptos is under way and while the command that ran it lives: the
    command runs the gate itself. Rows that changed after a decision are judged anew.
    """
    from ftf_assets.freshness.stored_sweeps import stored_settings
    from ftf_assets.storage.results_store import ResultsStore

    landings = Landings.of(context.cursor)
    landings.see(context.instance)
    requests, words = [], []
    for sweep_id, storage_id in list(landings.waiting.items())[:_A_TICK]:
        try:
            settings = stored_settings(ResultsStore(home.home.results, lock_timeout=_PATIENCE), sweep_id)
            wait = _why_wait(context.instance, settings, sweep_id, storage_id)
            answer = None if wait else _why_decide(home.home, context.instance, settings, sweep_id)
        except (InputError, StoreError) as error:
            words.append(f"{sweep_id}: asked again at the next tick: {error}")
            continue
        if wait:
            words.append(f"{sweep_id}: {wait}")
            continue
        del landings.waiting[sweep_id]
        if answer is None:
            words.append(f"{sweep_id}: nothing to decide")
            continue
        context.log.info(f"event=gate_requested sweep_id={sweep_id} why={answer!r}")
        requests.append(
            dg.RunRequest(
                run_key=f"{sweep_id}-{storage_id}",
                run_config=sweep_config(settings, home.home),
                tags={SWEEP_TAG: sweep_id, "ftf/phase": settings.run.phase},
            )
        )
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "; ".join(words) or "no new rows",
        cursor=json.dumps({"after": landings.after, "waiting": landings.waiting}),
    )


def _why_wait(
    instance: dg.DagsterInstance, settings: SweepSettings, sweep_id: str, storage_id: int
) -> str | None:
    (landed,) = instance.fetch_materializations(
        dg.AssetRecordsFilter(RESULTS, storage_ids=[storage_id]), limit=1
    ).records
    run = instance.get_run_by_id(landed.run_id)
    if run is not None and process_lives(run.tags.get(PROCESS_TAG)):
        return "the command that runs it is at work and decides itself"
    busy = _under_way(instance, settings.data.crypto_names)
    if busy:
        return f"runs are under way on {', '.join(busy)}"
    deciding = dg.RunsFilter(job_name=DECIDE_JOB, statuses=_UNFINISHED, tags={SWEEP_TAG: sweep_id})
    return "it is being decided" if instance.get_runs(deciding, limit=1) else None


def _under_way(instance: dg.DagsterInstance, cryptos: Sequence[str]) -> list[str]:
    runs = instance.get_runs(
        dg.RunsFilter(statuses=_UNFINISHED, tags={"dagster/partition": list(cryptos)}), limit=len(cryptos)
    )
    return sorted({run.tags["dagster/partition"] for run in runs})


def _why_decide(
    home: Home, instance: dg.DagsterInstance, settings: SweepSettings, sweep_id: str
) -> str | None:
    from ftf_assets.freshness.stored_sweeps import why_undecided
    from ftf_assets.storage.results_store import ResultsStore

    if not settings.compares_variants:
        return None  # one variant alone has no level to compare
    if open_sweep(settings).sweep_id != sweep_id:
        return None  # rows of another version of ftf: under this one its settings are another sweep
    landed = set(ResultsStore(home.results, lock_timeout=_PATIENCE).read(sweep_id)["crypto"])
    if landed != set(settings.data.crypto_names):
        return None  # the crypto that is missing brings the sweep back when it lands
    return why_undecided(home, instance, sweep_id)
