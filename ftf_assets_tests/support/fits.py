"""Fits that no test computes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ftf_assets.training.fit_task import FitTask
from ftf_assets_tests.support.production import CRYPTO, QUICK


def a_fit(key: str, n_rows: int = 100, **changes: Any) -> FitTask:
    task = FitTask(
        key=key,
        crypto=CRYPTO,
        fold=0,
        name=key,
        rows=np.arange(n_rows),
        labels=np.zeros(n_rows, np.float32),
        weight=np.ones(n_rows, np.float32),
        predict={},
        rounds=1,
        parameters=QUICK,
        seed=0,
        device="cpu",
    )
    return dataclasses.replace(task, **changes)
