"""The jobs, declared as data beside each other."""

from __future__ import annotations

import dagster as dg

SWEEP_JOB = "ftf_sweep"
DECIDE_JOB = "ftf_decide"

#: Assets that look at a whole sweep. A job of its own: in the sweep's job they would run once a crypto.
_DECIDING = dg.AssetSelection.assets("gate_decision", "sweep_report")

JOBS = [
    dg.define_asset_job(
        SWEEP_JOB,
        selection=dg.AssetSelection.all() - _DECIDING,
        description="The sweep of one crypto: every asset from candles to finetune_results, with its checks.",
    ),
    dg.define_asset_job(
        DECIDE_JOB,
        selection=_DECIDING,
        description="The verdict on a sweep and its report, once all of its cryptos have landed.",
    ),
]
