"""A Dagster project of your own that takes in our assets, and adds one that acts on the answer.

    dagster dev -f definitions.py

``treatment_in_production`` follows ``gate_decision`` and writes which treatments your trainer may use:
levels with the verdict ``LOCK``, and no others.
"""

import json
from pathlib import Path

import dagster as dg

from ftf_assets import definitions as ftf_definitions
from ftf_assets.graph.resources import HomeResource
from ftf_assets.storage.results_store import ResultsStore


class Production(dg.ConfigurableResource):
    """Where your trainer looks for its treatment."""

    folder: str = "production"

    def write(self, treatment: dict[str, str]) -> Path:
        """Replace the file that the trainer reads."""
        file = Path(self.folder) / "label_treatment.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(treatment, indent=2), encoding="utf-8")
        return file


@dg.asset(deps=["gate_decision"], group_name="production")
def treatment_in_production(
    context: dg.AssetExecutionContext, home: HomeResource, production: Production
) -> dg.MaterializeResult:
    """Name the level of each factor that the newest sweep locked: ``apply_label_treatment(**treatment)``."""
    store = ResultsStore(home.home)
    sweep_id = store.latest_sweep_id()
    verdicts = store.decision(sweep_id).verdicts
    locked = verdicts[verdicts["verdict"] == "LOCK"]
    treatment = dict(zip(locked["factor"], locked["level"], strict=True))
    context.log.info(f"{sweep_id} locks {treatment or 'nothing'}")
    file = production.write(treatment)
    return dg.MaterializeResult(metadata={"sweep": sweep_id, "treatment": treatment, "file": str(file)})


# Dagster looks for one Definitions object in a module, so both are merged without names of their own.
defs = dg.Definitions.merge(
    ftf_definitions.defs,
    dg.Definitions(
        assets=[treatment_in_production],
        resources={"production": Production()},
        schedules=[
            dg.ScheduleDefinition(
                name="act_on_the_weekly_answer",
                cron_schedule="0 6 * * 1",
                target=dg.AssetSelection.assets(treatment_in_production),
            )
        ],
    ),
)
