"""Where data come from: the embedded market, candle files, ready feature caches. A new source is one line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ftf_assets.contracts.errors import input_error

if TYPE_CHECKING:
    from ftf_assets.labels.triple_barrier import BarrierSettings
    from ftf_assets.sources.protocol import Source


@dataclass(frozen=True)
class SourceOptions:
    """Everything that a source may be told; each takes what concerns it."""

    path: str
    label: BarrierSettings
    market_seed: int
    market_noise: float
    missing: str


# The sources are imported when they are opened: listing them needs neither pandas nor TA-Lib.
def _market(options: SourceOptions) -> Source:
    from ftf_assets.sources.market.source import MarketSource

    if options.path:
        raise input_error(
            "the market needs no path",
            found=options.path,
            allowed="a path with source candles or features",
        )
    return MarketSource(seed=options.market_seed, noise=options.market_noise, label=options.label)


def _candles(options: SourceOptions) -> Source:
    from ftf_assets.sources.candles.source import CandleFileSource

    return CandleFileSource(path=_required_path(options, "candles"), label=options.label)


def _features(options: SourceOptions) -> Source:
    from ftf_assets.sources.features.source import FeatureFileSource

    return FeatureFileSource(path=_required_path(options, "features"), missing=options.missing)


def _required_path(options: SourceOptions, name: str) -> str:
    if not options.path:
        raise input_error(
            f"source {name} needs a path",
            found="no path",
            allowed="the directory that holds one file a crypto",
        )
    return options.path


SOURCES: dict[str, Callable[[SourceOptions], Source]] = {
    "market": _market,
    "candles": _candles,
    "features": _features,
}


def open_source(
    name: str,
    *,
    path: str,
    label: BarrierSettings,
    market_seed: int,
    market_noise: float,
    missing: str,
) -> Source:
    """Return the source of that name.

    Parameters
    ----------
    name
        ``market``, ``candles`` or ``features``.
    path
        Directory of the file sources; empty for the market.
    label
        Triple-barrier settings; ready feature caches bring their own labels.
    market_seed, market_noise
        Seed and share of wrong labels of the embedded market.
    missing
        ``refuse`` or ``allow`` missing features in ready feature caches.

    Raises
    ------
    InputError
        An unknown source, a path for the market, or none for a file source.
    """
    if name not in SOURCES:
        raise input_error("unknown source", found=repr(name), allowed=", ".join(SOURCES))
    return SOURCES[name](SourceOptions(path, label, market_seed, market_noise, missing))
