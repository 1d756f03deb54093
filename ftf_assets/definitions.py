"""The Dagster definitions: merged here, made elsewhere."""

from __future__ import annotations

import dagster as dg

from ftf_assets.assets.candles import candles
from ftf_assets.assets.cleanlab_masks import cleanlab_masks
from ftf_assets.assets.coerced_arrays import coerced_arrays
from ftf_assets.assets.feature_cache import feature_cache
from ftf_assets.assets.finetune_results import finetune_results
from ftf_assets.assets.fold_baselines import fold_baselines
from ftf_assets.assets.gate_decision import gate_decision
from ftf_assets.assets.label_ceiling import label_ceiling
from ftf_assets.assets.noise_audit import noise_audit
from ftf_assets.assets.smoothed_labels import smoothed_labels
from ftf_assets.assets.sweep_report import sweep_report
from ftf_assets.assets.trained_models import trained_models
from ftf_assets.automation.blocked_run_sensor import gate_when_blocked
from ftf_assets.automation.input_files_sensor import input_files
from ftf_assets.automation.sweep_landed_sensor import gate_when_landed
from ftf_assets.automation.weekly_sweep_schedule import weekly_sweep
from ftf_assets.checks.graph_checks import graph_checks
from ftf_assets.graph.code_links import with_code_links
from ftf_assets.graph.io_managers import (
    ArtifactIOManager,
    AuditIOManager,
    CeilingIOManager,
    DecisionIOManager,
    ResultsIOManager,
)
from ftf_assets.graph.jobs import JOBS
from ftf_assets.graph.resources import AuditResource, HomeResource, SweepResource

# Each resource once: what is nested in another is then configured by the launchpad's block of its name.
_home = HomeResource.configure_at_launch()
_sweep = SweepResource.configure_at_launch(home=_home)

defs = dg.Definitions(
    assets=with_code_links(
        [
            candles,
            feature_cache,
            coerced_arrays,
            smoothed_labels,
            fold_baselines,
            cleanlab_masks,
            trained_models,
            label_ceiling,
            finetune_results,
            gate_decision,
            sweep_report,
            noise_audit,
        ]
    ),
    asset_checks=graph_checks(),
    jobs=JOBS,
    sensors=[gate_when_landed, gate_when_blocked, input_files],
    schedules=[weekly_sweep],
    resources={
        "sweep": _sweep,
        "home": _home,
        "audit": AuditResource.configure_at_launch(),
        "io_manager": ArtifactIOManager(sweep=_sweep, home=_home),
        "results_io_manager": ResultsIOManager(sweep=_sweep, home=_home),
        "ceiling_io_manager": CeilingIOManager(sweep=_sweep, home=_home),
        "audit_io_manager": AuditIOManager(sweep=_sweep, home=_home),
        "decision_io_manager": DecisionIOManager(sweep=_sweep, home=_home),
    },
    executor=dg.in_process_executor,
)
