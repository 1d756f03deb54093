"""What a source of data owes the graph, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Provenance:
    """Where the data of one crypto come from.

    Attributes
    ----------
    source
        Name in the registry: ``market``, ``candles`` or ``features``.
    file
        Name of the file, without its folder; empty for the market.
    quote_currency
        Currency of the prices as the file's name states it: a file of USDT prices may serve a USDC pair, and
        says so here. Empty where the name states none.
    fingerprint
        16 hex digits: of the file's content, or of the market's parameters and generator version.
    passed_over
        Names of other files of the crypto that fitted less well, such as another quote currency's.
    """

    source: str
    file: str
    quote_currency: str
    fingerprint: str
    passed_over: tuple[str, ...] = ()


class Span(NamedTuple):
    """How far the data of one crypto reach: what fold edges and the estimate of a sweep's time need.

    Attributes
    ----------
    first, last
        Timestamp (close of the bar, UTC) of the first and last row.
    rows
        Rows from the first to the last.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    rows: int


@dataclass(frozen=True)
class FeatureCacheReport:
    """What became of the bars on their way into the feature cache; ``None`` = the source cannot know it.

    Attributes
    ----------
    rows
        Rows of the feature cache.
    warm_up_rows
        Rows dropped because their indicators had not settled, or the head with missing features.
    gap_rows
        Rows dropped because the label's horizon crosses a gap in the candles.
    end_rows
        Rows dropped because the label's horizon runs past the last bar.
    gaps, longest_gap
        Gaps in the candles, and the missing bars of the longest.
    restarts
        Gaps so long that the indicators started afresh.
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
    """A source that knows which of its labels are wrong: for audits and tests, never for training."""

    def truth(self, crypto: str) -> pd.DataFrame:
        """Return ``true_label``, ``flipped`` and ``in_burst``, indexed like the feature cache."""
        ...


class Source(Protocol):
    """Delivers candles and feature caches of single cryptos; the same call gives the same data.

    Attributes
    ----------
    has_candles
        Whether :meth:`candles` returns bars: levels that learn from them need such a source.
    """

    @property
    def has_candles(self) -> bool: ...  # noqa: D102

    def provenance(self, crypto: str) -> Provenance:
        """Say where the data of ``crypto`` come from. Cheap: runs before anything else."""
        ...

    def span(self, crypto: str) -> Span:
        """Say how far the crypto's rows reach, without making their features."""
        ...

    def candles(self, crypto: str) -> pd.DataFrame:
        """Return a frame that satisfies ``Candles``; empty where the source has none."""
        ...

    def feature_cache(self, crypto: str, candles: pd.DataFrame) -> tuple[pd.DataFrame, FeatureCacheReport]:
        """Return a frame that satisfies ``FeatureCache``, made of ``candles``, and its report."""
        ...
