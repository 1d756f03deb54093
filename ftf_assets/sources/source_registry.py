"""The registry of sources: the embedded market, candle files, ready feature caches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftf_assets.contracts.errors import input_error

if TYPE_CHECKING:
    from ftf_assets.labels.triple_barrier import BarrierSettings
    from ftf_assets.sources.candles.options import CandleOptions
    from ftf_assets.sources.features.options import FeatureOptions
    from ftf_assets.sources.protocol import Source


@dataclass(frozen=True)
class SourceOptions:
    """The options of all sources, as :func:`open_source` takes them; each source reads its own."""

    path: str | None
    label: BarrierSettings
    market_seed: int
    market_noise: float
    market_edge: float
    candles: CandleOptions
    features: FeatureOptions


# A source is imported when it is opened, so that listing the sources imports neither pandas nor TA-Lib.
def _market(options: SourceOptions) -> Source:
    from ftf_assets.sources.embedded_market.source import MarketSource

    if options.path is not None:
        raise input_error(
            "the market takes no path",
            found=options.path,
            allowed="a path with source candles or features",
        )
    return MarketSource(
        seed=options.market_seed,
        noise=options.market_noise,
        edge=options.market_edge,
        label=options.label,
    )


def _candles(options: SourceOptions) -> Source:
    from ftf_assets.sources.candles.source import CandleFileSource

    return CandleFileSource(
        path=_required_path(options, "candles"), label=options.label, options=options.candles
    )


def _features(options: SourceOptions) -> Source:
    from ftf_assets.sources.features.source import FeatureFileSource

    return FeatureFileSource(path=_required_path(options, "features"), options=options.features)


def _required_path(options: SourceOptions, name: str) -> str:
    if not options.path:
        raise input_error(
            f"source {name} needs a path",
            found="no path",
            allowed="the directory that holds one file per crypto",
        )
    return options.path


#: Name of each source to the function that opens it.
SOURCES: dict[str, Callable[[SourceOptions], Source]] = {
    "market": _market,
    "candles": _candles,
    "features": _features,
}


def open_source(
    name: str,
    *,
    path: str | None,
    label: BarrierSettings,
    market_seed: int,
    market_noise: float,
    market_edge: float,
    candles: CandleOptions,
    features: FeatureOptions,
) -> Source:
    """Open the source of a name.

    Parameters
    ----------
    name
        ``market``, ``candles`` or ``features``.
    path
        Directory of the files; None for the market.
    label
        Triple-barrier settings. Ready feature caches ignore them and bring their own labels.
    market_seed, market_noise, market_edge
        Seed of the embedded market, share of its labels that are wrong, and scale of its learnable edge.
    candles
        How candle files are found and read.
    features
        How ready feature caches are found and read.

    Raises
    ------
    InputError
        The source is unknown, the market got a path, or a file source got none.
    """
    if name not in SOURCES:
        raise input_error("unknown source", found=repr(name), allowed=", ".join(SOURCES))
    options = SourceOptions(path, label, market_seed, market_noise, market_edge, candles, features)
    return SOURCES[name](options)
