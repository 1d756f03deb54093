"""Every example runs, in a folder of its own, and shows what it promises."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import nbformat
import pytest
from nbclient import NotebookClient

from ftf_assets.contracts.tables.gate_decision import DecisionTables
from ftf_assets.storage.results_store import ResultsStore

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*/*.ipynb"), key=lambda path: path.name)
SCRIPTS = sorted(EXAMPLES.glob("*/*.py"), key=lambda path: path.name)

#: What the output of each example must hold.
SHOWS = {
    "judge_published_results.ipynb": ("KEEP_AVAILABLE", "Whether outlier removal", "0.0197"),
    "sweep_own_features.ipynb": ("<table", "95 % interval", "roc_auc", "filter"),
    "sweep_own_candles.py": ("filter", "f1_always_buy", "The whole report: "),
    "train_with_treated_labels.py": ("cleanlab reweight", "average precision", "off"),
}


def environment() -> dict[str, str]:
    """That of a newcomer: no home is set, and the package is installed."""
    return {name: value for name, value in os.environ.items() if name not in ("FTF_HOME", "DAGSTER_HOME")}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_run_from_top_to_bottom(notebook: Path, tmp_path, monkeypatch):
    for name in ("FTF_HOME", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    pages = nbformat.read(notebook, as_version=4)
    NotebookClient(pages, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = json.dumps([cell.get("outputs", []) for cell in pages.cells], ensure_ascii=False)
    for shown in SHOWS[notebook.name]:
        assert shown in outputs
    assert '"output_type": "error"' not in outputs


@pytest.mark.parametrize(
    "script", [path for path in SCRIPTS if path.name in SHOWS], ids=lambda path: path.name
)
def test_scripts_run_as_they_are(script: Path, tmp_path):
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=tmp_path,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    for shown in SHOWS[script.name]:
        assert shown in done.stdout
    assert "Traceback" not in done.stderr


def test_a_dagster_project_takes_in_our_assets_and_acts_on_the_answer(finished_sweep, tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location(
        "own_definitions", EXAMPLES / "own_definitions" / "definitions.py"
    )
    project = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(project)
    graph = project.defs.resolve_asset_graph()
    assert graph.get(dg.AssetKey("treatment_in_production")).parent_keys == {dg.AssetKey("gate_decision")}

    def produced(home: Path) -> dict[str, str]:
        resources = {
            "home": project.HomeResource(path=str(home)),
            "production": project.Production(folder=str(tmp_path / "production")),
        }
        assert dg.materialize([project.treatment_in_production], resources=resources).success
        return json.loads((tmp_path / "production" / "label_treatment.json").read_text(encoding="utf-8"))

    found = produced(finished_sweep.home.path)
    verdicts = ResultsStore(finished_sweep.home).decision(finished_sweep.sweep.sweep_id).verdicts
    locked = verdicts[verdicts["verdict"] == "LOCK"]
    assert found == dict(zip(locked["factor"], locked["level"], strict=True))
    of_a_lock = verdicts.assign(verdict=["LOCK", *verdicts["verdict"][1:]])
    decided = DecisionTables(verdicts, of_a_lock, verdicts)
    monkeypatch.setattr(project.ResultsStore, "decision", lambda store, sweep_id: decided)
    assert produced(finished_sweep.home.path)[verdicts.loc[0, "factor"]] == verdicts.loc[0, "level"]


def test_dagster_loads_the_project_from_its_file(tmp_path):
    file = EXAMPLES / "own_definitions" / "definitions.py"
    command = [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-f", str(file)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, cwd=tmp_path, env=environment()
    )
    assert done.returncode == 0, done.stderr


def test_every_example_is_run_and_described_and_no_output_is_stored():
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for file in (*NOTEBOOKS, *SCRIPTS):
        assert f"]({file.relative_to(EXAMPLES).as_posix()})" in page
        assert file.name in SHOWS or file.name == "definitions.py"
    for notebook in NOTEBOOKS:
        for cell in nbformat.read(notebook, as_version=4).cells:
            assert not cell.get("outputs")
            assert cell.get("execution_count") is None
