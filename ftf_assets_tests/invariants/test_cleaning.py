"""What cleaning may do: a class may be suspect up to its cap, and not beyond it."""

from __future__ import annotations

import pytest

from ftf_assets.invariants.cleaning import cleaning_breaches, suspect_shares
from ftf_assets_tests.support.production import Trained


def test_a_share_of_suspects_just_beyond_the_cap_is_a_breach(standard_run: Trained):
    y = standard_run.arrays.y
    mask = next(one for one in standard_run.masks.masks if one.suspect.any() and not one.keep.all())
    given = standard_run.arrays.base_weight[mask.rows]
    largest = max(suspect_shares(mask, y).values())
    assert cleaning_breaches(mask, y, given, largest) == []
    (breach,) = cleaning_breaches(mask, y, given, largest - 1e-6)
    assert "are suspect, the cap is" in breach
    assert largest == pytest.approx(0.1, abs=0.01), "the cap binds on these rows"
