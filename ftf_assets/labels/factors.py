"""The factor registry: what a sweep can vary. A new factor is one module and one line here."""

from __future__ import annotations

from ftf_assets.labels.confident_learning import CLEANLAB
from ftf_assets.labels.factor import Factor
from ftf_assets.labels.smoothing import LABEL_SMOOTHING

FACTORS: dict[str, Factor] = {factor.name: factor for factor in (LABEL_SMOOTHING, CLEANLAB)}
