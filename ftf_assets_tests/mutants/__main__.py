"""Plant each defect of the table in a copy of the tree and run the tests that should catch it.

    python -m ftf_assets_tests.mutants [--room ROOM]…

The working tree is never changed. First the named tests must pass on the unchanged copy, because a test that
fails anyway catches nothing. The exit code is 0 where every defect is caught, else 1.
"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ftf_assets_tests.mutants.table import MUTANTS, ROOMS, Mutant

ROOT = Path(__file__).parents[2]

#: Seconds that the tests of one defect may take; a defect that makes them hang longer is not caught.
PATIENCE = 300

PYTEST = (sys.executable, "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider")
TESTS_PASSED, TESTS_FAILED, TESTS_HUNG = 0, 1, -1


@dataclass(frozen=True)
class Outcome:
    """What became of one planted defect.

    Attributes
    ----------
    mutant
        The defect.
    caught
        Whether one of its tests failed.
    seconds
        What its tests took.
    said
        The first test that failed, or why the defect counts as not caught.
    """

    mutant: Mutant
    caught: bool
    seconds: float
    said: str


class TreeCopy:
    """A copy of the tracked and new files of the tree, in which defects are planted one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        # A defect may be as long as the text that it replaces and be planted within the same second. Python
        # would then take its old bytecode for current, so every write gets a time of its own.
        self._modified = int(time.time())

    @contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        """Hold a defect in the copy while the context lasts."""
        file = self.folder / mutant.file
        original = file.read_text(encoding="utf-8")
        self._write(file, mutant.apply(original))
        try:
            yield
        finally:
            self._write(file, original)

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text, encoding="utf-8")
        self._modified += 2
        os.utime(file, (self._modified, self._modified))

    def run_tests(
        self, tests: Sequence[str], *options: str, timeout: float | None = PATIENCE
    ) -> tuple[int, str]:
        """Run tests on the copy: pytest's exit code and output."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else every defect compiles the whole tree again
        process = subprocess.Popen(
            [*PYTEST, *options, *tests],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return TESTS_HUNG, f"the tests took longer than {timeout} s"
        return process.returncode, output


def try_out(mutant: Mutant, tree: TreeCopy) -> Outcome:
    """Plant one defect and run its tests until the first that fails."""
    begin = time.monotonic()
    with tree.planted(mutant):
        code, output = tree.run_tests(mutant.tests, "-x")
    seconds = time.monotonic() - begin
    if code == TESTS_FAILED:
        failed = [line for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return Outcome(mutant, True, seconds, _name(failed[0]) if failed else "")
    if code == TESTS_PASSED:
        return Outcome(mutant, False, seconds, "every test passed")
    last = output.strip().splitlines()[-1:] or [""]
    return Outcome(mutant, False, seconds, f"no verdict, exit code {code}: {last[0]}")


def _name(line: str) -> str:
    """Give the test of one line of pytest's summary, which names the error behind it."""
    return line.partition(" ")[2].partition(" - ")[0].removeprefix("ftf_assets_tests/")


def check_unchanged(mutants: Sequence[Mutant], tree: TreeCopy, workers: int) -> str:
    """Return "" where the named tests pass without any defect, else what they print."""
    tests = dict.fromkeys(test for mutant in mutants for test in mutant.tests)
    code, output = tree.run_tests(list(tests), "-n", str(workers), timeout=None)
    return "" if code == TESTS_PASSED else output


def main(arguments: Sequence[str] | None = None) -> int:
    """Try out the table, or the rooms that are named, and print what was caught."""
    parser = argparse.ArgumentParser(prog="python -m ftf_assets_tests.mutants", description=__doc__)
    parser.add_argument("--room", action="append", choices=ROOMS, help="only this room; repeatable")
    rooms = parser.parse_args(arguments).room or ROOMS
    mutants = [mutant for mutant in MUTANTS if mutant.room in rooms]
    workers = max(1, len(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        trees: queue.SimpleQueue[TreeCopy] = queue.SimpleQueue()
        for number in range(workers):
            trees.put(TreeCopy(Path(folder) / f"tree-{number}"))
        first = trees.get()
        broken = check_unchanged(mutants, first, workers)
        if broken:
            sys.stdout.write(f"{broken}\nThe tests fail on the unchanged tree: nothing can be said.\n")
            return 1
        trees.put(first)

        def one(mutant: Mutant) -> Outcome:
            tree = trees.get()
            try:
                outcome = try_out(mutant, tree)
            finally:
                trees.put(tree)
            _print(outcome)
            return outcome

        with ThreadPoolExecutor(workers) as pool:
            outcomes = list(pool.map(one, mutants))
    missed = [outcome for outcome in outcomes if not outcome.caught]
    sys.stdout.write(f"{len(outcomes)} planted defects, {len(outcomes) - len(missed)} caught\n")
    return 1 if missed else 0


def _print(outcome: Outcome) -> None:
    mutant, verdict = outcome.mutant, "caught" if outcome.caught else "NOT CAUGHT"
    line = f"{verdict:10}  {outcome.seconds:5.1f} s  {mutant.room:11}  {mutant.defect:68}  {outcome.said}"
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
