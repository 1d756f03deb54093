"""The jobs of the graph, and the run configuration of a sweep."""

from __future__ import annotations

from typing import Any

import dagster as dg

from ftf_assets.graph.check_history import DECISION_CHECKS, SMOKE_CHECKS
from ftf_assets.graph.launchpad_examples import AUDIT_CASES, SMOKE_CASES, SWEEP_CASES, with_examples
from ftf_assets.storage.home import Home
from ftf_assets.sweep.settings import SMOKE, SweepSettings

SWEEP_JOB = "ftf_sweep"
DECIDE_JOB = "ftf_decide"
SMOKE_JOB = "ftf_smoke"
AUDIT_JOB = "ftf_audit"  # not noise_audit: Dagster refuses a job with the name of an asset

#: Jobs of which a run covers one partition, a crypto of a source.
CRYPTO_JOBS = (SWEEP_JOB, SMOKE_JOB, AUDIT_JOB)

#: Tag of every run that belongs to a sweep.
SWEEP_TAG = "ftf/sweep_id"

#: Tag of every run of a noise audit.
AUDIT_TAG = "ftf/audit_id"

#: Tag of a run of a backfill whose partition is not part of the sweep: the run ends at once.
PART_TAG = "ftf/part_of_sweep"

#: Assets that cover a whole sweep: in the sweep's job they would run once per crypto.
_DECIDING = dg.AssetSelection.assets(*DECISION_CHECKS)

#: Not part of a sweep: it measures how far cleaners can be trusted on the data.
_AUDIT = dg.AssetSelection.assets("noise_audit")

#: Checks that fit models of their own.
_FITTING = dg.AssetSelection.checks(
    *(dg.AssetCheckKey(dg.AssetKey(asset), check) for asset, check in SMOKE_CHECKS)
)

JOBS = [
    dg.define_asset_job(
        SWEEP_JOB,
        selection=dg.AssetSelection.all() - _DECIDING - _AUDIT - _FITTING,
        description=with_examples(
            "The sweep of one crypto: every asset from candles to finetune_results, with its checks. A whole "
            "sweep is a run for each of its cryptos: a backfill. Gate and report follow by themselves.",
            SWEEP_CASES,
        ),
    ),
    dg.define_asset_job(
        DECIDE_JOB,
        selection=_DECIDING,
        description="The decision on a sweep and its report, once all of its cryptos have rows. The sensor "
        "gate_when_landed starts it with the settings of the sweep; by hand it needs the same settings.",
    ),
    dg.define_asset_job(
        SMOKE_JOB,
        selection=dg.AssetSelection.all() - _DECIDING - _AUDIT,
        config={"resources": {"sweep": {"config": SMOKE}}},
        description=with_examples(
            "One fold and one variant of a crypto through every stage, with every check: the merge gate. One "
            "cell is fitted twice and compared bit for bit. As it is, it runs on the embedded market.",
            SMOKE_CASES,
        ),
    ),
    dg.define_asset_job(
        AUDIT_JOB,
        selection=_AUDIT.upstream(),
        description=with_examples(
            "The noise audit of one crypto: injects known label errors, measures how well each cleaner finds "
            "them, and how much performance cleaning recovers. As it is, it runs on the embedded market.",
            AUDIT_CASES,
        ),
    ),
]


def sweep_tags(sweep_id: str, settings: SweepSettings) -> dict[str, str]:
    """Give the tags of every run of a sweep, by which people and sensors find it."""
    return {SWEEP_TAG: sweep_id, "ftf/source": settings.data.source, "ftf/phase": settings.run.phase}


def sweep_config(settings: SweepSettings, home: Home) -> dict[str, Any]:
    """Write the settings of a sweep and its home as the launchpad does."""
    return {
        "resources": {
            "sweep": {"config": settings.model_dump(mode="json")},
            "home": {"config": {"path": home.address}},
        }
    }
