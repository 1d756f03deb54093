"""A sweep as Python asks for it: what is refused before anything runs, and how it is interrupted."""

from __future__ import annotations

import threading

import pandas as pd
import pytest

import ftf_assets as ftf
from ftf_assets.contracts.errors import InputError, Interrupted
from ftf_assets.running import frame_sweep
from ftf_assets.running.interrupts import interrupts_raise
from ftf_assets.storage import time_estimate
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import Sweep, open_sweep
from ftf_assets_tests.support.production import candles, feature_cache, feature_cache_of_120_rows

QUICK = {"training.trials": 0, "folds.n_folds": 2, "ceiling.enabled": False}


class SweepBegan(Exception):  # noqa: N818  no error: what these tests wait for
    """A sweep passed every check and would run now."""


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list[Sweep]:
    """The sweeps that would have run: each is stopped before it does anything."""
    sweeps: list[Sweep] = []

    def run(sweep: Sweep, *_arguments, **_named):
        sweeps.append(sweep)
        raise SweepBegan

    monkeypatch.setattr(frame_sweep, "run_sweep_in_fresh_process", run)
    return sweeps


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"candles": {"OPUSDC": pd.DataFrame()}}, r"one kind of data \(found features and candles"),
        ({"features": {}}, r"at least one crypto.*Pass \{\"OPUSDC\": frame\}"),
        ({"features": None, "candles": {}}, "at least one crypto"),
        (
            {"features": feature_cache_of_120_rows()},
            r"frames by crypto.*DataFrame.*Pass \{\"OPUSDC\": frame\}",
        ),
        ({"features": None, "candles": [pd.DataFrame()]}, r"frames by crypto.*found list"),
        ({"features": None, "path": "candles"}, "a path needs its source"),
        ({"features": None, "source": "candles"}, "the source candles needs a path"),
        ({"factor": "cleanlap"}, "unknown factor"),
        ({"factor": {"cleanlab": ("off", "filtre")}}, "unknown level of factor cleanlab"),
        ({"settings": {"folds.folds": 2}}, "unknown setting.*folds.n_folds"),
        ({"settings": {"folds": {"n_folds": 0}}}, "bad value for the setting folds.n_folds"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_swept_is_refused_in_one_line(tmp_path, changes, says):
    call = {"features": {"OPUSDC": feature_cache_of_120_rows()}, "factor": "cleanlab", "settings": QUICK}
    with pytest.raises(InputError, match=says) as refused:
        ftf.run_sweep(**call | changes, home=tmp_path, progress=False)
    assert "\n" not in str(refused.value)


def test_bad_rows_are_refused_in_the_words_of_the_command(tmp_path):
    naive = feature_cache_of_120_rows().tz_localize(None)
    with pytest.raises(InputError, match=r"OPUSDC, file OPUSDC.parquet, .*timestamps must have a timezone"):
        ftf.run_sweep({"OPUSDC": naive}, "cleanlab", home=tmp_path, settings=QUICK, progress=False)


def test_candles_in_frames_are_swept_as_their_files_are(tmp_path, asked):
    bars = candles(feature_cache(n_rows=4_000)).rename_axis("date")
    call = {"candles": {"OP/USDC": bars}, "factor": {"cleanlab": ["filter"]}, "home": tmp_path}
    for stamp, later in (("open", pd.Timedelta("1h")), ("close", pd.Timedelta(0))):
        with pytest.raises(SweepBegan):
            ftf.run_sweep(**call, settings={**QUICK, "data.stamp": stamp}, progress=False)
        sweep = asked[-1]
        assert sweep.cryptos == ("OPUSDC",)
        assert sweep.levels == {"cleanlab": ("filter",)}
        assert sweep.settings.data.source == "candles"
        assert sweep.source.span("OPUSDC").last == bars.index[-1] + later


def test_a_folder_is_swept_as_the_command_sweeps_it(tmp_path, asked):
    feature_cache(n_rows=4_000).to_parquet(tmp_path / "OPUSDC.parquet")
    call = {"source": "features", "path": tmp_path, "settings": QUICK | {"data.cryptos": ["OPUSDC"]}}
    with pytest.raises(SweepBegan):
        ftf.run_sweep(**call, factor="cleanlab", home=tmp_path / "home", progress=False)
    of_command = {"data.source": "features", "data.path": str(tmp_path), "data.cryptos": ["OPUSDC"]}
    wanted = sweep_settings({**QUICK, **of_command, "treatment.factors": {"cleanlab": ()}})
    assert asked[-1].sweep_id == open_sweep(wanted).sweep_id


def test_a_long_sweep_must_be_confirmed(tmp_path, monkeypatch):
    monkeypatch.setattr(time_estimate, "LONG_RUN_MINUTES", 0)
    call = {"features": {"OPUSDC": feature_cache(n_rows=4_000)}, "factor": "cleanlab", "home": tmp_path}
    with pytest.raises(InputError, match=r"a long run must be confirmed.*run\.confirm_long_run: true"):
        ftf.run_sweep(**call, settings=QUICK, progress=False)
    with pytest.raises(SweepBegan):
        ftf.run_sweep(**call, settings=QUICK | {"run.confirm_long_run": True}, progress=False)


def test_an_interrupt_is_the_users_own(tmp_path, capsys, monkeypatch):
    def interrupted(*_arguments, **_named):
        raise Interrupted

    monkeypatch.setattr(frame_sweep, "run_sweep_in_fresh_process", interrupted)
    frames = {"OPUSDC": feature_cache(n_rows=4_000)}
    with pytest.raises(KeyboardInterrupt, match="finished fits are kept"):
        ftf.run_sweep(frames, "cleanlab", home=tmp_path, settings=QUICK)
    assert "fits:   0%" in capsys.readouterr().err


def test_a_thread_that_may_not_handle_signals_runs_without():
    ran = []

    def run() -> None:
        with interrupts_raise():
            ran.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert ran == [True]
