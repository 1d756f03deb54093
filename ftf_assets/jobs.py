"""The jobs, declared as data beside each other."""

from __future__ import annotations

import dagster as dg

SWEEP_JOB = "ftf_sweep"

JOBS = [
    dg.define_asset_job(
        SWEEP_JOB,
        selection=dg.AssetSelection.all(),
        description="The sweep of one crypto: every asset from candles to finetune_results, with its checks.",
    ),
]
