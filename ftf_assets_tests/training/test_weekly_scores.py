"""A cell by UTC week: Monday starts a week, rows count where they are, trades where they exit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.training.auc_influence import auc_influence
from ftf_assets.training.trades import Trades
from ftf_assets.training.weekly_scores import weekly_scores

HOUR = 3_600 * 10**9
MONDAY = pd.Timestamp("2024-01-01", tz="UTC").value


def no_trades() -> Trades:
    return trades_at()


def trades_at(*exit_and_return: tuple[int, float]) -> Trades:
    exits = np.array([exit_ for exit_, _ in exit_and_return], dtype=np.int64)
    net = np.array([value for _, value in exit_and_return], dtype=np.float64)
    return Trades(row=np.arange(len(net)), exit=exits, net_return=net)


def random_rows(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return (random.random(n) < 0.3).astype(np.int8), random.integers(0, 50, n) / 50


@pytest.mark.parametrize(
    ("first", "mondays"),
    [
        ("2024-01-07 22:00", ["2024-01-01", "2024-01-08"]),  # from a Sunday evening on
        ("2024-01-08 00:00", ["2024-01-08"]),
        ("1969-12-31 22:00", ["1969-12-29"]),  # before the epoch, which was a Thursday
        ("1970-01-04 23:00", ["1969-12-29", "1970-01-05"]),
    ],
)
def test_a_week_starts_on_monday_at_midnight_utc(first: str, mondays: list[str]):
    start = pd.date_range(first, periods=4, freq="h", tz="UTC").as_unit("ns").asi8
    y, probability = np.array([0, 1, 0, 1], np.int8), np.array([0.1, 0.2, 0.3, 0.4])
    weeks = weekly_scores(start, y, probability, no_trades())
    assert [pd.Timestamp(week["week"], tz="UTC") for week in weeks] == [
        pd.Timestamp(monday, tz="UTC") for monday in mondays
    ]


def test_each_week_sums_its_own_rows():
    y, probability = random_rows(600)
    start = MONDAY + np.arange(600, dtype=np.int64) * 2 * HOUR + np.where(np.arange(600) > 300, 700 * HOUR, 0)
    _, influence = auc_influence(y, probability)
    table = pd.DataFrame({"week": pd.to_datetime(start, utc=True), "n_buy": y, "auc_influence": influence})
    table["week"] = table["week"].dt.normalize() - pd.to_timedelta(table["week"].dt.day_of_week, unit="D")
    expected = table.groupby("week").agg(
        n_test=("n_buy", "size"), n_buy=("n_buy", "sum"), auc_influence=("auc_influence", "sum")
    )
    found = pd.DataFrame(weekly_scores(start, y, probability, no_trades()))
    assert pd.to_datetime(found["week"], utc=True).tolist() == expected.index.tolist()
    assert found["n_test"].tolist() == expected["n_test"].tolist()
    assert found["n_buy"].tolist() == expected["n_buy"].tolist()
    np.testing.assert_allclose(found["auc_influence"], expected["auc_influence"], atol=1e-12)
    assert found["auc_influence"].sum() == pytest.approx(0, abs=1e-12)
    assert found["auc_influence"].abs().max() > 1e-3
    assert set(found["n_trades"]) == {0}
    assert set(found["net_return"]) == {0.0}


def test_a_trade_counts_in_the_week_of_its_exit_also_after_the_last_row():
    start = MONDAY + np.arange(160, 168, dtype=np.int64) * HOUR  # the last eight hours of a week
    y, probability = np.array([0, 1] * 4, np.int8), np.linspace(0, 1, 8)
    trades = trades_at(
        (MONDAY + 163 * HOUR, 0.02), (MONDAY + 168 * HOUR - 1, -0.01), (MONDAY + 168 * HOUR, 0.03)
    )
    first, second = weekly_scores(start, y, probability, trades)
    assert (first["n_trades"], first["net_return"]) == (2, pytest.approx(0.01))
    assert (second["n_trades"], second["net_return"]) == (1, pytest.approx(0.03))
    assert (second["n_test"], second["n_buy"], second["auc_influence"]) == (0, 0, 0.0)
