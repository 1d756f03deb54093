"""The cores that a container may use: by the files that the kernel gives it, of both versions."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ftf_assets.storage import cpu_core_locks
from ftf_assets.storage.cpu_core_locks import n_cores
from ftf_assets.storage.cpu_limit import limited_cores

V1 = "4:memory:/pod\n3:cpu,cpuacct:/\n0::/\n"


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        pytest.param("0::/\n", {"cpu.max": "200000 100000\n"}, 2.0, id="a container"),
        pytest.param("0::/\n", {"cpu.max": "max 100000\n"}, math.inf, id="no limit"),
        pytest.param(
            "0::/team/job\n",
            {"team/cpu.max": "150000 100000\n", "team/job/cpu.max": "400000 100000\n"},
            1.5,
            id="the group above has less",
        ),
        pytest.param("0::/pods/7\n", {"cpu.max": "50000 100000\n"}, 0.5, id="a path of the host's"),
        pytest.param(
            V1, {"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3.0, id="version 1"
        ),
        pytest.param(
            V1, {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, math.inf, id="v1, none"
        ),
        pytest.param("", {}, math.inf, id="not Linux"),
    ],
)
def test_the_limit_of_a_container_is_read(tmp_path: Path, groups: str, files: dict[str, str], cores: float):
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups, encoding="ascii")
    for name, text in files.items():
        file = tmp_path / "sys" / "fs" / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
    assert limited_cores(tmp_path) == cores


@pytest.mark.parametrize(
    ("workers", "limit", "cores"), [(None, 1.5, 2), (None, 0.2, 1), (None, math.inf, 8), (6, 1.5, 6)]
)
def test_fits_at_a_time_follow_the_limit_unless_they_are_set(monkeypatch, workers, limit, cores):
    monkeypatch.setattr(cpu_core_locks.os, "sched_getaffinity", lambda _: range(8))
    monkeypatch.setattr(cpu_core_locks, "limited_cores", lambda: limit)
    assert n_cores(workers) == cores
