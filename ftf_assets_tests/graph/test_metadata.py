"""Tables of the UI: of Dagster, and of Markdown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ftf_assets.graph.metadata import markdown_table, table

RECORDS = [
    {"level": "mild|new", "gain": np.float32(0.12345678), "at": pd.Timestamp("2024-01-02", tz="UTC")},
    {"level": "two\nlines", "gain": float("nan"), "at": pd.NaT},
]


def test_a_markdown_table_is_one_of_markdown_whose_cells_keep_it_whole():
    assert markdown_table(RECORDS).value.splitlines() == [
        "| level | gain | at |",
        "| --- | --- | --- |",
        r"| mild\|new | 0.123457 | 2024-01-02T00:00:00+00:00 |",
        "| two lines |  |  |",
    ]


def test_both_kinds_of_table_say_where_there_is_nothing():
    assert markdown_table([]).value == "| nothing |\n| --- |"
    assert [column.name for column in table([]).schema.columns] == ["nothing"]


def test_a_table_in_place_types_its_columns():
    shown = table(RECORDS)
    assert [(column.name, column.type) for column in shown.schema.columns] == [
        ("level", "string"),
        ("gain", "float"),
        ("at", "string"),
    ]
