"""Core tokens: never more fits at a time than cores, whichever process they belong to."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from pathlib import Path

import pytest

from ftf_assets.storage.cores import CoreTokens


def test_threads_never_hold_more_tokens_than_there_are(tmp_path: Path):
    tokens = CoreTokens(tmp_path, 2)
    held, most, guard = 0, 0, threading.Lock()
    together = threading.Barrier(2, timeout=60)

    def work() -> None:
        nonlocal held, most
        for _ in range(10):
            with tokens.hold():
                with guard:
                    held += 1
                    most = max(most, held)
                together.wait()  # passes only while both tokens are held
                with guard:
                    held -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert most == 2
    assert held == 0


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
