"""Variants: what a sweep compares, from the text of ``--factor`` and the design."""

from __future__ import annotations

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.training.variants import BASELINE_VARIANT, expand_variants, parse_factors

SMOOTHING = ("none", "mild", "aggressive")
CLEANLAB = ("off", "filter", "reweight")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label_smoothing", {"label_smoothing": SMOOTHING}),
        ("label_smoothing,cleanlab", {"label_smoothing": SMOOTHING, "cleanlab": CLEANLAB}),
        (" cleanlab , label_smoothing ,", {"cleanlab": CLEANLAB, "label_smoothing": SMOOTHING}),
        ("cleanlab=off,filter,filter_random", {"cleanlab": ("off", "filter", "filter_random")}),
        (
            "cleanlab=filter_lowest_p,label_smoothing=mild",
            {"cleanlab": ("filter_lowest_p",), "label_smoothing": ("mild",)},
        ),
        ("cleanlab=filter, label_smoothing", {"cleanlab": ("filter",), "label_smoothing": SMOOTHING}),
        ("cleanlab = filter,filter", {"cleanlab": ("filter",)}),
        ("cleanlab=", {"cleanlab": CLEANLAB}),
    ],
)
def test_factors_are_read_from_text(text, expected):
    assert parse_factors(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["at least one factor", "label_smoothing, cleanlab, sample_weight"]),
        (" , ", ["at least one factor"]),
        ("smoothing", ["unknown factor", "'smoothing'", "label_smoothing, cleanlab, sample_weight"]),
        ("smoothing=mild", ["unknown factor", "'smoothing'"]),
        ("=mild", ["unknown factor", "''"]),
        ("mild", ["unknown factor", "'mild'"]),
        ("cleanlab=drop", ["level of factor cleanlab", "'drop'", "filter_lowest_p"]),
        ("cleanlab=filter,mild", ["level of factor cleanlab", "'mild'"]),
        ("label_smoothing,mild", ["unknown factor", "'mild'"]),
        ("cleanlab,cleanlab", ["must be named only once", "'cleanlab' twice"]),
        ("cleanlab=filter,label_smoothing,cleanlab=reweight", ["must be named only once"]),
    ],
)
def test_unknown_factors_and_levels_are_refused_with_those_that_are_allowed(text, words):
    with pytest.raises(InputError) as refused:
        parse_factors(text)
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("factors", "design", "names"),
    [
        ("label_smoothing,cleanlab", "one_factor", "baseline mild aggressive filter reweight"),
        ("cleanlab,label_smoothing", "one_factor", "baseline mild aggressive filter reweight"),
        ("cleanlab=filter,filter_random", "one_factor", "baseline filter filter_random"),
        ("cleanlab=filter,off", "one_factor", "baseline filter"),
        ("label_smoothing=mild,cleanlab=filter", "factorial", "baseline filter mild mild+filter"),
        (
            "label_smoothing,cleanlab",
            "factorial",
            "baseline filter reweight mild mild+filter mild+reweight aggressive aggressive+filter "
            "aggressive+reweight",
        ),
        ("cleanlab=reweight", "single", "reweight"),
        ("cleanlab=reweight,label_smoothing=mild", "single", "mild+reweight"),
        ("cleanlab=off", "single", "baseline"),
    ],
)
def test_designs_expand_with_the_baseline_first_and_every_variant_once(factors, design, names):
    variants = expand_variants(parse_factors(factors), design)
    assert [variant.name for variant in variants] == names.split()


def test_a_variant_has_a_level_for_every_factor():
    (variant,) = expand_variants({"cleanlab": ("reweight",)}, "single")
    assert variant.levels == {
        "label_smoothing": "none",
        "cleanlab": "reweight",
        "sample_weight": "none",
        "label_truth": "observed",
        "reseeded": "none",
    }
    assert variant.moved == (("cleanlab", "reweight"),)
    assert variant["label_smoothing"] == "none"
    assert expand_variants({"cleanlab": ("off",)}, "one_factor") == (BASELINE_VARIANT,)


def test_single_takes_one_level_a_factor():
    with pytest.raises(InputError, match=r"one level of factor cleanlab .found off, filter, reweight"):
        expand_variants(parse_factors("cleanlab"), "single")
