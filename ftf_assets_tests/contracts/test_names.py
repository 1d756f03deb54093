"""Names from outside: any alphabet is allowed, but nothing that misleads a reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftf_assets.contracts.names import LONGEST_NAME, broken_name_rule, resembles
from ftf_assets.contracts.tables.feature_cache import RESERVED_COLUMNS

GOOD = [
    "rsi_14",
    "\u03c3_24",
    "return (1 h)",
    "<script>",
    "a'; drop table",
    "../../x",
    "収益率",
    "é",
    "e\u0301",
]

BROKEN = [
    ("", "must not be empty"),
    ("x" * (LONGEST_NAME + 1), "101 characters is too long"),
    ("rsi\n14", "invisible character U+000A"),
    ("rsi\x0014", "invisible character U+0000"),
    ("\x1b[2Jrsi", "invisible character U+001B"),
    ("rsi\u202e41", "invisible character U+202E"),
    ("rsi\u200b14", "invisible character U+200B"),
    ("rsi\u2028", "invisible character U+2028"),
    ("rsi\u00a014", "invisible character U+00A0"),
    ("rsi\ud800", "invisible character U+D800"),
    ("rsi\ue000", "invisible character U+E000"),
    (" rsi", "begin or end with a space"),
    ("\uff52\uff53\uff49", "plain characters"),
    ("ﬁ", "plain characters"),
]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_may_use_any_alphabet_and_punctuation(name: str):
    assert broken_name_rule(name) is None


@pytest.mark.parametrize(("name", "rule"), BROKEN, ids=lambda value: ascii(value)[:24])
def test_a_misleading_name_is_refused_by_its_rule(name: str, rule: str):
    assert rule in str(broken_name_rule(name))


@given(st.text())
def test_a_good_name_is_one_visible_line(name: str):
    if broken_name_rule(name) is None:
        assert name.isprintable()
        assert len(name.splitlines()) == 1


@pytest.mark.parametrize(
    "name", ["Label", "label ", "LABEL_END", "label-end", "\uff4cabel", "labél", "baseWeight"]
)
def test_names_that_look_like_a_reserved_column_are_recognised(name: str):
    assert any(resembles(name, reserved) for reserved in RESERVED_COLUMNS)
    assert not any(resembles("label_quality", reserved) for reserved in RESERVED_COLUMNS)
