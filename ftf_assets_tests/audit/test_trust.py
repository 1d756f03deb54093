"""What the gate warns about: cleaning judged on data where its cleaner was never shown to find anything."""

from __future__ import annotations

import re

import pytest

from ftf_assets.audit.trust import untrusted_cleaning

KEYS = {"OPUSDC": "key of OP", "LDOUSDC": "key of LDO"}


def row(key: str, detector: str = "cleanlab", *, beats: bool | None, label: str = "BUY") -> dict:
    return {"arrays_key": key, "detector": detector, "given_label": label, "beats_controls": beats}


def audited(op: bool | None, ldo: bool | None, detector: str = "cleanlab") -> list[dict]:
    return [row("key of OP", detector, beats=op), row("key of LDO", detector, beats=ldo)]


@pytest.mark.parametrize(
    ("levels", "found", "expected"),
    [
        ((), [], []),
        (("off",), [], []),
        # Controls need no trust.
        (("off", "filter_random", "filter_lowest_p"), [], []),
        (("off", "filter"), audited(True, True), []),
        (
            ("off", "filter"),
            audited(True, False),
            ["audit of LDOUSDC, cleanlab beats the controls for no kind of noise.*filter finds real"],
        ),
        (
            ("off", "filter"),
            audited(None, None),
            ["audit of OPUSDC, LDOUSDC, cleanlab beats the controls for no kind of noise"],
        ),
        (
            ("off", "reweight"),
            [],
            [r"no noise audit .* \(OPUSDC, LDOUSDC\), so whether reweight finds .*Run ftf audit"],
        ),
        (
            ("off", "filter", "reweight"),
            [row("key of OP", beats=False)],
            [
                r"no noise audit .* \(LDOUSDC\), so whether filter and reweight find",
                "audit of OPUSDC, cleanlab beats .* that filter and reweight find",
            ],
        ),
        # The leaky reference and the controls do not speak for the cleaner.
        (
            ("filter",),
            [*audited(True, True, "cleanlab_shuffled"), *audited(False, False)],
            ["audit of OPUSDC, LDOUSDC, cleanlab beats the controls for no kind of noise"],
        ),
        # One kind and one class are enough.
        (
            ("filter",),
            [
                *audited(False, False),
                row("key of OP", beats=True, label="HOLD"),
                row("key of LDO", beats=True),
            ],
            [],
        ),
    ],
)
def test_the_gate_warns_where_no_audit_supports_the_cleaner(levels, found, expected):
    warnings = untrusted_cleaning(levels, KEYS, found)
    assert len(warnings) == len(expected)
    for warning, pattern in zip(warnings, expected, strict=True):
        assert re.search(pattern, warning)


def test_the_warning_tells_a_missing_audit_from_one_that_found_nothing():
    never, in_vain = untrusted_cleaning(("filter",), KEYS, [row("key of OP", beats=False)])
    assert "no noise audit of these data" in never
    assert "no noise audit" not in in_vain
    assert "nothing shows that filter finds real errors" in in_vain


def test_an_audit_of_other_rows_does_not_count():
    (warning,) = untrusted_cleaning(("filter",), KEYS, audited(True, True)[:1])
    assert "no noise audit of these data yet (LDOUSDC)" in warning
