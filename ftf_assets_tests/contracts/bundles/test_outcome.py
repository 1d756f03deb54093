"""``Outcome``: how a piece of a sweep ended, in words that a row can hold."""

from __future__ import annotations

import dataclasses

import pytest

from ftf_assets.contracts.bundles import Outcome
from ftf_assets.contracts.errors import CellError


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome(), ("ok", "", "", "")),
        (
            Outcome.failed(ValueError("too\n  much"), "fit"),
            ("training_failed", "ValueError", "too much", "fit"),
        ),
        (
            Outcome.failed(CellError("cleaning", "no BUY"), "fit"),
            ("training_failed", "CellError", "no BUY", "cleaning"),
        ),
        (Outcome.failed(MemoryError(), "fit"), ("training_failed", "MemoryError", "MemoryError", "fit")),
        (
            Outcome.failed(ValueError("x" * 5000), "fit"),
            ("training_failed", "ValueError", "x" * 1000, "fit"),
        ),
        (
            Outcome.skipped("412 fit rows, 1000 needed"),
            ("skipped_short_history", "", "412 fit rows, 1000 needed", ""),
        ),
    ],
    ids=["ok", "one line", "own stage", "no message", "long message", "skipped"],
)
def test_an_outcome_says_how_it_ended(outcome, expected):
    assert dataclasses.astuple(outcome) == expected
