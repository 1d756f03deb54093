"""One page in which every section has something to show, for all tests that only read it."""

from __future__ import annotations

import pytest

from ftf_assets.report.data import ReportData
from ftf_assets.report.page import render_report
from ftf_assets_tests.support.report_rows import whole_report


@pytest.fixture(scope="session")
def whole_data() -> ReportData:
    return whole_report()


@pytest.fixture(scope="session")
def whole_page(whole_data: ReportData) -> str:
    return render_report(whole_data)
