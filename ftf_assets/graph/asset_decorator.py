"""What all assets share: one partition per crypto, an owner, a code version and a data version."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import dagster as dg

from ftf_assets.graph.crypto_partitions import CRYPTOS
from ftf_assets.graph.step_failures import refusals_as_failures
from ftf_assets.storage.content_version import content_version
from ftf_assets.training.keys import code_version

OWNERS = ["team:quant-research"]

#: When a value is overdue: the weekly sweep has missed one Monday (warning), then two. Dagster measures from
#: the latest materialisation of any crypto, and shows the state on the page of the asset.
EVERY_WEEK = dg.FreshnessPolicy.time_window(warn_window=timedelta(days=8), fail_window=timedelta(days=15))


def partitioned_asset(
    group: str, kinds: set[str], **options: Any
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Declare an asset with one partition per crypto; the data version of a value is its content hash.

    Parameters
    ----------
    group
        Group in the asset graph.
    kinds
        Badges in the UI: storage and libraries.
    options
        Further arguments of ``dagster.asset``.
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
    """Make an asset's function return the content hash of its value as data version, and refuse in words.

    Dagster then marks as stale what is downstream of a changed value, and not what is downstream of a value
    that was made again with the same content. It does not know settings: ``ftf plan`` does. The metadata end
    with the seconds that the function took, without reading its inputs and storing its value.
    """

    @functools.wraps(compute)
    def with_version(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        with refusals_as_failures():
            result = compute(*arguments, **named)
        seconds = round(time.perf_counter() - began, 3)
        return result._replace(
            data_version=dg.DataVersion(content_version(result.value)),
            metadata={**(result.metadata or {}), "seconds": seconds},
        )

    return with_version
