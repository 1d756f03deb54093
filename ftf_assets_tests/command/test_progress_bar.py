"""The progress display: a bar on a terminal, a line for every tenth of the fits elsewhere."""

from __future__ import annotations

from ftf_assets.command.progress_bar import show_progress
from ftf_assets.training.fit_engine import FitEvent
from ftf_assets.training.fit_progress import FitProgress


def test_off_a_terminal_progress_is_a_line_every_tenth_with_the_time_left(capfd):
    fits = [f"fit_{number}" for number in range(40)]
    now = [100.0]
    with show_progress(FitProgress(40, [[fit] for fit in fits], clock=lambda: now[0])) as listener:
        for fit in fits:
            now[0] += 0.5
            listener(FitEvent("done", fit, "OPUSDC", 3, fit, ""))
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[1] == "8 of 40 fits, 8 of 40 cells, 2.0 fits/s, 0:00:16 left, last OPUSDC fold 3 fit_7"
    assert lines[-1].startswith("40 of 40 fits, 40 of 40 cells, 2.0 fits/s, 0:00:00 left")
