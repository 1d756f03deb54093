"""The jobs, declared as data beside each other, and the configuration that a sweep gives them."""

from __future__ import annotations

from typing import Any

import dagster as dg

from ftf_assets.storage.home import Home
from ftf_assets.sweep.settings import SMOKE, SweepSettings

SWEEP_JOB = "ftf_sweep"
DECIDE_JOB = "ftf_decide"
SMOKE_JOB = "ftf_smoke"
AUDIT_JOB = "ftf_audit"  # an asset has the name noise_audit, and Dagster refuses a job of the same

#: Tag of every run that belongs to a sweep.
SWEEP_TAG = "ftf/sweep_id"

#: Tag of every run of a noise audit.
AUDIT_TAG = "ftf/audit_id"

#: Assets that look at a whole sweep. A job of its own: in the sweep's job they would run once a crypto.
_DECIDING = dg.AssetSelection.assets("gate_decision", "sweep_report")

#: Beside the line: it says how far a cleaner can be trusted on the data, and a sweep does not wait for it.
_AUDIT = dg.AssetSelection.assets("noise_audit")

#: Checks that cost fits of their own: part of the smoke, not of a sweep.
_FITTING = dg.AssetSelection.checks(
    dg.AssetCheckKey(dg.AssetKey("trained_models"), "reproducible"),
)

JOBS = [
    dg.define_asset_job(
        SWEEP_JOB,
        selection=dg.AssetSelection.all() - _DECIDING - _AUDIT - _FITTING,
        description="The sweep of one crypto: every asset from candles to finetune_results, with its checks.",
    ),
    dg.define_asset_job(
        DECIDE_JOB,
        selection=_DECIDING,
        description="The verdict on a sweep and its report, once all of its cryptos have landed.",
    ),
    dg.define_asset_job(
        SMOKE_JOB,
        selection=dg.AssetSelection.all() - _DECIDING - _AUDIT,
        config={"resources": {"sweep": {"config": SMOKE}}},
        description="One fold and one variant of a crypto through every stage, with every check: the merge "
        "gate. One cell is fitted twice and compared bit for bit.",
    ),
    dg.define_asset_job(
        AUDIT_JOB,
        selection=_AUDIT.upstream(),
        description="The noise audit of one crypto: known noise goes into its labels, and what finds it is "
        "measured.",
    ),
]


def sweep_config(settings: SweepSettings, home: Home) -> dict[str, Any]:
    """Write a sweep's settings as the launchpad's configuration."""
    return {
        "resources": {
            "sweep": {"config": settings.model_dump(mode="json")},
            "home": {"config": {"path": str(home.path)}},
        }
    }
