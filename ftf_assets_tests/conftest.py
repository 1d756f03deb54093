"""The shared fixtures: one set of rows as production sends them, and a training run in memory."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import settings

from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.coercion import coerce_training_data
from ftf_assets.training.plan import TrainingPlan
from ftf_assets_tests.support.production import (
    CRYPTO,
    MemoryFitStore,
    ProductionData,
    Trained,
    feature_cache,
    plan_of,
    production_rows,
    train,
)
from ftf_assets_tests.support.workers import shared_folder

if TYPE_CHECKING:
    from ftf_assets_tests.support.small_sweep import FinishedSweep

HERE = Path(__file__).parent

# As the command does: the tests of the report take 36.5 s of processor time instead of 40.4, side by side.
gc.set_threshold(100_000)

# A busy machine is no broken property: examples are judged by their result, never by their wall time.
settings.register_profile("ftf", deadline=None)
settings.load_profile("ftf")


#: Rooms whose coverage `make test` measures. Tracing costs a test a third of its time, and the tests of the
#: other rooms would pay it for nothing.
COVERED_ROOMS = {"audit", "contracts", "gate", "invariants", "labels", "training"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, and measure coverage only in the tests of the covered rooms."""
    for marker in ("slow", "first"):
        items.sort(key=lambda item: item.get_closest_marker(marker) is None)
    for item in items:
        if item.path.relative_to(HERE).parts[0] not in COVERED_ROOMS:
            item.add_marker("no_cover")


@pytest.fixture(scope="session", autouse=True)
def _own_cores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A machine's folder for this process alone: tests that run side by side do not wait for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("machine")))
        yield


@pytest.fixture(scope="session")
def _feature_cache() -> pd.DataFrame:
    return feature_cache()


@pytest.fixture
def production_data(_feature_cache: pd.DataFrame) -> ProductionData:
    """The same rows as ``DataFrame`` + ``Series``, as production sends them, and as arrays; a fresh copy."""
    return production_rows(_feature_cache.copy())


@pytest.fixture(scope="session")
def training_arrays(_feature_cache: pd.DataFrame) -> TrainingArrays:
    """The production rows behind the boundary, read-only."""
    arrays = coerce_training_data(**production_rows(_feature_cache).arrays, crypto=CRYPTO)
    for values in (arrays.X, arrays.y, arrays.start, arrays.end, arrays.label_return, arrays.base_weight):
        values.setflags(write=False)
    return arrays


@pytest.fixture
def make_plan(training_arrays: TrainingArrays) -> Callable[..., TrainingPlan]:
    """A plan of the production rows: the standard protocol, changed by keywords."""
    return lambda **changes: plan_of(training_arrays, **changes)


@pytest.fixture
def fit_store() -> MemoryFitStore:
    """An empty fit store."""
    return MemoryFitStore()


@pytest.fixture(scope="session")
def standard_run(training_arrays: TrainingArrays) -> Trained:
    """The standard protocol on the production rows, every stage. Read only: it is shared."""
    return train(plan_of(training_arrays), training_arrays)


@pytest.fixture(scope="session")
def finished_sweep(tmp_path_factory: pytest.TempPathFactory) -> FinishedSweep:
    """The small sweep, finished in a home of its own, with its pictures. Read only: it is shared."""
    from ftf_assets.running.sweep_run import run_sweep  # seconds to import, and most tests do without
    from ftf_assets.storage.home import Home
    from ftf_assets_tests.support.small_sweep import FinishedSweep, small_sweep

    sweep = small_sweep()
    with shared_folder(tmp_path_factory, "finished_sweep") as (folder, empty):
        home, record = Home(folder / "home"), folder / "record.json"
        if empty:
            with pytest.MonkeyPatch.context() as environment:
                for name in ("DAGSTER_HOME", "FTF_HOME"):
                    environment.setenv(name, "")
                    environment.delenv(name)
                done = FinishedSweep(sweep, home, run_sweep(sweep, home, on_fit=lambda event: None))
            record.write_text(json.dumps(done.record), encoding="utf-8")
    return FinishedSweep.open(sweep, home, json.loads(record.read_text(encoding="utf-8")))
