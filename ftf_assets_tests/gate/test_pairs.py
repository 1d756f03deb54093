"""Pairing: which cells are compared, which are missing, and which rows are refused."""

from __future__ import annotations

import numpy as np
import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.gate.pairs import pair_levels
from ftf_assets_tests.support.gate_rows import (
    BASELINES,
    CRYPTOS,
    columns,
    failed,
    measured,
    skipped,
    sweep_rows,
)


def paired(rows, **expected):
    return pair_levels(columns(rows), BASELINES, **expected)


def level_row(crypto="OPUSDC", fold=0, shift=0.01, **changed):
    return measured(crypto, fold, shift, factor="cleanlab", level="filter", **changed)


def test_a_level_is_paired_with_the_baseline_of_the_same_crypto_and_fold():
    rows = [
        level_row(fold=1, f1_buy=0.4),
        measured("OPUSDC", 1, f1_buy=0.3),
        measured("OPUSDC", 0, f1_buy=0.1),
    ]
    rows += [level_row(fold=0, f1_buy=0.5)]
    pairing = paired(rows)
    (pairs,) = pairing.levels
    assert (pairs.factor, pairs.level) == ("cleanlab", "filter")
    assert pairing.cells.named(pairs.cells) == (("OPUSDC", 0), ("OPUSDC", 1))
    level, baseline = pairing.values(pairs, "f1_buy")
    np.testing.assert_array_equal(level, [0.5, 0.4])
    np.testing.assert_array_equal(baseline, [0.1, 0.3])


def test_each_level_keeps_the_other_factors_at_their_baseline():
    rows = [
        measured("OPUSDC", 0),
        measured("OPUSDC", 0, factor="label_smoothing", level="mild"),
        level_row(),
        level_row(label_smoothing="mild", f1_buy=0.99),
    ]
    pairing = paired(rows)
    assert [(pairs.factor, pairs.level) for pairs in pairing.levels] == [
        ("label_smoothing", "mild"),
        ("cleanlab", "filter"),
    ]
    assert pairing.unused == 1
    assert len(pairing.rows) == 3
    assert 0.99 not in pairing.rows.values("f1_buy")


def test_failed_cells_are_expected_and_missing_short_histories_are_neither():
    rows = sweep_rows(cryptos=CRYPTOS[:1])
    rows[3] = failed(rows[3])  # the level in fold 1
    rows[4], rows[5] = skipped(rows[4]), skipped(rows[5])  # fold 2
    pairing = paired(rows)
    (pairs,) = pairing.levels
    assert [fold for _, fold in pairing.cells.named(pairs.expected)] == [0, 1, 3, 4]
    assert [fold for _, fold in pairing.cells.named(pairs.cells)] == [0, 3, 4]
    assert pairing.cells.named(pairs.missing) == (("AAVEUSDC", 1),)


def test_a_failed_baseline_leaves_no_pair():
    rows = sweep_rows(cryptos=CRYPTOS[:1])
    rows[2] = failed(rows[2])
    pairing = paired(rows)
    assert pairing.cells.named(pairing.levels[0].missing) == (("AAVEUSDC", 1),)
    assert len(pairing.baseline_rows) == 4


def test_an_interrupted_sweep_misses_the_cells_that_it_set_out_to_measure():
    rows = sweep_rows(cryptos=CRYPTOS[:4])
    rows[0], rows[1] = skipped(rows[0]), skipped(rows[1])
    everything = [(crypto, fold) for crypto in CRYPTOS for fold in range(5)]
    pairing = paired(rows, expected=everything)
    (pairs,) = pairing.levels
    assert len(pairs.expected) == 24
    assert pairing.cells.named(pairs.missing) == tuple(("UNIUSDC", fold) for fold in range(5))


def test_rows_without_fold_are_one_fold():
    rows = [measured("OPUSDC", None), level_row(fold=None)]
    for row in rows:
        del row["fold"]
    pairing = paired(rows)
    assert pairing.cells.named(pairing.levels[0].cells) == (("OPUSDC", 0),)


def test_folds_may_have_names():
    rows = [measured("OPUSDC", name) for name in ("2023H2", "2023H1")]
    rows += [level_row(fold=name) for name in ("2023H1", "2023H2")]
    pairing = paired(rows)
    assert [fold for _, fold in pairing.cells.named(pairing.levels[0].cells)] == ["2023H1", "2023H2"]


def without(name, row):
    return {key: value for key, value in row.items() if key != name}


REFUSED = [
    pytest.param([], "no results", id="empty sweep"),
    pytest.param([measured("OPUSDC", 0)], "the results hold only the baseline", id="baseline only"),
    pytest.param(
        [level_row()], "no row has every factor at its baseline.*cleanlab = filter", id="no baseline"
    ),
    pytest.param(
        [level_row(label_smoothing="mild")], "interactions only", id="interactions without a baseline"
    ),
    pytest.param(
        [measured("OPUSDC", 0), level_row(), level_row(shift=0.02)],
        "OPUSDC: two rows for one cell: fold 0, label_smoothing = none, cleanlab = filter",
        id="duplicate",
    ),
    pytest.param(
        [measured("OPUSDC", 0), level_row(), level_row("ARBUSDC", 3)],
        "ARBUSDC: no baseline result for this crypto and fold, so filter cannot be compared: fold 3, "
        "cleanlab = filter.*no such row of the baseline",
        id="unpaired",
    ),
    pytest.param(
        [measured("OPUSDC", 0), level_row(log_loss=float("nan"))],
        "OPUSDC, column 'log_loss': the metric is missing or not finite: fold 0.*found nan",
        id="NaN",
    ),
    pytest.param([measured("OPUSDC", 0), level_row(f1_buy=float("inf"))], "column 'f1_buy'", id="infinity"),
    pytest.param([measured("OPUSDC", 0), level_row(f1_buy="good")], "found good", id="text"),
    pytest.param([measured("OPUSDC", 0), level_row(f1_buy=None)], "column 'f1_buy'", id="missing number"),
    pytest.param([without("crypto", level_row())], "column 'crypto'", id="no crypto"),
    pytest.param([without("cleanlab", level_row())], "column 'cleanlab'", id="no factor column"),
    pytest.param(
        [measured("OPUSDC", 0), level_row(fold=None)],
        "OPUSDC, column 'fold'.*in every row or in none",
        id="half a fold",
    ),
    pytest.param(
        [{"crypto": "OPUSDC", "fold": 0, **BASELINES, "expectancy_net": 0.5}],
        "at least one metric in the results that can decide.*roc_auc, average_precision, f1_buy",
        id="no metric",
    ),
]


@pytest.mark.parametrize(("rows", "message"), REFUSED)
def test_bad_rows_are_refused_by_name(rows, message):
    with pytest.raises(InputError, match=message):
        paired(rows)


def test_an_error_names_the_row_number():
    with pytest.raises(InputError, match="OPUSDC, row 17: two rows"):
        paired([measured("OPUSDC", 0), level_row(), level_row(row=17)])


def test_pairing_needs_at_least_one_factor():
    with pytest.raises(InputError, match="at least one factor"):
        pair_levels(columns([level_row()]), {})


def test_a_cell_outside_the_sweep_is_refused():
    with pytest.raises(InputError, match="a cell not in the sweep"):
        paired([measured("OPUSDC", 0), level_row()], expected=[("OPUSDC", 1)])
