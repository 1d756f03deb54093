"""Bars of a history: joined, stamped with their close, on one grid, gaps and empty hours told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.candles import Candles
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.reading import CandlesReading
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.readers.options import ReadingOptions
from ftf_assets.sources.timeframes import DAY, HOUR, MINUTE

CRYPTO = "UNIUSDC"
FIRST = pd.Timestamp("2024-01-30", tz="UTC")


def bars(n: int = 200, step: str = "1h", first: pd.Timestamp = FIRST, seed: int = 1) -> pd.DataFrame:
    """Plausible candles with their open time in ``date``."""
    generator = np.random.default_rng(seed)
    close = 6.0 * np.exp(np.cumsum(generator.normal(0, 0.01, n)))
    opened = np.concatenate([[6.0], close[:-1]])
    spread = np.abs(generator.normal(0, 0.01, (2, n)))
    return pd.DataFrame(
        {
            "date": pd.date_range(first, periods=n, freq=step),
            "open": opened,
            "high": np.maximum(opened, close) + spread[0],
            "low": np.minimum(opened, close) - spread[1],
            "close": close,
            "volume": generator.integers(1, 1000, n).astype(float),
        }
    )


def read(folder: Path, **options) -> tuple[pd.DataFrame, CandlesReading]:
    source = CandleFileSource(str(folder), options=CandleOptions(**options))
    return source.candles(CRYPTO), source.reading(CRYPTO)


def written(folder: Path, frame: pd.DataFrame, name: str = "UNIUSDT.csv", **options):
    frame.to_csv(folder / name, index=False)
    return read(folder, **options)


def refusal(folder: Path, frame: pd.DataFrame, name: str = "UNIUSDT.csv", **options) -> str:
    with pytest.raises(InputError) as error:
        written(folder, frame, name, **options)
    return str(error.value)


def expected(frame: pd.DataFrame, bar: str = "1h") -> pd.DataFrame:
    closes = frame["date"] + pd.Timedelta(bar)
    return frame.drop(columns="date").set_index(pd.DatetimeIndex(closes, name="timestamp").as_unit("ns"))


def assert_same(candles: pd.DataFrame, frame: pd.DataFrame, bar: str = "1h") -> None:
    Candles.validate(candles)
    pd.testing.assert_frame_equal(candles, expected(frame, bar), check_exact=True, check_freq=False)


# --- Parts of one history ---------------------------------------------------------------------------------


def split(folder: Path, frame: pd.DataFrame, *cuts: tuple[str, int, int]) -> None:
    for name, first, after in cuts:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        frame.iloc[first:after].to_csv(folder / name, index=False)


def test_a_file_and_its_months_give_the_same_candles(tmp_path):
    whole = bars()
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    split(
        tmp_path / "parts", whole,
        ("monthly/UNIUSDT-1h-2024-01.csv", 0, 48), ("monthly/UNIUSDT-1h-2024-02.csv", 48, 150),
        ("daily/UNIUSDT-1h-2024-02-05.csv", 140, 200),
    )  # fmt: skip
    one, _ = written(tmp_path / "whole", whole)
    many, reading = read(tmp_path / "parts")
    assert_same(one, whole)
    pd.testing.assert_frame_equal(many, one, check_exact=True)
    assert (reading.overlapping, reading.repeated, reading.gaps, reading.bars) == (10, 0, 0, 200)
    assert [file.file for file in reading.files] == [
        "monthly/UNIUSDT-1h-2024-01.csv", "monthly/UNIUSDT-1h-2024-02.csv", "daily/UNIUSDT-1h-2024-02-05.csv",
    ]  # fmt: skip
    assert reading.notes == ("10 bars in two files, equal",)


def test_a_month_that_is_not_there_is_a_gap(tmp_path):
    split(tmp_path, bars(), ("UNIUSDT-1h-2024-01.csv", 0, 48), ("UNIUSDT-1h-2024-03.csv", 60, 200))
    _, reading = read(tmp_path)
    assert (reading.gaps, reading.missing_bars, reading.longest_gap) == (1, 12, 12)


def test_an_overlap_with_other_numbers_names_both_files_and_the_remedy_works(tmp_path):
    whole = bars()
    split(tmp_path, whole, ("UNIUSDT-1h-2024-01.csv", 0, 49))
    unfinished = whole.copy()
    unfinished.loc[48, ["open", "high", "low", "close"]] = 6.5
    split(tmp_path, unfinished, ("UNIUSDT-1h-2024-02.csv", 48, 200))
    with pytest.raises(InputError) as error:
        read(tmp_path)
    assert "file UNIUSDT-1h-2024-02.csv, column 'date', row 2: two files give a bar different" in str(
        error.value
    )
    assert "2024-02-01 00:00:00+00:00, open 6.5; in row 50 of UNIUSDT-1h-2024-01.csv" in str(error.value)
    assert "Remove the bar from one file" in str(error.value)
    split(tmp_path, whole, ("UNIUSDT-1h-2024-01.csv", 0, 48))
    assert_same(read(tmp_path)[0], pd.concat([whole.iloc[:48], unfinished.iloc[48:]]))


def test_days_of_one_bar_each_are_a_history(tmp_path):
    whole = bars(40, "1D")
    for day in range(40):
        split(tmp_path, whole, (f"UNIUSDT-1d-{whole['date'][day]:%Y-%m-%d}.csv", day, day + 1))
    candles, reading = read(tmp_path)
    assert_same(candles, whole, "1D")
    assert (reading.bar, reading.bar_share) == (DAY, 1.0)


def test_a_repeated_row_is_dropped_and_one_with_other_numbers_refused(tmp_path):
    whole = bars()
    paged = pd.concat([whole.iloc[:100], whole.iloc[95:]])  # two pages of a download
    candles, reading = written(tmp_path, paged)
    assert_same(candles, whole)
    assert (reading.repeated, reading.notes) == (5, ("5 bars repeated and dropped",))
    paged.iloc[102, 4] = paged.iloc[102, 3]
    message = refusal(tmp_path, paged)
    assert "row 104: the time repeats with other numbers" in message
    assert "in row 99 " in message
    assert "Remove the repeated bar that is wrong." in message


def test_bars_in_disorder_are_refused(tmp_path):
    whole = bars()
    mixed = pd.concat([whole.iloc[:100], whole.iloc[150:], whole.iloc[100:150]])
    assert "the time goes back" in refusal(tmp_path, mixed)


# --- Open or close ----------------------------------------------------------------------------------------


ENDS = ["0s", "1min", "1s", "100ms", "10ms", "1ms", "1us", "100ns", "1ns", "3ms"]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("stamp", ["close", "auto"])
def test_a_close_is_known_at_the_exact_end_of_its_bar(tmp_path, end, stamp):
    whole = bars()
    stamped = whole.assign(date=whole["date"] + pd.Timedelta("1h") - pd.Timedelta(end))
    if stamp == "auto" and end == "0s":
        candles, reading = written(tmp_path, stamped)
        assert (reading.stamp, reading.stamp_from) == ("open", "assumed"), "nothing tells these from opens"
        return
    candles, reading = written(tmp_path, stamped, stamp=stamp)
    assert_same(candles, whole)
    assert reading.stamp == "close"
    assert reading.stamp_from == ("data.stamp" if stamp == "close" else "ends such as 23:59:59")
    assert pd.Timestamp(reading.first_open, tz="UTC") == FIRST
    assert pd.Timestamp(reading.first_close, tz="UTC") == candles.index[0]


def test_daily_closes_at_the_last_millisecond_are_ends(tmp_path):
    whole = bars(60, "1D")
    candles, reading = written(tmp_path, whole.assign(date=whole["date"] + pd.Timedelta("23:59:59.999")))
    assert_same(candles, whole, "1D")
    assert reading.stamp_from == "ends such as 23:59:59"


@pytest.mark.parametrize(
    ("bar", "end"),
    [("1D", "1min"), ("1h", "1min"), ("15min", "1min"), ("1min", "1s"), ("10s", "1s"), ("1s", "1ms")],
)
def test_an_end_is_told_by_the_length_of_its_bar(tmp_path, bar, end):
    whole = bars(60, bar)
    ends = whole.assign(date=whole["date"] + pd.Timedelta(bar) - pd.Timedelta(end))
    for name in ("date", "close_time"):
        assert_same(written(tmp_path, ends.rename(columns={"date": name}))[0], whole, bar)
    both = whole.rename(columns={"date": "open_time"}).assign(close_time=ends["date"])
    assert_same(written(tmp_path, both)[0], whole, bar)
    message = refusal(tmp_path, ends, stamp="open")
    assert "the times are ends of bars, not opens" in message
    assert_same(read(tmp_path, stamp="close")[0], whole, bar)


@pytest.mark.parametrize(
    ("bar", "phase"), [("1min", "0s"), ("2min", "1min"), ("1h", "30min"), ("1h", "300ms")]
)
def test_opens_off_the_full_hour_stay_opens(tmp_path, bar, phase):
    whole = bars(60, bar, FIRST + pd.Timedelta(phase))
    candles, reading = written(tmp_path, whole)
    assert_same(candles, whole, bar)
    assert reading.stamp_from == "assumed"


def test_ends_that_are_said_to_be_opens_are_refused_and_the_remedy_works(tmp_path):
    whole = bars()
    ends = whole.assign(date=whole["date"] + pd.Timedelta("00:59:59"))
    message = refusal(tmp_path, ends, stamp="open")
    assert "column 'date', row 2: the times are ends of bars, not opens" in message
    assert "--set data.stamp=close" in message
    assert_same(written(tmp_path, ends, stamp="close")[0], whole)


def test_an_index_and_a_column_of_closes_are_told_apart_by_their_names(tmp_path):
    whole = bars()
    closes = whole.assign(timestamp=whole["date"] + pd.Timedelta("1h")).set_index("date").rename_axis(None)
    file = tmp_path / "UNIUSDT.parquet"
    closes.to_parquet(file)
    with pytest.raises(InputError, match="call them open_time and close_time if they are that"):
        read(tmp_path)
    closes.rename_axis("open_time").rename(columns={"timestamp": "close_time"}).to_parquet(file)
    assert_same(read(tmp_path)[0], whole)


@pytest.mark.parametrize(("name", "first"), [("date", "2024-01-30"), ("close_time", "2024-01-29")])
def test_days_named_close_date_are_read_under_the_names_that_their_refusal_gives(tmp_path, name, first):
    days = bars(40, "1D").rename(columns={"date": "close_date"})
    message = refusal(tmp_path, days)
    assert "Call the column date if it holds the day of the bar, or close_time if" in message
    candles, _ = written(tmp_path, days.rename(columns={"close_date": name}))
    assert_same(
        candles,
        days.rename(columns={"close_date": "date"}).assign(
            date=pd.date_range(first, periods=40, freq="1D", tz="UTC")
        ),
        "1D",
    )


# --- Bar length -------------------------------------------------------------------------------------------


def sparse(frame: pd.DataFrame, kept: float = 0.5, seed: int = 3) -> pd.DataFrame:
    """Leave out the hours without trade, as Kraken's files do."""
    generator = np.random.default_rng(seed)
    keep = generator.random(len(frame)) < kept
    keep[[0, -1]] = True
    return frame[keep]


def test_a_history_without_its_empty_hours_is_hourly(tmp_path):
    whole = bars(2_000)
    few = sparse(whole)
    candles, reading = written(tmp_path, few, "UNIUSD_60.csv")
    assert_same(candles, few)
    assert (reading.bar, reading.bar_from) == (HOUR, "most common step")
    assert 0.4 < reading.bar_share < 0.6
    assert reading.missing_bars == 2_000 - len(few)
    stated, stated_reading = written(tmp_path, few, "UNIUSD_60.csv", bar=HOUR)
    pd.testing.assert_frame_equal(stated, candles)
    assert stated_reading.bar_from == "data.bar"


def test_a_flat_bar_is_the_last_close_without_volume_and_a_long_stretch_stays_a_gap(tmp_path):
    whole = bars()
    few = whole.drop(index=[5, *range(50, 62), *range(100, 113)])
    candles, reading = written(tmp_path, few, no_trade_bars="flat")
    assert (reading.filled, reading.gaps, reading.missing_bars, reading.longest_gap) == (13, 1, 13, 13)
    assert reading.notes == ("13 bars missing in 1 gap, the longest 13", "13 bars without trade filled")
    for place in (5, *range(50, 62)):
        bar = candles.loc[whole["date"][place] + pd.Timedelta("1h")]
        last = whole["close"][4 if place == 5 else 49]
        assert bar.tolist() == [last, last, last, last, 0.0]
    given = candles.loc[expected(few).index]
    assert_same(given, few)
    gap, _ = written(tmp_path, few)
    assert_same(gap, few)


def test_a_flat_bar_does_not_depend_on_what_comes_later(tmp_path):
    few = sparse(bars(400))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole, _ = written(tmp_path / "a", few, no_trade_bars="flat")
    prefix, _ = written(tmp_path / "b", few.iloc[:150], no_trade_bars="flat")
    pd.testing.assert_frame_equal(prefix, whole.iloc[: len(prefix)], check_exact=True)


def test_a_name_that_contradicts_the_bars_is_refused(tmp_path):
    message = refusal(tmp_path, bars(100, "4h"), "UNIUSDT_1h.csv")
    assert "1h in the name, most common step 4h (100% of 99 steps)" in message
    assert "If the bars are right, rename the file to one with 4h." in message
    (tmp_path / "UNIUSDT_1h.csv").unlink()
    assert_same(written(tmp_path, bars(100, "4h"), "UNIUSDT_4h.csv")[0], bars(100, "4h"), "4h")


def test_a_bare_60_is_an_hour_or_a_minute_as_the_bars_say(tmp_path):
    minutes = bars(100, "1min")
    assert written(tmp_path, minutes, "UNIUSD_60.csv")[1].bar == MINUTE


def mostly_even_hours(every: int, n: int = 400) -> pd.DataFrame:
    """Hours of which most are two hours apart, and some odd ones."""
    few = bars(n)[(np.arange(n) % 2 == 0) | (np.arange(n) % every == 1)]
    steps = np.diff(few["date"])
    assert 0 < (steps == np.timedelta64(1, "h")).sum() < 0.2 * (steps == np.timedelta64(2, "h")).sum()
    return few


def test_a_name_knows_the_bar_of_a_sparse_history_better_than_its_most_common_step(tmp_path):
    few = mostly_even_hours(50)
    candles, reading = written(tmp_path, few, "UNIUSD_60.csv")
    assert_same(candles, few)
    assert (reading.bar, reading.bar_from) == (HOUR, "file name")


@pytest.mark.parametrize(
    ("few", "name"),
    [
        (mostly_even_hours(50), "UNIUSD.csv"),
        (mostly_even_hours(60, 119), "UNIUSD_60.csv"),
        *(
            (sparse(bars(400), share, seed=seed), "UNIUSD.csv")
            for share in (0.3, 0.1, 0.05)
            for seed in (0, 7)
        ),
    ],
)
def test_the_length_that_the_refusal_of_a_sparse_history_names_is_taken(tmp_path, few, name):
    try:
        assert_same(written(tmp_path, few, name)[0], few)
    except InputError as error:
        assert "say so with --timeframe 1h (data.bar)" in str(error)  # noqa: PT017
    candles, reading = read(tmp_path, bar=HOUR)
    assert_same(candles, few)
    assert reading.bar_from == "data.bar"


def test_a_wrong_length_of_a_sparse_history_names_its_finest_step(tmp_path):
    few = mostly_even_hours(50)
    assert "The finest step is 1h: say --timeframe 1h." in refusal(tmp_path, few, bar=3 * HOUR)
    assert_same(read(tmp_path, bar=HOUR)[0], few)


def test_a_length_that_is_not_that_of_the_bars_is_refused(tmp_path):
    for stated in (4 * HOUR, 15 * MINUTE):
        message = refusal(tmp_path, bars(), bar=stated)
        assert "the bars are not of the stated length" in message
        assert "most common step 1h (100% of 199 steps)" in message
        assert "or say --timeframe 1h" in message
    assert_same(read(tmp_path, bar=HOUR)[0], bars())


def test_a_stated_length_and_a_name_that_are_both_wrong_are_both_mended(tmp_path):
    message = refusal(tmp_path, bars(), "UNIUSDT_5m.csv", bar=5 * MINUTE)
    assert "rename it to one with 1h, and say --timeframe 1h." in message
    (tmp_path / "UNIUSDT_5m.csv").rename(tmp_path / "UNIUSDT_1h.csv")
    assert_same(read(tmp_path, bar=HOUR)[0], bars())


@pytest.mark.parametrize(("first", "then"), [("1h", "4h"), ("4h", "1h"), ("1h", "15min")])
@pytest.mark.parametrize("second_part", [10, 300])
def test_a_history_whose_bar_length_changes_is_refused(tmp_path, first, then, second_part):
    before = bars(300, first)
    after = bars(second_part, then, before["date"].iloc[-1] + pd.Timedelta(first))
    message = refusal(tmp_path, pd.concat([before, after]))
    names = {"1h": "1h", "4h": "4h", "15min": "15m"}
    assert "the bar length changes within the history" in message
    assert f"from {names[first]} to {names[then]} at {after['date'].iloc[0]}" in message
    assert "row 302:" in message
    assert_same(written(tmp_path, before)[0], before, first)


def test_real_gaps_are_no_change_of_the_bar_length(tmp_path):
    whole = bars(1_000)
    outages = whole.drop(index=[*range(100, 103), *range(104, 107), *range(300, 303), 400, 402, 404])
    assert_same(written(tmp_path, outages)[0], outages)


# --- The grid ---------------------------------------------------------------------------------------------


def test_rows_off_the_grid_are_named_with_their_extent_and_can_be_left_out(tmp_path):
    whole = bars()
    shifted = whole.copy()
    off = [*range(50, 54), 120]
    shifted.loc[off, "date"] += pd.Timedelta("17min")
    message = refusal(tmp_path, shifted)
    assert "row 52 (5 rows in all: 52, 53, 54, 55, 122): the timestamp is off the grid of 1h bars" in message
    assert "2024-02-01 02:17:00+00:00 to 2024-02-01 05:17:00+00:00 (bars: 4); 2024-02-04" in message
    assert "--set data.off_grid=leave_out" in message
    candles, reading = read(tmp_path, off_grid="leave_out")
    assert_same(candles, whole.drop(index=off))
    assert (reading.off_grid, reading.missing_bars) == (5, 5)


def test_the_grid_is_where_most_bars_are_and_not_where_the_first_is(tmp_path):
    whole = bars()
    whole.loc[0, "date"] -= pd.Timedelta("5min")
    assert "row 2: the timestamp is off the grid" in refusal(tmp_path, whole)


def test_half_hours_in_an_hourly_file_may_mean_that_it_is_not_hourly(tmp_path):
    whole = bars(400, "30min")
    few = whole[(np.arange(400) % 2 == 0) | (np.arange(400) % 5 == 0)]
    message = refusal(tmp_path, few)
    assert "off the grid of 1h bars" in message
    assert "If the bars are of 30m, say so with --timeframe 30m (data.bar)." in message
    assert_same(read(tmp_path, bar=30 * MINUTE)[0], few, "30min")


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Sydney"])
@pytest.mark.parametrize("offsets", [True, False])
def test_days_of_local_clocks_name_the_clocks_and_not_the_winter_to_leave_out(tmp_path, zone, offsets):
    local = bars(700, "1D", FIRST.tz_localize(None).tz_localize(zone))
    if not offsets:
        local["date"] = local["date"].dt.tz_localize(None)
    message = refusal(tmp_path, local, reading=ReadingOptions(zone=None if offsets else zone))
    assert "bars of 1d change their length where clocks are set forward or back" in message
    assert "leave_out" not in message
    assert "bars of an hour or less" in message
    hours = bars(24 * 70, "1h", pd.Timestamp("2024-02-10", tz=zone))
    utc = hours.assign(date=hours["date"].dt.tz_convert("UTC"))
    assert_same(written(tmp_path, hours.assign(date=hours["date"].astype(str)))[0], utc)


def test_fewer_than_two_bars_are_no_history(tmp_path):
    assert "a candle history needs at least two bars (found 1)" in refusal(tmp_path, bars(1))
    twice = pd.concat([bars(1), bars(1)])
    assert "a candle history needs at least two bars (found 1)" in refusal(tmp_path, twice)
