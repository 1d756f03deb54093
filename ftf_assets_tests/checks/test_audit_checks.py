"""Cleaning that no audit supports: a hint as long as nothing is locked, then a warning."""

from __future__ import annotations

from types import SimpleNamespace

import dagster as dg
import pandas as pd
import pytest

from ftf_assets.checks.audit_checks import audit_checks
from ftf_assets_tests.support.audit_rows import found_row, frames
from ftf_assets_tests.support.small_sweep import small_sweep


def check(verdicts: dict[str, str], *, audited: bool) -> dg.AssetCheckResult:
    """Run the check on the verdicts of levels, with or without an audit that supports the cleaner."""
    sweep = small_sweep(cryptos="OPUSDC", factors="label_smoothing,cleanlab=filter")
    key = sweep.artifact_key("coerced_arrays", "OPUSDC")
    found = frames([found_row(arrays_key=key, beats_controls=True)] if audited else [], [])[0]
    table = pd.DataFrame(
        [
            {"factor": name.split("=")[0], "level": name.split("=")[1], "verdict": verdict}
            for name, verdict in verdicts.items()
        ]
    )
    home = SimpleNamespace(
        audits=SimpleNamespace(audits=lambda keys: (found, None)),
        results=SimpleNamespace(decision=lambda sweep_id: SimpleNamespace(verdicts=table)),
    )
    context = dg.build_asset_check_context(
        resources={"sweep": SimpleNamespace(open=lambda: sweep), "home": home}
    )
    (definition,) = audit_checks()
    result = definition(context)
    assert isinstance(result, dg.AssetCheckResult)
    return result


LOCKED, KEPT = {"cleanlab=filter": "LOCK"}, {"cleanlab=filter": "KEEP_AVAILABLE"}


@pytest.mark.parametrize(
    ("verdicts", "audited", "passed"),
    [
        pytest.param(KEPT, False, True, id="nothing is locked"),
        pytest.param(LOCKED, False, False, id="cleaning would be locked unaudited"),
        pytest.param(LOCKED, True, True, id="an audit supports it"),
        pytest.param(KEPT | {"label_smoothing=mild": "LOCK"}, False, True, id="another factor is locked"),
    ],
)
def test_a_missing_audit_is_a_warning_only_where_cleaning_would_be_locked(
    verdicts: dict[str, str], audited: bool, passed: bool
):
    result = check(verdicts, audited=audited)
    assert result.passed is passed
    assert result.severity == dg.AssetCheckSeverity.WARN
    assert ("no noise audit of these data yet" in (result.description or "")) is not audited
