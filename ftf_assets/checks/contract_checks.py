"""The blocking contract check of every asset, generated from the asset's contract.

``PARTITION_CONTRACTS`` and ``SWEEP_CONTRACTS`` name the contract of each asset: the table contracts of the
tables that it stores, or the class of its bundle. The check reads back what was stored and validates it by
that contract, so check and contract cannot differ. The Dagster type of a table refuses a bad frame before it
is stored; the check also finds what was damaged or changed afterwards.
"""

import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import dagster as dg
import pandera.pandas as pa

from ftf_assets.checks.expectations import Expectations
from ftf_assets.checks.partition_checks import Finding, PartitionCheck
from ftf_assets.checks.stored import Stored, StoredSweep
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import BaselineParameters, CleanlabMasks, SmoothedLabels, TrainedModels
from ftf_assets.contracts.errors import FtfError, input_error
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.contracts.tables.finetune_results import PRIMARY_KEY
from ftf_assets.contracts.tables.gate_decision import (
    METRICS_KEY,
    SUMMARY_KEY,
    VERDICTS_KEY,
    GateMetrics,
    GateSummary,
    GateVerdicts,
)
from ftf_assets.contracts.tables.label_ceiling import CEILING_KEY, LabelCeiling
from ftf_assets.contracts.tables.noise_audit import AUDIT_KEY, EFFECTS_KEY, NoiseAudit, NoiseAuditEffects
from ftf_assets.contracts.tables.validation import validated
from ftf_assets.graph.check_history import CONTRACT_CHECK, SWEEP_ID, TABLE_VERSIONS
from ftf_assets.rows.factor_columns import finetune_results_contract

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = type[pa.DataFrameModel]


def _artifact(asset: str) -> Callable[[Stored], "tuple[pd.DataFrame, ...]"]:
    return lambda stored: (stored.value(asset),)


def _any_number(_: StoredSweep) -> range:
    return range(sys.maxsize)


def _at_least_one(_: StoredSweep) -> range:
    return range(1, sys.maxsize)


def _one_a_cell(stored: Stored) -> range:
    n_cells = stored.sweep.settings.folds.n_folds * len(stored.sweep.variants)
    return range(n_cells, n_cells + 1)


def _one_a_dose(stored: Stored) -> range:
    ceiling = stored.sweep.plan(stored.crypto).ceiling
    n_models = 0 if ceiling is None else stored.sweep.settings.folds.n_folds * len(list(ceiling.fits()))
    return range(n_models, n_models + 1)


@dataclass(frozen=True)
class TableContract:
    """The contract of an asset that stores tables.

    Attributes
    ----------
    asset
        The asset.
    tables
        Contract of each table, and the columns that name a row in errors; none where the index does.
    read
        Reads the tables back in the same order, from :class:`Stored` or, for an asset without partitions,
        from :class:`StoredSweep`.
    n_rows
        How many rows the first table may have.
    """

    asset: str
    tables: tuple[tuple[Table, Sequence[str]], ...]
    read: Callable[[Any], "tuple[pd.DataFrame, ...]"]
    n_rows: Callable[[Any], range] = _any_number

    @property
    def description(self) -> str:
        """What the check holds the asset to, in one sentence."""
        tables = " and ".join(self.names)
        return f"Columns, types, bounds and keys of the stored rows are those of {tables}."

    @property
    def names(self) -> list[str]:
        """Names of the tables."""
        return [contract.to_schema().name for contract, _ in self.tables]

    def validate(self, stored: StoredSweep) -> str:
        """Read the tables and count their rows, one phrase a table.

        Raises
        ------
        InputError
            The first broken rule of a contract, or a first table with another number of rows than expected.
        """
        crypto = stored.crypto if isinstance(stored, Stored) else None
        frames = self.read(stored)
        for (contract, key), frame in zip(self.tables, frames, strict=True):
            validated(contract, frame, key=key, crypto=crypto)
        n_rows, allowed = len(frames[0]), self.n_rows(stored)
        if n_rows not in allowed:
            raise input_error(
                f"{self.names[0]} has the wrong number of rows",
                crypto=crypto,
                found=f"{n_rows} rows",
                allowed=f"{allowed.start}" if len(allowed) == 1 else f"at least {allowed.start}",
                fix=f"Materialise {self.asset} again.",
            )
        counts = zip(frames, self.names, strict=True)
        return ", ".join(f"{len(frame)} rows of {name}" for frame, name in counts)


@dataclass(frozen=True)
class BundleContract:
    """The contract of an asset that stores a bundle: the method ``validate`` of its class.

    Attributes
    ----------
    asset
        The asset.
    bundle
        Class of its value. Its ``validate`` takes the crypto and, by keyword, properties of
        :class:`Expectations`.
    """

    asset: str
    bundle: type[Any]

    @property
    def description(self) -> str:
        """What the check holds the asset to, in one sentence."""
        return f"Shapes, types and bounds of the stored value are those of {self.bundle.__name__}."

    @property
    def expectations(self) -> tuple[str, ...]:
        """Names of the expectations that the bundle is compared with."""
        parameters = inspect.signature(self.bundle.validate).parameters.values()
        return tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY)

    def validate(self, stored: Stored) -> str:
        """Read the bundle and raise for its first broken rule; otherwise give the description.

        Raises
        ------
        InputError
            As the bundle's ``validate``.
        """
        value, expected = stored.value(self.asset), Expectations(stored)
        value.validate(stored.crypto, **{name: getattr(expected, name) for name in self.expectations})
        return self.description


#: The contracts of the assets with partitions.
PARTITION_CONTRACTS: dict[str, TableContract | BundleContract] = {
    contract.asset: contract
    for contract in (
        TableContract("candles", ((Candles, ()),), _artifact("candles")),
        TableContract("feature_cache", ((FeatureCache, ()),), _artifact("feature_cache")),
        BundleContract("coerced_arrays", TrainingArrays),
        BundleContract("smoothed_labels", SmoothedLabels),
        BundleContract("fold_baselines", BaselineParameters),
        BundleContract("cleanlab_masks", CleanlabMasks),
        BundleContract("trained_models", TrainedModels),
        TableContract(
            "finetune_results",
            ((finetune_results_contract(), PRIMARY_KEY), *CELL_DETAILS.values()),
            lambda stored: tuple(stored.results().values()),
            n_rows=_one_a_cell,
        ),
        TableContract(
            "label_ceiling",
            ((LabelCeiling, CEILING_KEY),),
            lambda stored: (stored.ceiling(),),
            n_rows=_one_a_dose,
        ),
        TableContract(
            "noise_audit",
            ((NoiseAudit, AUDIT_KEY), (NoiseAuditEffects, EFFECTS_KEY)),
            lambda stored: stored.audit(),
            n_rows=_at_least_one,
        ),
    )
}
#: The contracts of the assets that look at a whole sweep. ``sweep_report`` has none: it stores a file, which
#: its check ``opens`` reads.
SWEEP_CONTRACTS: dict[str, TableContract] = {
    "gate_decision": TableContract(
        "gate_decision",
        ((GateMetrics, METRICS_KEY), (GateVerdicts, VERDICTS_KEY), (GateSummary, SUMMARY_KEY)),
        lambda stored: stored.decision(),
        n_rows=_at_least_one,
    )
}


def contract_check(asset: str) -> PartitionCheck:
    """Generate the contract check of an asset with partitions."""
    contract = PARTITION_CONTRACTS[asset]

    def judge(stored: Stored) -> Finding:
        return Finding(summary=contract.validate(stored))

    judge.__doc__ = contract.description
    return PartitionCheck(CONTRACT_CHECK, judge, blocking=True)


def sweep_contract_check(asset: str) -> dg.AssetChecksDefinition:
    """Generate the contract check of an asset without partitions, which looks at a whole sweep."""
    contract = SWEEP_CONTRACTS[asset]

    @dg.asset_check(
        asset=asset,
        name=CONTRACT_CHECK,
        blocking=True,
        description=contract.description,
        required_resource_keys={"sweep", "home"},
    )
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        sweep = context.resources.sweep.open()
        stored = StoredSweep(sweep, context.resources.home.home)
        metadata = {SWEEP_ID: sweep.sweep_id, TABLE_VERSIONS: stored.decision_versions()}
        try:
            found = contract.validate(stored)
        except FtfError as error:
            return dg.AssetCheckResult(passed=False, description=str(error), metadata=metadata)
        return dg.AssetCheckResult(passed=True, description=found, metadata=metadata)

    return check
