"""What a fit's end becomes: a line in the Dagster log, and a step of whoever shows progress."""

from __future__ import annotations

import dagster as dg

from ftf_assets import progress
from ftf_assets.training.engine import FitEvent, OnEvent


def report_fit(log: dg.DagsterLogManager) -> OnEvent:
    """Log failures loudly, tell the progress display of every fit."""

    def report(event: FitEvent) -> None:
        if event.kind == "failed":
            log.error(
                f"event=training_variant_error variant={event.name} crypto={event.crypto} fold={event.fold} "
                f"error={event.error}"
            )
        progress.advance(event)

    return report
