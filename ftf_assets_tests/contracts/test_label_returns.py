"""Returns of labels: what takes no time or reads like per cent is refused, whatever bars and barriers are."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.coercion import coerce_training_data
from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.label_returns import median_daily_move, refuse_implausible_returns
from ftf_assets_tests.support.production import CRYPTO, ProductionData

MINUTE = 60 * 10**9
N = 400


def labels(bar: int, volatility: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of a random walk with this standard deviation a day, on bars of so many minutes."""
    random = np.random.default_rng(seed)
    start = np.arange(N, dtype=np.int64) * bar * MINUTE
    bars = random.integers(1, 5, N)
    returns = random.normal(0, volatility * np.sqrt(bars * bar / 1440))
    return start, start + bars * bar * MINUTE, returns


@pytest.mark.parametrize("bar", [1, 15, 60, 1440, 7 * 1440], ids=lambda bar: f"{bar} minutes")
@pytest.mark.parametrize("volatility", [0.015, 0.04, 0.2], ids=["calm", "usual", "wild"])
def test_per_cent_is_told_from_shares_for_any_bar_and_market(bar: int, volatility: float):
    start, end, returns = labels(bar, volatility)
    refuse_implausible_returns(start, end, returns, crypto=CRYPTO)
    with pytest.raises(InputError, match="reads like per cent") as refused:
        refuse_implausible_returns(start, end, 100 * returns, crypto=CRYPTO, file="OP.parquet")
    for part in ("OPUSDC, file OP.parquet, column 'label_return', row 197", "Divide label_return by 100"):
        assert part in str(refused.value)


def test_the_typical_move_hardly_depends_on_the_bar():
    moves = [median_daily_move(*labels(bar, 0.04)) for bar in (15, 60, 1440)]
    assert moves == pytest.approx([0.027] * 3, rel=0.1)  # the median of a normal value's size is 0.67 SD


def test_labels_without_a_return_say_nothing_of_the_unit():
    start, end, returns = labels(60, 0.04)
    assert median_daily_move(start, end, 0 * returns) is None
    refuse_implausible_returns(start, start, 0 * returns, crypto=CRYPTO)


@pytest.mark.parametrize("form", ["pandas", "ndarray"])
def test_the_boundary_refuses_what_the_source_refuses(production_data: ProductionData, form: str):
    given = production_data.of(form)
    with pytest.raises(InputError, match="reads like per cent"):
        coerce_training_data(crypto=CRYPTO, **given | {"label_return": 60 * given["label_return"]})
    rows = given["X"].index if form == "pandas" else given["timestamp"]
    at_once = given["label_end"].copy()
    at_once[:] = rows
    with pytest.raises(InputError, match=r"column 'label_end', row 2021.*label_end must lie after its row"):
        coerce_training_data(crypto=CRYPTO, **given | {"label_end": at_once})
