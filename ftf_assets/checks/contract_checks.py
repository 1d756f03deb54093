"""One blocking contract check an asset, generated from its contract: check and contract cannot drift apart.

The Dagster type refuses a bad value before it is stored; these checks read back what was stored.
"""

from __future__ import annotations

from collections.abc import Callable

from ftf_assets.checks.partition_checks import Finding, PartitionCheck, Stored
from ftf_assets.contracts.errors import InputError
from ftf_assets.graph.check_history import CONTRACT_CHECK

Validate = Callable[[Stored], None]


def validate_candles(stored: Stored) -> None:
    """Candles keep their table contract."""
    from ftf_assets.contracts.frames import Candles

    Candles.validate(stored.value("candles"), lazy=True)


def validate_feature_cache(stored: Stored) -> None:
    """The feature cache keeps its table contract."""
    from ftf_assets.contracts.frames import FeatureCache

    FeatureCache.validate(stored.value("feature_cache"), lazy=True)


def validate_coerced_arrays(stored: Stored) -> None:
    """The arrays have their dtypes and shapes, are aligned, ordered and finite."""
    stored.value("coerced_arrays").validate(stored.crypto, missing=stored.sweep.settings.data.missing)


def validate_smoothed_labels(stored: Stored) -> None:
    """Every treatment of the labels is what it should be and keeps their classes; the baseline is hard."""
    y = stored.value("coerced_arrays").y
    expected = stored.sweep.plan(stored.crypto).soft_labels(y).levels
    stored.value("smoothed_labels").validate(stored.crypto, y, expected)


def validate_baseline_parameters(stored: Stored) -> None:
    """One baseline a fold, within its bounds, of known provenance, no worse than the defaults."""
    settings, tuning = stored.sweep.settings, stored.sweep.tuning
    stored.value("baseline_parameters").validate(
        stored.crypto,
        n_folds=settings.folds.n_folds,
        min_rounds=settings.training.min_rounds,
        max_rounds=settings.training.max_rounds,
        n_trials=tuning.trials,
        space=dict(tuning.space),
    )


def validate_cleanlab_masks(stored: Stored) -> None:
    """Masks cover exactly the fit part, keep the cap per class and drop nothing but suspects."""
    arrays = stored.value("coerced_arrays")
    fit_parts = {fold.index: fold.fit for fold in stored.sweep.plan(stored.crypto).folds(arrays)}
    cap = stored.sweep.settings.treatment.suspect_cap
    stored.value("cleanlab_masks").validate(stored.crypto, arrays.y, fit_parts, cap)


def validate_finetune_results(stored: Stored) -> None:
    """The stored rows keep their table contract, one row a cell."""
    from ftf_assets.rows.results_contract import finetune_results_contract

    rows = stored.rows()
    finetune_results_contract().validate(rows, lazy=True)
    expected = stored.sweep.settings.folds.n_folds * len(stored.sweep.variants)
    if len(rows) != expected:
        raise InputError(f"{stored.crypto}: {len(rows)} rows where {expected} cells are expected")


def validate_noise_audit(stored: Stored) -> None:
    """The stored audit of these rows keeps its table contracts."""
    from ftf_assets.contracts.audit import NoiseAudit, NoiseAuditEffects
    from ftf_assets.storage.audit_store import AuditStore

    key = stored.sweep.artifact_key("coerced_arrays", stored.crypto)
    found, effects = AuditStore(stored.home.results).audits([key])
    NoiseAudit.validate(found, lazy=True)
    NoiseAuditEffects.validate(effects, lazy=True)
    if found.empty:
        raise InputError(f"{stored.crypto}: the audit of these rows is not in the store")


VALIDATORS: dict[str, Validate] = {
    "candles": validate_candles,
    "feature_cache": validate_feature_cache,
    "coerced_arrays": validate_coerced_arrays,
    "smoothed_labels": validate_smoothed_labels,
    "baseline_parameters": validate_baseline_parameters,
    "cleanlab_masks": validate_cleanlab_masks,
    "finetune_results": validate_finetune_results,
    "noise_audit": validate_noise_audit,
}


def contract_check(asset: str) -> list[PartitionCheck]:
    """Generate the blocking contract check of an asset, where it has a contract."""
    if asset not in VALIDATORS:
        return []
    validate = VALIDATORS[asset]

    def judge(stored: Stored) -> Finding:
        validate(stored)
        return Finding()

    judge.__doc__ = validate.__doc__
    return [PartitionCheck(CONTRACT_CHECK, judge, blocking=True)]
