"""What a run says of its fits in Dagster's log: progress with pace and time left, and each failure."""

from __future__ import annotations

import pytest

from ftf_assets.graph.fit_events import FitReport, FitsFinished, listening
from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_progress import FitProgress


class Log:
    """Keeps the lines, as Dagster's log does."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []

    def info(self, line: str) -> None:
        self.lines.append(line)

    def error(self, line: str) -> None:
        self.errors.append(line)


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def report(now: list[float]) -> FitReport:
    clock = lambda: now[0]  # noqa: E731
    progress = FitProgress(20, done=["fit 0", "fit 1"], clock=clock)
    return FitReport("OPUSDC", progress, clock=clock)


def fit(number: int, kind: str = "done", error: str = "") -> FitEvent:
    return FitEvent(kind, f"fit {number}", "OPUSDC", number % 3, "mild", error)  # type: ignore[arg-type]


def test_the_first_fit_the_last_and_one_in_five_seconds_are_logged_with_pace_and_time_left(
    report: FitReport, now: list[float]
):
    log = Log()
    for number in range(20):
        now[0] += 1.0
        report.on_event(log, fit(number, "reused" if number < 2 else "done"))  # type: ignore[arg-type]
    lines = [FitsFinished.read(line) for line in log.lines]
    assert [line and (line.ended, line.of, line.made) for line in lines] == [
        *((3, 20, 1), (8, 20, 6), (13, 20, 11), (18, 20, 16), (20, 20, 18))
    ]
    assert log.lines[1] == (
        "event=fits_finished crypto=OPUSDC ended=8 of=20 percent=40 made=6 per_second=0.75 seconds_left=16 "
        "last_fold=1 last=mild"
    )


def test_a_fit_that_takes_minutes_is_no_reason_to_be_silent(report: FitReport, now: list[float]):
    log = Log()
    now[0] = 10.0
    report.on_wait(log)  # type: ignore[arg-type]
    assert "ended=2 of=20 percent=10 made=0 per_second=unknown seconds_left=unknown" in log.lines[0]


def test_a_failed_fit_is_an_error_at_once_and_every_fit_reaches_the_listeners(report: FitReport):
    log, heard = Log(), []
    with listening(heard.append):
        report.on_event(log, fit(3))  # type: ignore[arg-type]
        report.on_event(log, fit(4, "failed", "ValueError: no"))  # type: ignore[arg-type]
    assert [event.key for event in heard] == ["fit 3", "fit 4"]
    (error,) = log.errors
    assert error == ("event=training_variant_error variant=mild crypto=OPUSDC fold=1 error=ValueError: no")
