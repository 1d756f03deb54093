"""A full or read-only disk: one line says so, nothing stored is lost, and the sweep goes on later.

The disk is a small tmpfs. Where mounting is not permitted these tests skip and say so; the limit on the size
of a file, which the kernel enforces for everybody, is tested everywhere.
"""

from __future__ import annotations

import functools
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ftf_assets.storage.home import Home
from ftf_assets_tests.faults.conftest import Figure
from ftf_assets_tests.faults.scale import SCALE
from ftf_assets_tests.faults.test_damaged_homes import assert_one_line
from ftf_assets_tests.faults.undisturbed import Sweeps, assert_nothing_half_written, assert_undisturbed
from ftf_assets_tests.support.processes import run_ftf

pytestmark = pytest.mark.faults

#: Kilobytes; the full sweep needs about 16,000. CI takes sizes that stop its sweep in different places.
SIZES = (
    (300, 600, 1_200, 2_500, 4_000, 6_000, 8_000, 10_000, 12_000, 14_000) if SCALE == "full" else (300, 4_000)
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, 64 MB until it is resized."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def test_a_sweep_on_a_disk_that_fills_up_says_so_and_goes_on_once_there_is_room(
    sweeps: Sweeps, disk: Path, figure: Figure
):
    places = []
    for size in SIZES:
        remount(disk, f"size={size}k")
        home = Home(disk / "home")
        stopped = sweeps.run(home)
        assert_one_line(stopped)
        message = stopped.stderr.splitlines()[-1]
        assert any(said in message for said in ("full", "No space left", "disk I/O error")), message
        places.append(message.removeprefix("ftf: ").split("/")[0].strip())
        remount(disk, "size=64m")
        assert_nothing_half_written(home)
        if SCALE == "full" or size == SIZES[-1]:
            assert sweeps.run(home).wait() == 0
            assert_undisturbed(home, sweeps)
        shutil.rmtree(home.path)
    figure(f"{len(SIZES)} sizes of disk, one line each ({', '.join(sorted(set(places)))}…); resumed: equal")


def test_old_results_outlive_a_later_sweep_on_a_full_disk(sweeps: Sweeps, disk: Path, figure: Figure):
    home = sweeps.finished(disk / "home")
    place = os.statvfs(disk)
    used = (place.f_blocks - place.f_bfree) * place.f_frsize // 1024
    for free in (200, 900, 3_000) if SCALE == "full" else (900,):
        remount(disk, f"size={used + free}k")
        assert_one_line(sweeps.run(home, "--seed", "8"))
        (sweep_id,) = sweeps.undisturbed["sweeps"]["sweep_id"]
        remount(disk, "size=64m")
        assert_undisturbed(home, sweeps, sweep_id=sweep_id)
    figure("another sweep stopped by the full disk in one line, the old sweep's tables equal")


@pytest.mark.parametrize("command", ["results", "suspects"])
def test_a_read_only_home_can_be_read(sweeps: Sweeps, disk: Path, command: str):
    home = sweeps.finished(disk / "home")
    remount(disk, "ro")
    done = run_ftf([command, "--home", str(home.path)], sweeps.logs)
    assert done.wait() == 0, done.stderr


@pytest.mark.parametrize("command", ["sweep", "gate", "report", "ui"])
def test_a_read_only_home_is_named_in_one_line_by_each_command_that_writes(
    sweeps: Sweeps, disk: Path, command: str
):
    home = sweeps.finished(disk / "home")
    remount(disk, "ro")
    words = sweeps.command(home) if command == "sweep" else [command, "--home", str(home.path)]
    assert_one_line(run_ftf(words, sweeps.logs), str(home.path), "Read-only file system")
    assert_undisturbed(Home(shutil.copytree(home.path, disk.parent / "copy")), sweeps)


def limit_file_size(n_bytes: int) -> None:
    """Have the kernel refuse files beyond a size: writes end as on a disk that has no room for them."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, resource.RLIM_INFINITY))


@pytest.mark.parametrize("kilobytes", (30, 300, 1_000) if SCALE == "full" else (300,))
def test_a_limit_on_the_size_of_files_ends_a_sweep_in_one_line(
    sweeps: Sweeps, homes: Iterator[Home], kilobytes: int
):
    home = next(homes)
    stopped = sweeps.run(home, prepare=functools.partial(limit_file_size, kilobytes * 1024))
    assert_one_line(stopped)
    assert_nothing_half_written(home)
    assert sweeps.run(home).wait() == 0
    assert_undisturbed(home, sweeps)
