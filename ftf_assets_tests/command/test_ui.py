"""The two ports of ``ftf ui``; what it starts is in ``end_to_end/test_operation.py``."""

from __future__ import annotations

import pytest

from ftf_assets.command.ui import port_of_reports
from ftf_assets.contracts.errors import InputError


@pytest.mark.parametrize(("port", "given", "chosen"), [(3000, None, 3001), (3000, 80, 80), (65_535, 1, 1)])
def test_reports_are_beside_the_ui_or_where_they_are_wanted(port: int, given: int | None, chosen: int):
    assert port_of_reports(port, given) == chosen


@pytest.mark.parametrize(("port", "given"), [(3000, 3000), (65_535, None)])
def test_reports_need_a_port_of_their_own(port: int, given: int | None):
    with pytest.raises(InputError, match=f"need a port of their own .*--port {port}.*up to 65535"):
        port_of_reports(port, given)
