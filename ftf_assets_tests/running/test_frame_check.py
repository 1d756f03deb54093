"""A check of frames: the answer that ``ftf check`` gives of the same data in files."""

from __future__ import annotations

import pandas as pd
import pytest

import ftf_assets as ftf
from ftf_assets.contracts.errors import InputError
from ftf_assets.running.data_check import check_data
from ftf_assets_tests.support.gate_rows import sweep_rows
from ftf_assets_tests.support.production import candles, feature_cache

TWO_FOLDS = {"folds.n_folds": 2}


def test_frames_by_crypto_get_the_answer_of_their_files(tmp_path):
    frames = {"OP/USDC": feature_cache(4_000), "LDOUSDC": feature_cache(4_000).drop(columns="label_end")}
    for name, frame in frames.items():
        frame.to_parquet(tmp_path / f"{name.replace('/', '')}.parquet")
    of_frames, of_files = ftf.check(frames, settings=TWO_FOLDS), check_data(tmp_path, TWO_FOLDS)
    assert of_frames.check.cryptos == of_files.cryptos
    assert not of_frames.accepted
    assert list(of_frames.refused) == ["LDOUSDC"]
    assert list(of_frames.table["a sweep"]) == ["refuses", "accepts"]


def test_a_single_frame_is_told_by_its_columns_and_says_what_to_run_next():
    features = ftf.check(feature_cache(4_000), settings=TWO_FOLDS)
    assert features.accepted
    assert features.check.run_next == 'ftf.run_sweep({"FRAMEUSD": …}, settings={"training.trials": 0})'
    bars = ftf.check(candles(feature_cache(4_000)), settings=TWO_FOLDS, crypto="OPUSDC")
    assert bars.check.kind == "candles"
    assert bars.check.run_next.startswith('ftf.run_sweep(candles={"OPUSDC": …}')


def test_a_single_time_of_a_candle_frame_is_the_open_unless_stated():
    frame = candles(feature_cache(4_000))
    last = frame.index[-1]
    as_opens = ftf.check(frame, settings=TWO_FOLDS).check.cryptos[0].reading
    as_closes = ftf.check(frame, settings=TWO_FOLDS | {"data.stamp": "close"}).check.cryptos[0].reading
    assert (as_opens.last_open, as_opens.last_close) == (last.value, (last + pd.Timedelta("1h")).value)
    assert (as_closes.last_open, as_closes.last_close) == ((last - pd.Timedelta("1h")).value, last.value)


def test_results_are_checked_as_the_gate_reads_them():
    frame = pd.DataFrame(sweep_rows(0.02)).drop(columns="status")
    judged = ftf.check(frame.set_index(["crypto", "fold"]))
    assert judged.accepted
    assert judged.check.run_next == "ftf.judge(results)"
    refused = ftf.check(frame.assign(roc_auc=2.0))
    assert "out of range" in next(iter(refused.refused.values()))


def test_a_path_is_checked_as_the_command_checks_it(tmp_path):
    feature_cache(4_000).to_parquet(tmp_path / "OPUSDC.parquet")
    assert ftf.check(tmp_path, settings=TWO_FOLDS).check == check_data(tmp_path, TWO_FOLDS)


def test_a_check_is_shown_as_text_and_as_html():
    leaking = feature_cache(4_000).assign(future=lambda of: of["label"] * 1.0)
    checked = ftf.check(leaking, settings=TWO_FOLDS)
    assert "INVALID: leaks" in repr(checked)
    assert "future" in checked.refused["FRAMEUSD"]
    page = checked._repr_html_()
    assert "<table" in page
    assert "Understood (FRAMEUSD)" in page


@pytest.mark.parametrize("data", [[1, 2], {"OPUSDC": [1]}, {}], ids=["list", "list of a crypto", "nothing"])
def test_what_is_no_data_is_refused(data):
    with pytest.raises(InputError):
        ftf.check(data)


def test_a_frame_that_no_file_can_hold_is_refused_in_the_answer():
    good = feature_cache(4_000)
    twice = pd.concat([good, good.iloc[:, :1]], axis=1)
    alone = ftf.check(twice, crypto="OPUSDC")
    assert alone.check.kind == "features"
    says = f"OPUSDC, column {good.columns[0]!r}: a column is there twice. Keep one of them, or rename one."
    assert alone.refused == {"OPUSDC": says}
    assert says in repr(alone)
    both = ftf.check({"UNIUSDC": good, "OPUSDC": twice}, settings=TWO_FOLDS)
    assert not both.accepted
    assert both.refused == {"OPUSDC": says}
    assert [one.crypto for one in both.check.cryptos] == ["OPUSDC", "UNIUSDC"]
    results = pd.DataFrame(
        [["OPUSDC", "off", 0.5, 0.5]], columns=["crypto", "cleanlab", "roc_auc", "roc_auc"]
    )
    (refused,) = ftf.check(results).refused.values()
    assert "column 'roc_auc': a column is there twice" in refused
