"""One error names all faults of a file, and keeps them as data."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.sources.faults import FIRST_ROWS, Fault, Faults, FaultsError


def test_no_fault_raises_nothing() -> None:
    faults = Faults(crypto="OPUSDC", file="OP.csv")
    faults.add_rows(np.zeros(3, bool), "not a number", column="close", cells="abc", rows=[1, 2, 3])
    faults.raise_if_any()
    assert faults.found == []


def test_one_fault_of_one_row_reads_like_every_other_error() -> None:
    faults = Faults(crypto="OPUSDC", file="OP.csv")
    faults.add("high is below low", column="high", row=7, found=0.5, allowed="at least 1", fix="Mend it.")
    with pytest.raises(InputError) as raised:
        faults.raise_if_any()
    assert str(raised.value) == (
        "OPUSDC, file OP.csv, column 'high', row 7: high is below low "
        "(found 0.5; allowed: at least 1). Mend it."
    )


def test_all_faults_are_in_one_line_with_their_counts_and_first_rows() -> None:
    faults = Faults(crypto="OPUSDC", file="OP.csv")
    rows = np.arange(100, 120)
    faults.add_rows(rows % 2 == 1, "not a number", column="close", cells=["x\n"] * 20, rows=rows)
    faults.add("no volume column", found="date, close", allowed="volume")
    error = faults.error()
    assert str(error) == (
        "OPUSDC, file OP.csv: 2 faults: (1) column 'close', "
        "row 101 (10 rows in all: 101, 103, 105, 107, 109, …): "
        r"not a number (found 'x\n') (2) no volume column (found date, close; allowed: volume)"
    )
    assert isinstance(error, FaultsError)
    assert (error.crypto, error.file) == ("OPUSDC", "OP.csv")
    close, volume = error.faults
    assert (close.count, len(close.first), close.first[0]) == (10, FIRST_ROWS, ("101", r"'x\n'"))
    assert volume == Fault("no volume column", found="date, close", allowed="volume")


def test_all_faults_of_a_file_cross_to_another_process():
    faults = Faults(crypto="OPUSDC", file="OP.csv")
    faults.add("no volume column")
    error = faults.error()
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.crypto, again.file, again.faults) == (
        str(error),
        "OPUSDC",
        "OP.csv",
        error.faults,
    )
