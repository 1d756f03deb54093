"""Memory of fits: predictions are those measured, and no more rows are binned at a time than fit."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from ftf_assets.training.fit_memory import SPARE_BYTES, BinningRoom, binning_bytes

MEASURE = """
import numpy as np, xgboost, sys
def of_this_process(name):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(name))
X = np.random.default_rng(1).standard_normal((int(sys.argv[1]), int(sys.argv[2])), dtype=np.float32)
xgboost.QuantileDMatrix(X[:200, :3], nthread=1)
open("/proc/self/clear_refs", "w").write("5")
before = of_this_process("VmRSS")
matrix = xgboost.QuantileDMatrix(X, max_bin=int(sys.argv[3]), nthread=1)
print(of_this_process("VmHWM") - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory of a process from /proc")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "features", "bins"), [(4_500, 400, 256), (18_000, 200, 256), (72_000, 50, 64)]
)
def test_the_prediction_bounds_what_binning_takes(rows: int, features: int, bins: int) -> None:
    command = [sys.executable, "-c", MEASURE, str(rows), str(features), str(bins)]
    measured = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    predicted = binning_bytes(rows, features, bins)
    assert measured < 1.1 * predicted
    assert predicted < 1.7 * measured


def test_memory_grows_with_features_and_more_slowly_than_rows() -> None:
    assert binning_bytes(18_000, 400, 256) == 4 * binning_bytes(18_000, 100, 256)
    assert binning_bytes(1_000_000, 50, 256) < 4_000_000 * 50
    assert binning_bytes(0, 50, 256) == 0


def test_fits_wait_until_there_is_room_to_bin() -> None:
    room, at_once, most = BinningRoom(), [], []
    needs = 0.6 * SPARE_BYTES

    def work() -> None:
        with room.fit(0), room.bin(int(needs)):
            at_once.append(1)
            most.append(len(at_once))
            time.sleep(0.01)
            at_once.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_each_running_fit_makes_room_for_three_matrices() -> None:
    room = BinningRoom()
    with room.fit(SPARE_BYTES), room.bin(SPARE_BYTES), room.fit(0), room.bin(3 * SPARE_BYTES):
        pass  # both at a time: it would wait for ever without the room of the first fit


def test_a_fit_that_needs_more_than_there_is_bins_alone() -> None:
    room = BinningRoom()
    with room.fit(0), room.bin(10 * SPARE_BYTES):
        pass


def test_a_fit_that_fails_gives_its_room_back() -> None:
    room = BinningRoom()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), room.fit(0), room.bin(10 * SPARE_BYTES):
            _ = 1 / 0
