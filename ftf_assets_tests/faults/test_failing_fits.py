"""A fit that runs out of memory is a failed cell; a fit whose process is killed is a failed crypto.

The operating system kills processes, not threads, so the process of one crypto is the least that it can
kill. The other cryptos are finished, and the same command goes on from the finished fits.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.kill_points import die
from ftf_assets_tests.faults.scale import N_CELLS, N_CELLS_A_CRYPTO, N_FOLDS, SCALE
from ftf_assets_tests.faults.undisturbed import Sweeps, assert_nothing_half_written, assert_undisturbed
from ftf_assets_tests.support.processes import run_ftf

pytestmark = pytest.mark.faults

LAST_FOLD = N_FOLDS - 1


def out_of_memory() -> None:
    raise MemoryError("cannot allocate 9.3 GiB for the histogram")


def allocate_too_much() -> None:
    """Ask the operating system for more memory than this process may have: its refusal, not ours."""
    import resource

    import numpy as np

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (64 * 2**30, hard))
    try:
        np.ones(2**35)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def fail_in(fault: Callable[[], None], variant: str, fold: int) -> None:
    """Raise ``fault`` in the fit thread of one cell of this process."""
    from ftf_assets.training import fit_task

    healthy = fit_task.execute_fit

    @functools.wraps(healthy)
    def execute_fit(task: Any, *arguments: Any) -> Any:
        if (task.crypto, task.name, task.fold) == ("OPUSDC", variant, fold):
            fault()
        return healthy(task, *arguments)

    fit_task.execute_fit = execute_fit


@pytest.mark.parametrize(
    "fault",
    [out_of_memory, allocate_too_much] if SCALE == "full" else [allocate_too_much],
    ids=lambda fault: fault.__name__,
)
def test_a_fit_that_runs_out_of_memory_is_one_failed_cell_and_a_rerun_heals_it(
    small_sweep: list[str], tmp_path: Path, figure: Figure, fault: Callable[[], None]
):
    home = Home(tmp_path / "home")
    command = [*small_sweep, "--home", str(home.path), "--json"]
    broken = run_ftf(command, tmp_path / "logs", prepare=functools.partial(fail_in, fault, "mild", LAST_FOLD))
    assert broken.wait() == 1, broken.stderr
    assert json.loads(broken.stdout)["statuses"] == {"ok": N_CELLS - 1, "training_failed": 1}
    rows = ResultsStore(home).read()
    (failed,) = rows[rows["status"] == "training_failed"].itertuples()
    assert (failed.crypto, failed.fold, failed.variant) == ("OPUSDC", LAST_FOLD, "mild")
    assert failed.error_stage == "fit"
    assert "MemoryError" in failed.error_type
    assert "Traceback" not in broken.stderr

    healed = run_ftf(command, tmp_path / "logs")
    assert healed.wait() == 0, healed.stderr
    assert json.loads(healed.stdout)["statuses"] == {"ok": N_CELLS}
    assert json.loads(healed.stdout)["sweep_id"] == json.loads(broken.stdout)["sweep_id"]
    figure(f"{fault.__name__}: 1 failed cell of {N_CELLS}, the others measured; all after a second run")


def test_a_crypto_whose_process_is_killed_is_named_the_others_land_and_a_rerun_heals_it(
    sweeps: Sweeps, homes: Iterator[Home], figure: Figure
):
    home = next(homes)
    broken = sweeps.run(home, prepare=functools.partial(fail_in, die, "mild", LAST_FOLD))
    assert broken.wait() == 1, broken.stderr
    lines = [line for line in broken.stderr.splitlines() if line.startswith("ftf: ")]
    assert len(lines) == 1
    assert lines[0].startswith(
        "ftf: OPUSDC: its process was killed by SIGKILL, probably because memory ran out"
    )
    assert ResultsStore(home).read().groupby("crypto").size().to_dict() == {"LDOUSDC": N_CELLS_A_CRYPTO}
    assert_nothing_half_written(home)
    healed = sweeps.run(home)
    assert healed.wait() == 0, healed.stderr
    assert_undisturbed(home, sweeps)
    figure(
        f"SIGKILL of one crypto's process: the other's {N_CELLS_A_CRYPTO} rows are stored; {N_CELLS}, all "
        "equal, after a second run"
    )
