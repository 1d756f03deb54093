"""The cap on suspects: the worst rows of each class, and no more than its share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.cleaning.suspect_cap import cap_per_class


def bools(text: str) -> np.ndarray:
    return np.array([mark == "x" for mark in text])


@pytest.mark.parametrize(
    ("flagged", "quality", "share", "expected"),
    [
        ("xxxxx.....", [5, 4, 3, 2, 1, 0, 0, 0, 0, 0], 0.2, "....x....."),
        ("xxxxx.....", [1, 1, 1, 1, 1, 0, 0, 0, 0, 0], 0.4, "xx........"),
        ("xx...xx...", [1, 2, 0, 0, 0, 2, 1, 0, 0, 0], 0.2, "x.....x..."),
        ("xxxxxxxxxx", [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], 0.59, "xx...xx..."),
        ("xxxxxxxxxx", [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], 0.0, ".........."),
        ("xx........", [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], 1.0, "xx........"),
    ],
    ids=["worst first", "earlier row on ties", "each class", "rounded down", "nothing", "only flagged rows"],
)
def test_the_cap_takes_the_worst_first_and_the_earlier_row_on_ties(flagged, quality, share, expected):
    y = np.array([1] * 5 + [0] * 5, np.int8)
    found = cap_per_class(bools(flagged), np.array(quality) / 10, y, share)
    assert found.tolist() == bools(expected).tolist()


@pytest.mark.parametrize(
    ("share", "n", "limit"), [(0.1, 120, 12), (0.1, 129, 12), (0.3, 10, 3), (0.07, 100, 7)]
)
def test_the_cap_is_whole_rows_despite_binary_floating_point(share, n, limit):
    y = np.ones(n, np.int8)
    assert cap_per_class(y == 1, np.linspace(0, 1, n), y, share).sum() == limit


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_a_cap_outside_0_to_1_is_refused(share):
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        cap_per_class(bools("x"), np.zeros(1), np.ones(1, np.int8), share)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_cap_holds_for_any_flags_quality_and_share(data):
    row = st.tuples(st.booleans(), st.sampled_from([0.0, 0.2, 0.7, 1.0]), st.integers(0, 1))
    rows = data.draw(st.lists(row, min_size=1))
    flagged, quality, y = (np.array(column) for column in zip(*rows, strict=True))
    y = y.astype(np.int8)
    share = data.draw(st.floats(0, 1))
    suspect = cap_per_class(flagged, quality, y, share)
    assert not (suspect & ~flagged).any()
    for label in (0, 1):
        of_class = y == label
        assert suspect[of_class].sum() <= share * of_class.sum() + 1e-6
        spared = flagged & ~suspect & of_class
        if spared.any() and (suspect & of_class).any():
            assert quality[suspect & of_class].max() <= quality[spared].min()
