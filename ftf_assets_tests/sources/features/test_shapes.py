"""Every shape of feature file is read back equal to its source, or refused with a remedy that works.

The exact words of the refusals stand in ``docs/data.md``; ``test_documentation.py`` compares them.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from ftf_assets.contracts.tables.feature_cache import FeatureCache
from ftf_assets.sources.faults import FaultsError
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets_tests.support.feature_shapes import ACCEPTED, CRYPTO, REFUSED, FeatureShape, good_frame

MENDED = [shape for shape in REFUSED if shape.mend or shape.mended_by]


@pytest.mark.parametrize("shape", ACCEPTED, ids=lambda shape: shape.name)
def test_an_accepted_file_gives_the_values_of_its_source(shape: FeatureShape, tmp_path: Path):
    shape.write(tmp_path)
    source = FeatureFileSource(str(tmp_path), options=shape.options)
    cache, _ = source.feature_cache(CRYPTO, pd.DataFrame())
    expected = good_frame().iloc[slice(*shape.rows)]
    pd.testing.assert_frame_equal(cache, expected, check_freq=False)
    FeatureCache.validate(cache, lazy=True)
    assert source.understood(CRYPTO).features == ("rsi_14", "return_1")


@pytest.mark.parametrize("shape", REFUSED, ids=lambda shape: shape.name)
def test_a_refused_file_is_refused_with_every_fault_in_one_line(shape: FeatureShape, tmp_path: Path):
    shape.write(tmp_path)
    with pytest.raises(FaultsError) as refused:
        FeatureFileSource(str(tmp_path)).understood(CRYPTO)
    assert "\n" not in str(refused.value)
    assert f"{CRYPTO}, file {CRYPTO}" in str(refused.value)
    assert len({(fault.rule, fault.column) for fault in refused.value.faults}) == len(refused.value.faults)


@pytest.mark.parametrize("shape", MENDED, ids=lambda shape: shape.name)
def test_the_remedy_of_a_refusal_works(shape: FeatureShape, tmp_path: Path):
    shape.write(tmp_path, shape.mend or (lambda frame: frame))
    source = FeatureFileSource(str(tmp_path), options=shape.mended_by or shape.options)
    cache, _ = source.feature_cache(CRYPTO, pd.DataFrame())
    FeatureCache.validate(cache, lazy=True)


def test_a_single_bad_column_does_not_hide_the_next(tmp_path: Path):
    (shape,) = [shape for shape in REFUSED if shape.name == "everything at once"]
    shape.write(tmp_path)
    with pytest.raises(FaultsError) as refused:
        FeatureFileSource(str(tmp_path)).understood(CRYPTO)
    assert [fault.column for fault in refused.value.faults] == [
        *("side", "close", "label", "label_end", "return_1")
    ]
