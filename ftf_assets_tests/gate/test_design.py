"""What designs can see: the parts of the variance are found again, and designs grow as they must."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ftf_assets.gate.design import (
    Design,
    VarianceParts,
    designs_in_words,
    designs_that_see,
    seed_share,
    smallest_visible,
    standard_error,
    variance_parts,
)

PARTS = VarianceParts(week_sd=0.1, week_correlation=0.2, seed_sd=0.01)
DESIGN = Design(cryptos=5, months=6.0, folds=5, seeds=4)


def influence(rng, parts: VarianceParts, cryptos: int, weeks: int) -> np.ndarray:
    """One fold: a crypto's mean over its weeks is its difference, so each week adds a share of 1 / weeks."""
    shared = rng.normal(0, np.sqrt(parts.week_correlation), weeks)
    own = rng.normal(0, np.sqrt(1 - parts.week_correlation), (cryptos, weeks))
    by_week = parts.week_sd * (shared + own) / weeks
    return by_week - by_week.mean(axis=1, keepdims=True)


def test_the_parts_are_found_again():
    rng = np.random.default_rng(1)
    found = [
        variance_parts(influence(rng, PARTS, 5, 26), np.arange(5), 1, PARTS.seed_sd**2) for _ in range(400)
    ]
    assert np.mean([one.week_sd**2 for one in found]) == pytest.approx(PARTS.week_sd**2, rel=0.05)
    assert np.mean([one.week_correlation for one in found]) == pytest.approx(0.2, abs=0.03)
    assert found[0].seed_sd == pytest.approx(PARTS.seed_sd)


def test_the_standard_error_by_hand():
    week = 0.1**2 / DESIGN.weeks * (1 / 5 + 4 / 5 * 0.2)
    seed = 0.01**2 / (4 * 5 * 5)
    assert standard_error(PARTS, DESIGN) == pytest.approx(np.sqrt(week + seed))
    assert seed_share(PARTS, DESIGN) == pytest.approx(seed / (week + seed))


@pytest.mark.parametrize("grown", [{"months": 12.0}, {"cryptos": 10}, {"seeds": 8}], ids=str)
def test_a_larger_design_sees_smaller_effects(grown):
    assert smallest_visible(PARTS, replace(DESIGN, **grown)) < smallest_visible(PARTS, DESIGN)


def test_cryptos_that_move_together_add_nothing_and_folds_only_cut_the_same_weeks():
    together = replace(PARTS, week_correlation=1.0, seed_sd=0.0)
    more = replace(DESIGN, cryptos=20)
    assert standard_error(together, more) == pytest.approx(standard_error(together, DESIGN))
    assert smallest_visible(together, replace(DESIGN, folds=10)) > smallest_visible(together, DESIGN)


def test_the_designs_that_see_an_effect_are_the_smallest_ones():
    effect = 0.02
    assert smallest_visible(PARTS, DESIGN) > effect
    found = designs_that_see(effect, PARTS, DESIGN)
    months = found["months"]
    assert smallest_visible(PARTS, months) <= effect
    assert smallest_visible(PARTS, replace(months, months=months.months - 1)) > effect
    assert "seeds" not in found, "their part is small here"
    assert designs_that_see(0.5, PARTS, DESIGN) == {}


def test_designs_are_said_as_a_choice():
    found = designs_that_see(0.02, PARTS, DESIGN)
    said = designs_in_words(found, DESIGN)
    assert said.startswith(f"{found['months'].months:.0f} months of test history instead of 6")
    assert designs_in_words({}, DESIGN) == ""
