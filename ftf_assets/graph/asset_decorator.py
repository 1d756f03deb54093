"""What all assets share: one partition per crypto, an owner, a code version and a data version."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from ftf_assets.contracts.errors import shown
from ftf_assets.graph.crypto_partitions import PARTITIONS
from ftf_assets.graph.step_failures import NotPartOfSweepError, refusals_as_failures
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
        partitions_def=PARTITIONS,
        group_name=group,
        kinds=kinds,
        owners=OWNERS,
        code_version=code_version(),
        output_required=False,  # nothing is made of a partition that is not part of the sweep
        **options,
    )
    return lambda compute: decorate(versioned(compute))


def versioned(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Make an asset's function return the content hash of its value as data version, and refuse in words.

    Dagster then marks as stale what is downstream of a changed value, and not what is downstream of a value
    that was made again with the same content. It does not know settings: ``ftf plan`` does. The metadata end
    with the seconds that the function took, without reading its inputs and storing its value.

    In a backfill, a partition that is not part of the sweep yields nothing: the steps downstream are skipped,
    and the run ends well.
    """

    @functools.wraps(compute)
    def with_version(*arguments: Any, **named: Any) -> Iterator[Any]:
        began = time.perf_counter()
        with refusals_as_failures():
            try:
                result = compute(*arguments, **named)
            except NotPartOfSweepError as nothing:
                arguments[0].log.info(f"event=not_part_of_sweep why={shown(str(nothing))}")
                return
        seconds = round(time.perf_counter() - began, 3)
        yield result._replace(
            data_version=dg.DataVersion(content_version(result.value)),
            metadata={**(result.metadata or {}), "seconds": seconds},
        )

    return with_version
