"""The recomputed calibration error agrees with that of training, and impossible values are named."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.invariants.calibration import calibration_breaches, equal_mass_calibration_error
from ftf_assets.training.metrics import expected_calibration_error


@pytest.mark.parametrize("n_rows", [15, 16, 100, 1_237])
@pytest.mark.parametrize("digits", [1, 2, 16], ids=["many ties", "some ties", "no ties"])
def test_both_implementations_of_the_calibration_error_agree(n_rows: int, digits: int):
    random = np.random.default_rng(n_rows)
    probability = np.round(random.random(n_rows), digits)
    y = (random.random(n_rows) < probability).astype(np.int8)
    assert equal_mass_calibration_error(y, probability) == pytest.approx(
        expected_calibration_error(y, probability), abs=1e-12
    )


def test_the_calibration_error_of_a_case_by_hand():
    y = np.array([0, 0, 1, 1], np.int8)
    probability = np.array([0.1, 0.3, 0.6, 0.6])
    # Two bins of two rows: |0 - 0.4| and |2 - 1.2|, over four rows.
    assert equal_mass_calibration_error(y, probability, 2) == pytest.approx((0.4 + 0.8) / 4)


@pytest.mark.parametrize(
    ("ece", "ece_debiased", "words"),
    [
        (0.0, 0.0, "ece is exactly 0"),
        (0.9, 0.1, "implausible"),
        (0.3, 0.4, "outside 0 to ece"),
        (0.3, -0.1, "outside 0 to ece"),
    ],
)
def test_impossible_calibration_errors_are_named(ece: float, ece_debiased: float, words: str):
    y, probability = np.array([0, 1, 0, 1], np.int8), np.array([0.2, 0.4, 0.3, 0.9])
    found = calibration_breaches(y, probability, ece=ece, ece_debiased=ece_debiased)
    assert any(words in one for one in found)
