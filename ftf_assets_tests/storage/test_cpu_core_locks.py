"""Core tokens: never more fits at a time than cores, counted over all processes of a home."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from ftf_assets.storage.cpu_core_locks import CoreTokens


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
        assert entered.wait(timeout=60), "a token that is given back goes to a fit that waits"
    waiting.join(timeout=60)


def test_a_run_with_one_core_that_waits_does_not_block_a_run_with_two(tmp_path: Path):
    one, two, entered = CoreTokens(tmp_path, 1), CoreTokens(tmp_path, 2), threading.Event()

    def wait_for_the_first_core() -> None:
        with one.hold():
            entered.set()

    waiting = threading.Thread(target=wait_for_the_first_core)
    with one.hold():
        waiting.start()
        assert not entered.wait(timeout=0.3)
        with two.hold():  # takes the second core
            assert not entered.is_set()
    assert entered.wait(timeout=60), "a token that is given back goes to a fit that waits"
    waiting.join(timeout=60)


def _hold_forever(folder: Path, holding: multiprocessing.synchronize.Event) -> None:
    with CoreTokens(folder, 1).hold():
        holding.set()
        signal.pause()


@pytest.mark.faults
def test_a_killed_holder_gives_its_token_back(tmp_path: Path):
    context = multiprocessing.get_context("spawn")
    holding = context.Event()
    holder = context.Process(target=_hold_forever, args=(tmp_path, holding))
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
