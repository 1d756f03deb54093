"""Every cell is explained: an error that names itself, or a history that really is too short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from ftf_assets.contracts.typed import typed
from ftf_assets.gate.power import trade_power
from ftf_assets.gate.settings import GateSettings

#: What the fit part of a cell must hold (rule 4), stated anew: the check must not follow a slip of the code.
FEWEST_ROWS, FEWEST_BUYS = 1000, 50
#: A skipped cell may also lack its test or validation rows; its reason then says so.
_NO_ROWS = ("no test rows", "no validation rows")


@typed
def unexplained_cells(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Name the cells whose status is not borne out by their row.

    Parameters
    ----------
    rows
        Rows of ``finetune_results``; missing values are None.

    Returns
    -------
    list of str
        Failed without type, message and stage; skipped although the history suffices, or without a reason; a
        good cell with an error; a status that nobody knows.
    """
    return [f"fold {row['fold']} {row['variant']}: {reason}" for row in rows if (reason := _unexplained(row))]


def _unexplained(row: Mapping[str, object]) -> str | None:
    status = row["status"]
    said = [row[name] for name in ("error_type", "error_message", "error_stage")]
    if status == "ok":
        return "ok, yet it carries an error" if any(said) else None
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
    """Name the variants of one crypto that trade less than the crypto's share of what the gate needs.

    The gate needs ``MIN_TRADES`` trades a variant and ``MIN_TRADES_A_FOLD`` a fold over all cryptos together
    (:mod:`ftf_assets.contracts.gate`). The share of one crypto is the n-th part, rounded up. Cells that are
    not ``ok`` do not count.

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
