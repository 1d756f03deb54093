"""Error messages: written for the person who must correct the input."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import CellError, FtfError, InputError, StoreError, first_value, input_error

WORDED = [
    ({}, "features must be finite"),
    ({"crypto": "OPUSDC"}, "OPUSDC: features must be finite"),
    (
        {"crypto": "OPUSDC", "file": "op.csv", "column": "rsi_14", "row": 17},
        "OPUSDC, file op.csv, column 'rsi_14', row 17: features must be finite",
    ),
    ({"row": 0, "found": 0}, "row 0: features must be finite (found 0)"),
    ({"allowed": "finite"}, "features must be finite (allowed: finite)"),
    ({"found": "inf", "allowed": "finite"}, "features must be finite (found inf; allowed: finite)"),
    ({"column": ""}, "column '': features must be finite"),
    ({"found": "inf", "fix": "Correct it."}, "features must be finite (found inf). Correct it."),
]


@pytest.mark.parametrize(("where", "message"), WORDED)
def test_an_input_error_says_where_what_came_what_is_allowed_and_what_to_do(where, message):
    assert str(input_error("features must be finite", **where)) == message


SHOWN = [
    ("line\nbreak", "line\\nbreak"),
    ("\x1b[2J", "\\x1b[2J"),
    ("abc\u202edef", "abc\\u202edef"),
    ("\udcff", "\\udcff"),
    ("x" * 301, "x" * 300 + "… (301 characters)"),
]


@pytest.mark.parametrize(("value", "text"), SHOWN, ids=lambda value: ascii(value)[:20])
def test_the_message_is_one_short_printable_line_for_any_value(value: str, text: str):
    for where in ({"found": value}, {"crypto": value}, {"file": value}, {"row": value}):
        message = str(input_error("a rule", **where))
        assert text in message
        assert message.isprintable()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("4", "'4'"),
        (np.int64(4), "4"),
        (np.float64(0.5), "0.5"),
        (pd.Timestamp("2024-01-31"), "2024-01-31 00:00:00"),
    ],
)
def test_a_cell_is_written_without_the_names_of_types(value: object, text: str):
    assert first_value(value) == text


def test_the_type_of_an_error_says_who_must_act():
    assert issubclass(InputError, FtfError | ValueError)
    assert issubclass(StoreError, FtfError | RuntimeError)
    assert CellError("cleaning", "no BUY").stage == "cleaning"
    assert not issubclass(CellError, InputError | StoreError)


def test_errors_cross_to_another_process_whole():
    for error in (InputError("one line"), StoreError("one line"), CellError("cleaning", "one line")):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
