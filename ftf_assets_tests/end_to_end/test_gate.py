"""The gate on the real path: one answer, stored with its numbers, also for results of others."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.contracts.tables.gate_decision import GateMetrics, GateSummary, GateVerdicts
from ftf_assets.graph.check_history import CONTRACT_CHECK
from ftf_assets.graph.crypto_partitions import partition_of
from ftf_assets.graph.instance import open_instance
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.end_to_end.conftest import Ftf
from ftf_assets_tests.support.small_sweep import FinishedSweep

pytestmark = pytest.mark.end_to_end


def test_a_sweep_ends_with_a_stored_verdict_a_level_and_the_command_gives_the_same(
    ftf: Ftf, home: Home, finished_sweep: FinishedSweep
):
    sweep, done = finished_sweep.sweep, finished_sweep.copy(home)
    assert done.decision is not None
    metrics, verdicts, summary = ResultsStore(home).decision(sweep.sweep_id)
    GateMetrics.validate(metrics, lazy=True)
    GateVerdicts.validate(verdicts, lazy=True)
    GateSummary.validate(summary, lazy=True)
    assert verdicts["level"].tolist() == ["aggressive", "mild", "filter", "reweight"]
    assert set(verdicts["n_expected"]) == {4}
    assert len(metrics) == 4 * 7
    again = json.loads(ftf("gate", "--json").stdout)
    assert again["rows_fingerprint"] == done.decision.rows_fingerprint
    assert [one["reason"] for one in again["verdicts"]] == [one.reason for one in done.decision.verdicts]
    assert again["selection"]["overfitting"]["n_cells"] == 4
    printed = ftf("gate", "--sweep", sweep.sweep_id).stdout
    assert "Probability of backtest overfitting" in printed
    assert printed.startswith(f"Sweep {sweep.sweep_id} on source {sweep.settings.data.source}: OPUSDC, ")
    for level in ("filter", "reweight", "aggressive", "mild"):
        assert level in printed


def test_a_red_contract_makes_every_verdict_invalid_whoever_asks(
    ftf: Ftf, home: Home, finished_sweep: FinishedSweep
):
    finished_sweep.copy(home)
    sweep = finished_sweep.sweep
    with open_instance(home) as instance:
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey("cleanlab_masks"),
                check_name=CONTRACT_CHECK,
                passed=False,
                metadata={"sweep_id": sweep.sweep_id},
                description="3 rows outside the fit part",
                partition=partition_of("LDOUSDC", "market"),
            )
        )
    decision = json.loads(ftf("gate", "--json").stdout)
    assert {one["verdict"] for one in decision["verdicts"]} == {"INVALID"}
    assert "cleanlab_masks of LDOUSDC: 3 rows outside the fit part" in decision["verdicts"][0]["reason"]


def test_an_interrupted_sweep_is_invalid_not_complete(ftf: Ftf, home: Home, finished_sweep: FinishedSweep):
    sweep, store = finished_sweep.sweep, ResultsStore(home)
    store.write_sweep(sweep.sweep_id, sweep.settings.model_dump_json())
    landed = ResultsStore(finished_sweep.home).read(sweep.sweep_id, "OPUSDC")
    store.write_partition(landed, sweep.sweep_id, "OPUSDC")
    decision = json.loads(ftf("gate", "--sweep", sweep.sweep_id, "--json").stdout)
    assert {one["verdict"] for one in decision["verdicts"]} == {"INVALID"}


def published_means(gain: float) -> pd.DataFrame:
    """Per-crypto means as a paper prints them: no folds."""
    cryptos = ["UNIUSDC", "OPUSDC", "ARBUSDC", "AAVEUSDC", "LDOUSDC"]
    rows = []
    for number, crypto in enumerate(cryptos):
        base = 0.40 + 0.01 * number
        rows.append({"crypto": crypto, "cleanlab": "off", "f1_buy": base, "average_precision": base - 0.1})
        better = gain + 0.001 * (number - 2)
        rows.append(
            {
                "crypto": crypto,
                "cleanlab": "filter",
                "f1_buy": base + better,
                "average_precision": base - 0.1 + better,
            }
        )
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("gain", "verdict"),
    [(0.05, "LOCK"), (-0.05, "ABANDON"), (0.0, "ABANDON")],
    ids=["gain", "harm", "futile"],
)
def test_published_means_get_the_verdict_that_they_deserve(
    ftf: Ftf, tmp_path: Path, gain: float, verdict: str
):
    published_means(gain).to_csv(tmp_path / "means.csv", index=False)
    decision = json.loads(ftf("gate", "--results", str(tmp_path / "means.csv"), "--json").stdout)
    assert [one["verdict"] for one in decision["verdicts"]] == [verdict]
    assert any("crypto" in warning for warning in decision["verdicts"][0]["warnings"])


BAD_FILES = [
    ("no metric", "crypto,fold,cleanlab\nOPUSDC,0,off\n", "metric"),
    ("no crypto", "fold,cleanlab,f1_buy\n0,off,0.4\n", "crypto"),
    ("no factor", "crypto,fold,f1_buy\nOPUSDC,0,0.4\n", "factor"),
    ("text metric", "crypto,fold,cleanlab,f1_buy\nOPUSDC,0,off,high\n", "f1_buy"),
    ("missing metric", "crypto,fold,cleanlab,f1_buy\nOPUSDC,0,off,0.4\nOPUSDC,0,filter,\n", "f1_buy"),
    ("duplicate", "crypto,fold,cleanlab,f1_buy\nOPUSDC,0,off,0.4\nOPUSDC,0,off,0.5\n", "OPUSDC"),
    ("no baseline", "crypto,fold,cleanlab,f1_buy\nOPUSDC,0,filter,0.4\n", "baseline"),
    ("empty", "", "the file is empty"),
]


@pytest.mark.parametrize(
    ("content", "named"), [case[1:] for case in BAD_FILES], ids=[c[0] for c in BAD_FILES]
)
def test_a_bad_results_file_is_one_line_that_names_what_is_wrong(
    ftf: Ftf, home: Home, tmp_path: Path, content: str, named: str
):
    (tmp_path / "means.csv").write_text(content, encoding="utf-8")
    done = ftf("gate", "--results", str(tmp_path / "means.csv"))
    assert done.returncode == 2
    assert named in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not home.path.exists()
