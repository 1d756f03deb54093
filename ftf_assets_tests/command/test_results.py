"""``ftf results --by``: a breakdown as a table and as a file, or why there is none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from ftf_assets.command import main as cli
from ftf_assets.command.results import BREAKDOWNS
from ftf_assets.rows.confidence_curve import mean_confidence_curve
from ftf_assets.rows.regime_results import pooled_by_regime
from ftf_assets.storage.home import Home
from ftf_assets.storage.results_store import ResultsStore
from ftf_assets_tests.support.ceiling import rows_of, scores_of, with_ceiling
from ftf_assets_tests.support.production import Trained
from ftf_assets_tests.support.results_rows import (
    SWEEP,
    confidence_table,
    failed_row,
    partition,
    regimes_table,
    results_table,
    seed_scores_table,
    weekly_table,
)


def test_results_by_regime_are_shown_and_exported(tmp_path: Path):
    regimes = regimes_table()
    home = tmp_path / "home"
    store = ResultsStore(Home(home))
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


#: Breakdown, its table, and what the printed table shows of it.
SHOWN = {
    "confidence": (confidence_table(), ("top share", "break-even", "net bps", "50%")),
    "week": (weekly_table(), ("week from", "2023-03-06", "AUC influence", "+0.00100")),
    "fit": (seed_scores_table(), ("repeat", "f1 BUY", "0.5400")),
}


@pytest.mark.parametrize("by", SHOWN)
def test_every_breakdown_is_shown_and_exported(tmp_path: Path, by: str):
    details, words = SHOWN[by]
    home, file = tmp_path / "home", tmp_path / "rows.csv"
    cells = results_table(partition(folds=2))
    ResultsStore(Home(home)).write_partition(cells, SWEEP, "OPUSDC", {BREAKDOWNS[by]: details})
    printed = CliRunner().invoke(cli.cli, ["results", "--by", by, "--home", str(home)])
    assert printed.exit_code == 0, printed.output
    assert [word for word in (SWEEP, "reweight", *words) if word not in printed.output] == []
    exported = CliRunner().invoke(
        cli.cli, ["results", "--by", by, "--output", str(file), "--home", str(home)]
    )
    assert exported.exit_code == 0, exported.output
    expected = mean_confidence_curve(details, cells) if by == "confidence" else details
    assert list(pd.read_csv(file).columns) == list(expected.columns)
    assert len(pd.read_csv(file)) == len(expected)


@pytest.mark.parametrize("by", ["cell", "week"])
def test_rows_of_one_variant_and_one_crypto_alone_are_shown(tmp_path: Path, by: str):
    home, file = tmp_path / "home", tmp_path / "rows.csv"
    cells = results_table(partition(folds=2))
    ResultsStore(Home(home)).write_partition(cells, SWEEP, "OPUSDC", {"weekly_results": weekly_table()})
    whole = cells if by == "cell" else weekly_table()
    words = ["results", "--by", by, "--variant", "reweight", "--crypto", "OPUSDC", "--output", str(file)]
    done = CliRunner().invoke(cli.cli, [*words, "--home", str(home)])
    assert done.exit_code == 0, done.output
    found = pd.read_csv(file)
    assert set(found["variant"]) == {"reweight"}
    assert len(found) == (whole["variant"] == "reweight").sum() < len(whole)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--variant", "rewight"],
            "no rows of variant 'rewight' in this sweep (allowed: aggressive, baseline, ",
        ),
        (["--crypto", "BTCUSDC"], "no rows of crypto 'BTCUSDC' in this sweep (allowed: OPUSDC)"),
        (["--by", "ceiling", "--variant", "reweight"], "a row by ceiling is a baseline: leave out --variant"),
    ],
)
def test_a_variant_or_crypto_without_rows_is_refused(tmp_path: Path, words: list[str], says: str):
    ResultsStore(Home(tmp_path)).write_partition(results_table(partition(folds=2)), SWEEP, "OPUSDC")
    done = CliRunner().invoke(cli.cli, ["results", *words, "--home", str(tmp_path)])
    assert done.exit_code != 0
    assert says in done.output


def test_the_label_ceiling_is_shown_and_exported_or_said_to_be_absent(tmp_path: Path, standard_run: Trained):
    home, file = tmp_path / "home", tmp_path / "rows.csv"
    store = ResultsStore(Home(home))
    store.write_partition(results_table(partition(folds=2)), SWEEP, "OPUSDC")
    run = CliRunner().invoke
    absent = run(cli.cli, ["results", "--by", "ceiling", "--home", str(home)])
    assert absent.exit_code == 2
    assert "has no label ceiling. Run it again with ceiling.enabled=true" in absent.output
    measured = with_ceiling(standard_run)
    store.write_ceiling(rows_of(measured, scores_of(measured), SWEEP), SWEEP, "OPUSDC")
    printed = run(cli.cli, ["results", "--by", "ceiling", "--home", str(home)])
    assert printed.exit_code == 0, printed.output
    assert [word for word in (SWEEP, "bursts", "truth", "exposure") if word not in printed.output] == []
    run(cli.cli, ["results", "--by", "ceiling", "--output", str(file), "--home", str(home)])
    assert len(pd.read_csv(file)) == 24


@pytest.mark.parametrize("by", [by for by in BREAKDOWNS if by not in ("cell", "ceiling")])
def test_a_sweep_without_a_cell_that_is_ok_has_no_breakdown_and_says_why(tmp_path: Path, by: str):
    home = tmp_path / "home"
    store = ResultsStore(Home(home))
    store.write_partition(results_table([failed_row()]), SWEEP, "OPUSDC")
    done = CliRunner().invoke(cli.cli, ["results", "--by", by, "--home", str(home)])
    assert done.exit_code == 2
    assert f"no rows by {by}, because none of its cells is ok" in done.output
