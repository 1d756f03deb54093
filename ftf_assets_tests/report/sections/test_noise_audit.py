"""The audit in the report: every number, detectors told apart without colour, and what is missing."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

import pytest

from ftf_assets.audit.detectors import DETECTORS
from ftf_assets.audit.summary import pool_effects, pool_findings
from ftf_assets.audit.treatments import TREATMENTS
from ftf_assets.report.charts.noise_lift import lift_chart
from ftf_assets.report.code_stamp import stamp, stamp_of
from ftf_assets.report.data import AuditData
from ftf_assets.report.page import render_report, render_template
from ftf_assets.report.sections.noise_audit import NOTHING_LOST, audit_section
from ftf_assets.rows.records import plain_records
from ftf_assets_tests.support.audit_rows import frames, whole_audit
from ftf_assets_tests.support.report_rows import report_data, result_rows

CRYPTOS = ("OPUSDC", "LDOUSDC")


def audited(*cryptos: str) -> AuditData:
    found, effects = [], []
    for crypto in cryptos:
        of_crypto = frames(*whole_audit(crypto))
        found += plain_records(of_crypto[0])
        effects += plain_records(of_crypto[1])
    return AuditData(found, effects, tuple(crypto for crypto in CRYPTOS if crypto not in cryptos))


def section_of(audit: AuditData) -> str:
    """The section alone: the rest of the page does not depend on the audit."""
    return render_template("noise-audit.html.j2", {"audit": audit_section(audit)})


@pytest.fixture(scope="module")
def both() -> AuditData:
    return audited(*CRYPTOS)


@pytest.fixture(scope="module")
def page(both: AuditData) -> str:
    return section_of(both)


def test_every_detector_kind_and_treatment_is_there_with_its_numbers(page, both):
    section = audit_section(both)
    assert {one["detector"] for one in section["found"]} == set(DETECTORS)
    assert len(section["effects"]) == 2 * len(TREATMENTS)
    texts = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page))).replace("\N{MINUS SIGN}", "-")
    for one in [*section["found"], *section["effects"]]:
        for name in set(one) - {"kind", "detector", "role", "treatment", "beats_buy", "beats_hold", "reason"}:
            shown = one[name].replace(" (", "(")
            assert shown in texts, (name, one)
    assert section["found_table"].rows[0]["buy"].raw == pool_findings(both.found)[0].buy.value
    assert section["effect_table"].rows[0]["won"].raw == pool_effects(both.effects)[0].won.value
    assert "1 of 2" not in section["found"][0]["beats_buy"]
    assert section["found"][0]["beats_buy"] == "2 of 2"


def test_overall_precision_is_labelled_as_no_evidence(page):
    assert "overall AP (no evidence)" in page
    assert "beats all three controls" in page


def test_where_nothing_was_lost_the_page_says_so_in_words(both):
    recovered = {one["kind"]: one["recovered"] for one in audit_section(both)["effects"]}
    assert recovered["independent"] == NOTHING_LOST
    assert recovered["bursts"].startswith("23%")


def test_each_crypto_has_its_own_table_where_there_are_several(page):
    for crypto in CRYPTOS:
        assert f"<summary>{crypto} alone</summary>" in page
    assert "alone</summary>" not in section_of(audited("OPUSDC"))


def test_the_picture_has_a_title_and_says_every_lift_to_those_who_do_not_see_it(both):
    findings = pool_findings(both.found)
    root = ElementTree.fromstring(lift_chart(findings))
    assert root.get("role") == "img"
    assert "95 % intervals" in root.findtext("title")
    said = root.findtext("desc")
    for one in findings:
        assert f"{one.kind}, {one.detector}: BUY {one.buy.value:.2f} (" in said


def test_detectors_are_told_apart_without_colour(both):
    """Every detector has a marker of its own: its path differs, not only its fill."""
    svg = str(lift_chart(pool_findings(both.found)))
    grey = re.sub(r"(fill|stroke): ?#[0-9a-f]{6}", r"\1: #777777", svg)
    markers = set(re.findall(r'<defs>\s*<path [^>]*d="([^"]+)"', grey))
    assert len(markers) >= len(DETECTORS)


def test_the_same_audit_draws_the_same_bytes(both):
    findings = pool_findings(both.found)
    assert lift_chart(findings) == lift_chart(findings)


def test_data_that_were_never_audited_say_so_and_how_to_do_it():
    nothing = section_of(AuditData(unaudited=CRYPTOS))
    assert "Never audited: OPUSDC, LDOUSDC" in nothing
    assert "ftf audit" in nothing
    some = section_of(audited("OPUSDC"))
    assert "Never audited: LDOUSDC" in some


def test_an_audit_that_measured_nothing_says_why_and_draws_nothing():
    found, _ = whole_audit("OPUSDC", kinds=("near_barrier",))
    unmeasured = {
        "status": "unavailable", "reason": "needs candles", "given_label": "all", "average_precision": None,
        "lift": None, "beats_controls": None, "estimated_noise_rate": None,
    }  # fmt: skip
    data = AuditData([row | unmeasured for row in found[::3]], [], ())
    assert audit_section(data)["chart"] is None
    assert "needs candles" in section_of(data)


def test_a_page_is_stamped_with_the_audit_that_it_shows():
    one, two = (audited(*cryptos) for cryptos in (CRYPTOS[:1], CRYPTOS))
    page = render_report(report_data(result_rows(CRYPTOS[:1], folds=1), audit=one))
    assert section_of(one) in page
    assert stamp_of(page) == stamp(one) == stamp(audited(*CRYPTOS[:1]))
    assert stamp(two) != stamp(one)
    assert stamp_of("<html></html>") is None
