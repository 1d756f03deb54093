"""What the assets after ``coerced_arrays`` store: soft labels, baselines, cleaning masks, trained cells.

Import every class from here. Each bundle is a tree of frozen dataclasses over arrays, text and numbers, so
``storage.artifacts`` reads and writes all of them with one reader and one writer; a new bundle needs no code
there. The class name and the field names are part of the stored header, so renaming one makes stored values
unreadable.

Each bundle that an asset stores has a method ``validate(crypto, *, …)`` that raises for the first broken
rule. The names of its keyword arguments say what it must be compared with; the contract check of the asset is
generated from them (``checks.contract_checks``), so a new name also needs a property of ``Expectations``
there.
"""

from ftf_assets.contracts.bundles.baselines import BaselineParameters, FoldBaseline
from ftf_assets.contracts.bundles.masks import CleaningMask, CleanlabMasks, FlipRates, NoiseEstimate
from ftf_assets.contracts.bundles.models import TrainedCell, TrainedModels
from ftf_assets.contracts.bundles.outcome import Outcome
from ftf_assets.contracts.bundles.soft_labels import SmoothedLabels

__all__ = [
    "BaselineParameters",
    "CleaningMask",
    "CleanlabMasks",
    "FlipRates",
    "FoldBaseline",
    "NoiseEstimate",
    "Outcome",
    "SmoothedLabels",
    "TrainedCell",
    "TrainedModels",
]
