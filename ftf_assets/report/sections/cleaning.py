"""What cleaning removed, per cleaner and class."""

from __future__ import annotations

import pandas as pd

from ftf_assets.labels.factor import RowFactor
from ftf_assets.labels.factor_registry import FACTORS
from ftf_assets.report.formats import share
from ftf_assets.report.levels import Level


def removed_per_class(rows: pd.DataFrame) -> list[dict[str, str]]:
    """Add up rows, suspects and dropped rows of the measured cells, one line per cleaner and class.

    Parameters
    ----------
    rows
        Rows of ``finetune_results``.
    """
    lines = []
    for level in _cleaners(rows):
        measured = level.measured_rows(rows)
        total = [int(measured[name].sum()) for name in ("n_train", "n_suspects", "n_dropped")]
        buy = [int(measured[name].sum()) for name in ("n_train_buy", "n_suspects_buy", "n_dropped_buy")]
        hold = [both - one for both, one in zip(total, buy, strict=True)]
        for label, (n_rows, n_suspects, n_dropped) in (("BUY", buy), ("HOLD", hold)):
            lines.append(
                {
                    "cleaner": level.level,
                    "label": label,
                    "rows": f"{n_rows:,}",
                    "suspects": f"{n_suspects:,}",
                    "suspect_share": share(n_suspects, n_rows),
                    "dropped": f"{n_dropped:,}",
                    "dropped_share": share(n_dropped, n_rows),
                }
            )
    return lines


def _cleaners(rows: pd.DataFrame) -> list[Level]:
    cleaning = [factor for factor in FACTORS.values() if isinstance(factor, RowFactor)]
    return [
        Level(factor.name, str(level))
        for factor in cleaning
        for level in sorted(set(rows[factor.name]) - {factor.baseline})
    ]
