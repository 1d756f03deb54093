"""What cleaning removed, per cleaner and class."""

from __future__ import annotations

import pandas as pd

from ftf_assets.labels.factor import RowFactor
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.report.levels import Level
from ftf_assets.report.tables import Column, Part, Table, Value, number, number_column, plain, text_column

_COLUMNS = (
    text_column("cleaner", "cleaner"),
    text_column("label", "label"),
    number_column("rows", "rows"),
    Column("suspects", (Part("suspects"), Part("suspect_share", small=True))),
    Column("dropped", (Part("dropped"), Part("dropped_share", small=True))),
)


def removed_per_class(rows: pd.DataFrame) -> Table | None:
    """Add up rows, suspects and dropped rows of the measured cells, by cleaner and class; None without.

    Parameters
    ----------
    rows
        Rows of ``finetune_results``.
    """
    lines: list[dict[str, Value]] = []
    for level in _cleaners(rows):
        measured = level.measured_rows(rows)
        total = [int(measured[name].sum()) for name in ("n_train", "n_suspects", "n_dropped")]
        buy = [int(measured[name].sum()) for name in ("n_train_buy", "n_suspects_buy", "n_dropped_buy")]
        hold = [both - one for both, one in zip(total, buy, strict=True)]
        for label, (n_rows, n_suspects, n_dropped) in (("BUY", buy), ("HOLD", hold)):
            lines.append(
                {
                    "cleaner": plain(level.level),
                    "label": plain(label),
                    "rows": plain(n_rows),
                    "suspects": plain(n_suspects),
                    "suspect_share": _share(n_suspects, n_rows),
                    "dropped": plain(n_dropped),
                    "dropped_share": _share(n_dropped, n_rows),
                }
            )
    caption = "Rows of the fit parts by given label, summed over cells"
    return Table("removed", caption, _COLUMNS, tuple(lines)) if lines else None


def _share(part: int, whole: int) -> Value:
    return number(part / whole if whole else None, ".1%")


def _cleaners(rows: pd.DataFrame) -> list[Level]:
    cleaning = [factor for factor in FACTORS.values() if isinstance(factor, RowFactor)]
    return [
        Level(factor.name, str(level))
        for factor in cleaning
        for level in sorted(set(rows[factor.name]) - {factor.baseline})
    ]
