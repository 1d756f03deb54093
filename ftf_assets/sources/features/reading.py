"""What was understood of a feature file, in the words that people read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureReading:
    """What was understood of one feature file.

    Attributes
    ----------
    file
        Name of the file, without its folder.
    format, compression, separator
        As in :class:`~ftf_assets.sources.readers.raw_table.RawTable`.
    time
        Where the rows' times stand, such as ``index`` or ``column 'date'``.
    time_form
        ``datetime``, ``text`` or the unit of an epoch: ``s``, ``ms``, ``us``, ``ns``.
    zone
        Zone that was given to times without one; None where every time states its own.
    symbol
        The symbol whose rows were taken where the file names symbols; "" otherwise.
    features
        Names of the features.
    left_out
        Lines and columns that are not used, each with the reason, such as ``column 'close': price level``.
    head_rows
        Rows left out at the head, because features are missing there.
    head_feature
        The feature that warms up last; "" without a head.
    unlabelled_rows
        Rows left out at the end, because they have no label yet.
    newest_first
        Whether the file begins with its newest row.
    """

    file: str
    format: str
    compression: str | None = None
    separator: str | None = None
    time: str = ""
    time_form: str = ""
    zone: str | None = None
    symbol: str = ""
    features: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    head_rows: int = 0
    head_feature: str = ""
    unlabelled_rows: int = 0
    newest_first: bool = False
