"""Whether there are enough trades to judge by. Too few add a warning to the verdict and never change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ftf_assets.contracts.typed import typed
from ftf_assets.gate.thresholds import GateSettings


@dataclass(frozen=True)
class TradePower:
    """How many trades one variant made, and whether they are enough.

    Attributes
    ----------
    n_trades, min_trades_a_fold
        In all folds together, and in the fold with the fewest; a fold counts all cryptos.
    warning
        Which bound is missed, in words; None if both are met.
    """

    n_trades: int
    min_trades_a_fold: int
    warning: str | None


@typed
def trade_power(
    variant: str, trades: Mapping[int | str, int], settings: GateSettings | None = None
) -> TradePower:
    """Compare a variant's trades with the bounds of the settings.

    :mod:`ftf_assets.contracts.gate_bounds` says where the default bounds come from.

    Parameters
    ----------
    variant
        Name of the variant in the warning.
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
        short.append(f"{fewest} trades{where} (at least {settings.min_trades_a_fold} per fold)")
    warning = f"underpowered: {variant} has {' and '.join(short)}" if short else None
    return TradePower(total, fewest, warning)
