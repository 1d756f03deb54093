"""Behind the boundary a pandas object is an error that names the argument, and nothing converts it."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jaxtyping import TypeCheckError

import ftf_assets
from ftf_assets.contracts.arrays import TrainingArrays
from ftf_assets.contracts.bundles import SmoothedLabels
from ftf_assets.labels.cleaning.confident_learning import flag_label_issues, label_quality
from ftf_assets.labels.cleaning.suspect_cap import cap_per_class
from ftf_assets.labels.cleaning.suspect_treatments import clean
from ftf_assets.labels.sample_weight import average_uniqueness
from ftf_assets.labels.smoothing import recover_hard_labels, smooth_labels
from ftf_assets.training.boosting import ValidationSlice, bin_features, fit_booster
from ftf_assets.training.folds.walk_forward import walk_forward_folds
from ftf_assets.training.metrics import classification_metrics
from ftf_assets.training.threshold import f1_optimal_threshold

ROOT = Path(ftf_assets.__file__).parent
#: Where pandas becomes NumPy: on the way to a fit, and on the way to the gate.
BOUNDARY = ("contracts/coercion/conversion.py", "contracts/gate_rows_coercion.py")


def public_functions() -> Iterator[tuple[str, object]]:
    """Every function of the pure packages of arrays that takes arguments and has no underscore."""
    for package in ("ftf_assets.audit", "ftf_assets.invariants", "ftf_assets.labels", "ftf_assets.training"):
        for module_info in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            module = importlib.import_module(module_info.name)
            for name, member in vars(module).items():
                own = callable(member) and getattr(member, "__module__", "") == module.__name__
                if not own or inspect.isclass(member) or name.startswith("_"):
                    continue
                if inspect.signature(member).parameters:
                    yield f"{module.__name__}.{name}", member


PUBLIC = dict(public_functions())


def is_checked_at_run_time(function: object) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and Path(code.co_filename) == ROOT / "contracts/typed.py"


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_of_the_pure_packages_checks_its_types_at_run_time(name):
    assert is_checked_at_run_time(PUBLIC[name]), f"decorate {name} with contracts.typed.typed"


def test_the_public_functions_are_found():
    assert len(PUBLIC) > 25
    assert {
        "ftf_assets.audit.kinds.bursts.block_copy",
        "ftf_assets.labels.cleaning.suspect_treatments.clean",
        "ftf_assets.training.fit_task.execute_fit",
    } <= set(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_function_refuses_a_dataframe_by_the_name_of_its_argument(name):
    frame = pd.DataFrame({"rsi_14": [0.0, 1.0]})
    parameters = inspect.signature(PUBLIC[name]).parameters
    with pytest.raises(TypeCheckError, match=rf"parameter '{next(iter(parameters))}'"):
        PUBLIC[name](**{one: frame for one, of in parameters.items() if of.kind != of.VAR_POSITIONAL})


Y = np.array([0, 1, 0, 1], np.int8)
P = np.array([0.2, 0.7, 0.6, 0.4])
FLAGS = np.array([False, False, True, True])
WEIGHT = np.ones(4, np.float32)
X = np.arange(8, dtype=np.float32).reshape(4, 2)
TIMES = np.arange(4, dtype=np.int64)
JUDGED = {"y": Y, "suspect": FLAGS, "quality": P, "probability": P, "base_weight": WEIGHT}
ROWS = {
    "X": X, "y": Y, "start": TIMES, "end": TIMES, "label_return": WEIGHT, "base_weight": WEIGHT,
    "feature_names": ("a", "b"),
}  # fmt: skip
FIT = {"parameters": {}, "rounds": 1, "seed": 1}
STRICT = {
    "smooth_labels": (smooth_labels, {"hard": WEIGHT, "epsilon_buy": 0.1, "epsilon_hold": 0.0}),
    "average_uniqueness": (average_uniqueness, {"start": TIMES, "end": TIMES, "bar": 1}),
    "recover_hard_labels": (recover_hard_labels, {"soft": WEIGHT}),
    "label_quality": (label_quality, {"y": Y, "probability": P, "method": "self_confidence"}),
    "flag_label_issues": (flag_label_issues, {"y": Y, "probability": P}),
    "cap_per_class": (cap_per_class, {"flagged": FLAGS, "quality": P, "y": Y, "share": 0.5}),
    "clean": (clean, {"level": "reweight", **JUDGED, "seed": 1}),
    "TrainingArrays": (TrainingArrays, ROWS),
    "bin_features": (bin_features, {"X": X, "parameters": {}}),
    "fit_booster": (fit_booster, {"binned": bin_features(X, {}), "labels": WEIGHT, "weight": WEIGHT, **FIT}),
    "ValidationSlice": (ValidationSlice, {"X": X, "y": Y}),
    "walk_forward_folds": (
        walk_forward_folds,
        {"start": TIMES, "end": TIMES, "edges": TIMES[1:3], "embargo": 0},
    ),
    "f1_optimal_threshold": (f1_optimal_threshold, {"y": Y, "probability": P}),
    "classification_metrics": (
        classification_metrics,
        {"y": Y, "probability": P, "threshold": 0.5, "seed": 1},
    ),
}  # fmt: skip
ARGUMENTS = [
    pytest.param(function, arguments, name, id=f"{of}({name})")
    for of, (function, arguments) in STRICT.items()
    for name, value in arguments.items()
    if isinstance(value, np.ndarray)
]


@pytest.mark.parametrize(("function", "arguments", "name"), ARGUMENTS)
def test_a_pandas_object_is_refused_with_its_argument_its_value_and_the_expected_type(
    function, arguments, name
):
    function(**arguments)
    value = arguments[name]
    index = pd.date_range("2021-04-01", periods=len(value), freq="h", tz="UTC")
    sent = pd.DataFrame(value, index=index) if value.ndim == 2 else pd.Series(value, index=index)
    with pytest.raises(TypeCheckError) as refused:
        function(**arguments | {name: sent})
    message = str(refused.value)
    assert f"parameter '{name}'" in message
    assert "2021-04-01 00:00:00+00:00" in message  # the value that came
    assert f"Expected type: <class '{value.dtype.name.capitalize()}[ndarray, " in message


def test_a_list_is_refused_where_an_array_is_expected():
    with pytest.raises(TypeCheckError, match=r"parameter 'y'.*\n.*\[0, 1, 0, 1\]"):
        flag_label_issues(Y.tolist(), P)


@pytest.mark.parametrize(
    ("function", "changed", "parameter"),
    [
        (flag_label_issues, {"y": Y.astype(np.int64), "probability": P}, "y"),
        (flag_label_issues, {"y": Y, "probability": P.astype(np.float32)}, "probability"),
        (flag_label_issues, {"y": Y, "probability": P[1:]}, "probability"),
        (TrainingArrays, {**ROWS, "X": X[1:]}, "y"),
        (TrainingArrays, {**ROWS, "end": TIMES[1:]}, "end"),
        (fit_booster, {"binned": bin_features(X, {}), "labels": Y, "weight": WEIGHT, **FIT}, "labels"),
        (SmoothedLabels, {"levels": {"mild": Y}}, "levels"),
    ],
    ids=["wide labels", "float32 P", "lengths", "rows of X", "rows of end", "labels of a fit", "soft int8"],
)
def test_dtypes_and_lengths_are_part_of_the_type(function, changed, parameter):
    with pytest.raises(TypeCheckError, match=f"parameter '{parameter}'"):
        function(**changed)


def conversions(path: Path) -> list[str]:
    """Find calls of ``.to_numpy`` and reads of ``.values``, but no calls of ``values()``."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (node.attr == "to_numpy" or (node.attr == "values" and node not in called))
    ]
    return [f"line {node.lineno}: {ast.unparse(node)}" for node in found]


def test_pandas_becomes_numpy_at_the_boundary_and_nowhere_else():
    found = {str(path.relative_to(ROOT)): conversions(path) for path in sorted(ROOT.rglob("*.py"))}
    assert all(found.pop(path) for path in BOUNDARY), (
        "the scan must find the conversions of the boundary itself"
    )
    # Sources parse the cells of foreign files; what they deliver are frames of the table contracts.
    behind = {path: where for path, where in found.items() if where and not path.startswith("sources/")}
    assert behind == {}
