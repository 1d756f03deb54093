"""Factors that calibrate the product itself: a treatment that must win, and treatments that cannot.

Neither treats label noise. ``label_truth`` asks whether a sweep would see a perfect cleaner, ``reseeded`` how
often it sees a difference where there is none. No sweep runs them unless their name is given.
"""

from __future__ import annotations

from ftf_assets.contracts.typed import Array, Float32, typed
from ftf_assets.labels.factor import LabelFactor, SeedFactor, TreatmentSettings


@typed
def keep_true_labels(
    level: str,  # noqa: ARG001
    labels: Float32[Array, " rows"],
    settings: TreatmentSettings,  # noqa: ARG001
) -> Float32[Array, " rows"]:
    """Return the labels as they came: a level that reads the truth is given the true ones."""
    return labels


#: Positive control. The fit part's labels become the true ones, as if by a cleaner that makes no error.
#: Validation and test labels stay as observed.
LABEL_TRUTH = LabelFactor(
    name="label_truth",
    baseline="observed",
    default_levels=("observed", "relabel_truth"),
    levels=("observed", "relabel_truth"),
    description="Calibration only: a control that reads the embedded market's true labels.",
    controls=("relabel_truth",),
    reads_truth=("relabel_truth",),
    treat=keep_true_labels,
)

#: Null control: the baseline with other seeds, as many times as a sweep has levels.
RESEEDED = SeedFactor(
    name="reseeded",
    baseline="none",
    default_levels=("none", "again"),
    levels=("none", "again", "again_2", "again_3", "again_4"),
    description="Calibration only: the baseline again, with other seeds of its model fits.",
    controls=("again", "again_2", "again_3", "again_4"),
)
