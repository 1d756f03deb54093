"""``ftf`` with the model that all figures of speed share, so that no change of the defaults moves them.

    python -m benchmarks.pinned_sweep sweep [FTF SWEEP FLAGS]

Trees of depth 5 at rate 0.05 on 80 % of rows and columns. With ``PINNED_FLAGS``: at most 400 rounds, patience
30, one seed, no label ceiling. Children that are forked share the parameters; those of a GPU or of a bucket,
which are started fresh, have the defaults.
"""

from __future__ import annotations

import sys

from ftf_assets.command.main import entry_point
from ftf_assets.training.parameters import DEFAULT_PARAMETERS

PINNED_FLAGS = (
    *("--set", "training.max_rounds=400", "--set", "training.patience=30"),
    *("--set", "training.seeds=1", "--set", "ceiling.enabled=false"),
)


def pin_parameters() -> None:
    """Make the pinned model the default of this process and of its forks."""
    DEFAULT_PARAMETERS.update(
        max_depth=5, learning_rate=0.05, subsample=0.8, colsample_bytree=0.8, min_child_weight=2.0
    )


if __name__ == "__main__":
    pin_parameters()
    sys.argv[1:] = [*sys.argv[1:2], *PINNED_FLAGS, *sys.argv[2:]]
    entry_point()
