"""A group with a crypto that has no file: whoever reads the verdict sees that it does not cover it."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from ftf_assets.automation.input_files_sensor import watched_sweep
from ftf_assets.definitions import defs
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.graph.instance import open_instance
from ftf_assets.graph.jobs import SWEEP_JOB
from ftf_assets.running.job_runs import run_config
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets.sweep.settings import sweep_settings
from ftf_assets.sweep.sweep import open_sweep
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.settings import set_options
from ftf_assets_tests.support.small_sweep import QUICK_FITS

pytestmark = pytest.mark.end_to_end

FOUND, ABSENT = ("OPUSDC", "AAVEUSDC"), ("UNIUSDC", "ARBUSDC", "LDOUSDC")


def write(folder: Path, crypto: str) -> None:
    close = 10 * np.exp(np.cumsum(np.random.default_rng(len(crypto)).normal(0, 0.01, 3200)))
    opens = np.concatenate([[10.0], close[:-1]])
    times = pd.date_range("2023-01-01", periods=3200, freq="h", tz="UTC")
    high, low = np.maximum(opens, close) * 1.002, np.minimum(opens, close) * 0.998
    bars = {"date": times, "open": opens, "high": high, "low": low, "close": close, "volume": 100.0}
    folder.mkdir(exist_ok=True)
    pd.DataFrame(bars).to_csv(folder / f"{crypto.removesuffix('USDC')}USDT_1h.csv", index=False)


def test_what_is_skipped_is_said_from_the_plan_to_the_report(ftf: Ftf, home: Home, tmp_path: Path):
    folder = tmp_path / "candles"
    for crypto in FOUND:
        write(folder, crypto)
    asked = (
        *("--source", "candles", "--path", str(folder), "--trials", "0", "--factor", "cleanlab=off,filter"),
        *set_options(n_folds=2, **QUICK_FITS),
    )
    plan = json.loads(ftf("plan", *asked, "--json").stdout)
    assert (plan["cryptos"], list(plan["skipped"])) == ("OPUSDC, AAVEUSDC", list(ABSENT))
    assert "skipped      3 of 5 cryptos skipped: UNIUSDC: no file" in ftf("plan", *asked).stdout

    swept = ftf("sweep", *asked, "--json")
    assert "Warning: 3 of 5 cryptos skipped: UNIUSDC: no file for base asset UNI" in swept.stderr
    done = json.loads(swept.stdout)
    assert (done["sweep_id"], done["skipped"]) == (plan["sweep_id"], plan["skipped"])
    assert (done["cryptos"], done["cells"]) == (list(FOUND), 2 * 2 * 2)
    assert list(done["run_ids"]) == list(FOUND)

    said = "The answer covers 2 of the 5 cryptos of the group. Skipped: UNIUSDC: no file"
    assert said in ftf("gate").stdout
    summary = json.loads(ftf("gate", "--json").stdout)["summary"]
    assert (summary["n_cryptos"], summary["n_skipped"]) == (2, 3)
    assert summary["skipped"].splitlines()[2].startswith("LDOUSDC: no file for base asset LDO")
    assert said in home.report(done["sweep_id"]).read_text(encoding="utf-8")

    sweep = open_sweep(ResultsStore(home).settings(done["sweep_id"]))
    with open_instance(home) as instance:
        run = defs.resolve_job_def(SWEEP_JOB).execute_in_process(
            instance=instance,
            partition_key=partition_of("LDOUSDC", "candles"),
            raise_on_error=False,
            run_config=run_config(sweep, home),
        )
    (failure,) = [event for event in run.all_events if event.event_type == dg.DagsterEventType.STEP_FAILURE]
    assert "LDOUSDC: the sweep skips this crypto: no file for base asset LDO" in str(failure)

    assert watched_sweep(ResultsStore(home)).sweep_id == sweep.sweep_id
    (folder / "OPUSDT_1h.csv").rename(folder / "moved")
    assert watched_sweep(ResultsStore(home)).cryptos == FOUND, "none that took part is lost"
    (folder / "moved").rename(folder / "OPUSDT_1h.csv")
    write(folder, "LDOUSDC")
    assert watched_sweep(ResultsStore(home)).cryptos == (*FOUND, "LDOUSDC")
    assert json.loads(ftf("plan", *asked, "--json").stdout)["sweep_id"] != plan["sweep_id"]


def test_the_launchpad_takes_the_resolved_settings(tmp_path: Path):
    folder = tmp_path / "candles"
    write(folder, "OPUSDC")
    sweep = open_sweep(sweep_settings({"data": {"source": "candles", "path": str(folder)}}))
    config = run_config(sweep, Home(tmp_path / "home"))
    assert list(config["resources"]["sweep"]["config"]["data"]["skipped"]) == [
        *("UNIUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC")
    ]
    assert dg.validate_run_config(defs.resolve_job_def(SWEEP_JOB), config)
