"""Where reports are served: an address of people's own, and nothing that must not be stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.graph.asset_metadata import report_metadata, reports_metadata
from ftf_assets.serving.report_address import ADDRESS_VARIABLE, report_address, reports_address
from ftf_assets_tests.support.small_sweep import small_sweep


@pytest.mark.parametrize("given", ["https://ftf.example.org", " https://ftf.example.org/ "])
def test_a_report_has_the_name_that_it_has_in_the_home(given: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(ADDRESS_VARIABLE, given)
    assert reports_address() == "https://ftf.example.org/reports/"
    assert report_address("ftf_1") == "https://ftf.example.org/reports/ftf_1.html"
    assert reports_metadata()["all reports"].value == reports_address()


@pytest.mark.parametrize("given", [None, "", "  "])
def test_without_an_address_there_is_no_link(given: str | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    if given is not None:
        monkeypatch.setenv(ADDRESS_VARIABLE, given)
    assert report_address("ftf_1") is None
    assert reports_metadata() == {}


@pytest.mark.parametrize("given", [None, "http://127.0.0.1:3001"])
def test_a_report_keeps_its_path_beside_a_link_that_may_lead_nowhere_later(
    given: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    if given is not None:
        monkeypatch.setenv(ADDRESS_VARIABLE, given)
    sweep, file = small_sweep(), tmp_path / "report.html"
    file.write_text("<p>answer</p>", encoding="utf-8")
    shown = report_metadata(sweep, "answer", file)
    assert shown["path"].value == str(file)
    link = shown["report"].value if "report" in shown else None
    assert link == report_address(sweep.sweep_id)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("ftf.example.org", "is not an address"),
        ("file:///reports", "is not an address"),
        ("javascript:alert(1)", "is not an address"),
        ("https://ftf.example.org?sweep=1", "is not an address"),
        ("http://[ftf.example.org", "is not an address"),
        ("https://ftf.example.org:abc", "is not an address"),
        ("https://ftf.example.org:99999", "is not an address"),
        ("https://ftf.example.org:0", "is not an address"),
        ("http://ftf.example.org/a b", "is not an address"),
        ("http://ftf.example.org/a\tb", "is not an address"),
        ("https://*.example.org", "is not an address"),
        ("https://me:opensesame@ftf.example.org", "must not hold credentials"),
        ("https://me:opensesame@[ftf.example.org", "must not hold credentials"),
    ],
)
def test_what_is_no_address_is_refused_in_one_line(given: str, says: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(ADDRESS_VARIABLE, given)
    with pytest.raises(InputError, match=f"^{ADDRESS_VARIABLE} {says}") as refused:
        report_address("ftf_1")
    assert "opensesame" not in str(refused.value)
