"""Enough trades to judge by: a warning on the verdict, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftf_assets.contracts.typed import typed
from ftf_assets.gate.settings import GateSettings


@dataclass(frozen=True)
class TradePower:
    """Trades of one variant.

    Attributes
    ----------
    n_trades, min_trades_a_fold
        In all, and in the fold with the fewest, all cryptos of a fold together.
    warning
        What falls short, in words; None where nothing does.
    """

    n_trades: int
    min_trades_a_fold: int
    warning: str | None


@typed
def trade_power(
    variant: str, trades: Mapping[int | str, int], settings: GateSettings | None = None
) -> TradePower:
    """Count a variant's trades against the bounds of the settings (63 in all, 30 a fold).

    63 observations a group resolve d = 0.5 at p < 0.05 with 80 % power, by the normal approximation
    2 (1.960 + 0.842)² / 0.5² = 62.8 (Cohen 1988, *Statistical Power Analysis for the Behavioral Sciences*,
    section 2.4; with Student's t it is 64). 30 a fold is the bound of the field's own protocol.

    Parameters
    ----------
    variant
        As the warning names it.
    trades
        Trades per fold, summed over cryptos.
    settings
        None takes the defaults.
    """
    settings = settings or GateSettings()
    total = sum(trades.values())
    fold, fewest = min(trades.items(), key=lambda item: (item[1], str(item[0])), default=(None, 0))
    short = []
    if total < settings.min_trades:
        short.append(f"{total} trades (at least {settings.min_trades})")
    if fewest < settings.min_trades_a_fold:
        where = f" in fold {fold}" if fold is not None else ""
        short.append(f"{fewest} trades{where} (at least {settings.min_trades_a_fold} a fold)")
    warning = f"underpowered: {variant} has {' and '.join(short)}" if short else None
    return TradePower(total, fewest, warning)
