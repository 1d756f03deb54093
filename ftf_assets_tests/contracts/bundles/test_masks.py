"""``CleanlabMasks``: the masks of a run are valid; leaks, too many suspects and bad weights are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ftf_assets.contracts.bundles import CleanlabMasks, FlipRates, Outcome
from ftf_assets.contracts.errors import InputError


def fit_parts(run):
    return {fold.index: fold.fit for fold in run.plan.folds(run.arrays)}


def validate_masks(run, masks, cap=0.10):
    masks.validate("OPUSDC", labels=run.arrays.y, fit_parts=fit_parts(run), suspect_cap=cap)


def validate_mask(run, mask, cap=0.10):
    validate_masks(run, CleanlabMasks((mask,)), cap)


def test_masks_of_a_run_are_valid_and_failed_ones_hold_nothing_to_check(standard_run):
    run = standard_run
    failed = replace(
        run.mask("filter"), outcome=Outcome.failed(ValueError(), "cleaning"), rows=run.mask("filter").rows
    )
    validate_masks(run, CleanlabMasks((*run.masks.masks, failed)))


def at(values, row, value):
    values = values.copy()
    values[row] = value
    return values


def suspects_of_every_buy(mask, run):
    return {"suspect": mask.suspect | (run.arrays.y[mask.rows] == 1)}


def only_first_rows(mask, run):
    shorter = ("rows", "probability", "label_quality", "suspect", "keep", "weight", "label")
    return {name: getattr(mask, name)[:-1] for name in shorter}


BROKEN_MASKS = {
    "leak of a validation row": (
        lambda mask, run: {"rows": at(mask.rows, -1, run.plan.folds(run.arrays)[0].validation[0])},
        "1 rows outside it",
    ),
    "leak of a test row": (
        lambda mask, run: {"rows": at(mask.rows, -1, run.plan.folds(run.arrays)[0].test[0])},
        "1 rows outside it",
    ),
    "a fit row is missing": (only_first_rows, "found 1067 of 1068 rows; allowed: the fit part"),
    "probability above 1": (
        lambda mask, run: {"probability": at(mask.probability, 3, 1.5)},
        r"probability must be in \[0, 1\] \(found 1.5",
    ),
    "probability missing": (
        lambda mask, run: {"probability": at(mask.probability, 3, np.nan)},
        r"probability must be in \[0, 1\] \(found nan",
    ),
    "quality below 0": (
        lambda mask, run: {"label_quality": at(mask.label_quality, 3, -0.1)},
        r"label quality must be in \[0, 1\] \(found -0.1",
    ),
    "a row that is no suspect is dropped": (
        lambda mask, run: {"keep": at(mask.keep, np.flatnonzero(~mask.suspect)[:2], False)},
        r"only suspects may be dropped \(found 2",
    ),
    "a row that is no suspect is relabelled": (
        lambda mask, run: {"label": np.where(mask.suspect, mask.label, 1 - mask.label).astype(np.int8)},
        r"only suspects may be relabelled \(found \d+ other rows",
    ),
    "a label that is none": (
        lambda mask, run: {"label": at(mask.label, 3, 2)},
        "every row needs a hard label",
    ),
    "rates that leave nothing": (
        lambda mask, run: {"flip_rates": FlipRates(0.75, 0.3)},
        "rates of wrong labels must be shares that add up to less than 1",
    ),
    "a negative rate": (
        lambda mask, run: {"flip_rates": FlipRates(0.7, -0.1)},
        "rates of wrong labels must be shares",
    ),
    "every BUY is a suspect": (suspects_of_every_buy, "too many suspects of BUY for the cap"),
    "more suspects than were flagged": (
        lambda mask, run: {"n_flagged_buy": 3},
        r"more suspects of BUY than were flagged .*at most 3",
    ),
    "negative weight": (lambda mask, run: {"weight": at(mask.weight, 3, -1)}, "weights .*found -1.0"),
    "infinite weight": (
        lambda mask, run: {"weight": at(mask.weight, 3, np.inf)},
        "weights must be finite and not negative .found inf",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "rule"), BROKEN_MASKS.values(), ids=BROKEN_MASKS)
def test_masks_are_refused(standard_run, change, rule):
    mask = standard_run.mask("filter")
    with pytest.raises(InputError, match=f"OPUSDC: filter of fold 0, variant filter: .*{rule}"):
        validate_mask(standard_run, replace(mask, **change(mask, standard_run)))


def test_a_mask_of_a_fold_that_the_sweep_does_not_have_is_named(standard_run):
    stranger = replace(standard_run.mask("filter"), fold=9)
    with pytest.raises(InputError, match=r"OPUSDC: filter of fold 9, .*fold 9; allowed: folds \[0, 1\]"):
        validate_mask(standard_run, stranger)


def test_the_cap_holds_for_each_class_on_its_own(standard_run):
    mask = standard_run.mask("filter", fold=1)
    y = standard_run.arrays.y[mask.rows]
    limit = int(0.10 * (y == 0).sum())
    holds = np.flatnonzero(y == 0)
    full = np.zeros(len(y), bool)
    full[holds[:limit]] = True
    mask = replace(mask, n_flagged_hold=len(holds))
    validate_mask(standard_run, replace(mask, suspect=full, keep=~full))
    full[holds[limit]] = True
    with pytest.raises(
        InputError,
        match=f"too many suspects of HOLD for the cap .found {limit + 1}; allowed: at most {limit}",
    ):
        validate_mask(standard_run, replace(mask, suspect=full, keep=~full))


def test_a_cleaner_that_another_rule_limits_may_exceed_the_share_but_not_its_flags(standard_run):
    mask = standard_run.mask("filter")
    buys = standard_run.arrays.y[mask.rows] == 1
    mask = replace(mask, suspect=buys, keep=~buys, n_flagged_buy=int(buys.sum()))
    checked = {"labels": standard_run.arrays.y, "fit_parts": fit_parts(standard_run), "suspect_cap": 0.10}
    CleanlabMasks((mask,)).validate("OPUSDC", **checked, uncapped_cleaners=("filter",))
    with pytest.raises(InputError, match="too many suspects of BUY"):
        CleanlabMasks((mask,)).validate("OPUSDC", **checked, uncapped_cleaners=("reweight",))
    fewer = replace(mask, n_flagged_buy=int(buys.sum()) - 1)
    with pytest.raises(InputError, match="more suspects of BUY than were flagged"):
        CleanlabMasks((fewer,)).validate("OPUSDC", **checked, uncapped_cleaners=("filter",))


def test_a_mask_for_other_settings_is_not_found(standard_run):
    assert [mask.cleaner for mask in standard_run.masks.find(1, "reweight")] == ["reweight"]
    with pytest.raises(InputError, match=r"no cleaning mask for this cell .found fold 1, mild\+reweight"):
        standard_run.masks.find(1, "mild+reweight")
