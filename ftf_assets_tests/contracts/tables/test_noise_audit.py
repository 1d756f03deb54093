"""The contracts of the audit's tables refuse rows that would mislead, such as evidence without controls."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.frames import contract_frame
from ftf_assets.contracts.tables.noise_audit import NoiseAudit, NoiseAuditEffects
from ftf_assets_tests.support.audit_rows import effect_row, found_row, interval, whole_audit

UNMEASURED = {
    "status": "unavailable",
    "reason": "needs candles",
    "given_label": "all",
    "average_precision": None,
    **interval("lift", None),
    **interval("margin", None),
    "p_value": None,
    "p_corrected": None,
    "hardest_control": None,
    "beats_controls": None,
}


def test_a_whole_audit_keeps_both_contracts():
    found, effects = whole_audit()
    assert len(contract_frame(NoiseAudit, found)) == len(found)
    assert len(contract_frame(NoiseAuditEffects, effects)) == len(effects)
    contract_frame(NoiseAudit, [found_row(**UNMEASURED)])


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"given_label": "all"}, "never said to beat"),
        ({"role": "control"}, "never said to beat"),
        ({"status": "failed", "reason": "boom"}, "only status ok is measured"),
        ({**UNMEASURED, "reason": None}, "every other says why"),
        ({"role": "oracle"}, "isin"),
        ({"average_precision": 1.2}, "less_than_or_equal_to"),
        ({"margin": float("inf")}, "not be infinite"),
        ({"settings": "none"}, "JSON object"),
        ({"settings": "{a"}, "JSON object"),
        ({"kind": ""}, "str_length"),
    ],
)
def test_misleading_rows_of_the_audit_are_refused(changes, rule):
    with pytest.raises(InputError, match=f"noise_audit.*{rule}"):
        contract_frame(NoiseAudit, [found_row(**changes)])


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"nothing_lost": True}, "nothing to recover"),
        (interval("recovered", None), "nothing to recover"),
        ({"treated": None}, "every other says why"),
        ({"status": "failed"}, "every other says why"),
    ],
)
def test_misleading_rows_of_the_effects_are_refused(changes, rule):
    with pytest.raises(InputError, match=f"noise_audit_effects.*{rule}"):
        contract_frame(NoiseAuditEffects, [effect_row(**changes)])


def test_a_second_row_of_a_measurement_is_refused():
    with pytest.raises(InputError, match="must be unique"):
        contract_frame(NoiseAudit, [found_row(), found_row()])
    with pytest.raises(InputError, match="must be unique"):
        contract_frame(NoiseAuditEffects, [effect_row(), effect_row()])
