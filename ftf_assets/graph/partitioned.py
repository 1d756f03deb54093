"""What every asset of the graph shares: a partition a crypto, an owner, a code and a data version."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import dagster as dg

from ftf_assets.storage.content_version import content_version
from ftf_assets.sweep.crypto_groups import all_cryptos
from ftf_assets.training.keys import code_version

CRYPTOS = dg.StaticPartitionsDefinition(list(all_cryptos()))
OWNERS = ["team:quant-research"]


def partitioned_asset(
    group: str, kinds: set[str], **options: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Declare an asset of the graph; each value that it returns gets its content's hash as data version.

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
    return lambda compute: decorate(versioned(compute))


def versioned(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Let an asset's function return its value's content hash as data version.

    Dagster shows what is downstream of a changed value as stale, and of one that was made again with the same
    content as fresh. Settings are invisible to it: ``ftf plan`` knows those.
    """

    @functools.wraps(compute)
    def with_version(*arguments: Any, **named: Any) -> Any:
        result = compute(*arguments, **named)
        return result._replace(data_version=dg.DataVersion(content_version(result.value)))

    return with_version
