"""The calls for trainers and notebooks. The four cases that production broke come first, in both forms."""

from __future__ import annotations

import inspect
import json
import pickle
import re
import subprocess
import sys
from typing import Any

import click
import numpy as np
import pandas as pd
import pytest

import ftf_assets as ftf
from ftf_assets.command.main import cli
from ftf_assets.contracts.coercion import coerce_candles, coerce_training_data
from ftf_assets.contracts.errors import CellError, InputError
from ftf_assets.sources.candles.feature_cache import feature_cache_from_candles
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.training.treated_fit_part import treat_fit_part
from ftf_assets_tests.support.gate_rows import sweep_rows
from ftf_assets_tests.support.production import (
    CRYPTO,
    QUICK,
    ProductionData,
    candles,
    plan_of,
    train,
    variants_of,
)


@pytest.fixture(params=["pandas", "ndarray"])
def window(request, production_data) -> dict[str, Any]:
    """The first rows of production, as a trainer hands them over: keywords of the call."""
    return call_of(production_data, request.param, slice(0, 1_300))


def call_of(data: ProductionData, form: str, rows: Any) -> dict[str, Any]:
    given = {
        name: values
        if name == "feature_names"
        else (values.iloc[rows] if isinstance(values, pd.DataFrame | pd.Series) else values[rows])
        for name, values in data.of(form).items()
    }
    names = {"feature_names": None, "regime": None, "base_weight": "weights"}
    call = {names.get(name, name): values for name, values in given.items()}
    del call[None]
    return call | {"crypto": CRYPTO, "parameters": QUICK, "rounds": 12, "workers": 1}


def values_of(column: Any) -> np.ndarray:
    return column.to_numpy() if isinstance(column, pd.Series) else column


def test_off_path_identity(window):
    X, y, w = ftf.apply_label_treatment(**window | {"label_smoothing": "none", "cleanlab": "off"})
    assert (X.dtype, y.dtype, w.dtype) == (np.float32, np.int8, np.float32)
    for found, given in ((X, window["X"]), (y, window["y"]), (w, window["weights"])):
        if isinstance(given, np.ndarray):
            assert found is given
        else:
            np.testing.assert_array_equal(found, given.to_numpy(found.dtype))


def test_smoothing_only(window):
    X, y, w = ftf.apply_label_treatment(**window, label_smoothing="mild")
    expected = np.where(values_of(window["y"]) == 1, np.float32(0.9), np.float32(0.02))
    np.testing.assert_array_equal(y, expected, strict=True)
    np.testing.assert_array_equal(w, values_of(window["weights"]).astype(np.float32))
    assert len(X) == 1_300


def test_full_cleanlab_filter_shrinks_the_data_set(window):
    treated = ftf.apply_label_treatment(**window, cleanlab="filter")
    X, y, w = treated
    assert len(X) == len(y) == len(w) == len(treated.rows) < 1_300
    given = values_of(window["y"])
    np.testing.assert_array_equal(y, given[treated.rows])
    np.testing.assert_array_equal(w, values_of(window["weights"]).astype(np.float32)[treated.rows])
    dropped = np.setdiff1d(np.arange(1_300), treated.rows)
    for label in (0, 1):
        assert (given[dropped] == label).sum() <= 0.10 * (given == label).sum()
    report = treated.report
    assert report.given.buy - report.kept.buy + report.given.hold - report.kept.hold == len(dropped)
    assert "cleanlab filter" in str(report)


def test_base_sample_weights_as_a_series_with_reweight(window):
    treated = ftf.apply_label_treatment(**window, cleanlab="reweight")
    given, y = values_of(window["weights"]), values_of(window["y"])
    assert len(treated.X) == 1_300
    suspect = treated.cleaning.suspect
    assert suspect.any()
    assert (treated.w[suspect] < given[suspect]).all()
    for label in (0, 1):
        np.testing.assert_allclose(treated.w[y == label].sum(), given[y == label].sum(), rtol=1e-5)


@pytest.mark.parametrize("form", ["pandas", "ndarray"])
@pytest.mark.parametrize(
    "levels",
    [
        {"label_smoothing": "aggressive", "sample_weight": "uniqueness"},
        {"cleanlab": "filter"},
        {"label_smoothing": "mild", "cleanlab": "reweight"},
        {"label_smoothing": "mild", "cleanlab": "relabel", "sample_weight": "return_attribution"},
        {"cleanlab": "filter_random", "sample_weight": "time_decay"},
        {"cleanlab": "reweight", "sample_weight": "label_stability"},
        {"cleanlab": "filter_temporal"},
        {"cleanlab": "forward"},
    ],
    ids=lambda levels: "+".join(levels.values()),
)
def test_a_fold_gets_what_the_graph_makes_of_its_fit_rows(production_data, form, levels):
    arrays = coerce_training_data(**production_data.of(form), crypto=CRYPTO)
    bars = candles(production_data.cache)
    (variant,) = variants_of(",".join(f"{name}={level}" for name, level in levels.items()), "single")
    plan = plan_of(arrays, variants=(variant,))
    run = train(plan, arrays, candles=coerce_candles(bars, crypto=CRYPTO))
    for fold in plan.folds(arrays):
        part = treat_fit_part(plan, arrays, run.soft_labels, run.masks, fold, variant)
        call = call_of(production_data, form, fold.fit)
        call |= {"rounds": run.baselines.folds[fold.index].rounds, "fold": fold.index, "seed": plan.seed}
        validation = pd.Timestamp(arrays.start[fold.validation[0]], tz="UTC")
        treated = ftf.apply_label_treatment(**call, **levels, candles=bars, held_out_from=validation)
        np.testing.assert_array_equal(treated.X, arrays.X[part.rows], strict=True)
        np.testing.assert_array_equal(treated.y, part.labels)
        np.testing.assert_array_equal(treated.w, part.weight, strict=True)
        assert treated.flip_rates == part.flip_rates
        np.testing.assert_array_equal(fold.fit[treated.rows], part.rows)


def test_without_rounds_they_are_found_before_the_end_of_the_window(window):
    call = window | {"rounds": None, "settings": {"training.min_rounds": 5, "training.max_rounds": 40}}
    found = ftf.apply_label_treatment(**call, cleanlab="filter")
    assert 5 <= found.report.rounds <= 40
    again = ftf.apply_label_treatment(**window | {"rounds": found.report.rounds}, cleanlab="filter")
    np.testing.assert_array_equal(found.rows, again.rows)


def test_settings_of_a_sweep_reach_the_treatment(window):
    few = ftf.apply_label_treatment(**window, cleanlab="filter", suspect_cap=0.02)
    assert few.report.suspect.buy == int(0.02 * few.report.given.buy)
    softer = ftf.apply_label_treatment(
        **window, label_smoothing="mild", settings={"treatment.mild_epsilon_buy": 0.25}
    )
    assert softer.y.max() == np.float32(0.75)


def test_a_corrected_loss_cannot_be_lost_by_unpacking(window):
    treated = ftf.apply_label_treatment(**window, cleanlab="forward")
    with pytest.raises(InputError, match=r"forward corrects the loss .* Read \.X"):
        _ = [*treated]
    assert treated.flip_rates.kept > 0


def test_a_treatment_survives_pickling(window):
    treated = ftf.apply_label_treatment(**window, cleanlab="filter")
    again = pickle.loads(pickle.dumps(treated))
    np.testing.assert_array_equal(again.rows, treated.rows)
    assert again.report == treated.report


LATE = pd.Timestamp("2021-05-01", tz="UTC")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"y": lambda call: call["y"].tolist()}, r"OPUSDC: y must be pandas or NumPy \(found builtins.list"),
        ({"y": lambda call: call["y"].to_frame()}, "found pandas.* Pass one column of it"),
        ({"weights": lambda call: call["weights"].iloc[::-1]}, "must share one index, in one order"),
        ({"weights": lambda call: -call["weights"]}, "base_weight.*not negative|weights must"),
        ({"label_end": lambda call: call["label_end"].dt.tz_localize(None)}, "must have a timezone"),
        ({"X": lambda call: call["X"].reset_index(drop=True)}, "must share one index|rows need a time"),
        ({"cleanlab": "filtre"}, r"unknown level of factor cleanlab \(found 'filtre'"),
        ({"label_smoothing": "strong"}, "unknown level of factor label_smoothing"),
        ({"cleanlab": "filter_temporal"}, "need candles"),
        (
            {"sample_weight": "return_attribution", "label_return": None},
            r"needs label_return.*Pass label_return=",
        ),
        ({"sample_weight": "label_stability"}, "needs held_out_from"),
        ({"held_out_from": LATE}, r"column 'label_end', row 2021-04.*leak into what is held out"),
        ({"settings": {"training.trials": 3}}, "decides no label treatment"),
        ({"settings": {"data.missing": "allow"}}, r"an argument of the call .* Pass it as missing="),
        ({"settings": {"treatment.mild_epsilon": 0.1}}, "unknown setting"),
        ({"suspect_cap": 0.7}, "bad value for the setting treatment.suspect_cap"),
        ({"parameters": {"n_estimators": 100}}, r"Pass it as rounds="),
        ({"parameters": {"eta": 0.1}}, "has another name"),
        (
            {"parameters": {"max_depth": None}},
            r"parameters\['max_depth'\] must be a number or text .found None",
        ),
        ({"parameters": [("max_depth", 3)]}, "parameters must be a mapping .found builtins.list"),
        ({"rounds": 0}, "rounds must be a whole number .found 0; allowed: 1 to "),
        ({"rounds": 2.5}, "rounds must be a whole number .found 2.5; allowed: 1 to "),
        ({"rounds": "5"}, "rounds must be a whole number .found '5'"),
        ({"fold": -1}, "fold must be a whole number .found -1; allowed: 0 to "),
        ({"workers": 0}, "workers must be a whole number .found 0; allowed: 1 to "),
        ({"workers": -1}, "workers must be a whole number .found -1"),
        ({"missing": "bogus"}, "missing must be one of its words .found 'bogus'; allowed: refuse, allow"),
        ({"cleanlab": None}, "cleanlab must be text .found None"),
        ({"timestamp": lambda call: call["label_end"]}, r"timestamp must be .* Pass pd\.DatetimeIndex"),
        ({"held_out_from": "soon"}, "held_out_from must be a time .found 'soon'"),
        (
            {"X": lambda call: call["X"].shift(500)},
            r"features must not be missing .* Trim the warm-up head, or pass missing='allow'\.$",
        ),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_treated_is_refused_in_one_line(production_data, changes, says):
    call = call_of(production_data, "pandas", slice(0, 1_300))
    for name, value in changes.items():
        call[name] = value(call) if callable(value) else value
    with pytest.raises(InputError, match=says) as refused:
        ftf.apply_label_treatment(**call)
    assert "\n" not in str(refused.value)


def test_numbers_of_numpy_are_the_numbers_that_they_are(window):
    call = window | {"fold": 1, "rounds": 5, "parameters": {"max_depth": 2, "learning_rate": 0.125}}
    searched = {"max_depth": np.int64(2), "learning_rate": np.float32(0.125)}
    same = {"fold": np.int64(1), "rounds": np.int64(5), "workers": np.int32(1), "seed": np.uint8(7)}
    ours, theirs = (
        ftf.apply_label_treatment(**of, cleanlab="filter")
        for of in (call, call | same | {"parameters": searched})
    )
    np.testing.assert_array_equal(ours.rows, theirs.rows)
    np.testing.assert_array_equal(ours.cleaning.label_quality, theirs.cleaning.label_quality)


def test_a_matrix_in_c_order_alone_comes_back_as_the_same_object(production_data):
    call = call_of(production_data, "ndarray", slice(0, 1_300))
    assert ftf.apply_label_treatment(**call).X is call["X"]
    other_order = np.asfortranarray(call["X"])
    copied = ftf.apply_label_treatment(**call | {"X": other_order}).X
    assert copied is not other_order
    np.testing.assert_array_equal(copied, other_order)


#: Values that hardly an argument takes.
ODD = [
    *(object(), [1, 2], {1: 2}, {"a": [1]}, b"x", "", "a\nb", None, True, -1, 2.5, 10**400, float("nan")),
    *(np.int64(5), np.float32(2.5), np.arange(3), np.datetime64("2024-01-01"), pd.NaT, pd.DataFrame()),
    *(pd.Series([1.0]), pd.DatetimeIndex(["2024-01-01"])),
]


def ordinary_calls(tmp_path) -> dict[str, dict[str, Any]]:
    """A call of each function that ends soon."""
    time = pd.date_range("2024-01-01", periods=60, freq="h", tz="UTC")
    X = pd.DataFrame({"trend": np.sin(np.arange(60.0))}, index=time)
    y = pd.Series(np.arange(60) % 2, index=time)
    nowhere = str(tmp_path / "no such folder")
    return {
        "apply_label_treatment": {"X": X, "y": y, "label_end": time + pd.Timedelta("1h")},
        "candles": {"folder": nowhere, "crypto": "OP/USDT"},
        "features": {"candles": nowhere, "crypto": "OP/USDT"},
        "check": {"data": nowhere},
        "judge": {"results": published()},
        "run_sweep": {"features": {"OPUSDC": X}, "home": tmp_path},
    }


def refusal(function: Any, **call: Any) -> str:
    """Why a call is refused; "" where it is not. Any other error than a refusal is raised."""
    try:
        function(**call)
    except InputError as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("name", [name for name in ftf.__all__ if name != "__version__"])
def test_whatever_an_argument_is_it_is_taken_or_refused_in_one_line(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FTF_HOME", raising=False)
    call = ordinary_calls(tmp_path)[name]
    for argument in inspect.signature(getattr(ftf, name)).parameters:
        for odd in ODD:
            if (name, argument, odd is None) == ("run_sweep", "features", True):
                continue  # this sweep runs, on the embedded market
            why = refusal(getattr(ftf, name), **call | {argument: odd})
            assert "\n" not in why, (argument, odd)


def test_a_label_that_is_known_with_the_first_held_out_row_leaks(production_data):
    call = call_of(production_data, "pandas", slice(0, 1_300))
    last = call["label_end"].max()
    with pytest.raises(InputError, match=re.escape(f"such rows, the first known at {last}")):
        ftf.apply_label_treatment(**call, held_out_from=last)
    call["label_stability_end"] = call["label_end"] + pd.Timedelta("1h")
    bar_later = last + pd.Timedelta("1h")
    treated = ftf.apply_label_treatment(**call, held_out_from=bar_later, sample_weight="label_stability")
    np.testing.assert_array_equal(treated.w == 0, call["label_stability_end"] >= bar_later)
    assert (treated.w == 0).any()


def test_a_short_window_is_not_cleaned_but_may_be_smoothed(production_data):
    call = call_of(production_data, "pandas", slice(0, 900))
    with pytest.raises(InputError, match=r"found 900 rows, .* at least 1000 rows, 50 .* cleanlab='off'"):
        ftf.apply_label_treatment(**call, cleanlab="filter")
    assert len(ftf.apply_label_treatment(**call, label_smoothing="mild").y) == 900


def test_a_treatment_that_fails_raises(window, monkeypatch):
    from ftf_assets.training import fit_task

    def fail(task, arrays):
        raise RuntimeError("no memory")

    monkeypatch.setattr(fit_task, "execute_fit", fail)
    with pytest.raises(CellError, match="OPUSDC: RuntimeError: no memory"):
        ftf.apply_label_treatment(**window, cleanlab="filter")


def test_the_inputs_are_not_changed(window):
    before = pickle.dumps(window)
    ftf.apply_label_treatment(
        **window, label_smoothing="mild", cleanlab="reweight", sample_weight="uniqueness"
    )
    assert pickle.dumps(window) == before


TRAINER = """
import pickle, sys
import ftf_assets as ftf
dir(ftf)
imported = lambda *names: [name for name in names if name in sys.modules]
assert not imported("numpy", "pandas", "pydantic", "dagster", "xgboost")
call = pickle.load(sys.stdin.buffer)
ftf.apply_label_treatment(**call, cleanlab="off")
assert not imported("cleanlab", "xgboost", "sklearn", "talib"), "the off path must be free"
ftf.apply_label_treatment(**call, cleanlab="filter")
assert not imported("dagster", "duckdb"), "a trainer needs neither"
"""


def test_a_trainer_imports_only_what_it_uses(production_data):
    call = call_of(production_data, "pandas", slice(0, 1_300))
    command = [sys.executable, "-c", TRAINER]
    subprocess.run(command, input=pickle.dumps(call), check=True, timeout=120)


def test_an_unknown_name_is_no_call():
    with pytest.raises(AttributeError, match="no attribute 'run_swep'"):
        _ = ftf.run_swep
    assert "apply_label_treatment" in dir(ftf)


def published(**kwargs: Any) -> pd.DataFrame:
    return pd.DataFrame(sweep_rows(0.02, **kwargs)).drop(columns="status")


def test_results_in_a_frame_get_the_verdict_of_the_same_file(tmp_path):
    frame = published()
    frame.to_parquet(tmp_path / "published.parquet", index=False)
    from_frame, from_file = ftf.judge(frame), ftf.judge(tmp_path / "published.parquet")
    assert from_frame.headline == from_file.headline
    pd.testing.assert_frame_equal(from_frame.verdicts, from_file.verdicts)
    assert from_frame.decision.sweep_id.startswith("frame_")
    assert from_frame.verdicts.loc[0, "verdict"] == "LOCK"
    assert set(from_frame.metrics["metric"]) >= {"roc_auc", "f1_buy"}
    assert from_frame.verdicts.loc[0, "mean_difference"] == pytest.approx(0.02, abs=0.003)


def test_an_index_by_crypto_and_fold_counts_as_columns():
    frame = published()
    assert ftf.judge(frame.set_index(["crypto", "fold"])).headline == ftf.judge(frame).headline


def test_one_factor_is_judged_on_the_rows_where_the_others_are_at_their_baseline():
    frame = published()
    level = frame.loc[frame["cleanlab"] != "off", "cleanlab"].iloc[0]
    both = pd.concat([frame, frame[frame["cleanlab"] == level].assign(label_smoothing="mild", roc_auc=0.9)])
    alone = ftf.judge(both, factor="cleanlab")
    assert list(alone.verdicts["factor"].unique()) == ["cleanlab"]
    assert alone.headline == ftf.judge(frame, factor="cleanlab").headline


def test_a_factor_of_ones_own_needs_its_baseline():
    frame = published().rename(columns={"cleanlab": "denoiser"}).drop(columns="label_smoothing")
    assert ftf.judge(frame, factor="denoiser", baseline="off").verdicts.loc[0, "factor"] == "denoiser"
    with pytest.raises(InputError, match=r"column 'denoiser': the baseline level .* is not known"):
        ftf.judge(frame, factor="denoiser")
    with pytest.raises(InputError, match="the results have no factor column"):
        ftf.judge(frame)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"baseline": "filter"}, r"and none is named .found 'filter'.* factor='cleanlab'"),
        ({"results": [1, 2]}, "results must be a table or a file .found builtins.list; allowed: DataFrame"),
        ({"useful_gain": -1}, "useful_gain is out of range .found -1.0; allowed: more than 0"),
        ({"useful_gain": "1"}, "useful_gain must be a number .found '1'"),
        ({"rule": 1}, "rule must be text .found 1"),
        ({"factor": "denoiser"}, r"Name its baseline level, too: baseline='off'"),
    ],
)
def test_a_judgement_that_cannot_be_made_is_refused_in_one_line(call, says):
    with pytest.raises(InputError, match=says) as refused:
        ftf.judge(**{"results": published()} | call)
    assert "\n" not in str(refused.value)


def test_a_useful_gain_may_be_a_whole_number():
    whole, same = (ftf.judge(published(), useful_gain=gain).decision for gain in (np.int64(1), 1.0))
    assert whole == same


def test_tables_that_were_put_together_are_refused_with_a_remedy_that_works():
    frame = published(folds=1).drop(columns="fold")
    both = pd.concat([frame[:5].reset_index(drop=True), frame[5:].reset_index(drop=True)])
    with pytest.raises(InputError, match=r"Leave the index out, df.reset_index\(drop=True\), or name"):
        ftf.judge(both)
    ours = ftf.judge(frame).headline
    assert ftf.judge(both.reset_index(drop=True)).headline == ours
    assert ftf.judge(both.rename_axis("number")).headline == ours
    with pytest.raises(InputError, match=r"Take the column out, df.drop\(columns='index'\)"):
        ftf.judge(both.reset_index())
    assert ftf.judge(both.reset_index().drop(columns="index")).headline == ours
    levels = published().set_index(["crypto", "fold"])
    with pytest.raises(InputError, match=r"df.index.names = \[.crypto., .fold.\]"):
        ftf.judge(levels.rename_axis([None, None]))


def test_tables_that_were_put_together_in_a_file_are_refused_with_its_remedy(tmp_path):
    frame = published(folds=1).drop(columns="fold")
    both = pd.concat([frame[:5].reset_index(drop=True), frame[5:].reset_index(drop=True)])
    both.to_csv(tmp_path / "both.csv")
    with pytest.raises(InputError, match="Write the file without its index, or name what it holds before"):
        ftf.judge(tmp_path / "both.csv")
    both.to_csv(tmp_path / "both.csv", index=False)
    assert ftf.judge(tmp_path / "both.csv").headline == ftf.judge(frame).headline


@pytest.mark.parametrize("factor", [None, "cleanlab"])
def test_a_missing_level_of_another_factor_is_refused_by_row(factor):
    frame = published().assign(label_smoothing="none")
    frame.loc[frame.index[3], "label_smoothing"] = None
    with pytest.raises(InputError, match="column 'label_smoothing', row 4: a value is missing"):
        ftf.judge(frame, factor=factor)


def test_the_command_judges_a_sweep_or_a_file(tmp_path):
    published().to_csv(tmp_path / "rows.csv", index=False)
    flags = ["gate", "--results", str(tmp_path / "rows.csv"), "--sweep", "ftf_x"]
    with pytest.raises(click.UsageError, match="--sweep is about a sweep and --results about a file"):
        cli.main(flags, standalone_mode=False)


def test_the_command_judges_a_factor_of_ones_own_in_a_file(tmp_path, capsys):
    frame = published().rename(columns={"cleanlab": "denoiser"}).drop(columns="label_smoothing")
    frame.to_csv(tmp_path / "rows.csv", index=False)
    flags = ["gate", "--results", str(tmp_path / "rows.csv"), "--json"]
    assert cli.main([*flags, "--factor=denoiser", "--baseline=off"], standalone_mode=False) == 0
    judged = ftf.judge(frame, factor="denoiser", baseline="off")
    assert json.loads(capsys.readouterr().out)["headline"] == judged.headline
    with pytest.raises(click.UsageError, match="--baseline is that of a factor: add --factor NAME"):
        cli.main([*flags, "--baseline=off"], standalone_mode=False)
    with pytest.raises(click.UsageError, match="--factor is about a file of results"):
        cli.main(["gate", "--factor=denoiser"], standalone_mode=False)


def test_a_column_that_may_mean_two_things_is_stated():
    frame = published().rename(columns={"roc_auc": "auc"})
    with pytest.raises(InputError, match=r"State what it is: columns=\{'roc_auc': 'auc'\}"):
        ftf.judge(frame)
    judged = ftf.judge(frame, columns={"roc_auc": "auc"})
    assert judged.headline == ftf.judge(published()).headline
    assert "roc_auc is column auc" in judged.understood
    assert judged.understood in repr(judged)


def test_bad_results_are_refused_by_row_without_a_file():
    frame = published()
    frame["roc_auc"] = frame["roc_auc"].astype(object)
    frame.iloc[3, frame.columns.get_loc("roc_auc")] = "high"
    with pytest.raises(InputError, match=r"column 'roc_auc'.* row 4") as refused:
        ftf.judge(frame)
    assert "file" not in str(refused.value)


def test_an_answer_is_shown_as_text_and_as_html():
    frame = published().assign(crypto=lambda of: of["crypto"].replace("OPUSDC", "<b>OP"))
    judged = ftf.judge(frame)
    assert judged.headline in repr(judged)
    page = judged._repr_html_()
    assert "LOCK" in page
    assert "<b>OP" not in page


def test_what_the_results_do_not_say_about_trades_the_answer_does_not_say_either():
    means = published(folds=1)[["crypto", "cleanlab", "roc_auc"]]
    judged = ftf.judge(means)
    assert judged.verdicts.loc[0, "verdict"] == "LOCK"
    assert "tradable" not in judged.headline.lower()


# --- features of candles -------------------------------------------------------------------------------


def test_features_of_candles_are_those_of_a_sweep_from_a_frame_and_from_a_folder(tmp_path):
    bars = MarketSource().candles("OPUSDC").head(400)
    closes = {"data.stamp": "close"}
    ours = ftf.features(bars, settings=closes)
    expected, _ = feature_cache_from_candles(
        bars, "OPUSDC", stop_multiple=0.5, target_multiple=1.5, horizon=4
    )
    pd.testing.assert_frame_equal(ours, expected, check_freq=False)
    bars.to_csv(tmp_path / "OPUSDT.csv")
    found = ftf.features(tmp_path, "OP/USDT", settings=closes)
    pd.testing.assert_frame_equal(found, ours, check_freq=False)
    pd.testing.assert_frame_equal(ftf.candles(tmp_path, "OP/USDT", settings=closes), bars, check_freq=False)
    longer = ftf.features(bars, settings=closes | {"labels.horizon_bars": 9})
    assert (longer["label_end"] - longer.index).max() == pd.Timedelta("9h")
    opens = ftf.features(bars)
    assert opens.index[0] - ours.index[0] == pd.Timedelta("1h")


@pytest.mark.parametrize(
    ("candles", "says"),
    [
        (3, "must be a frame of bars or the folder of their files .found builtins.int"),
        (pd.DataFrame({"close": [1.0]}), "FRAMEUSD"),
        ("no/such/folder", "no/such/folder"),
    ],
    ids=["a number", "no bars", "no folder"],
)
def test_candles_without_features_are_refused(candles, says):
    with pytest.raises(InputError, match=says):
        ftf.features(candles)


@pytest.mark.parametrize(
    ("name", "value"), [("data.source", "features"), ("data.path", "/nowhere"), ("data.cryptos", ["OPUSDC"])]
)
def test_settings_that_contradict_the_arguments_are_refused(name, value):
    bars = MarketSource().candles("OPUSDC").head(3)
    for read in (
        lambda: ftf.features(bars, settings={name: value}),
        lambda: ftf.candles("my/candles", "OP/USDT", settings={name: value}),
    ):
        with pytest.raises(InputError, match=f"said by the arguments, not by settings.*found {name}"):
            read()
