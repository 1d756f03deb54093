"""The examples in docstrings are run and right, and the functions that people look up first have one."""

from __future__ import annotations

import doctest
import functools
import importlib
import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import numpy as np
import pytest

import ftf_assets

ROOT = Path(ftf_assets.__file__).parent

METHODS = (FunctionType, classmethod, staticmethod, property, functools.cached_property)

#: What a newcomer asks of the product: how rows are split, labelled, treated and scored.
LOOKED_UP_FIRST = {
    "ftf_assets.api": {"apply_label_treatment"},
    "ftf_assets.labels.cleaning.confident_learning": {"label_quality"},
    "ftf_assets.labels.cleaning.suspect_cap": {"cap_per_class"},
    "ftf_assets.labels.cleaning.suspect_treatments": {"clean"},
    "ftf_assets.labels.sample_weight": {"average_uniqueness", "time_decay"},
    "ftf_assets.labels.smoothing": {"smooth_labels"},
    "ftf_assets.labels.triple_barrier": {"triple_barrier"},
    "ftf_assets.sources.candles.table": {"bar_table"},
    "ftf_assets.training.auc_influence": {"auc_influence"},
    "ftf_assets.training.folds.calendar_edges": {"calendar_edges"},
    "ftf_assets.training.folds.inner_folds": {"inner_folds"},
    "ftf_assets.training.folds.out_of_fold_blocks": {"out_of_fold_blocks"},
    "ftf_assets.training.folds.purge_and_embargo": {"held_out_span", "purge"},
    "ftf_assets.training.folds.walk_forward": {"walk_forward_folds"},
    "ftf_assets.training.metrics": {"breakeven_precision", "classification_metrics"},
    "ftf_assets.training.threshold": {"f1_optimal_threshold", "top_share_threshold"},
    "ftf_assets.training.trades": {"simulate_trades", "trade_statistics"},
    "ftf_assets.training.variants": {"expand_variants", "parse_factors"},
}


def lines_of_examples(path: Path) -> int:
    return sum(line.lstrip().startswith(">>> ") for line in path.read_text(encoding="utf-8").splitlines())


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


#: Only modules with an example are imported: the others would cost seconds.
MODULES = {module_name(path): path for path in sorted(ROOT.rglob("*.py")) if lines_of_examples(path)}


def documented(module: ModuleType) -> Iterator[tuple[str, object]]:
    """The module, and every function, class and method that it defines.

    The finder of ``doctest`` passes over functions whose types are checked at run time: their wrapper belongs
    to another module.
    """
    yield module.__name__, module
    for name, member in vars(module).items():
        if getattr(member, "__module__", None) != module.__name__ or not callable(member):
            continue
        yield name, member
        if inspect.isclass(member):
            for inner, method in vars(member).items():
                if isinstance(method, METHODS):
                    yield f"{name}.{inner}", getattr(method, "__func__", method)


@functools.cache
def examples(name: str) -> dict[str, doctest.DocTest]:
    module = importlib.import_module(name)
    parse = doctest.DocTestParser().get_doctest
    found = {
        title: parse(inspect.getdoc(member) or "", {"np": np, **vars(module)}, title, str(MODULES[name]), 0)
        for title, member in documented(module)
    }
    return {title: test for title, test in found.items() if test.examples}


def failures(tests: Iterable[doctest.DocTest]) -> str:
    """Run examples and return what doctest reports of those that fail."""
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    report: list[str] = []
    for test in tests:
        runner.run(test, out=report.append, clear_globs=False)
    return "".join(report)


@pytest.mark.parametrize("name", MODULES)
def test_every_example_gives_what_it_says(name: str):
    assert failures(examples(name).values()) == ""


@pytest.mark.parametrize("name", MODULES)
def test_no_example_is_left_out(name: str):
    found = sum(len(test.examples) for test in examples(name).values())
    assert found == lines_of_examples(MODULES[name])


@pytest.mark.parametrize("name", LOOKED_UP_FIRST)
def test_what_people_look_up_first_has_an_example(name: str):
    assert name in MODULES
    assert LOOKED_UP_FIRST[name] <= set(examples(name))


def test_a_wrong_example_is_reported():
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert "Expected:\n    3\nGot:\n    2" in failures([wrong])
