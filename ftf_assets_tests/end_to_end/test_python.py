"""A sweep from Python: the real graph, from a script without a main guard that has fitted on many threads."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pandas as pd
import pytest

from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.workers import shared_folder

pytestmark = pytest.mark.end_to_end

SCRIPT = """
import pickle, sys, threading
import numpy as np
import xgboost
import ftf_assets as ftf
from ftf_assets_tests.support.production import feature_cache

threading.Thread(target=threading.Event().wait, daemon=True).start()
rows = np.random.default_rng(0).normal(size=(20_000, 4))
xgboost.XGBClassifier(n_estimators=5, n_jobs=4).fit(rows, rows[:, 0] > 0)

frames = {crypto: feature_cache(4_000, seed) for crypto, seed in (("OPUSDC", 3), ("LDOUSDC", 9))}
training = {"trials": 0, "seeds": 1, "max_rounds": 30}
settings = {"folds.n_folds": 2, "training": training, "ceiling.enabled": False}
call = {"home": sys.argv[1], "settings": settings}
run = ftf.run_sweep(frames, "cleanlab=filter", **call)
again = ftf.run_sweep(dict(reversed(frames.items())), {"cleanlab": ("filter",)}, progress=False, **call)
with open(sys.argv[2], "wb") as file:
    pickle.dump((run, again), file)
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The home, what the script said on both streams, and its two runs; made once for all workers."""
    with shared_folder(tmp_path_factory, "python_script") as (folder, empty):
        results = folder / "results.pickle"
        if empty:
            script = folder / "trainer.py"
            script.write_text(SCRIPT, encoding="utf-8")
            command = [sys.executable, str(script), str(folder / "home"), str(results)]
            environment = {"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": "/usr/bin:/bin"}
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
            assert done.returncode == 0, done.stderr
            (folder / "streams.pickle").write_bytes(pickle.dumps((done.stdout, done.stderr)))
    streams = pickle.loads((folder / "streams.pickle").read_bytes())
    return Home(folder / "home"), streams, *pickle.loads(results.read_bytes())


def test_rows_and_verdicts_are_those_of_the_store(finished):
    home, _, run, *_ = finished
    pd.testing.assert_frame_equal(run.rows, ResultsStore(home).read(run.sweep_id))
    assert set(run.rows["status"]) == {"ok"}
    assert list(run.verdicts["level"]) == ["filter"]
    assert run.headline in repr(run)
    assert run.report.path == home.report(run.sweep_id)
    for page in (run._repr_html_(), run.report.html):
        assert "filter" in page


def test_the_same_frames_are_the_same_sweep_and_nothing_is_fitted_twice(finished):
    home, _, run, again = finished
    assert again.sweep_id == run.sweep_id
    pd.testing.assert_frame_equal(again.rows, run.rows)
    assert len(list(home.frames.iterdir())) == 1


def test_progress_is_a_line_of_text_where_there_is_no_notebook(finished):
    _, (stdout, stderr), *_ = finished
    assert "fits: 100%" in stderr
    assert stdout == ""
