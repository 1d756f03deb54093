"""The numbers that the UI plots: ints and floats, under the same names whatever the outcome was."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.bundles import CleaningMask, CleanlabMasks, Outcome, TrainedCell, TrainedModels
from ftf_assets.graph.plotted_numbers import decision_numbers, mask_numbers, model_numbers, result_numbers
from ftf_assets_tests.support.gate_rows import decided, sweep_rows
from ftf_assets_tests.support.results_rows import failed_row, ok_row, results_table

OK = Outcome("ok")
FAILED = Outcome.failed(RuntimeError("out of memory"), "fit")


def test_the_results_give_the_baselines_means_and_what_it_gains_over_knowing_nothing():
    rows = [
        ok_row(fold=0, variant="baseline", roc_auc=0.54, average_precision=0.20, buy_rate_test=0.16),
        ok_row(fold=1, variant="baseline", roc_auc=0.58, average_precision=0.30, buy_rate_test=0.20),
        ok_row(fold=0, variant="mild", roc_auc=0.9, average_precision=0.9),
        failed_row(fold=1, variant="mild"),
    ]
    shown = result_numbers(results_table(rows))
    assert shown["roc_auc"] == pytest.approx(0.56)
    assert shown["base_rate"] == pytest.approx(0.18)
    assert shown["average_precision_gain"] == pytest.approx(0.07)
    assert shown["f1_buy_gain"] == pytest.approx(0.27 - 0.271)
    counts = {name: value for name, value in shown.items() if name.startswith("cells")}
    assert counts == {"cells": 4, "cells_ok": 3, "cells_training_failed": 1, "cells_skipped_short_history": 0}
    assert {type(one) for one in shown.values()} == {int, float}


def test_an_undefined_number_is_left_out_and_no_other_one():
    trades = ok_row(fold=0, variant="baseline")
    none = trades | {"n_trades": 0, "expectancy_net": None, "trade_precision": None, "win_rate": None}
    with_trades, without = (result_numbers(results_table([row])) for row in (trades, none))
    assert with_trades.keys() - without.keys() == {"expectancy_net"}
    nothing = result_numbers(results_table([failed_row(fold=0, variant="baseline")]))
    assert {"cells", "cells_training_failed"} < nothing.keys()
    assert "roc_auc" not in nothing


def test_a_sweep_without_a_baseline_adds_no_point_to_the_baselines_plots():
    shown = result_numbers(results_table([ok_row(variant="mild")]))
    assert (shown["cells"], shown["cells_ok"]) == (1, 1)
    assert all(name.startswith("cells") for name in shown)


def test_the_masks_give_the_share_of_suspects_in_all_and_per_class():
    y = np.array([1, 1, 0, 0, 0, 0, 1], np.int8)
    judged = {"rows": np.arange(6), "suspect": np.array([True, False, True, False, False, False])}
    masks = CleanlabMasks(
        (CleaningMask(0, "filter", "filter", OK, **judged), CleaningMask(1, "filter", "filter", FAILED))
    )
    assert mask_numbers(y, masks) == {
        "suspect_share": pytest.approx(2 / 6),
        "suspect_share_buy": 0.5,
        "suspect_share_hold": 0.25,
    }
    assert mask_numbers(y, CleanlabMasks(())) == {}, "a sweep without cleaners"


def test_the_models_give_every_status_and_the_seconds_of_their_fits():
    cells = (
        TrainedCell(0, "baseline", {}, OK, fit_seconds=1.25),
        TrainedCell(0, "mild", {}, OK, fit_seconds=0.5),
        TrainedCell(1, "mild", {}, FAILED),
    )
    assert model_numbers(TrainedModels(cells)) == {
        "cells": 3,
        "cells_ok": 2,
        "cells_training_failed": 1,
        "cells_skipped_short_history": 0,
        "fit_seconds": 1.75,
    }


def test_the_decision_gives_each_levels_gain_beside_its_p_value():
    decision = decided(sweep_rows(0.02))
    (deciding,) = (one for one in decision.metrics if one.metric == decision.primary_metric)
    shown = decision_numbers(decision)
    assert shown["gain_filter"] == deciding.mean_difference
    assert shown["p_filter"] == deciding.p_corrected
    assert shown["cryptos"] == 5
    assert shown["signal"] == decision.summary.signal_value
    assert {type(one) for one in shown.values()} == {int, float}
