"""What every asset of the graph shares: a partition a crypto, an owner, a code version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg

from ftf_assets.config import all_cryptos
from ftf_assets.training.keys import code_version

CRYPTOS = dg.StaticPartitionsDefinition(list(all_cryptos()))
OWNERS = ["team:quant-research"]


def partitioned_asset(
    group: str, kinds: set[str], **options: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Declare an asset of the graph.

    Parameters
    ----------
    group
        Group in the asset graph.
    kinds
        Badges: storage and library.
    options
        Anything else that ``dagster.asset`` takes.
    """
    decorate: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(
        partitions_def=CRYPTOS,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        code_version=code_version(),
        **options,
    )
    return decorate
