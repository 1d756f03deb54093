"""Everything that a command of ``ftf`` imports sooner or later, imported at once.

The fork server of :mod:`ftf_assets_tests.support.processes` preloads this module. Its processes inherit the
imports, so they need not repeat two seconds of them. Nothing here may start a thread or leave a connection
open: neither survives a fork.
"""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

from ftf_assets.definitions import defs
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import AUDIT_JOB, DECIDE_JOB, SMOKE_JOB, SWEEP_JOB
from ftf_assets.storage.home import Home

for module in (
    *("ftf_assets.command.main", "ftf_assets.command.tables", "ftf_assets.running.sweep_run"),
    *(
        "ftf_assets.report.file",
        "ftf_assets.report.pictures_in_dagster_ui",
        "ftf_assets.graph.picture_metadata",
    ),
    *("ftf_assets.sources.embedded_market.source", "ftf_assets.sources.candles.source"),
    *("cleanlab.filter", "matplotlib.backends.backend_svg", "matplotlib.figure", "scipy.stats", "talib"),
    *("sklearn.metrics", "xgboost", "jinja2", "pandera.backends.pandas.register", "pyarrow.pandas_compat"),
    # Imported by Dagster when it executes a job, and by Pandera at its first validation.
    *("dagster._core.execution.execute_in_process", "dagster._core.executor.in_process"),
    *("pandera.accessors.pandas_accessor", "pandera.strategies.pandas_strategies"),
):
    importlib.import_module(module)

with tempfile.TemporaryDirectory() as folder, open_instance(Home(Path(folder))):
    pass  # Dagster imports the tools that create its tables only then

for job in (SWEEP_JOB, DECIDE_JOB, SMOKE_JOB, AUDIT_JOB):
    defs.resolve_job_def(job)
