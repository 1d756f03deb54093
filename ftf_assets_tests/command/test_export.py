"""What ``ftf results`` writes is read back bit for bit, so that every format gets the same verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ftf_assets.command.export import export
from ftf_assets.gate.decide import decide
from ftf_assets.gate.decision import Decision
from ftf_assets.rows.published_results import PublishedResults, published_results
from ftf_assets.storage.result_files import read_result_file
from ftf_assets_tests.support.gate_rows import CRYPTOS, QUICK
from ftf_assets_tests.support.results_rows import failed_row, partition, results_table


def decided(read: PublishedResults) -> Decision:
    return decide(read.rows, read.baselines, sweep_id=read.sweep_id, settings=QUICK)


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_an_export_gets_the_verdict_of_its_rows(form: str, tmp_path: Path):
    rows = [
        row | {"roc_auc": 0.5 + (place % 89) / 17 / 89, "expectancy_net": -place / 3}
        for place, row in enumerate(row for crypto in CRYPTOS for row in partition(crypto))
    ]
    rows[7] = failed_row(
        **{name: rows[7][name] for name in ("crypto", "fold", "variant", "label_smoothing", "cleanlab")}
    )
    table = results_table(rows)
    path = tmp_path / f"results.{form}"
    export(table, None, path, table=lambda frame, width: None)
    read = read_result_file(path)
    assert not read.columns.renamed
    expected, found = decided(published_results(table, sweep_id="x")), decided(read)
    assert replace(found, rows_fingerprint="") == replace(expected, rows_fingerprint="")
    assert found.rows_fingerprint == expected.rows_fingerprint, "bit for bit"
