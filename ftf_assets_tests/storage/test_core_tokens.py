"""Core tokens: never more fits at a time than cores, whichever process they belong to."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from ftf_assets.storage.core_tokens import CoreTokens


def test_as_many_fits_as_tokens_run_at_once_and_the_next_one_waits(tmp_path: Path):
    tokens, entered = CoreTokens(tmp_path, 2), threading.Event()

    def third() -> None:
        with CoreTokens(tmp_path, 2).hold():
            entered.set()

    waiting = threading.Thread(target=third)
    with tokens.hold():
        with tokens.hold():
            waiting.start()
            assert not entered.wait(timeout=0.3)
        assert entered.wait(timeout=60), "a token that is given back goes to the one who waits"
    waiting.join(timeout=60)


def start_waiting(tokens: CoreTokens, n_threads: int) -> tuple[list[threading.Thread], threading.Event]:
    """Start threads that wait for a token; the event is set as soon as one of them gets it."""
    entered = threading.Event()

    def wait() -> None:
        with tokens.hold():
            entered.set()

    threads = [threading.Thread(target=wait) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    return threads, entered


def test_a_run_with_fewer_cores_that_waits_leaves_the_others_to_the_rest(tmp_path: Path):
    one, two = CoreTokens(tmp_path, 1), CoreTokens(tmp_path, 2)
    with one.hold():
        threads, entered = start_waiting(one, 1)
        assert not entered.wait(timeout=0.3)
        with two.hold():  # the second core is free, whoever waits for the first
            assert not entered.is_set()
    assert entered.wait(timeout=60)
    threads[0].join(timeout=60)


def test_fits_that_wait_cost_no_more_than_the_first_of_them(tmp_path: Path):
    tokens = CoreTokens(tmp_path, 1)

    def cost_of_waiting(n_threads: int) -> float:
        with tokens.hold():
            threads, entered = start_waiting(tokens, n_threads)
            assert not entered.wait(timeout=0.3)  # until all of them wait
            begin = time.process_time()
            assert not entered.wait(timeout=1.0)
            cost = time.process_time() - begin
        for thread in threads:
            thread.join(timeout=60)
        return cost

    alone, many = cost_of_waiting(1), cost_of_waiting(12)
    assert many < 3 * alone, (alone, many)


def _hold_for_ever(folder: Path, holding: multiprocessing.synchronize.Event) -> None:
    with CoreTokens(folder, 1).hold():
        holding.set()
        signal.pause()


@pytest.mark.faults
def test_a_killed_holder_gives_its_token_back(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    holding = context.Event()
    holder = context.Process(target=_hold_for_ever, args=(tmp_path, holding))
    holder.start()
    assert holding.wait(timeout=60)
    waiting = threading.Event()

    def wait_for_token() -> None:
        with CoreTokens(tmp_path, 1).hold():
            waiting.set()

    thread = threading.Thread(target=wait_for_token)
    thread.start()
    assert not waiting.wait(timeout=0.3)
    os.kill(holder.pid or 0, signal.SIGKILL)
    holder.join(timeout=60)
    assert waiting.wait(timeout=60)
    thread.join(timeout=60)
