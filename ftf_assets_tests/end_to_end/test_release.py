"""What is released has the same bytes everywhere, is complete, and works in an empty environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from ftf_assets import __version__
from ftf_assets_tests.support.settings import set_options

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
BUILD = [TOOLS / "uv", "build", "--quiet", "--no-build-isolation"]
WHEEL = f"ftf_assets-{__version__}-py3-none-any.whl"
SOURCES = f"ftf_assets-{__version__}.tar.gz"


def build(sources: Path, to: Path, umask: int) -> Path:
    shutil.copytree(ROOT / "ftf_assets", sources / "ftf_assets", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", ".gitignore"):
        # Another time and other rights, as another clone has them.
        (sources / name).write_bytes((ROOT / name).read_bytes())
    run(
        [*BUILD, "--python", sys.executable, "--out-dir", to],
        cwd=sources,
        umask=umask,
        env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"},
    )
    return to


def run(command: list[object], **options: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    (folder / "clone").mkdir()
    return build(folder / "clone", folder / "dist", umask=0o022)


def test_two_clones_build_the_same_bytes(released: Path, tmp_path: Path):
    (tmp_path / "clone").mkdir()
    again = build(tmp_path / "clone", tmp_path / "dist", umask=0o077)
    for name in (WHEEL, SOURCES):
        assert (again / name).read_bytes() == (released / name).read_bytes(), name


def test_both_hold_the_whole_package_and_nothing_else(released: Path):
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ftf_assets").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wheel = {name for name in zipfile.ZipFile(released / WHEEL).namelist() if ".dist-info/" not in name}
    with tarfile.open(released / SOURCES) as archive:
        sources = {name.split("/", 1)[1] for name in archive.getnames()}
    assert wheel == package
    assert sources >= package | {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"}
    assert not {name.split("/")[0] for name in sources} & {"ftf_assets_tests", "benchmarks", ".github"}


def test_the_metadata_are_complete(released: Path):
    assert "PASSED" in run([TOOLS / "twine", "check", "--strict", released / WHEEL, released / SOURCES])
    with zipfile.ZipFile(released / WHEEL) as wheel:
        metadata = wheel.read(f"ftf_assets-{__version__}.dist-info/METADATA").decode()
        assert f"ftf_assets-{__version__}.dist-info/licenses/LICENSE" in wheel.namelist()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: <3.15,>=3.11" in metadata
    assert "Provides-Extra: exchange" in metadata
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in cited
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_wheel_sweeps_the_market_in_an_empty_environment(released: Path, tmp_path: Path):
    environment, home = tmp_path / "environment", tmp_path / "home"
    run([TOOLS / "uv", "venv", "--quiet", "--python", sys.executable, environment])
    locked = ["--constraint", ROOT / "requirements.lock"]
    install = [TOOLS / "uv", "pip", "install", "--quiet", "--python", environment / "bin" / "python"]
    run([*install, *locked, released / WHEEL])
    ours = ("FTF_", "DAGSTER_", "PYTHON")
    clean = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    small = set_options(n_folds=2, min_rounds=5, max_rounds=16, patience=5, seeds=1, enabled=False)
    shown = run(
        [environment / "bin" / "ftf", "sweep", "--trials", "0", "--crypto", "OPUSDC", "--home", home, *small],
        cwd=tmp_path,
        env=clean,
    )
    assert "10 cells: 10 ok" in shown
    assert list((home / "reports").glob("*.html"))
