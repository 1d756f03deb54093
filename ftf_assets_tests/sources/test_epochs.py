"""Numbers as epochs: their unit, and dates in ten digits that are no epoch of any usual bars."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.sources.epochs import UNITS, compact_dates, unit_of
from ftf_assets.sources.faults import Faults
from ftf_assets.sources.features.times import read_times

STEPS = (1, 5, 10, 15, 30, 60, 180, 300, 900, 1800, 3600, 14400, 28800, 43200, 86400, 604800)


@pytest.mark.parametrize("unit", UNITS)
def test_an_epoch_is_known_by_its_magnitude(unit):
    hours = pd.date_range("2017-01-01", periods=9, freq="YS").as_unit("ns").asi8 // UNITS[unit]
    assert [list(UNITS)[place] for place in unit_of(hours.astype(float))] == [unit] * 9


@pytest.mark.parametrize("step", STEPS)
def test_no_epochs_of_usual_bars_are_taken_for_dates(step):
    starts = np.random.default_rng(step).integers(946_684_800, 1_999_000_000, 50) // step * step
    for n in (1, 2, 10, 20, 100):
        for start in starts:
            epochs = (start + step * np.arange(n)).astype(float)
            assert (unit_of(epochs[epochs < 2e9]) == 0).all(), (start, n)


@pytest.mark.parametrize("form", ["%Y%m%d%H", "%y%m%d%H%M"])
@pytest.mark.parametrize("freq", ["15min", "1h", "4h", "1D"])
@pytest.mark.parametrize("start", ["2012-02-28 22:00", "2017-12-31", "2023-03-11"])
def test_dates_in_ten_digits_are_no_epochs(form, freq, start):
    dates = pd.date_range(start, periods=60, freq=freq).strftime(form)
    assert compact_dates(dates.astype(float).to_numpy()).all()


@pytest.mark.parametrize("kind", [str, int, float])
@pytest.mark.parametrize("form", ["%Y%m%d%H", "%y%m%d%H%M"])
def test_features_at_dates_in_ten_digits_are_refused_with_the_form_that_reads_them(form, kind):
    hours = pd.date_range("2023-03-11", periods=30, freq="h", tz="UTC")
    values = pd.Series([kind(text) for text in hours.strftime(form)])
    faults = Faults(file="features.parquet")
    assert read_times("date", values, zone="UTC", faults=faults, rows=range(30)) is None
    assert f"format='{form}', utc=True" in str(faults.error())
    written = pd.to_datetime(values.astype("int64").astype(str), format=form, utc=True)
    assert (written == hours).all()
