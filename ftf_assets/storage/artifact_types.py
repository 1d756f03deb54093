"""The type that each asset's artifact is read back as."""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def artifact_types() -> dict[str, type[Any]]:
    """Give the type of each asset's artifact by the asset's name."""
    import pandas as pd

    from ftf_assets.contracts.arrays import TrainingArrays
    from ftf_assets.contracts.bundles import (
        BaselineParameters,
        CleanlabMasks,
        SmoothedLabels,
        TrainedModels,
    )

    return {
        "candles": pd.DataFrame,
        "feature_cache": pd.DataFrame,
        "coerced_arrays": TrainingArrays,
        "smoothed_labels": SmoothedLabels,
        "fold_baselines": BaselineParameters,
        "cleanlab_masks": CleanlabMasks,
        "trained_models": TrainedModels,
    }
