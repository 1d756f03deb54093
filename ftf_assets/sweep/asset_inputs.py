"""What the value of each asset depends on: the key of its artifact is the hash of these.

Two sweeps share an artifact exactly where all of it is equal: data, code, library versions, the settings
named here and the artifacts upstream. A setting that is missing here would let a sweep read a value that was
made under another one.
"""

from __future__ import annotations

from typing import NamedTuple

#: The asset whose rows lie in the results store, and carry the inputs named here themselves.
CEILING = "label_ceiling"


class AssetInputs(NamedTuple):
    """What an asset's value depends on besides data and code.

    Attributes
    ----------
    upstream
        The assets whose values it is computed from.
    settings
        Dotted names of settings. A name without a dot is computed from several settings by ``Sweep``.
    """

    upstream: tuple[str, ...]
    settings: tuple[str, ...]


_FIT_SETTINGS = (
    "folds.validation_fraction",
    "folds.embargo_bars",
    "training.min_rounds",
    "training.max_rounds",
    "training.patience",
    "training.seed",
    "training.device",
)

#: How the text of candle files is read, and what their bars are.
_TEXT_SETTINGS = ("data.separator", "data.decimal", "data.date_order", "data.zone")
_BAR_SETTINGS = ("data.bar", "data.stamp", "data.no_trade_bars", "data.off_grid")

#: By asset, in the order in which a run makes them.
ASSET_INPUTS: dict[str, AssetInputs] = {
    "candles": AssetInputs((), (*_BAR_SETTINGS, *_TEXT_SETTINGS)),
    "feature_cache": AssetInputs(
        ("candles",),
        ("labels.stop_atr", "labels.target_atr", "labels.horizon_bars", "data.missing", "data.raw_columns"),
    ),
    "coerced_arrays": AssetInputs(("feature_cache",), ("data.missing", "data.bar")),
    "smoothed_labels": AssetInputs(("coerced_arrays",), ("label_treatments",)),
    "fold_baselines": AssetInputs(("coerced_arrays",), ("edges", "parameters", "search", *_FIT_SETTINGS)),
    "cleanlab_masks": AssetInputs(
        ("candles", "smoothed_labels", "fold_baselines"),
        ("cleaned_variants", "treatment.out_of_fold_blocks"),
    ),
    "trained_models": AssetInputs(
        ("cleanlab_masks",),
        ("variants", "training.rounds", "n_seeds", "checks_seed", "tuning_mode"),
    ),
    CEILING: AssetInputs(
        ("fold_baselines",),
        ("ceiling.enabled", "ceiling.noise", "ceiling.exposures", "ceiling.repeats", "training.rounds"),
    ),
}

#: The assets whose values are artifacts, in the order in which a run makes them. The rows of the ceiling lie
#: in the results store and carry their key.
ARTIFACTS = tuple(name for name in ASSET_INPUTS if name != CEILING)
