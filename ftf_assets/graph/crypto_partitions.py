"""The partitions of the asset graph: crypto × source, so that two sources never share a partition's status.

A team's own pairs are not known when the graph is defined, so the cryptos are dynamic. An instance has
the cryptos of all crypto groups from the start, and every other crypto from its first sweep on. The source
is the ``data.source`` of the sweep: a sweep of the embedded market says nothing about one's own candles.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import dagster as dg

from ftf_assets.sweep.crypto_groups import all_cryptos
from ftf_assets.sweep.data_settings import SourceName

CRYPTOS = dg.DynamicPartitionsDefinition(name="crypto")
PARTITIONS = dg.MultiPartitionsDefinition(
    {"crypto": CRYPTOS, "source": dg.StaticPartitionsDefinition(list(get_args(SourceName)))}
)

#: Dagster's tag of the partition of a run, and that of its crypto and of its source.
PARTITION_TAG = "dagster/partition"
CRYPTO_TAG, SOURCE_TAG = f"{PARTITION_TAG}/crypto", f"{PARTITION_TAG}/source"


def partition_of(crypto: str, source: str) -> dg.MultiPartitionKey:
    """Name the partition of a crypto's data from a source.

    Examples
    --------
    >>> str(partition_of("OPUSDC", "market"))
    'OPUSDC|market'
    """
    return dg.MultiPartitionKey({"crypto": crypto, "source": source})


def crypto_and_source(partition: str) -> tuple[str, str]:
    """Read the name of a partition.

    Examples
    --------
    >>> crypto_and_source("OPUSDC|market")
    ('OPUSDC', 'market')
    """
    crypto, _, source = partition.partition("|")
    return crypto, source


def add_cryptos(instance: dg.DagsterInstance, cryptos: Iterable[str] = ()) -> None:
    """Make partitions of the cryptos of all groups, and of those named; existing ones stay.

    Parameters
    ----------
    instance
        Where the partitions are kept.
    cryptos
        Cryptos of a sweep, in or outside the groups.
    """
    existing = set(instance.get_dynamic_partitions(CRYPTOS.name))  # type: ignore[arg-type]
    new = [crypto for crypto in dict.fromkeys([*all_cryptos(), *cryptos]) if crypto not in existing]
    if new:
        instance.add_dynamic_partitions(CRYPTOS.name, new)  # type: ignore[arg-type]
