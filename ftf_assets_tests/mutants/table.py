"""The table of planted defects: mistakes that a maintainer could make, a few in every room."""

from __future__ import annotations

from dataclasses import dataclass

#: The packages of ``ftf_assets``, from the command down to the contracts.
ROOMS = (
    *("command", "running", "automation", "freshness", "checks", "assets", "graph", "report", "storage"),
    *("rows", "sweep", "sources", "invariants", "gate", "audit", "training", "labels", "contracts"),
)


@dataclass(frozen=True)
class Mutant:
    """One defect.

    Attributes
    ----------
    room
        Package of ``ftf_assets`` that holds the file.
    defect
        What is wrong then, in one line.
    file
        Path below the repository.
    old, new
        A text that is found exactly once in the file, and what the defect makes of it.
    tests
        Folders, files, or tests as ``file::name``, below the repository; one test must fail.
    """

    room: str
    defect: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, source: str) -> str:
        """Plant the defect in the text of the file.

        Raises
        ------
        ValueError
            The old text is not found exactly once: the table must follow the source.
        """
        if source.count(self.old) != 1:
            raise ValueError(f"{self.file}: found {source.count(self.old)} times, not once: {self.old!r}")
        return source.replace(self.old, self.new)


def _mutant(file: str, defect: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(
        room=file.partition("/")[0],
        defect=defect,
        file=f"ftf_assets/{file}",
        old=old,
        new=new,
        tests=tuple(f"ftf_assets_tests/{test}" for test in tests),
    )


MUTANTS: tuple[Mutant, ...] = (
    # --- contracts ----------------------------------------------------------------------------------------
    _mutant(
        "contracts/tables/weekly_results.py",
        "influences that do not sum to 0 pass",
        'transform("sum").abs() <= _ROUNDING',
        'transform("sum").abs() >= 0',
        "contracts/tables/test_weekly_results.py",
    ),
    _mutant(
        "contracts/row_rules.py",
        "NaN features are accepted although missing=refuse",
        'if missing == "refuse":',
        'if missing == "no":',
        "contracts/test_row_rules.py",
        "contracts/coercion",
    ),
    _mutant(
        "contracts/coercion/times.py",
        "naive timestamps are taken for UTC",
        "if index.tz is None:",
        "if False:",
        "contracts/coercion",
    ),
    _mutant(
        "contracts/coercion/training_data.py",
        "rows are matched by place, whatever their index says",
        'refuse_other_index({"features": X, **columns}, crypto=crypto)',
        "pass",
        "contracts/coercion",
    ),
    _mutant(
        "contracts/names.py",
        "a name may hold invisible characters",
        'if unicodedata.category(character)[0] in "CZ" and character != " ":',
        'if unicodedata.category(character)[0] in "C" and character != " ":',
        "contracts/test_names.py",
    ),
    _mutant(
        "contracts/tables/finetune_results.py",
        "a failed cell may keep metrics",
        'return (frame["status"] == OK) | ~measured',
        'return (frame["status"] != SKIPPED_SHORT_HISTORY) | ~measured',
        "contracts/tables/test_finetune_results.py",
    ),
    _mutant(
        "contracts/row_rules.py",
        "a return may take no time",
        "(label_return == 0) | (label_end > timestamp),",
        "(label_return == 0) | (label_end >= timestamp),",
        "contracts/test_row_rules.py",
        "contracts/test_label_returns.py",
    ),
    _mutant(
        "contracts/label_returns.py",
        "returns in per cent are accepted",
        "if move is None or move <= LARGEST_DAILY_MOVE:",
        "if move is None or move <= 100 * LARGEST_DAILY_MOVE:",
        "contracts/test_label_returns.py",
    ),
    # --- labels -------------------------------------------------------------------------------------------
    _mutant(
        "labels/label_stability.py",
        "a stability is known when the label is",
        "end = np.where(known, np.maximum(end, other.label_end), end)",
        "end = end + 0 * other.label_end",
        "labels/test_label_stability.py",
    ),
    _mutant(
        "labels/sample_weight.py",
        "stabilities weigh before they are known",
        "np.where(rows.stability_known, rows.label_stability, 0.0)",
        "np.where(rows.stability_known, rows.label_stability, rows.label_stability)",
        "training/test_fit_rows.py",
    ),
    _mutant(
        "labels/apply_factors.py",
        "every label treatment reads the truth where there is one",
        "if reads_truth(moved) else y",
        "if truth is not None else y",
        "labels/test_calibration_controls.py",
    ),
    _mutant(
        "labels/cleaning/suspect_cap.py",
        "the cap a class is ignored",
        "suspect[worst_first[:limit]] = True",
        "suspect[worst_first] = True",
        "labels/cleaning/test_suspect_cap.py",
    ),
    _mutant(
        "labels/cleaning/suspect_cap.py",
        "the best labels are suspected instead of the worst",
        'worst_first = of_class[np.argsort(quality[of_class], kind="stable")]',
        'worst_first = of_class[np.argsort(-quality[of_class], kind="stable")]',
        "labels/cleaning/test_suspect_cap.py",
    ),
    _mutant(
        "labels/cleaning/suspect_treatments.py",
        "reweighting lets a class lose weight",
        "weight[of_class] *= total / left",
        "weight[of_class] *= 1.0",
        "labels/cleaning/test_suspect_treatments.py",
    ),
    _mutant(
        "labels/smoothing.py",
        "BUY and HOLD swap their smoothing",
        "np.where(hard == 1.0, np.float32(1.0 - epsilon_buy), np.float32(epsilon_hold))",
        "np.where(hard == 1.0, np.float32(1.0 - epsilon_hold), np.float32(epsilon_buy))",
        "labels/test_smoothing.py",
    ),
    _mutant(
        "labels/triple_barrier.py",
        "where one bar touches both barriers the target counts",
        "reached = open_trade & ~stopped & (candles.high[bar] >= target)",
        "reached = open_trade & (candles.high[bar] >= target)",
        "labels/test_triple_barrier.py",
    ),
    _mutant(
        "labels/triple_barrier.py",
        "a trade enters at the open of the bar that decides it",
        "entry = candles.open[1 : 1 + n_inside]",
        "entry = candles.open[:n_inside]",
        "labels/test_triple_barrier.py",
    ),
    _mutant(
        "labels/triple_barrier.py",
        "labels may cross a gap",
        "complete = ~past_end & ~crosses_gap & np.isfinite(atr)",
        "complete = ~past_end & np.isfinite(atr)",
        "labels/test_triple_barrier.py",
    ),
    _mutant(
        "labels/cleaning/temporal_noise.py",
        "the temporal cleaner carries its state over gaps",
        "starts = np.append(True, np.diff(start) != bar)",
        "starts = np.append(True, np.diff(start) < bar)",
        "labels/cleaning/test_temporal_noise.py",
    ),
    _mutant(
        "labels/cleaning/label_chain.py",
        "the label chain learns from bars after the fit part",
        'known = int(np.searchsorted(candles.close_time, until, side="right"))',
        "known = len(candles.close_time)",
        "labels/cleaning/test_label_chain.py",
        "training/test_temporal_masks.py",
    ),
    _mutant(
        "labels/sample_weight.py",
        "time decay favours old rows",
        "oldest + (1.0 - oldest) * accrued / accrued[-1]",
        "1.0 - (1.0 - oldest) * accrued / accrued[-1]",
        "labels/test_sample_weight.py",
    ),
    # --- training -----------------------------------------------------------------------------------------
    _mutant(
        "training/fit_rows.py",
        "a stability counts as known when the label is",
        "arrays.start, arrays.label_stability_end, kept, held_out_span",
        "arrays.start, arrays.end, kept, held_out_span",
        "training/test_fit_rows.py",
    ),
    _mutant(
        "training/tuning.py",
        "a trial weighs rows by candles of the rows that score it",
        "                weight=weight,\n",
        "                weight=target.weight[kept],\n",
        "training/test_fit_rows.py",
    ),
    _mutant(
        "training/fit_seeds.py",
        "the null control repeats the baseline's seeds",
        '"_".join(["model", *reseeded])',
        '"model"',
        "labels/test_calibration_controls.py",
    ),
    _mutant(
        "training/folds/purge_and_embargo.py",
        "purging keeps a row whose label ends with the first held-out bar",
        "(end[rows] < span.first)",
        "(end[rows] <= span.first)",
        "training/folds",
    ),
    _mutant(
        "training/folds/purge_and_embargo.py",
        "the embargo is dropped",
        "(start[rows] > span.last + embargo)",
        "(start[rows] > span.last)",
        "training/folds",
    ),
    _mutant(
        "training/folds/walk_forward.py",
        "the fit part is not purged against the validation slice",
        "fit = purge(start, end, fit, held_out_span(start, end, validation), embargo)",
        "pass",
        "training/folds",
    ),
    _mutant(
        "training/models.py",
        "the threshold is chosen on the test rows",
        "threshold = f1_optimal_threshold(y, validation_probability)",
        'threshold = f1_optimal_threshold(arrays.y[fold.test], _mean(fits, "test"))',
        "training/test_models.py",
    ),
    _mutant(
        "training/models.py",
        "a cleaned cell trains with the weights before cleaning",
        "rows, weight = fold.fit[keep], found[-1].weight[keep]",
        "rows, weight = fold.fit[keep], arrays.base_weight[fold.fit[keep]]",
        "training/test_models.py",
    ),
    _mutant(
        "training/fit_engine.py",
        "early stopping watches the rows that are trained on",
        'rows = task.predict["validation"]',
        "rows = task.rows",
        "training/test_fit_engine.py",
        "training/test_baseline.py",
    ),
    _mutant(
        "training/fit_engine.py",
        "a fit that raises leaves no trace in its outcome",
        'self.on_event(_event("failed", task, f"{type(result).__name__}: {result}"))',
        'self.on_event(_event("done", task))',
        "training/test_fit_engine.py",
    ),
    _mutant(
        "training/boosting.py",
        "one boosting round too few is kept",
        "kept = max(booster.best_iteration + 1, rounds.minimum)",
        "kept = max(booster.best_iteration, rounds.minimum)",
        "training/test_boosting.py",
    ),
    _mutant(
        "training/boosting.py",
        "sample weights are not used",
        "matrix.set_info(label=labels, weight=weight)",
        "matrix.set_info(label=labels)",
        "training/test_boosting.py",
    ),
    _mutant(
        "training/masks.py",
        "an out-of-fold model is trained on the block that it predicts",
        "rows=block.train,",
        "rows=fold.fit,",
        "training/test_masks.py",
    ),
    _mutant(
        "training/tuning.py",
        "trials are scored on the rows that stopped their boosting",
        'result.probabilities["scored"])',
        'result.probabilities["validation"][: len(task.predict["scored"])])',
        "training/test_tuning.py",
    ),
    _mutant(
        "training/metrics.py",
        "the debiased calibration error may be negative",
        "return raw, max(0.0, raw - calibration_error_of_perfect_model(probability, seed=seed))",
        "return raw, raw - calibration_error_of_perfect_model(probability, seed=seed)",
        "training/test_metrics.py",
    ),
    _mutant(
        "training/evaluation.py",
        "a cell is scored on smoothed instead of hard labels",
        """        y,
        probability,
        cell.threshold,""",
        """        (y * np.float32(1 - epsilon_buy) > 0.85).astype(np.int8),
        probability,
        cell.threshold,""",
        "training/test_evaluation.py",
    ),
    _mutant(
        "training/threshold.py",
        "the threshold of trades lets in the least confident rows",
        "np.quantile(probability, 1.0 - share, ",
        "np.quantile(probability, share, ",
        "training/test_threshold.py",
    ),
    _mutant(
        "training/evaluation.py",
        "cells trade at the F1-optimal threshold",
        "trades_above(arrays, cell, trade_threshold, ",
        "trades_above(arrays, cell, cell.threshold, ",
        "training/test_evaluation.py",
    ),
    _mutant(
        "training/evaluation.py",
        "scores of another share of trades are found in the store",
        '"scoring": asdict(scoring)',
        '"scoring": scoring.cost',
        "training/test_evaluation.py",
    ),
    _mutant(
        "training/auc_influence.py",
        "ties count as outranked",
        "(below + below_or_equal) / ",
        "(2 * below_or_equal) / ",
        "training/test_auc_influence.py",
    ),
    _mutant(
        "training/auc_influence.py",
        "the influence of HOLD rows is divided by the number of BUY rows",
        "(placement - auc) / len(of_hold)",
        "(placement - auc) / len(of_buy)",
        "training/test_auc_influence.py",
    ),
    _mutant(
        "training/weekly_scores.py",
        "weeks start on Sunday",
        "_FIRST_MONDAY = -3 * DAY",
        "_FIRST_MONDAY = -4 * DAY",
        "training/test_weekly_scores.py",
    ),
    _mutant(
        "training/weekly_scores.py",
        "a trade counts in the week of its entry",
        "_week(trades.exit)",
        "_week(start[trades.row])",
        "training/test_weekly_scores.py",
    ),
    _mutant(
        "training/trades.py",
        "a large Sortino ratio is clipped",
        "float(daily.mean()) / downside * DAYS_PER_YEAR**0.5",
        "min(10.0, float(daily.mean()) / downside * DAYS_PER_YEAR**0.5)",
        "training/test_trades.py",
    ),
    _mutant(
        "training/trades.py",
        "a second position is opened while one is held",
        'free = max(int(np.searchsorted(start, end[row], side="left")), row + 1)',
        "free = row + 1",
        "training/test_trades.py",
    ),
    _mutant(
        "training/trades.py",
        "the cost of a trade is earned",
        "net_return=label_return[rows].astype(np.float64) - cost)",
        "net_return=label_return[rows].astype(np.float64) + cost)",
        "training/test_trades.py",
    ),
    _mutant(
        "training/fit_keys.py",
        "the embargo is no part of a fit's key",
        '        "embargo_bars": plan.embargo_bars,\n',
        "",
        "training/test_fit_keys.py",
    ),
    # --- audit --------------------------------------------------------------------------------------------
    _mutant(
        "audit/cleaner_answer.py",
        "a kind that is found on one crypto of three counts as found",
        "if 2 * won > asked]",
        "if won]",
        "audit/test_answer.py",
    ),
    _mutant(
        "audit/cleaner_answer.py",
        "the best of many attempts is taken for a success",
        "for p in false_discovery_control(p_values)]",
        "for p in p_values]",
        "audit/test_answer.py",
    ),
    _mutant(
        "audit/cleaner_answer.py",
        "a gain that random dropping has too is said to pay",
        "if one.gains and one.beats_random)",
        "if one.gains)",
        "audit/test_answer.py",
    ),
    _mutant(
        "audit/effect_fits.py",
        "the clean reference is trained on the noisy labels",
        "trained_on = labels.true if name == CLEAN else labels.given",
        "trained_on = labels.given",
        "audit/test_runner.py",
    ),
    _mutant(
        "audit/intervals.py",
        "the standard error is that of one draw, not of the mean of several",
        "variance = max(within, between) / n_seeds",
        "variance = max(within, between)",
        "audit/test_intervals.py",
    ),
    _mutant(
        "audit/trust.py",
        "a crypto that was never audited is trusted",
        "unaudited = [crypto for crypto, rows in by_crypto.items() if not rows]",
        "unaudited = []",
        "audit/test_trust.py",
    ),
    # --- gate ---------------------------------------------------------------------------------------------
    _mutant(
        "gate/selection.py",
        "the pick of one half is ranked in the half where it was picked",
        "rank = rankdata(there, axis=1)[splits, pick]",
        "rank = rankdata(here, axis=1)[splits, pick]",
        "gate/test_selection.py",
    ),
    _mutant(
        "gate/selection.py",
        "the Sharpe ratio is not deflated for the number of trials",
        "probability_above(sharpe, expected, len(returns), *moments)",
        "probability_above(sharpe, 0.0, len(returns), *moments)",
        "gate/test_selection.py",
    ),
    _mutant(
        "rows/selection.py",
        "a portfolio adds up its cryptos instead of averaging them",
        ".div(n_cryptos, axis=0)",
        ".div(1, axis=0)",
        "rows/test_selection.py",
    ),
    _mutant(
        "gate/verdict_rules.py",
        "a harmful level counts as a win",
        "return 1 if d > 0 else -1",
        "return -1 if d > 0 else 1",
        "gate/test_verdict_rules.py",
    ),
    _mutant(
        "gate/verdict_rules.py",
        "the fold test need not agree",
        "if evidence.fold_p >= settings.alpha or evidence.fold_t * side <= 0:",
        "if evidence.fold_t * side <= 0:",
        "gate/test_verdict_rules.py",
    ),
    _mutant(
        "gate/verdict_rules.py",
        "a failed check does not make the verdict invalid",
        "if coverage.broken_checks:",
        "if False:",
        "gate/test_verdict_rules.py",
        "gate/test_decide.py",
    ),
    _mutant(
        "gate/verdict_rules.py",
        "the two trade metrics lock a level alone",
        "if {one.metric for one in winners} <= TRADE_METRICS:",
        "if {one.metric for one in winners} < TRADE_METRICS:",
        "gate/test_verdict_rules.py",
    ),
    _mutant(
        "gate/compare.py",
        "p values are not corrected for the number of comparisons",
        "zip(family, benjamini_hochberg(p), strict=True)",
        "zip(family, p, strict=True)",
        "gate/test_decide.py",
    ),
    _mutant(
        "gate/statistics.py",
        "differences are baseline minus level",
        "differences = level - baseline",
        "differences = baseline - level",
        "gate/test_statistics.py",
        "gate/test_decide.py",
    ),
    _mutant(
        "gate/pairs.py",
        "a failed cell is paired as if it were measured",
        "both = np.flatnonzero(wanted & of_level.measured & of_baseline.measured)",
        "both = np.flatnonzero(wanted & of_level.measured)",
        "gate/test_pairs.py",
        "gate/test_decide.py",
    ),
    _mutant(
        "gate/power.py",
        "too few trades in a fold are no warning",
        "if fewest < settings.min_trades_a_fold:",
        "if fewest < settings.min_trades_a_fold // 2:",
        "gate/test_power.py",
    ),
    _mutant(
        "gate/headline.py",
        "a sweep that could not have seen a useful gain claims that it could",
        "if found.visible <= found.useful_gain:",
        "if found.visible >= found.useful_gain:",
        "gate/test_headline.py",
    ),
    _mutant(
        "gate/headline.py",
        "where correct labels could pay, the next step is features",
        "if found.ceiling is not None and found.ceiling >= found.useful_gain:",
        "if found.ceiling is not None and found.ceiling < found.useful_gain:",
        "gate/test_headline.py",
    ),
    _mutant(
        "gate/headline.py",
        "of two locked levels the one with the smaller gain becomes the default",
        "best = max(mine, key=lambda one: one.gain.mean if one.gain else 0.0)",
        "best = min(mine, key=lambda one: one.gain.mean if one.gain else 0.0)",
        "gate/test_headline.py",
    ),
    _mutant(
        "gate/findings.py",
        "trades pay although their precision does not reach break-even",
        "self.precision >= self.breakeven",
        "self.precision <= self.breakeven",
        "gate/test_headline.py",
    ),
    _mutant(
        "gate/level_lines.py",
        "a level abandoned for harm looks like one that gains nothing",
        '_GROUNDS = {ENDS_HARM: "ABANDON (harm)"',
        '_GROUNDS = {ENDS_HARM: "ABANDON (no gain)"',
        "gate/test_level_lines.py",
    ),
    # --- invariants ---------------------------------------------------------------------------------------
    _mutant(
        "invariants/leaks.py",
        "the leak check forgets the embargo",
        "starts_after = start[train] > last + embargo",
        "starts_after = start[train] > last",
        "invariants/test_leaks.py",
    ),
    _mutant(
        "invariants/column_leaks.py",
        "a column that ranks the labels upside down passes",
        "if abs(self.auc - 0.5) > FURTHEST_AUC:",
        "if self.auc - 0.5 > FURTHEST_AUC:",
        "invariants/test_column_leaks.py",
    ),
    _mutant(
        "invariants/column_leaks.py",
        "a column that is missing for one class passes",
        "aucs = [auc_of(values, buy[present]), auc_of(present.astype(np.float64), buy)]",
        "aucs = [auc_of(values, buy[present])]",
        "invariants/test_column_leaks.py",
    ),
    _mutant(
        "invariants/lag_loss.py",
        "a lag may take everything from a strong model",
        "if self.share is None or self.share <= LARGEST_LOSS:",
        "if self.share is None or self.share <= 1.5:",
        "invariants/test_lag_loss.py",
    ),
    _mutant(
        "training/lagged_features.py",
        "the lagged fits take the features as they are",
        "older[:1], older[1:] = np.nan, X[:-1]",
        "older[:1], older[1:] = np.nan, X[1:]",
        "invariants/test_lag_loss.py",
    ),
    _mutant(
        "invariants/calibration.py",
        "a calibration error of exactly 0 passes",
        "if ece == 0.0:",
        "if False:",
        "invariants/test_calibration.py",
        "checks/test_domain_checks.py",
    ),
    _mutant(
        "invariants/cleaning.py",
        "the check of the cap lets a class exceed it",
        "if share > cap + 1e-12",
        "if share > 2 * cap",
        "invariants/test_cleaning.py",
    ),
    _mutant(
        "invariants/reproduction.py",
        "the refit is compared with itself",
        "elif before.booster != fit.booster:",
        "elif fit.booster != fit.booster:",
        "invariants/test_reproduction.py",
        "checks/test_domain_checks.py",
    ),
    # --- sources ------------------------------------------------------------------------------------------
    _mutant(
        "sources/candles/table.py",
        "bars are known at their open",
        'pd.DatetimeIndex(open_time + bar, name="timestamp")',
        'pd.DatetimeIndex(open_time, name="timestamp")',
        "sources/candles/test_source.py",
    ),
    _mutant(
        "sources/candles/rolling_windows.py",
        "a rolling window looks one bar ahead",
        "result[bars:] = values[bars:] - values[:-bars]",
        "result[bars - 1 : -1] = values[bars:] - values[:-bars]",
        "sources/candles/test_rolling_windows.py",
        "sources/candles/test_indicators.py",
    ),
    _mutant(
        "sources/candles/regimes.py",
        "regimes know the terciles of the whole sample",
        "low, high = past.quantile(1 / 3), past.quantile(2 / 3)",
        "low, high = (volatility * 0 + volatility.quantile(q) for q in (1 / 3, 2 / 3))",
        "sources/candles/test_regimes.py",
    ),
    _mutant(
        "sources/embedded_market/source.py",
        "two edges of one market share a fingerprint",
        '            "edge": self.edge,\n',
        "",
        "sources/embedded_market/test_source.py",
    ),
    _mutant(
        "sources/embedded_market/price_path.py",
        "the market ignores its edge",
        "drift = edge * scale",
        "drift = WEAK_EDGE * scale",
        "sources/embedded_market/test_source.py",
    ),
    _mutant(
        "sources/find_crypto_file.py",
        "the file of a longer name is taken for the crypto's",
        "if word.startswith(base) and word.removeprefix(base) in QUOTES:",
        "if word.startswith(base):",
        "sources/candles/test_source.py",
    ),
    _mutant(
        "sources/readers/parquet_files.py",
        "extension types of a Parquet file are read",
        "if _holds_extension(field):",
        "if False:",
        "test_security.py",
    ),
    # --- sweep --------------------------------------------------------------------------------------------
    _mutant(
        "sweep/sweep.py",
        "any source runs the control that trains on the truth",
        "if reading and not isinstance(source, KnowsTruth):",
        "if not reading and not isinstance(source, KnowsTruth):",
        "sweep/test_sweep.py",
    ),
    _mutant(
        "sweep/asset_inputs.py",
        "the barriers are no part of the feature cache's key",
        '("labels.stop_atr", "labels.target_atr", "labels.horizon_bars", "data.missing"),',
        '("data.missing",),',
        "sweep/test_sweep.py",
    ),
    _mutant(
        "storage/time_estimate.py",
        "a long run needs no confirmation",
        "return self.seconds > 60 * LONG_RUN_MINUTES",
        "return self.seconds > 600 * LONG_RUN_MINUTES",
        "storage/test_time_estimate.py",
    ),
    _mutant(
        "sweep/setting_groups.py",
        "trades cost a hundredth of what is set",
        "cost=self.cost_bps / BASIS_POINTS",
        "cost=self.cost_bps / 100 / BASIS_POINTS",
        "sweep/test_settings.py",
    ),
    _mutant(
        "sweep/setting_groups.py",
        "more least than most rounds are accepted",
        "if self.min_rounds > self.max_rounds:",
        "if False:",
        "sweep/test_settings.py",
    ),
    # --- rows ---------------------------------------------------------------------------------------------
    _mutant(
        "rows/finetune_results.py",
        "the scores of single fits are not stored",
        "SeedScores, sweep_id, evaluated,",
        "SeedScores, sweep_id, evaluated[:0],",
        "rows/test_finetune_results.py",
    ),
    _mutant(
        "rows/confidence_curve.py",
        "a cell that calls nothing counts as one of precision 0",
        'called = curve[curve["n_called"] > 0].merge(',
        'called = curve.fillna({"precision": 0.0}).merge(',
        "rows/test_confidence_curve.py",
    ),
    _mutant(
        "rows/label_suspects.py",
        "suspects that were dropped are reported as kept",
        '"dropped": ~keep,',
        '"dropped": keep,',
        "rows/test_label_suspects.py",
    ),
    _mutant(
        "rows/regime_results.py",
        "regimes of cells that could not be scored are stored",
        'if (row["fold"], row["variant"]) in measured',
        "if True",
        "rows/test_regime_results.py",
    ),
    _mutant(
        "report/sections/confidence.py",
        "a loss is reported as earning",
        'paying = measured[measured["expectancy_net"] > 0]',
        'paying = measured[measured["expectancy_net"] < 0]',
        "report/sections/test_confidence.py",
    ),
    # --- storage ------------------------------------------------------------------------------------------
    _mutant(
        "storage/artifacts.py",
        "a file is read without looking at its checksum",
        "if _content_name(content, path.suffix) != path.name:",
        "if False:",
        "storage/test_artifacts.py",
    ),
    _mutant(
        "storage/artifacts.py",
        "an artifact may name a file outside its folder",
        'return _decode(folder / Path(packed["file"]).name)',
        'return _decode(folder / packed["file"])',
        "storage/test_artifacts.py",
        "test_security.py",
    ),
    _mutant(
        "storage/home.py",
        "a name may lead out of the home",
        'if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", part):',
        'if not re.fullmatch(r"[A-Za-z0-9_./]{1,64}", part):',
        "storage/test_home.py",
        "test_security.py",
    ),
    _mutant(
        "storage/cpu_core_locks.py",
        "fits run without holding a core token",
        "fcntl.flock(token, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "fcntl.flock(token, fcntl.LOCK_SH | fcntl.LOCK_NB)",
        "storage/test_cpu_core_locks.py",
    ),
    _mutant(
        "storage/results_store.py",
        "a retry adds rows instead of replacing them",
        'for table in ("finetune_results", *CELL_DETAILS):',
        'for table in ("finetune_results", *list(CELL_DETAILS)[1:]):',
        "storage/test_crypto_tables.py",
    ),
    _mutant(
        "storage/results_store.py",
        "rows of another sweep are written into a partition",
        '(frame["sweep_id"] != sweep_id) | (frame["crypto"] != crypto)',
        '(frame["crypto"] != crypto)',
        "storage/test_results_store.py",
    ),
    # --- report -------------------------------------------------------------------------------------------
    _mutant(
        "report/page.py",
        "text of the page is not escaped",
        "autoescape=True,",
        "autoescape=False,",
        "report/test_page.py",
        "test_security.py",
    ),
    _mutant(
        "report/formats.py",
        "a small p value is shown as 0.0000",
        'return "<0.0001" if value < 0.0001 else f"{value:.4f}"',
        'return f"{value:.4f}"',
        "report/test_page.py",
    ),
    _mutant(
        "report/page_check.py",
        "a page that was cut off counts as whole",
        "if not parsed.whole:",
        "if False:",
        "report/test_page.py",
    ),
    # --- graph --------------------------------------------------------------------------------------------
    _mutant(
        "graph/io_managers.py",
        "an asset takes an input whose contract check has failed",
        "refuse_failed_input(context.step_context.instance, self.sweep.open(crypto), asset, crypto)",
        "pass",
        "end_to_end/test_graph.py::test_an_asset_refuses_an_input_whose_contract_check_is_red_also_in_a_later_run",
    ),
    _mutant(
        "graph/check_history.py",
        "another crypto's failed check is taken for this one's",
        "partition_filter=PartitionKeyFilter(key=crypto),",
        "partition_filter=None,",
        "end_to_end/test_graph.py::test_an_asset_refuses_an_input_whose_contract_check_is_red_also_in_a_later_run",
    ),
    _mutant(
        "graph/run_processes.py",
        "runs of living processes are ended as dead",
        "if process is None or is_alive(process):",
        "if process is None:",
        "faults/test_instance.py",
    ),
    # --- assets -------------------------------------------------------------------------------------------
    _mutant(
        "graph/decision_inputs.py",
        "the decision of a sweep ignores checks that have failed",
        "return DecisionInputs(sweep_id, settings, store.read(sweep_id), broken, bound)",
        "return DecisionInputs(sweep_id, settings, store.read(sweep_id), [], bound)",
        "end_to_end/test_gate.py",
    ),
    _mutant(
        "labels/added_noise.py",
        "noise of a larger dose does not contain that of a smaller one",
        "np.where(self.hit_at <= exposure, self.drawn, self.y)",
        "np.where((exposure / 2 < self.hit_at) & (self.hit_at <= exposure), self.drawn, self.y)",
        "labels/test_added_noise.py",
    ),
    _mutant(
        "training/label_ceiling.py",
        "the label ceiling fits with rounds of its own",
        "        rounds=baseline.rounds,\n        seed=seed,\n        keep_booster",
        "        rounds=plan.rounds.minimum,\n        seed=seed,\n        keep_booster",
        "training/test_label_ceiling.py",
    ),
    _mutant(
        "gate/ceiling_curve.py",
        "the bound forgets that training on the truth varies too",
        "np.sqrt(_fit_variance(scores, exposures) / n_cells)",
        "0.0",
        "gate/test_ceiling_curve.py",
    ),
    _mutant(
        "gate/label_ceiling.py",
        "a headline takes the smaller of the assumed share and the audit's estimate",
        "if one.share > HEADLINE_SHARE]",
        "if one.share < HEADLINE_SHARE]",
        "gate/test_label_ceiling.py",
    ),
    _mutant(
        "freshness/ceiling.py",
        "a sweep is current although its label ceiling has other doses",
        "if (before := json.loads(text)) != now:",
        "if not (before := json.loads(text)):",
        "end_to_end/test_label_ceiling.py",
    ),
    _mutant(
        "assets/coerced_arrays.py",
        "a level that needs an optional column is found out only in training",
        "require_columns(run.variants, arrays, crypto)",
        "pass",
        "end_to_end/test_graph.py",
    ),
    _mutant(
        "assets/gate_decision.py",
        "a decision has no version of its content",
        "@versioned\n",
        "",
        "end_to_end/test_staleness.py::test_every_materialisation_carries_the_version_of_its_content",
    ),
    # --- checks -------------------------------------------------------------------------------------------
    _mutant(
        "checks/partition_checks.py",
        "a check that finds a breach passes",
        "passed=not finding.breaches,",
        "passed=True,",
        "checks/test_domain_checks.py",
        "end_to_end/test_graph.py",
    ),
    _mutant(
        "checks/contract_checks.py",
        "a partition may lack rows",
        "return range(n_cells, n_cells + 1)",
        "return range(n_cells + 1)",
        "checks/test_contract_checks.py",
    ),
    _mutant(
        "checks/domain_checks.py",
        "failed cells are not reported",
        '[*failed, *(f"fold {fold} {variant}: missing" for fold, variant in missing)],',
        '[f"fold {fold} {variant}: missing" for fold, variant in missing],',
        "checks/test_domain_checks.py",
    ),
    # --- freshness ----------------------------------------------------------------------------------------
    _mutant(
        "freshness/artifacts.py",
        "a recorded failure counts as current",
        'if piece.outcome.status == "training_failed":',
        "if False:",
        "freshness/test_artifacts.py",
    ),
    _mutant(
        "freshness/artifacts.py",
        "the plan does not name damage",
        "reason = _why_not_made(folder, identity, reasons) or _why_not_whole(folder, home, asset)",
        "reason = _why_not_made(folder, identity, reasons)",
        "freshness/test_artifacts.py",
    ),
    _mutant(
        "freshness/rows.py",
        "rows of other data count as current",
        'if stored["data_fingerprint"] != now["data_fingerprint"]:',
        "if False:",
        "end_to_end/test_staleness.py",
    ),
    _mutant(
        "freshness/decision.py",
        "a damaged report counts as current",
        "if missing_from_page(page, metrics):",
        "if False:",
        "end_to_end/test_nothing_twice.py",
    ),
    _mutant(
        "freshness/pruning.py",
        "pruning removes fits that a sweep reaches",
        "kept = is_needed or _written_at(folder) > kept_since",
        "kept = _written_at(folder) > kept_since",
        "freshness/test_pruning.py",
    ),
    _mutant(
        "freshness/pruning.py",
        "pruning does not wait for the home to be free",
        "with exclusive_lock(home):",
        "if True:",
        "freshness/test_pruning.py",
    ),
    # --- automation ---------------------------------------------------------------------------------------
    _mutant(
        "automation/sweep_landed_sensor.py",
        "the gate decides before every crypto has landed",
        'if any(set(rows["crypto"]) != set(sweep.cryptos) for rows in tables):',
        'if any(not set(rows["crypto"]) for rows in tables):',
        "end_to_end/test_automation.py",
    ),
    _mutant(
        "automation/input_files_sensor.py",
        "a file that is still being written starts a run",
        "if seen.get(crypto) == found[crypto]",
        "if True",
        "end_to_end/test_automation.py",
    ),
    # --- running ------------------------------------------------------------------------------------------
    _mutant(
        "running/child_processes.py",
        "a child that was killed is passed over in silence",
        "    if died:\n",
        "    if False:\n",
        "running/test_child_processes.py",
    ),
    _mutant(
        "running/progress.py",
        "reused fits count as made, so the time left is too short",
        'self._made += event.kind != "reused"',
        "self._made += 1",
        "command/test_progress_bar.py",
    ),
    _mutant(
        "running/sweep_run.py",
        "checks that have failed are not passed on",
        "done.failed_checks = failed_checks(sweep, instance)",
        "done.failed_checks = []",
        "end_to_end/test_report.py",
    ),
    # --- command ------------------------------------------------------------------------------------------
    _mutant(
        "command/sweep.py",
        "a sweep with failed cells ends with exit code 0",
        'complete = len(rows) == wanted.n_cells and "training_failed" not in set(rows["status"])',
        "complete = len(rows) == wanted.n_cells",
        "faults/test_failing_fits.py",
    ),
    _mutant(
        "command/smoke.py",
        "the smoke passes although a check has failed",
        'passed = rows["status"].tolist() == ["ok"] * wanted.n_cells and not done.failed_checks',
        'passed = rows["status"].tolist() == ["ok"] * wanted.n_cells',
        "test_eleven_failures.py",
    ),
    _mutant(
        "command/main.py",
        "an error of the file system ends in a traceback",
        "except OSError as error:",
        "except FileExistsError as error:",
        "faults/test_full_disks.py",
    ),
)
