"""Every asset has a generated contract check, which passes on good values and names each planted defect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ftf_assets.checks.contract_checks import (
    PARTITION_CONTRACTS,
    SWEEP_CONTRACTS,
    BundleContract,
    TableContract,
    contract_check,
)
from ftf_assets.checks.expectations import Expectations
from ftf_assets.checks.stored import Stored
from ftf_assets.contracts.bundles import CleanlabMasks, TrainedModels
from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.contracts.tables.cell_details import CELL_DETAILS
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.gate_decision import DecisionTables, GateMetrics, GateSummary, GateVerdicts
from ftf_assets.definitions import defs
from ftf_assets.graph.check_history import CONTRACT_CHECK
from ftf_assets.graph.io_managers import artifact_types
from ftf_assets.rows.label_suspects import suspect_rows
from ftf_assets.rows.regime_results import rows_by_regime
from ftf_assets.storage.results_schema import tables
from ftf_assets_tests.contracts.tables.test_gate_decision import METRIC, SUMMARY, VERDICT
from ftf_assets_tests.support.audit_rows import frames, whole_audit
from ftf_assets_tests.support.ceiling import DOSES, rows_of, scores_of, with_ceiling
from ftf_assets_tests.support.production import CRYPTO, STANDARD, WARM_UP, Trained, candles, feature_cache
from ftf_assets_tests.support.results_rows import (
    SWEEP,
    confidence_table,
    partition,
    results_table,
    seed_scores_table,
    weekly_table,
)
from ftf_assets_tests.support.settings import settings_of

CONTRACTS = {**PARTITION_CONTRACTS, **SWEEP_CONTRACTS}


def test_every_asset_has_a_blocking_contract_check_except_the_report_which_is_a_file():
    graph = defs.resolve_asset_graph()
    checked = {
        key.asset_key.to_user_string()
        for key in graph.asset_check_keys
        if key.name == CONTRACT_CHECK and graph.get_check_spec(key).blocking
    }
    assets = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert checked == set(CONTRACTS) == assets - {"sweep_report"}


def test_every_table_contract_belongs_to_the_contract_check_of_an_asset():
    checked = [
        name
        for contract in CONTRACTS.values()
        if isinstance(contract, TableContract)
        for name in contract.names
    ]
    known = [*tables(), *(contract.to_schema().name for contract in (Candles, FeatureCache))]
    assert sorted(checked) == sorted(known)


@pytest.mark.parametrize("asset", artifact_types())
def test_an_artifact_is_checked_by_the_contract_of_the_type_that_it_is_stored_as(asset: str):
    kind, contract = artifact_types()[asset], PARTITION_CONTRACTS[asset]
    assert contract.bundle is kind if isinstance(contract, BundleContract) else kind is pd.DataFrame


@pytest.mark.parametrize(
    "contract",
    [one for one in CONTRACTS.values() if isinstance(one, BundleContract)],
    ids=lambda one: one.asset,
)
def test_everything_that_a_bundle_is_compared_with_is_a_known_expectation(contract: BundleContract):
    assert contract.expectations
    for name in contract.expectations:
        assert isinstance(getattr(Expectations, name), property)


class StoredInMemory(Stored):
    """The values of a run in memory instead of those of a home."""

    def __init__(self, run: Trained, values: dict[str, Any]) -> None:
        self.run = run
        self.values = values
        self.crypto = CRYPTO
        plan = run.plan
        settings = settings_of(
            n_folds=plan.n_folds,
            suspect_cap=plan.suspect_cap,
            min_rounds=plan.rounds.minimum,
            max_rounds=plan.rounds.maximum,
        )
        self.sweep = SimpleNamespace(
            plan=lambda crypto: replace(plan, ceiling=DOSES),
            settings=settings,
            tuning=plan.tuning,
            variants=STANDARD,
        )

    def value(self, asset: str) -> Any:
        return self.values[asset]

    def results(self) -> Any:
        return dict(zip(("finetune_results", *CELL_DETAILS), self.values["finetune_results"], strict=True))

    def ceiling(self) -> Any:
        return self.values["label_ceiling"][0]

    def audit(self) -> Any:
        return self.values["noise_audit"]

    def decision(self) -> Any:
        return self.values["gate_decision"]


@pytest.fixture
def stored(standard_run: Trained) -> StoredInMemory:
    run, cache = standard_run, feature_cache()
    cells = results_table(partition(CRYPTO, folds=run.plan.n_folds))
    return StoredInMemory(
        run,
        {
            "candles": candles(cache),
            "feature_cache": cache.iloc[WARM_UP:],
            "coerced_arrays": run.arrays,
            "smoothed_labels": run.soft_labels,
            "fold_baselines": run.baselines,
            "cleanlab_masks": run.masks,
            "trained_models": run.models,
            "finetune_results": (
                cells,
                rows_by_regime(SWEEP, CRYPTO, run.arrays, run.models, cells),
                weekly_table(CRYPTO),
                seed_scores_table(CRYPTO),
                confidence_table(CRYPTO),
                suspect_rows(SWEEP, CRYPTO, run.arrays, run.masks),
            ),
            "label_ceiling": (rows_of(run, scores_of(with_ceiling(run)), SWEEP),),
            "noise_audit": frames(*whole_audit()),
            "gate_decision": DecisionTables(
                contract_frame(GateMetrics, [METRIC]),
                contract_frame(GateVerdicts, [VERDICT]),
                contract_frame(GateSummary, [SUMMARY]),
            ),
        },
    )


def changed_row(table: pd.DataFrame, column: str, value: object) -> pd.DataFrame:
    table = table.copy()
    table.iloc[3 if len(table) > 3 else 0, table.columns.get_loc(column)] = value
    return table


def in_table(number: int, column: str, value: object) -> Callable[[Any], Any]:
    return lambda found: tuple(
        changed_row(table, column, value) if place == number else table for place, table in enumerate(found)
    )


def label_2(arrays: Any) -> Any:
    y = arrays.y.copy()
    y[17] = 2
    return replace(arrays, y=y)


def swapped_classes(labels: Any) -> Any:
    return replace(labels, levels={name: 1 - soft for name, soft in labels.levels.items()})


def too_many_rounds(baselines: Any) -> Any:
    return replace(baselines, folds=tuple(replace(one, rounds=10_000) for one in baselines.folds))


def row_of_the_test_span(masks: Any) -> Any:
    first, *others = masks.masks
    rows = first.rows.copy()
    rows[-1] = 2_400
    return CleanlabMasks((replace(first, rows=rows), *others))


def impossible_probability(models: Any) -> Any:
    first, *others = models.cells
    return TrainedModels((replace(first, test_probability=first.test_probability + 1), *others))


DEFECTS: list[tuple[str, Callable[[Any], Any], tuple[str, ...]]] = [
    (
        "candles",
        lambda frame: changed_row(frame, "low", 0.0),
        ("column 'low'", "row 2021", "finite and positive", "found 0.0"),
    ),
    (
        "feature_cache",
        lambda frame: changed_row(frame, "rsi_14", np.inf),
        ("column 'rsi_14'", "row 2021", "must not be infinite", "found inf"),
    ),
    ("coerced_arrays", label_2, ("column 'label'", "row 2021", "1 (BUY) or 0 (HOLD)", "found 2")),
    ("smoothed_labels", swapped_classes, ("row 0", "stay on its side of 0.5")),
    ("fold_baselines", too_many_rounds, ("rounds of fold 0", "found 10000", "allowed: 4 to 60")),
    ("cleanlab_masks", row_of_the_test_span, ("filter of fold 0", "1 rows outside it")),
    ("trained_models", impossible_probability, ("cell of fold 0", "test probability must be in [0, 1]")),
    (
        "finetune_results",
        in_table(0, "f1_buy", 1.2),
        ("column 'f1_buy'", "fold 0, variant filter", "found 1.2"),
    ),
    ("finetune_results", in_table(1, "f1_buy", 1.5), ("column 'f1_buy'", "regime up", "found 1.5")),
    (
        "finetune_results",
        in_table(2, "auc_influence", 0.5),
        ("auc_influence must sum to 0", "variant baseline"),
    ),
    ("finetune_results", in_table(3, "roc_auc", 1.5), ("column 'roc_auc'", "repeat 1", "found 1.5")),
    ("finetune_results", in_table(4, "precision", 1.5), ("column 'precision'", "top_share 0.1", "found 1.5")),
    ("finetune_results", in_table(5, "p_buy", 1.5), ("column 'p_buy'", "cleaner filter", "timestamp 2021")),
    (
        "finetune_results",
        lambda found: (found[0].iloc[:-1], *found[1:]),
        (
            "has the wrong number of rows",
            "found 9 rows; allowed: 10",
            "Materialise finetune_results again",
        ),
    ),
    ("label_ceiling", in_table(0, "roc_auc", 1.2), ("column 'roc_auc'", "noise", "found 1.2")),
    ("label_ceiling", in_table(0, "noise", "truth"), ("added noise has an exposure above 0",)),
    (
        "label_ceiling",
        lambda found: (found[0].iloc[1:],),
        ("label_ceiling has the wrong number of rows", "found 23 rows; allowed: 24"),
    ),
    ("noise_audit", in_table(0, "role", "oracle"), ("column 'role'", "detector", "found 'oracle'")),
    ("noise_audit", in_table(1, "treated", np.nan), ("only status ok is measured",)),
    (
        "noise_audit",
        lambda found: (found[0].iloc[:0], found[1].iloc[:0]),
        ("noise_audit has the wrong number of rows", "found 0 rows; allowed: at least 1"),
    ),
    (
        "gate_decision",
        in_table(1, "verdict", "MAYBE"),
        ("column 'verdict'", "level filter", "found 'MAYBE'"),
    ),
    ("gate_decision", in_table(0, "p_value", 1.2), ("column 'p_value'", "metric f1_buy", "found 1.2")),
    (
        "gate_decision",
        lambda found: (found[0].iloc[:0], *found[1:]),
        ("gate_metrics has the wrong number of rows", "found 0 rows"),
    ),
]


def judge(asset: str, stored: StoredInMemory) -> str:
    """Run a generated check and give its summary."""
    if asset in SWEEP_CONTRACTS:
        return SWEEP_CONTRACTS[asset].validate(stored)
    return contract_check(asset).judge(stored).summary


@pytest.mark.parametrize("asset", CONTRACTS)
def test_the_contract_check_passes_on_good_values(asset: str, stored: StoredInMemory):
    assert judge(asset, stored)


@pytest.mark.parametrize(("asset", "plant", "words"), DEFECTS)
def test_the_contract_check_names_crypto_column_row_and_rule_of_a_defect(
    asset: str, plant: Callable[[Any], Any], words: tuple[str, ...], stored: StoredInMemory
):
    stored.values[asset] = plant(stored.values[asset])
    with pytest.raises(InputError) as refused:
        judge(asset, stored)
    for word in (CRYPTO, *words):
        assert word in str(refused.value)


def test_every_contract_has_a_defect_that_its_check_finds():
    assert {asset for asset, _, _ in DEFECTS} == set(CONTRACTS)
