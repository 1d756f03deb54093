"""Sources are opened by name, and options that do not belong to a source are refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ftf_assets.contracts.errors import InputError
from ftf_assets.labels.triple_barrier import BarrierSettings
from ftf_assets.sources.candles.options import CandleOptions
from ftf_assets.sources.candles.source import CandleFileSource
from ftf_assets.sources.embedded_market.source import MarketSource
from ftf_assets.sources.features.options import FeatureOptions
from ftf_assets.sources.features.source import FeatureFileSource
from ftf_assets.sources.source_registry import SOURCES, open_source

HOUR = 3_600 * 10**9
FEATURES = FeatureOptions(missing="allow", allow_quote=("BTC",), bar=HOUR)
LABEL = BarrierSettings(stop_multiple=0.7, target_multiple=1.2, horizon=6)


def opened(name: str, path: str | None):
    return open_source(
        name,
        path=path,
        label=LABEL,
        market_seed=3,
        market_noise=0.05,
        market_edge=0.6,
        candles=CandleOptions(allow_quote=("BTC",), bar=HOUR),
        features=FEATURES,
    )


@pytest.mark.parametrize(
    ("name", "path", "source"),
    [
        ("market", None, MarketSource(seed=3, noise=0.05, edge=0.6, label=LABEL)),
        (
            "candles",
            "somewhere",
            CandleFileSource(path="somewhere", label=LABEL, options=CandleOptions(("BTC",), HOUR)),
        ),
        ("features", "somewhere", FeatureFileSource(path="somewhere", options=FEATURES)),
    ],
)
def test_each_source_gets_its_own_options(name, path, source) -> None:
    assert opened(name, path) == source


def test_every_registered_source_is_covered_here() -> None:
    assert set(SOURCES) == {"market", "candles", "features"}


@pytest.mark.parametrize(
    ("name", "path", "message"),
    [
        ("kraken", None, "unknown source .*'kraken'; allowed: market, candles, features"),
        ("market", "somewhere", "the market takes no path .*somewhere"),
        ("candles", None, "source candles needs a path"),
        ("features", None, "source features needs a path"),
    ],
)
def test_a_wrong_combination_is_refused(name, path, message) -> None:
    with pytest.raises(InputError, match=message):
        opened(name, path)


def test_listing_the_sources_loads_neither_pandas_nor_talib() -> None:
    program = (
        "import sys\nfrom ftf_assets.sources.source_registry import SOURCES\nassert SOURCES\n"
        "print({'pandas', 'talib'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
