"""The curves on the test rows in numbers."""

from __future__ import annotations

from collections.abc import Sequence

from ftf_assets.report.charts.curves import LevelCurves
from ftf_assets.report.tables import Table, Value, number, number_column, plain, text_column

_COLUMNS = (
    text_column("level", "level"),
    number_column("average precision, pooled", "average_precision"),
    number_column("trades", "n_trades"),
    number_column("equity at the end", "equity_at_the_end"),
    number_column("lowest equity", "lowest_equity"),
)


def curves_table(curves: Sequence[LevelCurves]) -> Table:
    """Lay out the numbers of each level's curves."""
    return Table("curve-numbers", "The curves in numbers", _COLUMNS, tuple(map(_values, curves)))


def _values(one: LevelCurves) -> dict[str, Value]:
    return {
        "level": plain(one.level.name),
        "average_precision": number(one.average_precision, ".4f"),
        "n_trades": plain(one.n_trades),
        "equity_at_the_end": number(one.equity[-1], ".4f"),
        "lowest_equity": number(one.equity.min(), ".4f"),
    }
