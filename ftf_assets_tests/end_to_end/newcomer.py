"""A newcomer at the Dagster UI: a real webserver and daemon, driven through a real browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests
from playwright.sync_api import Page

from ftf_assets_tests.support.s3_server import free_port

#: Seconds that anything may take on a machine that does other things too; nothing here is timed.
PATIENCE = 600
#: Where screenshots go; none are taken without it. ``make screenshots`` sets it.
SCREENSHOTS = "FTF_SCREENSHOTS"

#: Most presses of the Tab key from the top of a page to anything on it.
_MOST_TABS = 80

_RUNS = """query Runs($job: String) { runsOrError(filter: {pipelineName: $job}) { ... on Runs { results {
    runId status creationTime startTime endTime tags { key value }
    stepStats { stepKey startTime } } } } }"""

_FAILURE = """query Failure($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events {
    ... on ExecutionStepFailureEvent { error { message causes { message } } } } } } }"""


@dataclass
class Ui:
    """A running UI: its address, that of the reports, and what its API says of runs, to wait by."""

    address: str
    reports: str

    def runs(self, job: str) -> list[dict[str, Any]]:
        """The runs of a job, the newest first."""
        answer = requests.post(
            f"{self.address}/graphql", json={"query": _RUNS, "variables": {"job": job}}, timeout=60
        ).json()
        return list(answer["data"]["runsOrError"]["results"])

    def failure(self, run_id: str) -> str:
        """What the failed step of a run says, with all of its causes."""
        answer = requests.post(
            f"{self.address}/graphql", json={"query": _FAILURE, "variables": {"run": run_id}}, timeout=60
        ).json()
        events = answer["data"]["logsForRun"]["events"]
        return " ".join(str(event["error"]) for event in events if event.get("error"))

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Wait until something holds, and name it where it never does."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
            time.sleep(0.5)

    def wait_for_runs(self, job: str, number: int) -> list[dict[str, Any]]:
        """Wait until a job has so many runs and all have ended; give them, the newest first."""

        def ended() -> bool:
            runs = self.runs(job)
            return len(runs) >= number and all(
                run["status"] in ("SUCCESS", "FAILURE", "CANCELED") for run in runs
            )

        self.wait(f"{number} runs of {job} to end", ended)
        return self.runs(job)


@contextmanager
def served(home: Path) -> Iterator[Ui]:
    """Run ``ftf ui`` on a free port of loopback, as a user starts it, and stop it as a user does."""
    port, reports = free_port(), free_port()
    ours = ("DAGSTER_HOME", "FTF_HOME", "FTF_REPORT_URL")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    log = home.with_suffix(".log").open("w", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ftf_assets.command",
        "ui",
        "--port",
        str(port),
        "--report-port",
        str(reports),
        "--home",
        str(home),
    ]
    process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    ui = Ui(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{reports}")
    try:
        ui.wait("the webserver", lambda: process.poll() is not None or _answers(ui.address))
        assert process.poll() is None, home.with_suffix(".log").read_text(encoding="utf-8")
        servers = psutil.Process(process.pid).children(recursive=True)
        yield ui
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 0
        _, left = psutil.wait_procs(servers, timeout=PATIENCE)
        assert left == [], "a stopped UI leaves no process behind"
        said = home.with_suffix(".log").read_text(encoding="utf-8")
        assert "SupersessionWarning" not in said, "nobody who runs ftf ui can act on how it starts Dagster"
    finally:
        for one in [process, *_descendants(process.pid)]:
            one.kill()
        log.close()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/server_info", timeout=5).ok
    except requests.RequestException:
        return False


@dataclass
class Newcomer:
    """Someone with a browser, who clicks what a page offers."""

    page: Page
    ui: Ui

    def go(self, path: str) -> None:
        """Open a page of the UI."""
        self.page.goto(self.ui.address + path)

    def sees(self, *texts: str) -> None:
        """Wait until a page shows texts."""
        for text in texts:
            self.page.get_by_text(text).filter(visible=True).first.wait_for(timeout=PATIENCE * 1000)

    def clicks(self, text: str, *, exact: bool = True) -> None:
        """Click what bears a text."""
        self.page.get_by_text(text, exact=exact).filter(visible=True).first.click()

    def presses(self, text: str) -> None:
        """Walk to a button with the Tab key alone, and press it with Enter."""
        for _ in range(_MOST_TABS):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.innerText.trim()") == text:
                self.page.keyboard.press("Enter")
                return
        raise AssertionError(f"the Tab key does not lead to {text!r}")

    def sideways(self) -> int:
        """By how many pixels the tables of values are wider than the page shows of them."""
        wider = "table => Math.max(0, table.scrollWidth - table.parentElement.clientWidth)"
        return max(self.page.locator("table").filter(visible=True).evaluate_all(f"all => all.map({wider})"))

    def chooses(self, text: str) -> None:
        """Choose an entry of an open menu."""
        self.page.get_by_role("menuitem").filter(has_text=text).first.click()

    def selects_all(self, dimension: str, number: int) -> None:
        """Press *All* beside the first dimension of a backfill until the dialog has taken it."""
        self.sees(dimension)
        selected = self.page.get_by_text(f"{number} partitions selected")
        while not selected.is_visible():
            self.clicks("All")
            self.page.wait_for_timeout(500)

    def launches(self, job: str) -> None:
        """Press *Materialize* in the launchpad; once more where the page, still loading, took no notice."""
        before = len(self.ui.runs(job))
        while len(self.ui.runs(job)) == before:
            self.page.wait_for_timeout(1_500)  # the launchpad loads the partition, and disables the button
            self.page.get_by_role("button", name="Materialize").last.click()
            deadline = time.monotonic() + 45
            while len(self.ui.runs(job)) == before and time.monotonic() < deadline:
                self.page.wait_for_timeout(500)

    def sets(self, configuration: str) -> None:
        """Write into the configuration editor that is open."""
        editor = self.page.locator(".CodeMirror").filter(visible=True).last

        def holds_it() -> bool:
            # Not by a click: while a dialog unfolds on a busy machine its own bar may lie over the editor.
            # The dialog may also take the focus back, and then the text goes nowhere.
            editor.evaluate("one => one.CodeMirror.focus()")
            self.page.keyboard.press("Control+A")
            self.page.keyboard.insert_text(configuration)
            self.page.wait_for_timeout(500)  # the page takes the text over a moment later
            return bool(editor.evaluate("one => one.CodeMirror.getValue()") == configuration)

        self.ui.wait("the editor to hold the configuration", holds_it)
        self.sees("No errors")

    def opens_the_launchpad_of(self, job: str) -> None:
        """Open a job's launchpad: every setting of the sweep in one block, with its default."""
        self.go(f"/locations/ftf_assets.definitions/jobs/{job}")
        self.page.evaluate("localStorage.clear()")  # the launchpad remembers what was last typed
        self.go(f"/locations/ftf_assets.definitions/jobs/{job}")
        self.sees("Materialize all")
        menu = self.page.get_by_text("Materialize all").first.locator(
            "xpath=ancestor::button/following::button[1]"
        )
        menu.click()
        self.chooses("Open launchpad")
        self.sees("crypto_group")

    def unfolds_the_graph(self) -> None:
        """Open the asset graph as for the first time, and unfold its groups."""
        self.page.evaluate("localStorage.clear()")
        self.go("/asset-groups")
        self.sees("treatment", "decision")
        self.page.mouse.click(1_000, 760, button="right")
        self.chooses("Expand all groups")
        self.sees("candles", "sweep_report")
        self.page.wait_for_timeout(1500)  # the groups unfold

    def graph_positions(self, assets: list[str]) -> dict[str, float]:
        """Where the open asset graph shows each asset whose whole name is there, from the left."""
        boxes = {
            asset: self.page.locator("foreignObject").get_by_text(asset, exact=True).first.bounding_box()
            for asset in assets
        }
        return {asset: box["x"] for asset, box in boxes.items() if box is not None}

    def shoots(self, name: str) -> None:
        """Take a screenshot for the documents, where they are wanted."""
        folder = os.environ.get(SCREENSHOTS)
        if folder:
            self.page.wait_for_timeout(2500)  # spinners and animations come to rest
            self.page.screenshot(path=Path(folder) / f"{name}.png")
