"""Where no label is wrong there is nothing to cure: real fits on a market without label noise lock no level.

The full version is ``python -m benchmarks.zero_noise_market``: 20 seeds of the standard protocol.
"""

from __future__ import annotations

import pytest

from benchmarks.zero_noise_market import judged, table
from ftf_assets.contracts.tables.gate_decision import LOCK, VERDICTS
from ftf_assets_tests.support.settings import dotted

pytestmark = pytest.mark.slow

#: Two cryptos of five folds, and shorter fits than the protocol's: seconds in place of a minute.
SMALL = dotted({"cryptos": "OPUSDC,LDOUSDC", "max_rounds": 60, "patience": 10})


def test_no_level_is_locked_on_a_market_without_a_wrong_label(tmp_path):
    found = judged(1, tmp_path, SMALL)
    assert len(found.verdicts) == 4
    assert LOCK not in found.verdicts.values()
    assert judged(1, tmp_path, SMALL) == found, "read again, not run again"


def test_the_table_counts_sweeps_by_level_and_verdict():
    lines = table([{"cleanlab=filter": "ABANDON"}, {"cleanlab=filter": "NO_SIGNAL"}])
    assert lines[0] == f"| level | {' | '.join(VERDICTS)} |"
    assert lines[2:] == ["| cleanlab=filter | 0 | 1 | 1 | 0 | 0 |"]
