"""Ready feature caches: unambiguous dtypes are converted, everything else is refused by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ftf_assets.contracts.coercion import coerce_feature_cache
from ftf_assets.contracts.errors import InputError
from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets.sources.readers.options import ReadingOptions

TIMES = pd.date_range("2024-01-01", periods=6, freq="h", tz="UTC", name="timestamp")


@pytest.fixture
def cache() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rsi_14": [50.0, 60.0, 40.0, 55.0, 45.0, 50.0],
            "return_1": [0.01, -0.01, 0.0, 0.02, -0.02, 0.01],
            "label": np.array([0, 1, 0, 0, 1, 0], dtype=np.int8),
            "label_end": TIMES + pd.Timedelta("2h"),
            "label_return": [0.01, 0.03, -0.01, -0.01, 0.03, 0.0],
        },
        index=TIMES,
    )


@pytest.fixture
def read(tmp_path):
    """Write a frame as OPUSDC.parquet and read it back as the feature cache."""

    def read(frame: pd.DataFrame, missing: str = "refuse"):
        frame.to_parquet(tmp_path / "OPUSDC.parquet")
        source = FeatureFileSource(path=str(tmp_path), options=FeatureOptions(missing=missing))
        return source.feature_cache("OPUSDC", source.candles("OPUSDC"))

    return read


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda f: f, id="as the contract says"),
        pytest.param(lambda f: f.rename_axis(None), id="unnamed index"),
        pytest.param(lambda f: f.reset_index(), id="timestamp column"),
        pytest.param(lambda f: f.set_axis(f.index.as_unit("ms")), id="milliseconds"),
        pytest.param(lambda f: f.set_axis(f.index.tz_convert("Asia/Tokyo")), id="another zone"),
        pytest.param(lambda f: f.assign(label=f["label"].astype("int64")), id="int64 labels"),
        pytest.param(lambda f: f.assign(label=f["label"] == 1), id="boolean labels"),
        pytest.param(lambda f: f.assign(label=f["label"].astype("Int8")), id="nullable labels"),
        pytest.param(lambda f: f.assign(label=f["label"].astype("float32")), id="labels 0.0 and 1.0"),
        pytest.param(lambda f: f.assign(rsi_14=f["rsi_14"].astype("float32")), id="float32 feature"),
        pytest.param(lambda f: f.assign(rsi_14=f["rsi_14"].astype("int16")), id="integer feature"),
        pytest.param(lambda f: f.assign(rsi_14=f["rsi_14"].astype("Float64")), id="nullable feature"),
        pytest.param(lambda f: f.convert_dtypes(dtype_backend="pyarrow"), id="all Arrow"),
        pytest.param(
            lambda f: f.reset_index().convert_dtypes(dtype_backend="pyarrow"),
            id="all Arrow, timestamp column",
        ),
    ],
)
def test_any_width_of_number_and_time_becomes_the_contract(cache, read, written) -> None:
    result, report = read(written(cache))
    pd.testing.assert_frame_equal(result, cache, check_freq=False)
    FeatureCache.validate(result, lazy=True)
    assert (report.rows, report.warm_up_rows, report.buy_rate) == (6, 0, pytest.approx(2 / 6))


def test_weights_stabilities_and_regimes_are_kept(cache, read) -> None:
    more = {"base_weight": np.arange(6), "label_stability": np.float32(0.5), "regime": ["calm"] * 6}
    more["label_stability_end"] = cache["label_end"].dt.tz_convert("Asia/Tokyo").dt.as_unit("ms")
    result, _ = read(cache.assign(**more))
    assert (result["label_stability_end"] == cache["label_end"]).all()
    assert result["label_stability_end"].dtype == cache["label_end"].dtype
    assert result["base_weight"].dtype == result["label_stability"].dtype == np.float64
    assert isinstance(result["regime"].dtype, pd.StringDtype)
    arrays = coerce_feature_cache(result, crypto="OPUSDC")
    assert (arrays.label_stability.tolist(), arrays.regime.tolist()) == ([0.5] * 6, [0] * 6)
    assert arrays.regime_names == ("calm",)


def test_optional_columns_that_the_file_lacks_are_not_made_up(cache, read) -> None:
    result, _ = read(cache)
    assert not {"base_weight", "label_stability", "label_stability_end", "regime"} & set(result.columns)
    arrays = coerce_feature_cache(result, crypto="OPUSDC")
    assert (arrays.label_stability, arrays.regime, arrays.regime_names) == (None, None, ())


def test_counts_that_the_file_does_not_state_are_none(cache, read) -> None:
    _, report = read(cache)
    assert report.gap_rows is report.gaps is report.longest_gap is report.restarts is None
    assert report.end_rows == 0


def with_head(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    frame.loc[TIMES[:2], "rsi_14"] = np.nan
    frame.loc[TIMES[0], "return_1"] = np.nan
    return frame


def test_a_head_with_missing_features_is_trimmed_and_counted(cache, read) -> None:
    result, report = read(with_head(cache))
    assert (len(result), report.warm_up_rows) == (4, 2)
    assert result.index[0] == TIMES[2]


def test_missing_features_stay_where_they_are_allowed(cache, read) -> None:
    result, report = read(with_head(cache), missing="allow")
    assert (len(result), report.warm_up_rows) == (6, 0)


def test_a_gap_in_the_middle_is_not_trimmed(cache, read) -> None:
    cache.loc[TIMES[3], "rsi_14"] = np.nan
    with pytest.raises(InputError, match="missing in the middle"):
        read(cache)
    result, report = read(cache, missing="allow")
    assert (len(result), report.warm_up_rows) == (6, 0)


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        pytest.param(
            lambda f: f.assign(rsi_14=["fifty", *f["rsi_14"].astype(str)[1:]]),
            ["column 'rsi_14'", "row 2024-01-01 00:00:00+00:00", "not a number", "'fifty'"],
            id="text feature",
        ),
        pytest.param(
            lambda f: f.assign(rsi_14=f.index),
            ["column 'rsi_14'", "times are no features", "data.raw_columns=leave_out"],
            id="time feature",
        ),
        pytest.param(
            lambda f: f.assign(rsi_14=pd.Categorical(["low", "high"] * 3)),
            ["column 'rsi_14'", "not numeric", "category"],
            id="category feature",
        ),
        pytest.param(
            lambda f: f.assign(rsi_14=np.nan),
            ["column 'rsi_14'", "every row lacks a feature", "100%"],
            id="empty feature",
        ),
        pytest.param(
            lambda f: f.set_axis(f.index.tz_localize(None)),
            ["column 'timestamp'", "must have a timezone", "tz_localize"],
            id="naive index",
        ),
        pytest.param(
            lambda f: f.reset_index(drop=True),
            ["column 'timestamp'", "nothing says when", "datetimes with a timezone"],
            id="no time at all",
        ),
        pytest.param(
            lambda f: f.assign(label_end=f["label_end"].dt.tz_localize(None)),
            ["column 'label_end'", "must have a timezone"],
            id="naive label_end",
        ),
        pytest.param(
            lambda f: f.assign(label=[0, 1, 0, 2, 1, 0]),
            ["column 'label'", "row 2024-01-01 03:00:00+00:00", "found 2"],
            id="label 2",
        ),
        pytest.param(
            lambda f: f.assign(label=[0, 1, 256, 0, 1, 0]),
            ["column 'label'", "found 256"],
            id="label that would wrap around",
        ),
        pytest.param(
            lambda f: f.assign(label=[0, 1, 0.9, 0, 1, 0]), ["column 'label'", "found 0.9"], id="soft label"
        ),
        pytest.param(
            lambda f: f.assign(label=pd.array([0, 1, None, 0, 1, 0], dtype="Int8")),
            ["column 'label'", "row 2024-01-01 02:00:00+00:00", "label is missing"],
            id="missing label",
        ),
        pytest.param(
            lambda f: f.drop(columns="label_return"),
            ["column 'label_return'", "no such column"],
            id="no label_return",
        ),
        pytest.param(lambda f: f.drop(columns="label"), ["column 'label'", "no such column"], id="no label"),
        pytest.param(
            lambda f: f.assign(label_end=f.index - pd.Timedelta("1h")),
            ["row 2024-01-01 00:00:00+00:00", "label_end must not precede"],
            id="label_end before its row",
        ),
        pytest.param(
            lambda f: f.assign(label_end=f.index),
            [
                *("column 'label_end'", "row 2024-01-01 00:00:00+00:00", "the row's own time"),
                *("with label_return 0.01", "allowed: a time after", "the barrier was touched"),
            ],
            id="label_end is the row's time",
        ),
        pytest.param(
            lambda f: f.assign(label_return=100 * f["label_return"].clip(lower=-0.01)),
            ["column 'label_return'", "row 2024-01-01 01:00:00+00:00", "reads like per cent", "3 here"],
            id="returns in per cent",
        ),
        pytest.param(
            lambda f: f.assign(label_return=f["label_return"].replace(-0.01, -1.2)),
            ["column 'label_return'", "row 2024-01-01 02:00:00+00:00", "more than everything", "found -1.2"],
            id="a loss of more than everything",
        ),
        pytest.param(
            lambda f: f.iloc[[1, 0, 2, 3, 4, 5]],
            ["timestamps must increase strictly", "goes back"],
            id="unsorted",
        ),
        pytest.param(
            lambda f: f.set_axis(f.index[[0, 1, 2, 2, 3, 4]]), ["2024-01-01 02:00:00+00:00"], id="duplicate"
        ),
        pytest.param(lambda f: f.iloc[:0], ["the file is empty"], id="no rows"),
    ],
)
def test_a_defect_is_one_line_with_crypto_file_and_column(cache, read, broken, named) -> None:
    with pytest.raises(InputError) as error:
        read(broken(cache))
    for part in ["OPUSDC", "file OPUSDC.parquet", *named]:
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_there_are_no_candles(cache, read, tmp_path) -> None:
    read(cache)
    assert FeatureFileSource(path=str(tmp_path)).candles("OPUSDC").empty


def test_provenance_and_span_describe_the_file(cache, read, tmp_path) -> None:
    read(with_head(cache))
    source = FeatureFileSource(path=str(tmp_path))
    found = source.provenance("OPUSDC")
    assert (found.source, found.file, found.quote_currency) == ("features", "OPUSDC.parquet", "USDC")
    assert source.span("OPUSDC") == (TIMES[2], TIMES[-1], len(TIMES) - 2)


def test_one_table_of_several_cryptos_serves_each_of_them(cache, tmp_path) -> None:
    panel = pd.concat({"OP/USDT": cache, "UNI/USDT": cache.assign(rsi_14=1.0)}, names=["symbol", "timestamp"])
    panel.to_parquet(tmp_path / "features.parquet")
    source = FeatureFileSource(path=str(tmp_path))
    for crypto, rsi in (("OPUSDC", 50.0), ("UNIUSDT", 1.0)):
        found, _ = source.feature_cache(crypto, pd.DataFrame())
        assert (len(found), found["rsi_14"].iloc[0]) == (6, rsi)
    assert source.provenance("OPUSDC").file == "features.parquet"
    with pytest.raises(InputError, match=r"rows are of other cryptos than LDOUSDC \(found OP/USDT, UNI/USDT"):
        source.span("LDOUSDC")


def test_a_table_whose_rows_name_their_crypto_twice_serves_each_of_them(cache, tmp_path) -> None:
    named = [cache.assign(symbol=pair, asset=pair) for pair in ("OP/USDT", "UNI/USDT")]
    pd.concat(named).to_parquet(tmp_path / "features.parquet")
    found, _ = FeatureFileSource(path=str(tmp_path)).feature_cache("UNIUSDT", pd.DataFrame())
    assert len(found) == 6
    named[1]["asset"] = "OP/USDT"
    pd.concat(named).to_parquet(tmp_path / "features.parquet")
    with pytest.raises(InputError, match=r"column 'asset': the rows are of other cryptos than UNIUSDT"):
        FeatureFileSource(path=str(tmp_path)).span("UNIUSDT")


def test_one_table_that_names_no_crypto_serves_nobody(cache, tmp_path) -> None:
    cache.to_parquet(tmp_path / "features.parquet")
    with pytest.raises(InputError, match="no file for base asset OP"):
        FeatureFileSource(path=str(tmp_path)).span("OPUSDC")


@pytest.mark.parametrize(("raw", "kept"), [("keep", ["close"]), ("leave_out", [])])
def test_price_levels_are_kept_or_left_out_as_the_user_says(cache, tmp_path, raw, kept) -> None:
    cache.assign(close=cache["rsi_14"] + 1, date=cache.index).to_parquet(tmp_path / "OPUSDC.parquet")
    source = FeatureFileSource(path=str(tmp_path), options=FeatureOptions(raw_columns=raw))
    if raw == "keep":
        with pytest.raises(InputError, match="times are no features"):  # no number, so no feature
            source.span("OPUSDC")
        cache.assign(close=cache["rsi_14"] + 1).to_parquet(tmp_path / "OPUSDC.parquet")
    found, _ = source.feature_cache("OPUSDC", pd.DataFrame())
    assert list(found.columns.difference(cache.columns)) == kept


def test_a_point_beside_decimal_commas_is_refused(cache, tmp_path) -> None:
    text = cache.astype({"rsi_14": object}).assign(rsi_14=["1.234,5", *["50,5"] * 5])
    text.to_csv(tmp_path / "OPUSDC.csv", sep=";", decimal=",")
    source = FeatureFileSource(
        path=str(tmp_path), options=FeatureOptions(reading=ReadingOptions(decimal="comma"))
    )
    with pytest.raises(InputError, match=r"column 'rsi_14', row .*: the cell is not a number"):
        source.span("OPUSDC")


def test_a_broken_file_is_refused(tmp_path) -> None:
    (tmp_path / "OPUSDC.parquet").write_bytes(b"PAR1 not parquet")
    with pytest.raises(InputError, match=r"OPUSDC\.parquet: the file is not a readable Parquet table"):
        FeatureFileSource(path=str(tmp_path)).span("OPUSDC")
