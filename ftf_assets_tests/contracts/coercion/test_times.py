"""``coerce_times``: every form of times gives the same nanoseconds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.coercion import coerce_times
from ftf_assets_tests.support.production import CRYPTO

TIME_FORMS = {
    "Series": lambda t: t,
    "DatetimeIndex": pd.DatetimeIndex,
    "another time zone": lambda t: t.dt.tz_convert("Europe/Paris"),
    "microseconds": lambda t: t.dt.as_unit("us"),
    "seconds": lambda t: t.dt.as_unit("s"),
    "Arrow-backed": lambda t: t.astype("timestamp[us, tz=UTC][pyarrow]"),
}


@pytest.mark.parametrize("form", TIME_FORMS.values(), ids=TIME_FORMS)
def test_every_form_of_times_gives_the_same_nanoseconds(production_data, form):
    times = coerce_times(form(production_data.pandas["label_end"]), crypto=CRYPTO, column="label_end")
    assert times.dtype == np.int64
    np.testing.assert_array_equal(times, production_data.arrays["label_end"])
