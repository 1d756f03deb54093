"""Python for trainers and notebooks: ``import ftf_assets as ftf``.

* :func:`apply_label_treatment` treats the labels of a training window, as a sweep treats those of a fold.
* :func:`candles` reads candle files, as a sweep reads them.
* :func:`features` makes the features and labels of candles, for columns of your own beside them.
* :func:`check` says what was understood of data, and what a sweep or the gate would refuse.
* :func:`run_sweep` runs the whole graph on frames or files and gives rows, verdicts and report.
* :func:`judge` gives the gate's verdict on results, from whatever system they come.

DataFrames and Series come in. Each call imports what it needs when it is called: a trainer that treats labels
imports neither Dagster nor DuckDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ftf_assets.contracts.typed import Array

if TYPE_CHECKING:
    from ftf_assets.report.notebook import JudgedResults, SweepResult
    from ftf_assets.running.frame_check import CheckedData
    from ftf_assets.training.label_treatment import LabelTreatment


def apply_label_treatment(
    X: pd.DataFrame | Array,
    y: pd.Series | Array,
    weights: pd.Series | Array | None = None,
    *,
    label_end: pd.Series | pd.DatetimeIndex | Array,
    label_smoothing: str = "none",
    cleanlab: str = "off",
    sample_weight: str = "none",
    timestamp: pd.DatetimeIndex | Array | None = None,
    label_return: pd.Series | Array | None = None,
    label_stability: pd.Series | Array | None = None,
    label_stability_end: pd.Series | pd.DatetimeIndex | Array | None = None,
    held_out_from: pd.Timestamp | None = None,
    candles: pd.DataFrame | None = None,
    rounds: int | None = None,
    parameters: Mapping[str, float | int | str] | None = None,
    suspect_cap: float = 0.10,
    settings: Mapping[str, object] | None = None,
    missing: Literal["refuse", "allow"] = "refuse",
    crypto: str = "",
    fold: int = 0,
    seed: int = 7,
    workers: int | None = None,
) -> LabelTreatment:
    """Treat the labels of a training window: soften them, clean them, weigh their rows.

    The call of a trainer, between its split and its fit. For the rows, rounds, parameters and seed of a fold
    of a sweep, the result is what the sweep's model of that fold trains on, to the bit.

    Parameters
    ----------
    X
        Features of the training rows, shape (n_rows, n_features), indexed by the UTC time at which they are
        known; or an array, with ``timestamp``.
    y
        Hard labels, shape (n_rows,): 1 = BUY, 0 = HOLD.
    weights
        Weights that the rows already have, shape (n_rows,); ones by default.
    label_end
        When each label is known, UTC, shape (n_rows,). Rows whose label interval touches an out-of-fold block
        are purged from the model that predicts the block.
    label_smoothing
        ``none``, ``mild`` or ``aggressive``.
    cleanlab
        ``off``; ``filter`` drops suspect rows, ``reweight`` lowers their weight, ``relabel`` gives them the
        other label, ``forward`` corrects the loss; ``filter_temporal`` and ``reweight_temporal`` judge labels
        by their order in time and need ``candles``. Controls such as ``filter_random`` are levels, too.
    sample_weight
        ``none``, ``uniqueness``, ``return_attribution`` (needs ``label_return``), ``time_decay`` or
        ``label_stability`` (needs ``label_stability``, ``label_stability_end`` and ``held_out_from``).
    timestamp
        When the features of each row are known, UTC, where ``X`` is an array: a ``DatetimeIndex``, or int64
        nanoseconds since the epoch.
    label_return, label_stability, label_stability_end
        Columns of the feature cache that a level of ``sample_weight`` needs, shape (n_rows,): return of each
        label before costs, 0.01 is one per cent; share of slightly different barriers that give the same
        label; when that share is known, UTC.
    held_out_from
        Time of the first row that the model will be validated or tested on. Rows whose labels are not known
        before it are refused: they leak.
    candles
        Bars of the crypto, indexed by their close in UTC, with ``open``, ``high``, ``low``, ``close`` and
        ``volume``. Bars after the last label end are not read.
    rounds
        Boosting rounds of the out-of-fold models. By default they are found as a sweep finds them, by early
        stopping on the last 15 % of the rows.
    parameters
        XGBoost parameters of these models, those of the trainer's own model if possible; what is left out
        takes the default of a sweep.
    suspect_cap
        Largest share of each class that may be suspect, in [0, 0.5].
    settings
        Other settings that decide a treatment, by their names of docs/settings.md, such as
        ``{"folds.embargo_bars": 48}``; a name that is not allowed is refused with a list of those that are.
    missing
        ``refuse`` makes a NaN feature an error, ``allow`` leaves it to XGBoost.
    crypto, fold, seed
        Name of the data, for errors; number of the fold and seed. All randomness is derived from the three.
    workers
        Fits at a time; one per core by default. The result does not depend on it.

    Returns
    -------
    LabelTreatment
        Unpacks into X, y, w: arrays of the rows that stay. With ``none`` and ``off`` these are the inputs:
        arrays of the right dtype, ``X`` in C order, come back as the same objects, nothing is fitted, and
        cleanlab is not imported. ``rows`` are their positions, ``report`` says what was done.

    Raises
    ------
    InputError
        Everything that the coercion boundary refuses, by column and row: other lengths or indexes, times
        without a timezone, missing values, labels other than 0 and 1, text. An unknown level or setting, a
        column that a level needs and that was not given, rows that leak into what is held out; any argument
        of another type.
    CellError
        The treatment cannot be done: a class is absent or would be left without a row, or a fit failed.

    Warnings
    --------
    Pass training rows only. Validation and test rows are never treated: a model that is scored on cleaned
    labels is scored on an easier task.

    Examples
    --------
    >>> import ftf_assets as ftf
    >>> time = pd.date_range("2024-01-01", periods=1200, freq="h", tz="UTC")
    >>> random = np.random.default_rng(1)
    >>> X = pd.DataFrame({"trend": random.normal(size=1200), "range": random.normal(size=1200)}, index=time)
    >>> y = (X["trend"] + random.normal(size=1200) > 1.4).astype("int8")
    >>> label_end = pd.Series(time + pd.Timedelta("4h"), index=time)
    >>> treated = ftf.apply_label_treatment(X, y, label_end=label_end, cleanlab="filter", rounds=20)
    >>> print(treated.report)
    cleanlab filter
    flagged 39 BUY and 0 HOLD, suspect 17 BUY and 0 HOLD, at most 10% of each class
    kept 160 of 177 BUY and 1023 of 1023 HOLD rows
    out-of-fold models of 20 rounds
    >>> X, y, w = treated
    >>> X.shape, y.dtype, w.dtype
    ((1183, 2), dtype('int8'), dtype('float32'))
    """
    from ftf_assets.contracts import call_arguments as take
    from ftf_assets.contracts.coercion import coerce_candles, coerce_times, coerce_training_data
    from ftf_assets.storage.cpu_core_locks import CoreTokens, n_cores
    from ftf_assets.sweep.treatment_plan import refuse_other_types, require_columns_of, treatment_plan
    from ftf_assets.training.fit_engine import FitEngine
    from ftf_assets.training.fit_executors import ThreadFitExecutor
    from ftf_assets.training.label_treatment import NotStored, known_before, treat_window

    columns: dict[str, Any] = {
        "label_return": label_return,
        "label_stability": label_stability,
        "label_stability_end": label_stability_end,
    }
    levels = {"label_smoothing": label_smoothing, "cleanlab": cleanlab, "sample_weight": sample_weight}
    levels = {name: take.word(name, level) for name, level in levels.items()}
    crypto, fold = take.word("crypto", crypto), take.whole_number("fold", fold, at_most=10_000)
    rounds = None if rounds is None else take.whole_number("rounds", rounds, at_least=1)
    workers = None if workers is None else take.whole_number("workers", workers, at_least=1)
    take.word("missing", missing, ("refuse", "allow"))
    window = {"X": X, "y": y, "weights": weights, "label_end": label_end, "timestamp": timestamp}
    refuse_other_types(crypto, **window, candles=candles, **columns)
    require_columns_of(sample_weight, crypto, held_out_from=held_out_from, **columns)
    plan = treatment_plan(
        levels,
        take.by_name("settings", settings),
        take.model_parameters("parameters", parameters),
        suspect_cap=take.number("suspect_cap", suspect_cap),
        crypto=crypto,
        fold=fold,
        seed=take.whole_number("seed", seed),
    )
    if label_return is None:  # only return_attribution reads the returns, and it was refused without them
        columns["label_return"] = np.zeros(len(X), np.float32)
    bars = None if candles is None else coerce_candles(candles, crypto=crypto)
    with take.remedies_of_the_call():
        arrays = coerce_training_data(
            X,
            y,
            label_end=label_end,
            base_weight=weights,
            timestamp=timestamp,
            crypto=crypto,
            missing=missing,
            bar=None if bars is None else bars.bar,
            **columns,
        )
    if held_out_from is not None:
        held_out = take.instant("held_out_from", held_out_from)
        (instant,) = coerce_times(held_out, crypto=crypto, column="held_out_from")
        arrays = known_before(arrays, int(instant), crypto)
    executor = ThreadFitExecutor(n_cores(workers), CoreTokens(n_cores(workers)))
    engine = FitEngine(NotStored(), executor, lambda _event: None)
    return treat_window(plan, arrays, engine, fold=fold, rounds=rounds, candles=bars)


def candles(folder: str | Path, crypto: str, *, settings: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Read the candle files of a crypto, of any shape, as a sweep reads them.

    Parameters
    ----------
    folder
        The folder of the files.
    crypto
        The pair, such as ``OP/USDT``.
    settings
        How the files are read, by dotted name: ``{"data.zone": "UTC"}`` (docs/settings.md).

    Returns
    -------
    pandas.DataFrame
        ``open``, ``high``, ``low``, ``close`` and ``volume``, one row a bar, indexed by the bar's close in
        UTC: the time at which it is known.

    Raises
    ------
    InputError
        Files that a sweep would refuse, with file, row and column; a setting that is not allowed.

    Examples
    --------
    .. code-block:: python

        bars = ftf.candles("my/candles", "OP/USDT")
        spread = (bars["high"] - bars["low"]) / bars["close"]
    """
    from ftf_assets.contracts import call_arguments as take
    from ftf_assets.running.candle_features import candles_of_files

    return candles_of_files(folder, take.word("crypto", crypto), take.by_name("settings", settings))


def features(
    candles: pd.DataFrame | str | Path,
    crypto: str = "FRAMEUSD",
    *,
    settings: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Make the features and labels that a sweep makes of candles, to add columns of your own to them.

    Parameters
    ----------
    candles
        The folder of candle files; or the bars of one crypto, read as a candle file is: a single time is the
        open of its bar, unless ``settings={"data.stamp": "close"}`` says otherwise.
    crypto
        The pair, such as ``OP/USDT``; of a folder the one to read.
    settings
        Settings of the sweep that the features are for, by dotted name: barriers and horizon of the labels,
        how the files are read (docs/settings.md).

    Returns
    -------
    pandas.DataFrame
        A feature cache: indicators, ``label``, ``label_end``, ``label_return``, ``label_stability`` and its
        end, ``regime``; one row a bar, indexed by the bar's close in UTC, when all of its features are known.
        Bars without a whole label, and those in which indicators warm up, are left out.

    Raises
    ------
    InputError
        Candles that a sweep would refuse, with file, row and column; a setting that is not allowed.

    Warnings
    --------
    A column of your own must be known at its row's time, the close of the bar. Compute it from bars up to
    that row alone: a mean over all rows, or a value of the bar after, knows the future.

    Examples
    --------
    .. code-block:: python

        cache = ftf.features("my/candles", "OP/USDT")
        cache["hour"] = cache.index.hour
        cache.to_parquet("my/features/OPUSDT.parquet")
    """
    from ftf_assets.contracts import call_arguments as take
    from ftf_assets.running.candle_features import features_of_candles

    return features_of_candles(candles, take.word("crypto", crypto), take.by_name("settings", settings))


def check(
    data: pd.DataFrame | Mapping[str, pd.DataFrame] | str | Path,
    *,
    kind: Literal["candles", "features", "results"] | None = None,
    settings: Mapping[str, Any] | None = None,
    crypto: str = "FRAMEUSD",
) -> CheckedData:
    """Check candles, features or results, as ``ftf check`` does, and say what was understood.

    The data are read as a sweep, or the gate, would read them: the instants at which the first and last row
    are known, gaps, labels, folds that fit, leaks, and everything that would be refused. Nothing is written.

    Parameters
    ----------
    data
        A frame of features, candles or results; features or candles by crypto; or a path.
    kind
        What the data are; by default told by their columns.
    settings
        Settings of the sweep that the data are for, by dotted name (docs/settings.md).
    crypto
        What a single frame is called.

    Returns
    -------
    CheckedData
        ``accepted``, ``refused`` (why, by crypto or file) and ``table``; a notebook shows them, ``print``
        writes them as text.

    Raises
    ------
    InputError
        The path cannot be read, what came is no data, or a setting is not allowed. What a sweep would refuse
        is no error here, but the answer.

    Examples
    --------
    >>> import ftf_assets as ftf
    >>> time = pd.date_range("2024-01-01", periods=3000, freq="h", tz="UTC", name="timestamp")
    >>> features = pd.DataFrame({"trend": np.sin(np.arange(3000.0))}, index=time)
    >>> features["label"] = (np.arange(3000) % 6 == 0).astype("int8")
    >>> features["label_end"] = time + pd.Timedelta("4h")
    >>> checked = ftf.check(features)
    >>> checked.accepted, "column 'label_return': the file lacks a column" in checked.refused["FRAMEUSD"]
    (False, True)
    """
    from ftf_assets.contracts import call_arguments as take
    from ftf_assets.running.frame_check import check_frames

    if kind is not None:
        take.word("kind", kind, ("candles", "features", "results"))
    of_sweep = take.by_name("settings", settings)
    return check_frames(data, kind=kind, settings=of_sweep, crypto=take.word("crypto", crypto))


def run_sweep(
    features: Mapping[str, pd.DataFrame] | None = None,
    factor: str | Mapping[str, Sequence[str]] = "label_smoothing,cleanlab",
    *,
    candles: Mapping[str, pd.DataFrame] | None = None,
    source: Literal["market", "candles", "features"] | None = None,
    path: str | Path | None = None,
    home: str | Path = "",
    settings: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> SweepResult:
    """Run a sweep, as ``ftf sweep`` does, and give its rows, verdicts and report.

    The graph runs in processes of its own, so the call works in a notebook, in a script without a main guard,
    and after models were fitted. Frames are written to the home once, named by their content: the same frames
    and settings are the same sweep, and an interrupted one goes on where it stopped.

    Parameters
    ----------
    features
        Feature cache by crypto: features, ``label``, ``label_end`` and ``label_return``, indexed by the UTC
        time at which the features are known (docs/columns.md).
    factor
        What to vary: ``cleanlab``, ``label_smoothing,cleanlab=off,filter``, or a mapping of levels by factor.
    candles
        Instead of features, bars by crypto, from which features and labels are made. They are read as a file
        of the source ``candles`` is, by the same rules: a single time is the open of its bar, unless
        ``settings={"data.stamp": "close"}`` says otherwise.
    source, path
        Instead of frames, ``candles`` or ``features`` and the folder of their files, or ``market``. Without
        any data the sweep runs on the embedded market.
    home
        Folder for results, models, caches and Dagster records; by default the variable ``FTF_HOME``, else
        ``.ftf``.
    settings
        Other settings, by dotted name (``{"folds.n_folds": 3}``) or by group (docs/settings.md).
    progress
        Show a progress bar.

    Returns
    -------
    SweepResult
        ``headline``, ``verdicts``, ``rows``, ``leaderboard``, ``report``; a notebook shows the answer.

    Raises
    ------
    InputError
        Bad data or settings, in the words of the command: crypto, file, column, row, what came, what is
        allowed, what to do. Nothing was run.
    StoreError, RunError
        The home cannot be used; a process of the run was killed. Finished fits are kept.
    KeyboardInterrupt
        The user stopped the sweep. Finished fits are kept.

    Examples
    --------
    .. code-block:: python

        run = ftf.run_sweep({"OPUSDC": features}, "cleanlab", settings={"training.trials": 0})
        run.verdicts
    """
    from ftf_assets.contracts import call_arguments as take
    from ftf_assets.contracts.errors import Interrupted
    from ftf_assets.running.frame_sweep import sweep_of_frames
    from ftf_assets.storage.home import Home

    if source is not None:
        take.word("source", source, ("market", "candles", "features"))
    try:
        return sweep_of_frames(
            features,
            candles,
            source=source,
            path=None if path is None else take.path("path", path),
            factor=factor if isinstance(factor, str) else take.by_name("factor", factor),
            settings=take.by_name("settings", settings),
            home=Home.locate(take.path("home", home)),
            progress=progress,
        )
    except Interrupted:
        raise KeyboardInterrupt("finished fits are kept; the same call goes on from them") from None


def judge(
    results: pd.DataFrame | str | Path,
    factor: str | None = None,
    *,
    baseline: str | None = None,
    columns: Mapping[str, str] | None = None,
    rule: str = "primary_metric",
    useful_gain: float = 0.01,
) -> JudgedResults:
    """Judge results: whether a level beats the baseline of its factor, and whether to act on it.

    Parameters
    ----------
    results
        One row per cell: ``crypto``, ``fold`` if there are folds, a column per factor with the level of each
        row, and metrics. ``roc_auc``, else ``average_precision``, else ``f1_buy`` decides. A named index
        counts as columns. Or the path of a file of results, as ``ftf gate --results`` takes it.
    factor
        The factor to judge, on the rows where the other factors of ``ftf sweep`` are at their baseline. By
        default all of these factors that the results have. A factor of your own needs ``baseline``.
    baseline
        Baseline level of ``factor``.
    columns
        Our column to yours, where its name may mean two things: ``{"roc_auc": "auc"}``.
    rule
        ``primary_metric`` or ``two_metrics``, see docs/gate.md.
    useful_gain
        Smallest gain of the deciding metric worth having, absolute.

    Returns
    -------
    JudgedResults
        ``headline``, ``verdicts`` (one row per level) and ``metrics`` (every number); a notebook shows the
        answer.

    Raises
    ------
    InputError
        A column is missing, a name or a number is not one, results of several sweeps, a level without its
        baseline: in one line, with column and row.

    Examples
    --------
    Means of five cryptos, as a paper prints them:

    >>> import ftf_assets as ftf
    >>> cryptos = ["AAVEUSDC", "ARBUSDC", "LDOUSDC", "OPUSDC", "UNIUSDC"]
    >>> means = pd.DataFrame({"crypto": cryptos * 2, "cleanlab": ["off"] * 5 + ["filter"] * 5})
    >>> means["roc_auc"] = [0.55, 0.56, 0.54, 0.57, 0.55, 0.58, 0.57, 0.58, 0.61, 0.57]
    >>> judged = ftf.judge(means)
    >>> judged.verdicts[["level", "verdict", "n_pairs"]]
        level verdict  n_pairs
    0  filter    LOCK        5
    """
    from ftf_assets.contracts import call_arguments as take
    from ftf_assets.gate.decide import decide
    from ftf_assets.gate.thresholds import GateSettings
    from ftf_assets.report.notebook import JudgedResults
    from ftf_assets.rows.published_results import content_hash, published_results

    settings = GateSettings(rule=take.word("rule", rule), useful_gain=take.number("useful_gain", useful_gain))
    factor = None if factor is None else take.word("factor", factor)
    baseline = None if baseline is None else take.word("baseline", baseline)
    columns = take.texts_by_name("columns", columns)
    if isinstance(results, pd.DataFrame):
        published = published_results(
            results,
            sweep_id=f"frame_{content_hash(results)}",
            factor=factor,
            baseline=baseline,
            columns=columns,
        )
    else:
        from ftf_assets.storage.result_files import read_result_file

        if not isinstance(results, str | Path):
            raise take.refused("results", "a table or a file", results, allowed="DataFrame, text or Path")
        published = read_result_file(results, factor=factor, baseline=baseline, columns=columns)
    return JudgedResults(
        decide(published.rows, published.baselines, sweep_id=published.sweep_id, settings=settings),
        understood=published.in_words,
    )
