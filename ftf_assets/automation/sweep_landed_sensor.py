"""The sensor that starts gate and report once every crypto of a sweep has written its rows."""

import json
import time
from dataclasses import dataclass, field

import dagster as dg

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.graph.check_history import SWEEP_ID
from ftf_assets.graph.crypto_partitions import (
    PARTITION_TAG,
    add_cryptos,
    crypto_and_source,
    partition_of,
)
from ftf_assets.graph.jobs import DECIDE_JOB, SWEEP_TAG, sweep_config, sweep_tags
from ftf_assets.graph.resources import HomeResource
from ftf_assets.graph.run_processes import PROCESS_TAG, is_alive
from ftf_assets.storage.home import Home
from ftf_assets.sweep.asset_inputs import CEILING
from ftf_assets.sweep.settings import SweepSettings
from ftf_assets.sweep.sweep import open_sweep

#: The assets that a decision is made from. Whichever a crypto writes last lets the sweep be looked at.
LANDING = (dg.AssetKey("finetune_results"), dg.AssetKey(CEILING))

#: Sweeps looked at in one tick, which Dagster ends after a minute.
_SWEEPS_PER_TICK = 10
_PAGE = 1000
#: Whether a command on another host still runs cannot be seen from here. It decides within seconds of its
#: last row, so after this time it has ended without a decision.
_SECONDS_FOR_ANOTHER_HOST = 300.0
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass
class Landings:
    """The sensor's cursor: which materialisations of results and label ceilings it has seen.

    Attributes
    ----------
    after
        Asset to the storage id of its newest materialisation that was seen.
    waiting
        Sweep to storage id of its newest materialisation, for sweeps that are still to be looked at.
    """

    after: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> "Landings":
        """Read a cursor; None at the first tick."""
        return cls(**json.loads(cursor)) if cursor else cls()

    def add_new(self, instance: dg.DagsterInstance) -> None:
        """Add the materialisations since the last tick."""
        for asset in LANDING:
            self._add_new(instance, asset)

    def _add_new(self, instance: dg.DagsterInstance, asset: dg.AssetKey) -> None:
        name = asset.to_user_string()
        while True:
            seen = dg.AssetRecordsFilter(asset, after_storage_id=self.after.get(name, 0))
            page = instance.fetch_materializations(seen, limit=_PAGE, ascending=True).records
            for record in page:
                self.after[name] = record.storage_id
                landed = record.asset_materialization
                if landed is not None and SWEEP_ID in landed.metadata:
                    sweep_id = str(landed.metadata[SWEEP_ID].value)
                    self.waiting[sweep_id] = max(record.storage_id, self.waiting.get(sweep_id, 0))
            if len(page) < _PAGE:
                return


@dg.sensor(
    name="gate_when_landed",
    job_name=DECIDE_JOB,
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts gate and report of a sweep, with its own settings, once all of its cryptos have "
    "rows. It needs nothing: leave it on. It waits while a run or a command is at work on the sweep, starts "
    "nothing where gate and report cover the rows already, and starts again when rows change.",
)
def gate_when_landed(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
    """Request ``ftf_decide`` for every sweep whose rows are complete and that gate or report do not cover.

    A sweep waits while a run on one of its cryptos is in progress, and while the command that ran it is
    alive: the command starts the gate itself.
    """
    from ftf_assets.storage.results_store import ResultsStore

    add_cryptos(context.instance)  # an instance that no ftf command has opened has no partitions yet
    landings = Landings.from_cursor(context.cursor)
    landings.add_new(context.instance)
    requests, notes = [], []
    for sweep_id, storage_id in list(landings.waiting.items())[:_SWEEPS_PER_TICK]:
        try:
            settings = ResultsStore(home.home).settings(sweep_id)
            wait = _why_wait(context.instance, settings, sweep_id, storage_id)
            reason = None if wait else why_decide(home.home, context.instance, settings, sweep_id)
        except (InputError, StoreError) as error:
            notes.append(f"{sweep_id}: tried again at the next tick: {error}")
            continue
        if wait:
            notes.append(f"{sweep_id}: {wait}")
            continue
        del landings.waiting[sweep_id]
        if reason is None:
            notes.append(f"{sweep_id}: nothing to decide")
            continue
        context.log.info(f"event=gate_requested sweep_id={sweep_id} why={reason!r}")
        requests.append(
            dg.RunRequest(
                run_key=f"{sweep_id}-{storage_id}",
                run_config=sweep_config(settings, home.home),
                tags=sweep_tags(sweep_id, settings),
            )
        )
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "; ".join(notes) or "no new rows",
        cursor=json.dumps({"after": landings.after, "waiting": landings.waiting}),
    )


def _why_wait(
    instance: dg.DagsterInstance, settings: SweepSettings, sweep_id: str, storage_id: int
) -> str | None:
    (landed,) = [
        record
        for asset in LANDING
        for record in instance.fetch_materializations(
            dg.AssetRecordsFilter(asset, storage_ids=[storage_id]), limit=1
        ).records
    ]
    run = instance.get_run_by_id(landed.run_id)
    process = None if run is None else run.tags.get(PROCESS_TAG)
    alive = False if process is None else is_alive(process)
    if alive:
        return "the command that runs it is still at work and will decide"
    if alive is None and time.time() - landed.timestamp < _SECONDS_FOR_ANOTHER_HOST:
        return "a command on another host ran it and is given time to decide"
    busy = _cryptos_with_runs(instance, settings)
    if busy:
        return f"runs are in progress on {', '.join(busy)}"
    deciding = dg.RunsFilter(job_name=DECIDE_JOB, statuses=_UNFINISHED, tags={SWEEP_TAG: sweep_id})
    return "a run is deciding it" if instance.get_runs(deciding, limit=1) else None


def _cryptos_with_runs(instance: dg.DagsterInstance, settings: SweepSettings) -> list[str]:
    cryptos, source = settings.data.crypto_names, settings.data.source
    partitions = [str(partition_of(crypto, source)) for crypto in cryptos]
    busy = dg.RunsFilter(statuses=_UNFINISHED, tags={PARTITION_TAG: partitions})
    runs = instance.get_runs(busy, limit=len(cryptos))
    return sorted({crypto_and_source(run.tags[PARTITION_TAG])[0] for run in runs})


def why_decide(
    home: Home, instance: dg.DagsterInstance, settings: SweepSettings, sweep_id: str
) -> str | None:
    """Say why gate and report of a sweep do not hold as they are stored; None where nothing is to be decided.

    Raises
    ------
    InputError, StoreError
        Its input files or its results cannot be read.
    """
    from ftf_assets.freshness.decision import decision_reasons
    from ftf_assets.storage.results_store import ResultsStore

    if not settings.compares_variants:
        return None  # one variant alone has no level to compare
    sweep = open_sweep(settings)
    if sweep.sweep_id != sweep_id:
        return None  # rows of another version of ftf: under this one its settings are another sweep
    store = ResultsStore(home)
    tables = [store.read(sweep_id), *([store.ceiling(sweep_id)] if settings.ceiling.enabled else [])]
    if any(set(rows["crypto"]) != set(sweep.cryptos) for rows in tables):
        return None  # the crypto that is missing brings the sweep back when it lands
    reasons = decision_reasons(sweep, home, instance)
    return next((reason.text for reason in reasons.values()), None)
