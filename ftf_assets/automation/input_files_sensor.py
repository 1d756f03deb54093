"""The sensor that watches input files and requests a run for each crypto whose file is new or changed."""

import json
from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.graph.crypto_partitions import add_cryptos, partition_of
from ftf_assets.graph.jobs import SWEEP_JOB, sweep_config, sweep_tags
from ftf_assets.graph.resources import HomeResource
from ftf_assets.sweep.sweep import Sweep, open_sweep

if TYPE_CHECKING:
    from ftf_assets.storage.results_store import ResultsStore


@dg.sensor(
    name="input_files",
    job_name=SWEEP_JOB,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Runs a crypto again when its file has changed. It needs a sweep of this home that read "
    "files (data.source candles or features): run that first, then switch this on. It watches the folder of "
    "the latest such sweep and keeps its settings and fold edges, so the rows stay those of one sweep. A "
    "file counts once it was the same at two looks, a minute apart.",
)
def input_files(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
    """Request ``ftf_sweep`` for each crypto whose file differs from the one that its rows came from.

    A file counts once two ticks in a row have found the same content, so one that is still being copied does
    not. Each content is requested once, so a file that was refused waits for its next change.
    """
    from ftf_assets.storage.results_store import ResultsStore

    try:
        sweep = watched_sweep(ResultsStore(home.home))
        if sweep is None:
            return dg.SensorResult(skip_reason="no sweep of this home has read files yet")
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        found, absent = _fingerprints(sweep)
        changed = _changed_cryptos(sweep, ResultsStore(home.home), found)
    except (InputError, StoreError) as error:
        return dg.SensorResult(skip_reason=f"nothing can be watched: {error}")
    add_cryptos(context.instance, sweep.cryptos)
    requests = [
        dg.RunRequest(
            run_key=f"{sweep.sweep_id}-{crypto}-{found[crypto]}",
            partition_key=partition_of(crypto, sweep.settings.data.source),
            run_config=sweep_config(sweep.settings, home.home),
            tags=sweep_tags(sweep.sweep_id, sweep.settings),
        )
        for crypto in changed
        if seen.get(crypto) == found[crypto]
    ]
    settling = [crypto for crypto in changed if seen.get(crypto) != found[crypto]]
    notes = [*([f"waiting for {', '.join(settling)} to settle"] if settling else []), *absent]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "; ".join(notes) or f"no change in {sweep.settings.data.path}",
        cursor=json.dumps(found),
    )


def watched_sweep(store: "ResultsStore") -> Sweep | None:
    """Open the sweep whose files are watched: the latest that read files, for its group as it is now.

    A crypto that the sweep has skipped takes part once it has the data; none that took part is skipped.

    Raises
    ------
    InputError, StoreError
        There is no store, or the source refuses the settings.
    """
    for settings in store.comparisons():
        if settings.data.source != "market":
            grown = open_sweep(settings.following_group())
            # A file that is gone, as while it is replaced, must not start the others as a sweep of their own.
            lost = set(settings.data.crypto_names) - set(grown.cryptos)
            return open_sweep(settings) if lost else grown
    return None


def _fingerprints(sweep: Sweep) -> tuple[dict[str, str], list[str]]:
    """Fingerprint each crypto's file, and describe the cryptos without one."""
    found, absent = {}, []
    for crypto in sweep.cryptos:
        try:
            found[crypto] = sweep.provenance(crypto).fingerprint
        except InputError as error:
            absent.append(str(error))
    return found, absent


def _changed_cryptos(sweep: Sweep, store: "ResultsStore", cryptos: "dict[str, str]") -> list[str]:
    from ftf_assets.freshness.rows import inputs_reason

    rows = store.read(sweep.sweep_id)
    reasons = {crypto: inputs_reason(sweep, crypto, rows[rows["crypto"] == crypto]) for crypto in cryptos}
    # Another version of the code is not a change of a file: `ftf sweep` makes those rows again.
    return [crypto for crypto, reason in reasons.items() if reason and reason.kind in ("never made", "data")]
