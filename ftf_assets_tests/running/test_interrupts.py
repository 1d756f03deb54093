"""Signals become an exception that cannot get lost, and only while the context lasts."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import suppress

import pytest
import sqlalchemy

from ftf_assets.contracts.errors import Interrupted
from ftf_assets.running.interrupts import interrupts_raise

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class DestroyedByAnInterrupt:
    """An object whose destructor is interrupted: Python drops what is raised there."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(1_000):  # the signal is handled between two of these
            pass


def interrupt(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    time.sleep(5)


def drop_an_interrupt() -> None:
    DestroyedByAnInterrupt()
    time.sleep(5)


class InterruptedConnection(sqlite3.Connection):
    """A connection that is interrupted inside SQLAlchemy, as Dagster's records are when a run is stopped."""

    interrupted = False

    def cursor(self, *arguments: object) -> sqlite3.Cursor:
        if self.interrupted:
            interrupt(signal.SIGTERM)
        return super().cursor(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_raises_and_the_handlers_are_put_back(number: signal.Signals):
    before = [signal.getsignal(one) for one in (*SIGNALS, signal.SIGALRM)]
    with pytest.raises(Interrupted), interrupts_raise():
        interrupt(number)
    assert [signal.getsignal(one) for one in (*SIGNALS, signal.SIGALRM)] == before


def test_an_interrupt_that_python_drops_in_a_destructor_is_raised_again(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(Interrupted), interrupts_raise():
        drop_an_interrupt()
    assert capfd.readouterr().err == ""


def test_an_interrupt_that_was_dropped_is_not_raised_after_the_context():
    with suppress(Interrupted), interrupts_raise():
        DestroyedByAnInterrupt()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0), "SIGALRM ends a process that has no handler"


def test_an_interrupt_within_a_statement_is_not_taken_for_an_error_of_the_database():
    records = sqlite3.connect(":memory:", factory=InterruptedConnection)
    engine = sqlalchemy.create_engine("sqlite://", creator=lambda: records)
    with engine.connect() as connection:
        records.interrupted = True
        with pytest.raises(Interrupted), interrupts_raise():
            connection.execute(sqlalchemy.text("SELECT 1"))
