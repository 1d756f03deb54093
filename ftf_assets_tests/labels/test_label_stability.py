"""Label stability: which labels depend on the exact choice of the barriers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.label_stability import RELABELLINGS, Barriers, jittered_barriers, label_stability
from ftf_assets.labels.triple_barrier import triple_barrier
from ftf_assets_tests.labels.test_triple_barrier import QUIET, candles

# Entry at 100 with ATR 10: stop 95, target 115; ten per cent of jitter move the target from 113.5 to 116.5.
GIVEN = Barriers(stop_multiple=0.5, target_multiple=1.5, atr_period=14)
HORIZON = 3


def stability(bars, relabellings, atr: dict[int, float] | None = None):
    return judged(bars, relabellings, atr).share


def judged(bars, relabellings, atr: dict[int, float] | None = None):
    rows = candles(bars)
    flat = {window: np.full(len(bars), level) for window, level in (atr or {14: 10.0}).items()}
    labels = triple_barrier(rows, flat[14], stop_multiple=0.5, target_multiple=1.5, horizon=HORIZON)
    return label_stability(rows, labels, relabellings, flat, horizon=HORIZON)


def targets(*multiples: float) -> tuple[Barriers, ...]:
    return tuple(Barriers(0.5, multiple, 14) for multiple in multiples)


@pytest.mark.parametrize(
    ("highest", "expected"),
    [
        pytest.param(120.0, 1.0, id="a BUY far beyond every target"),
        pytest.param(115.0, 0.5, id="a BUY that just touched: half of the targets are further away"),
        pytest.param(114.5, 0.75, id="a HOLD just short: one of the targets is nearer"),
        pytest.param(104.0, 1.0, id="a HOLD far from every target"),
    ],
)
def test_the_share_of_relabellings_that_agree(highest: float, expected: float) -> None:
    bars = [QUIET, (100.0, highest, 97.0, 101.0), QUIET, QUIET]
    assert stability(bars, targets(1.40, 1.50, 1.55, 1.60))[0] == expected


def test_the_atr_window_is_jittered_too() -> None:
    bars = [QUIET, (100.0, 115.0, 97.0, 101.0), QUIET, QUIET]
    windows = (Barriers(0.5, 1.5, 13), Barriers(0.5, 1.5, 15))
    assert stability(bars, windows, {13: 9.0, 14: 10.0, 15: 11.0})[0] == 0.5


def test_a_relabelling_whose_atr_warms_up_is_left_out() -> None:
    bars = [QUIET, (100.0, 115.0, 97.0, 101.0), QUIET, QUIET]
    windows = (Barriers(0.5, 1.5, 13), Barriers(0.5, 1.5, 15))
    assert stability(bars, windows, {13: 9.0, 14: 10.0, 15: np.nan})[0] == 1.0
    assert stability(bars, windows[1:], {14: 10.0, 15: np.nan})[0] == 0.0


@pytest.mark.parametrize(
    ("bars", "multiples", "expected"),
    [
        pytest.param(
            [(100.0, 120.0, 97.0, 101.0), QUIET, QUIET], (1.4, 1.6), 1, id="all touch in the first bar"
        ),
        pytest.param([(100.0, 114.5, 97.0, 101.0), QUIET, QUIET], (1.4,), 3, id="the label itself ends last"),
        pytest.param([(100.0, 115.0, 97.0, 101.0), QUIET, QUIET], (1.4, 1.6), 3, id="one goes on to the end"),
        pytest.param(
            [(100.0, 115.0, 97.0, 101.0), (101.0, 117.0, 99.0, 104.0), QUIET],
            (1.4, 1.6),
            2,
            id="one bar later",
        ),
    ],
)
def test_a_stability_is_known_at_the_latest_end_of_the_label_and_its_relabellings(bars, multiples, expected):
    found = judged([QUIET, *bars], targets(*multiples))
    close = candles([QUIET, *bars]).close_time
    assert found.end[0] == close[expected]


def test_a_relabelling_that_is_left_out_delays_nothing() -> None:
    bars = [QUIET, (100.0, 115.0, 97.0, 101.0), QUIET, QUIET]
    later = (Barriers(0.5, 1.4, 13), Barriers(0.5, 1.6, 15))
    assert judged(bars, later, {13: 10.0, 14: 10.0, 15: np.nan}).end[0] == candles(bars).close_time[1]


def test_bars_without_a_label_have_a_stability_of_0_and_no_value_is_missing() -> None:
    bars = [QUIET, (100.0, 120.0, 97.0, 101.0), QUIET, QUIET]
    assert stability(bars, targets(1.5)).tolist() == [1.0, 0.0, 0.0, 0.0]


def test_without_jitter_every_label_is_stable() -> None:
    assert set(jittered_barriers(GIVEN, jitter=0.0)) == {GIVEN}


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), jitter=st.floats(0.0, 0.5))
def test_draws_stay_within_the_jitter_and_repeat(seed: int, jitter: float) -> None:
    drawn = jittered_barriers(GIVEN, jitter=jitter, seed=seed)
    assert drawn == jittered_barriers(GIVEN, jitter=jitter, seed=seed)
    assert len(drawn) == RELABELLINGS
    for one in drawn:
        assert abs(one.stop_multiple / GIVEN.stop_multiple - 1) <= jitter + 1e-12
        assert abs(one.target_multiple / GIVEN.target_multiple - 1) <= jitter + 1e-12
        assert abs(one.atr_period - GIVEN.atr_period) <= GIVEN.atr_period * jitter + 0.5


def test_the_standard_draws_vary_stop_target_and_window() -> None:
    drawn = jittered_barriers(GIVEN)
    assert {one.atr_period for one in drawn} == {13, 14, 15}
    assert len({one.stop_multiple for one in drawn}) == len({one.target_multiple for one in drawn}) == 16


@pytest.mark.parametrize("broken", [{"n": 0}, {"jitter": 1.0}, {"jitter": -0.1}, {"jitter": float("nan")}])
def test_impossible_draws_are_refused(broken) -> None:
    with pytest.raises(InputError, match=r"relabellings must be at least 1 and the jitter in \[0, 1\)"):
        jittered_barriers(GIVEN, **broken)


def test_a_window_without_its_atr_is_named() -> None:
    with pytest.raises(InputError, match=r"atr is missing for window\(s\) 21"):
        stability([QUIET] * 5, (Barriers(0.5, 1.5, 21),))
