"""A run on a GPU never forks a process that has opened CUDA.

No GPU is needed: a stand-in for CUDA's driver, below XGBoost and below this package, notes who opens it and
who forks after that. As with the real one, a child that is forked after that can use no GPU.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore

pytestmark = pytest.mark.end_to_end

FOLDER = Path(__file__).with_name("stand_in_gpu")
REPOSITORY = Path(__file__).parents[2]

#: One crypto, one fold, short fits that stop early; two fits at a time.
SWEEP = (
    *("sweep", "--json", "--crypto", "OPUSDC", "--factor", "label_smoothing=mild", "--trials", "0"),
    *("--set", "folds.n_folds=1", "--set", "training.min_rounds=3", "--set", "training.max_rounds=6"),
    *("--set", "training.patience=2", "--set", "training.seeds=1", "--set", "ceiling.enabled=false"),
    *("--set", "run.gpu_fits=2"),
)


@dataclass(frozen=True)
class StandIn:
    """The stand-in GPUs: the environment in which they are visible, and what they have noted."""

    environment: dict[str, str]
    log: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def notes(self) -> dict[str, set[int]]:
        """Processes by what they did: ``opened``, or ``forked`` after it."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for line in self.log.read_text().splitlines() if self.log.exists() else ():
            what, pid = line.split()
            found[what].add(int(pid))
        return found


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("no C compiler, or no Linux: the stand-in GPU cannot be built")
    library = tmp_path / "libcuda.so.1"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-pthread", "-o", str(library), str(FOLDER / "libcuda.c")], check=True
    )
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(FOLDER), str(REPOSITORY)]),
        "STAND_IN_LOG": str(tmp_path / "log"),
        "FTF_HOME": str(tmp_path / "home"),
    }
    return StandIn(environment, tmp_path / "log")


def test_a_sweep_on_a_gpu_fits_every_cell_and_forks_no_process_that_opened_it(
    stand_in: StandIn, tmp_path: Path
):
    done = stand_in.run("-m", "ftf_assets.command", *SWEEP, "--device", "cuda:1")
    assert done.returncode == 0, done.stderr
    cells = ResultsStore(Home(tmp_path / "home")).read()
    assert list(cells["status"]) == ["ok", "ok"]
    notes = stand_in.notes()
    assert len(notes["opened"]) == 2, "the check of the device and the run of the crypto"
    assert notes["forked"] == set()


_FORKS_AFTER = """
import os
import ftf_assets.training.boosting as boosting
boosting.require_device("cuda")
if os.fork() == 0:
    boosting.require_device("cuda")
os.wait()
"""


def test_the_stand_in_sees_a_fork_of_a_process_that_opened_it_and_refuses_its_child(stand_in: StandIn):
    done = stand_in.run("-c", _FORKS_AFTER)
    assert "no GPU is visible" in done.stderr
    notes = stand_in.notes()
    assert notes["forked"] == notes["opened"] != set()


def test_a_gpu_that_does_not_exist_is_refused_before_anything_is_written(stand_in: StandIn, tmp_path: Path):
    done = stand_in.run("-m", "ftf_assets.command", *SWEEP, "--device", "cuda:2")
    assert done.returncode == 2
    assert done.stderr.endswith(
        "\nftf: there is no GPU with this number (found cuda:2; allowed: cpu, cuda, cuda:1). Choose another "
        "--device, or make the GPU visible with CUDA_VISIBLE_DEVICES.\n"
    )
    assert not (tmp_path / "home").exists()
    assert len(stand_in.notes()["opened"]) == 1
    assert stand_in.notes()["forked"] == set()
