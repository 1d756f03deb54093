"""Pooled over cryptos: means, intervals that shrink, wins that are counted, and reasons that are kept."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.audit.summary import pool_effects, pool_findings
from ftf_assets_tests.support.audit_rows import effect_row, found_row, interval

CRYPTOS = ("OPUSDC", "LDOUSDC")


def nulls(row: dict) -> dict:
    from ftf_assets.contracts.tables.noise_audit import NoiseAudit, NoiseAuditEffects

    model = NoiseAuditEffects if "treatment" in row else NoiseAudit
    return dict.fromkeys(model.to_schema().columns) | row


def findings(*rows: dict):
    return pool_findings([nulls(row) for row in rows])


def effects(*rows: dict):
    return pool_effects([nulls(row) for row in rows])


def test_pooling_one_crypto_changes_nothing():
    (one,) = findings(found_row())
    assert (one.buy.value, one.buy.low, one.buy.high) == pytest.approx((1.07, 0.92, 1.22))
    assert one.hold is None
    assert one.beats_buy == (0, 1)
    assert one.beats_hold is None


def test_cryptos_are_averaged_and_their_variances_add():
    (one,) = findings(
        found_row("OPUSDC", **interval("lift", 1.0, 0.3), beats_controls=True),
        found_row("LDOUSDC", **interval("lift", 2.0, 0.4)),
    )
    assert one.buy.value == 1.5
    assert one.buy.high - one.buy.value == pytest.approx(np.hypot(0.3, 0.4) / 2)
    assert one.beats_buy == (1, 2)


def test_estimated_rates_and_overall_precision_are_of_all_rows():
    (one,) = findings(
        found_row(given_label="all", estimated_noise_rate=0.1, average_precision=0.3, beats_controls=None),
        found_row(average_precision=0.9),
    )
    assert (one.estimated_noise_rate, one.overall) == (0.1, 0.3)


def test_a_crypto_without_a_measurement_leaves_its_reason():
    (one,) = findings(
        found_row(), found_row("LDOUSDC", status="failed", reason="boom", **interval("lift", None))
    )
    assert one.buy.value == pytest.approx(1.07)
    assert one.reason == "boom"


def test_the_share_recovered_is_pooled_won_over_pooled_lost_with_cryptos_as_the_sample():
    (one,) = effects(
        effect_row("OPUSDC", **interval("lost", 0.010, 0.002), **interval("won", 0.004, 0.002)),
        effect_row("LDOUSDC", **interval("lost", 0.030, 0.002), **interval("won", 0.012, 0.002)),
    )
    assert one.recovered.value == pytest.approx(0.4)
    assert one.recovered.standard_error == pytest.approx(0.0, abs=1e-12), "both recover the same share"


def test_where_nothing_is_lost_on_the_whole_no_share_is_given():
    (one,) = effects(
        effect_row("OPUSDC", **interval("lost", 0.001, 0.02)),
        effect_row("LDOUSDC", **interval("lost", -0.001, 0.02)),
    )
    assert one.recovered is None


def test_kinds_and_detectors_keep_their_order():
    pooled = findings(
        found_row(kind="bursts"), found_row(kind="independent"), found_row("LDOUSDC", kind="bursts")
    )
    assert [one.kind for one in pooled] == ["bursts", "independent"]
