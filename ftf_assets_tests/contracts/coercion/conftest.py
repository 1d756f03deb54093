"""The rows that the tests of the boundary start from."""

from __future__ import annotations

import pytest

from ftf_assets_tests.support.production import ProductionData, feature_cache_of_120_rows, production_rows


@pytest.fixture
def small() -> ProductionData:
    """120 production rows, as pandas objects and as arrays; a fresh copy."""
    return production_rows(feature_cache_of_120_rows().copy())
