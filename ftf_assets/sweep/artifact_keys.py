"""What each asset's value depends on, and the key of its artifact that follows from it.

Two sweeps share an artifact exactly where everything that it depends on is equal: data, code, library
versions, the settings named here and the artifacts upstream. A setting that is missing here would let a sweep
read a value that was made under another one.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from ftf_assets.training.keys import artifact_versions, code_version, stable_hash
from ftf_assets.training.parameters import DEFAULT_PARAMETERS

if TYPE_CHECKING:
    from ftf_assets.sweep.sweep import Sweep

_FIT_SETTINGS = (
    "folds.validation_fraction",
    "folds.embargo_bars",
    "training.min_rounds",
    "training.max_rounds",
    "training.patience",
    "training.seed",
    "training.device",
)

#: Per asset: the assets upstream, and the settings that it depends on besides the data. A name without a dot
#: is computed from several settings.
_DEPENDS_ON: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # asset: (upstream assets, settings)
    "candles": ((), ()),
    "feature_cache": (
        ("candles",),
        ("labels.stop_atr", "labels.target_atr", "labels.horizon_bars", "data.missing"),
    ),
    "coerced_arrays": (("feature_cache",), ("data.missing",)),
    "smoothed_labels": (("coerced_arrays",), ("label_treatments",)),
    "baseline_parameters": (("coerced_arrays",), ("edges", "parameters", "search", *_FIT_SETTINGS)),
    "cleanlab_masks": (
        ("candles", "smoothed_labels", "baseline_parameters"),
        ("cleaned_variants", "treatment.out_of_fold_blocks"),
    ),
    "trained_models": (
        ("cleanlab_masks",),
        ("variants", "training.rounds", "training.seeds", "checks_seed", "tuning_mode"),
    ),
}

#: The assets whose values are artifacts, in the order in which a run makes them.
ARTIFACTS = tuple(_DEPENDS_ON)


def artifact_key(sweep: Sweep, asset: str, crypto: str) -> str:
    """Hash everything that an asset's value depends on to 16 hex digits: the folder of its artifact."""
    return stable_hash(artifact_identity(sweep, asset, crypto))


def artifact_identity(sweep: Sweep, asset: str, crypto: str) -> dict[str, Any]:
    """Name everything that an asset's value depends on.

    Returns
    -------
    dict
        ``data`` (fingerprint), ``source``, ``code`` and ``libraries`` (versions), ``upstream`` (keys by
        asset) and ``settings`` (values by name): JSON, stored beside the artifact so that a later run can say
        what changed.
    """
    upstream, names = _DEPENDS_ON[asset]
    return {
        "asset": asset,
        "crypto": crypto,
        "data": sweep.provenance(crypto).fingerprint,
        "source": sweep.settings.data.source,
        "code": code_version(),
        "libraries": artifact_versions(),
        "upstream": {name: artifact_key(sweep, name, crypto) for name in upstream},
        "settings": {name: _setting(sweep, name, crypto) for name in names},
    }


def _setting(sweep: Sweep, name: str, crypto: str) -> object:
    if name == "edges":
        return sweep.edges(crypto).tolist()
    if name == "search":
        # Whether each variant has a study of its own concerns the models only, not the baseline's parameters.
        return {**dataclasses.asdict(sweep.tuning), "mode": sweep.tuning.active}
    if name == "tuning_mode":
        return sweep.tuning.mode
    if name == "parameters":
        return dict(DEFAULT_PARAMETERS)
    if name == "checks_seed":
        return sweep.settings.checks_seed
    if name in ("variants", "cleaned_variants", "label_treatments"):
        plan = sweep.plan(crypto)
        return [[variant.name, plan.treatment(variant)] for variant in getattr(plan, name)]
    return sweep.settings.by_name()[name]
