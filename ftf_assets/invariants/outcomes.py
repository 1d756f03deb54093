"""Whether the status of every cell is explained by its row, and whether variants trade enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from ftf_assets.contracts.typed import typed
from ftf_assets.gate.power import trade_power
from ftf_assets.gate.thresholds import GateSettings

#: Fewest rows and BUYs of a fit part that is long enough to train on. The numbers are stated here again,
#: apart from ``training``, so that the check does not repeat a mistake there.
FEWEST_ROWS, FEWEST_BUYS = 1000, 50
#: A cell is also skipped if it has no test or validation rows; its reason then holds one of these.
_NO_ROWS = ("no test rows", "no validation rows")


@typed
def unexplained_cells(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """List the cells whose status does not fit the rest of their row.

    Parameters
    ----------
    rows
        Rows of ``finetune_results``; missing values are None.

    Returns
    -------
    list of str
        One line per cell: failed without type, message and stage; skipped with a long enough history, or
        without a reason; ok with an error; an unknown status.
    """
    return [f"fold {row['fold']} {row['variant']}: {reason}" for row in rows if (reason := _unexplained(row))]


def _unexplained(row: Mapping[str, object]) -> str | None:
    status = row["status"]
    said = [row[name] for name in ("error_type", "error_message", "error_stage")]
    if status == "ok":
        return "ok, but it has an error" if any(said) else None
    if status == "training_failed":
        return None if all(said) else "training_failed without type, message and stage"
    if status != "skipped_short_history":
        return f"unknown status {status!r}"
    reason = str(row["error_message"] or "")
    fit_rows, buys = int(str(row["n_train"])), int(str(row["n_train_buy"]))
    short = fit_rows < FEWEST_ROWS or buys < FEWEST_BUYS or any(words in reason for words in _NO_ROWS)
    if not reason or not short:
        return f"skipped with {fit_rows} fit rows and {buys} BUYs, reason {reason!r}"
    return None


@typed
def variants_short_of_trades(rows: Sequence[Mapping[str, object]], n_cryptos: int) -> list[str]:
    """List the variants of one crypto with fewer trades than the crypto's share of what the gate needs.

    The gate needs ``MIN_TRADES`` trades a variant and ``MIN_TRADES_A_FOLD`` a fold over all cryptos together
    (:mod:`ftf_assets.contracts.tables.gate_decision`). The share of one crypto is the n-th part, rounded up.
    Cells that are not ``ok`` do not count.

    Parameters
    ----------
    rows
        Rows of ``finetune_results`` of one crypto.
    n_cryptos
        Cryptos of the sweep.
    """
    whole = GateSettings()
    share = GateSettings(
        min_trades=ceil(whole.min_trades / n_cryptos),
        min_trades_a_fold=ceil(whole.min_trades_a_fold / n_cryptos),
    )
    trades: dict[str, dict[int | str, int]] = {}
    for row in rows:
        if row["status"] == "ok":
            by_fold = trades.setdefault(str(row["variant"]), {})
            by_fold[int(str(row["fold"]))] = int(str(row["n_trades"]))
    warnings = [trade_power(variant, by_fold, share).warning for variant, by_fold in trades.items()]
    return [warning for warning in warnings if warning]
