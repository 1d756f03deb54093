"""What every source of data provides to the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pandas as pd

    from ftf_assets.sources.candles.reading import CandlesReading


@dataclass(frozen=True)
class Provenance:
    """Where the data of one crypto come from.

    Attributes
    ----------
    source
        Name in the registry: ``market``, ``candles`` or ``features``.
    file
        Name of the file below the data folder; of several, the first and the last; "" for the market.
    quote_currency
        Quote currency that the file name states, such as USDT for a file that serves a USDC pair; "" if it
        states none.
    fingerprint
        16 hex digits: hash of the file's content, or of the market's parameters and version.
    passed_over
        Names of other files of the crypto that match less well, such as those in another quote currency.
    """

    source: str
    file: str
    quote_currency: str
    fingerprint: str
    passed_over: tuple[str, ...] = ()


class Span(NamedTuple):
    """First and last timestamp of one crypto's data; fold edges and time estimates need no more.

    Attributes
    ----------
    first, last
        Timestamps (close of the bar, UTC) of the first and last row.
    rows
        Number of rows.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    rows: int


@dataclass(frozen=True)
class FeatureCacheReport:
    """Number of rows kept and dropped while a feature cache was made; ``None`` = unknown to the source.

    Attributes
    ----------
    rows
        Rows of the feature cache.
    warm_up_rows
        Rows dropped because their indicators had not warmed up, or because features are missing at the head.
    gap_rows
        Rows dropped because the label's horizon crosses a gap in the candles.
    end_rows
        Rows dropped because the label's horizon ends after the last bar.
    gaps, longest_gap
        Number of gaps in the candles, and number of bars missing in the longest one.
    restarts
        Number of gaps so long that the indicators were restarted after them.
    buy_rate
        Share of BUY labels in the feature cache, 0 to 1.
    """

    rows: int
    warm_up_rows: int
    gap_rows: int | None
    end_rows: int | None
    gaps: int | None
    longest_gap: int | None
    restarts: int | None
    buy_rate: float


@runtime_checkable
class KnowsTruth(Protocol):
    """A source that knows which of its labels are wrong.

    Warnings
    --------
    The truth is for audits, tests and the control level ``relabel_truth``. Any other training code that reads
    it leaks the future.
    """

    def truth(self, crypto: str) -> pd.DataFrame:
        """Return ``true_label``, ``flipped`` and ``in_burst``, indexed like the feature cache."""
        ...


class Source(Protocol):
    """Delivers candles and feature caches, one crypto at a time; equal calls return equal data.

    Attributes
    ----------
    has_candles
        Whether :meth:`candles` returns bars. Treatments that learn from candles need such a source.
    """

    @property
    def has_candles(self) -> bool: ...  # noqa: D102

    def provenance(self, crypto: str) -> Provenance:
        """Return where the data of ``crypto`` come from. Cheap, because a sweep asks for it first."""
        ...

    def span(self, crypto: str) -> Span:
        """Return the first and last timestamp of the crypto, without computing its features."""
        ...

    def bar_length(self, crypto: str) -> int | None:
        """Return the length of the crypto's bars in nanoseconds; None where only its rows can tell."""
        ...

    def reading(self, crypto: str) -> CandlesReading | None:
        """Return what was understood of candle files; None for another source."""
        ...

    def candles(self, crypto: str) -> pd.DataFrame:
        """Return a frame that satisfies ``Candles``; empty where the source has no candles."""
        ...

    def feature_cache(self, crypto: str, candles: pd.DataFrame) -> tuple[pd.DataFrame, FeatureCacheReport]:
        """Return a frame that satisfies ``FeatureCache``, computed from ``candles``, and its report."""
        ...
