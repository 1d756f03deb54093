"""The sensor that sees new and changed input files and requests just the partitions that they belong to."""

import json
from typing import TYPE_CHECKING

import dagster as dg

from ftf_assets.contracts.errors import InputError, StoreError
from ftf_assets.graph.jobs import SWEEP_JOB, SWEEP_TAG, sweep_config
from ftf_assets.graph.resources import HomeResource
from ftf_assets.sweep.sweep import Sweep, open_sweep

if TYPE_CHECKING:
    from ftf_assets.storage.results_store import ResultsStore


@dg.sensor(
    name="input_files",
    job_name=SWEEP_JOB,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description="Watches the folder of the latest sweep that read files, and runs the cryptos whose rows do "
    "not come from their file as it is now. Settings and fold edges stay that sweep's.",
)
def input_files(context: dg.SensorEvaluationContext, home: HomeResource) -> dg.SensorResult:
    """Request ``ftf_sweep`` for each crypto whose file differs from the one that its rows came from.

    A file counts once two ticks in a row found the same content: one that is still being copied does not. A
    request is made once for each content, so a file that is refused waits for the next change.
    """
    from ftf_assets.storage.results_store import ResultsStore

    try:
        sweep = watched_sweep(ResultsStore(home.home.results))
        if sweep is None:
            return dg.SensorResult(skip_reason="no sweep of this home has read files yet")
        seen: dict[str, str] = json.loads(context.cursor or "{}")
        found, absent = _fingerprints(sweep)
        rows = ResultsStore(home.home.results).read(sweep.sweep_id)
    except (InputError, StoreError) as error:
        return dg.SensorResult(skip_reason=f"nothing can be watched: {error}")
    landed = set(zip(rows["crypto"], rows["data_fingerprint"], strict=True))
    changed = {crypto: now for crypto, now in found.items() if (crypto, now) not in landed}
    requests = [
        dg.RunRequest(
            run_key=f"{sweep.sweep_id}-{crypto}-{fingerprint}",
            partition_key=crypto,
            run_config=sweep_config(sweep.settings, home.home),
            tags={SWEEP_TAG: sweep.sweep_id, "ftf/phase": sweep.settings.run.phase},
        )
        for crypto, fingerprint in changed.items()
        if seen.get(crypto) == fingerprint
    ]
    settling = [crypto for crypto, fingerprint in changed.items() if seen.get(crypto) != fingerprint]
    words = [*([f"waiting for {', '.join(settling)} to settle"] if settling else []), *absent]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "; ".join(words) or f"no change in {sweep.settings.data.path}",
        cursor=json.dumps(found),
    )


def watched_sweep(store: "ResultsStore") -> Sweep | None:
    """Open the sweep whose files are watched: the latest that read files, for its group as it is now.

    Raises
    ------
    InputError, StoreError
        No store, or settings that its source refuses.
    """
    from ftf_assets.freshness.stored_sweeps import newest_comparisons

    for settings in newest_comparisons(store):
        if settings.data.source != "market":
            return open_sweep(settings.following_group())
    return None


def _fingerprints(sweep: Sweep) -> tuple[dict[str, str], list[str]]:
    """Fingerprint of each crypto's file, and in words the cryptos that have none."""
    found, absent = {}, []
    for crypto in sweep.cryptos:
        try:
            found[crypto] = sweep.provenance(crypto).fingerprint
        except InputError as error:
            absent.append(str(error))
    return found, absent
