"""A factor of another package is found by its entry point, and a bad one is refused by the package's name."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ftf_assets.contracts.bundles.outcome import Outcome
from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.labels import factor_registry
from ftf_assets.labels.apply_factors import treated_labels
from ftf_assets.labels.installed_factors import installed_factors

GOOD = """
from ftf_assets.labels.factor import WeightFactor

FACTOR = WeightFactor(
    name={name!r}, baseline="as_is", default_levels={default}, levels={levels},
    description="A toy.", treat=lambda level, rows, settings: rows.base_weight,
    identity={identity},
)
"""
LEVEL = 'lambda level, settings: {"level": level}'
SETTINGS = SimpleNamespace()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Install a package with one factor, as an installer leaves it."""

    def install(source: str, module: str = "toys_of_ours", *, package: bool = False) -> Path:
        file = tmp_path / module / "__init__.py" if package else tmp_path / f"{module}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(source, encoding="utf-8")
        about = tmp_path / "toys_of_ours-1.0.dist-info"
        about.mkdir(exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys-of-ours\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(f"[ftf_assets.factors]\ntoy = {module}:FACTOR\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, module, raising=False)
        return file

    return install


def source(
    name: object = "toy",
    default: str = '("as_is", "late")',
    levels: str = '("as_is", "late")',
    identity: str = LEVEL,
) -> str:
    return GOOD.format(name=name, default=default, levels=levels, identity=identity)


def test_an_installed_factor_is_found_and_its_source_is_part_of_its_levels_identity(install, monkeypatch):
    identities = []
    for text in (source(), source() + "# another comment\n"):
        install(text)
        (factor,) = installed_factors()
        identities.append(factor.identity("late", SETTINGS))
        monkeypatch.delitem(sys.modules, "toys_of_ours")
    assert factor.name == "toy"
    assert [identity["level"] for identity in identities] == ["late", "late"]
    assert identities[0]["source"] != identities[1]["source"]


@pytest.mark.parametrize(
    ("name", "n_sources"), [("shares.py", 2), ("shares.json", 2), ("shares.so", 2), ("shares.pyc", 1)]
)
def test_every_file_of_its_package_counts_but_bytecode(install, monkeypatch, name, n_sources):
    sources = set()
    for text in ("", "# edited\n"):
        file = install(source(), "toy_package", package=True)
        (file.parent / name).write_text(text)
        (factor,) = installed_factors()
        sources.add(factor.identity("late", SETTINGS)["source"])
        monkeypatch.delitem(sys.modules, "toy_package")
    assert len(sources) == n_sources


@pytest.mark.parametrize("record", [False, True], ids=["for editing", "from a wheel"])
def test_with_a_single_module_the_files_that_come_with_it_count(install, monkeypatch, record):
    sources = set()
    for shares, other in (("0.5", ""), ("0.9", ""), ("0.9", "of another package")):
        file = install(source())
        (file.parent / "shares.json").write_text(shares)
        (file.parent / "neighbour.txt").write_text(other)
        if record:
            (file.parent / "toys_of_ours-1.0.dist-info" / "RECORD").write_text(
                f"{file.name},,\nshares.json,,\ntoys_of_ours-1.0.dist-info/METADATA,,\n"
            )
        (factor,) = installed_factors()
        sources.add(factor.identity("late", SETTINGS)["source"])
        monkeypatch.delitem(sys.modules, "toys_of_ours")
    assert len(sources) == (2 if record else 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_library", "cannot be imported.*no_such_library"),
        ("FACTOR = 3", "is no factor.*found int; allowed: a LabelFactor"),
        (source(name="Toy 1"), "has a name that is none.*'Toy 1'"),
        (source(default='("late", "as_is")'), "has default levels that do not begin with its baseline"),
        (source(default='("as_is", "early")'), "or are not among its levels.*early"),
        (source(name=3), "has a name that is none.*found 3"),
        (source(default='["as_is", "late"]'), "has default_levels that are no tuple.*found .'as_is', 'late'"),
        (source(levels='"as_is"'), "has levels that are no tuple.*found 'as_is'"),
        (source(name="cleanlab"), "has names that a factor or level has already.*found cleanlab"),
        (
            source(levels='("as_is", "late", "mild")'),
            "has names that a factor or level has already.*found mild",
        ),
        (source(levels='("as_is", "late", "late")'), "has names that a factor or level has already.*late"),
        (source(levels='("as_is", "late", "baseline")'), "has names that a factor.*found baseline"),
        (source(name="fold"), "is named like a column of the results.*found fold"),
    ],
    ids=[
        *("import", "other object", "name", "baseline not first", "unknown default level"),
        *("number as name", "list of default levels", "levels that are a text", "name of another factor"),
        *("level of another factor", "level twice", "the baseline", "column of the results"),
    ],
)
def test_a_bad_one_is_refused_with_its_package_and_what_to_do(install, text, said):
    install(text)
    with pytest.raises(
        InputError,
        match=rf"(?s)toys_of_ours:FACTOR of the installed package toys-of-ours.*{said}.*"
        r"Correct it, or uninstall toys-of-ours",
    ):
        installed_factors()


def test_an_identity_that_fails_names_the_package(install):
    install(source(identity="lambda level, settings: settings.no_such_setting"))
    (factor,) = installed_factors()
    with pytest.raises(
        InputError, match=r"toys-of-ours has no identity of its level 'late'.*no_such_setting"
    ):
        factor.identity("late", SETTINGS)


BROKEN = """
import numpy as np
from ftf_assets.labels.factor import LabelFactor, RowFactor, WeightFactor

LATE = dict(
    name="toy", baseline="as_is", default_levels=("as_is", "late"), levels=("as_is", "late"), description=""
)


def shares(level):
    return np.ones(2)[level]


def treat(level, *arguments):
    return shares(level)


FACTOR = {factor}
"""


@pytest.mark.parametrize(
    ("factor", "functions"),
    [
        ("LabelFactor(**LATE, treat=treat)", ["treat"]),
        ("WeightFactor(**LATE, treat=treat)", ["treat"]),
        ("RowFactor(**LATE, judge=treat, treat=treat)", ["judge", "treat"]),
    ],
    ids=["labels", "weights", "rows"],
)
def test_what_a_factor_raises_says_the_line_of_its_package_that_raised_it(install, factor, functions):
    install(BROKEN.format(factor=factor))
    (found,) = installed_factors()
    for name in functions:
        with pytest.raises(IndexError) as raised:
            getattr(found, name)("late", None, None)
        (line,) = raised.value.__notes__
        assert line == "(toys_of_ours, line 11, in shares)"
        assert Outcome.failed(raised.value, "weighting").error_message.endswith(f"are valid indices {line}")


def test_what_a_factor_raises_outside_of_its_package_says_the_function(install):
    install(BROKEN.format(factor="WeightFactor(**LATE, treat=lambda level: None)"))
    (found,) = installed_factors()
    with pytest.raises(TypeError) as raised:
        found.treat("late", None, None)
    assert raised.value.__notes__ == ["(treat of the factor toys_of_ours:FACTOR)"]


def test_what_a_factor_raises_on_purpose_stays_as_it_is(install):
    raises = (
        BROKEN
        + """

def refuse(*arguments):
    from ftf_assets.contracts.errors import CellError
    raise CellError("weighting", "no weight for this fold")


FACTOR = WeightFactor(**LATE, treat=refuse)
"""
    )
    install(raises.format(factor="None"))
    (found,) = installed_factors()
    with pytest.raises(CellError) as raised:
        found.treat("late", None, None)
    assert Outcome.failed(raised.value, "fit").error_message == "no weight for this fold"


@pytest.mark.parametrize(
    ("gives", "found"),
    [
        ("labels.astype('float64')", r"an array of float64, shape \(3,\)"),
        ("labels[1:]", r"an array of float32, shape \(2,\)"),
        ("None", "NoneType"),
    ],
)
def test_labels_of_another_type_or_number_are_refused_with_the_factor(
    install, monkeypatch, make_plan, gives, found
):
    install(BROKEN.format(factor=f"LabelFactor(**LATE, treat=lambda level, labels, settings: {gives})"))
    (factor,) = installed_factors()
    monkeypatch.setattr(factor_registry, "FACTORS", {"toy": factor})
    labels = np.array([0, 1, 1], np.int8)
    with pytest.raises(
        InputError, match=rf"toy = late gives labels of another type.*found {found}; allowed: .*float32.*\(3,"
    ):
        treated_labels((("toy", "late"),), labels, make_plan())
