"""``ftf results --by regime``: the breakdown as a table and as a file, or why there is none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from click.testing import CliRunner

from ftf_assets.command import main as cli
from ftf_assets.rows.regime_results import pooled_by_regime
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.results_rows import SWEEP, failed_row, partition, regimes_table, results_table


def test_results_by_regime_are_shown_and_exported(tmp_path: Path):
    regimes = regimes_table()
    home = tmp_path / "home"
    store = ResultsStore(home / "results.duckdb")
    store.write_sweep(SWEEP, "{}")
    store.write_partition(results_table(partition(folds=2)), SWEEP, "OPUSDC", {"regime_results": regimes})
    run = CliRunner().invoke
    table = run(cli.cli, ["results", "--by", "regime", "--home", str(home)])
    assert table.exit_code == 0, table.output
    for word in ("regime", "always BUY", "precision", "filter"):
        assert word in table.output
    file = tmp_path / "regimes.csv"
    assert (
        run(cli.cli, ["results", "--by", "regime", "--output", str(file), "--home", str(home)]).exit_code == 0
    )
    pd.testing.assert_frame_equal(pd.read_csv(file), pooled_by_regime(regimes), check_dtype=False)


def test_a_sweep_without_a_cell_that_is_ok_has_no_rows_by_regime_and_says_why(tmp_path: Path):
    home = tmp_path / "home"
    store = ResultsStore(home / "results.duckdb")
    store.write_partition(results_table([failed_row()]), SWEEP, "OPUSDC")
    done = CliRunner().invoke(cli.cli, ["results", "--by", "regime", "--home", str(home)])
    assert done.exit_code == 2
    assert "no rows by regime, because none of its cells is ok" in done.output
